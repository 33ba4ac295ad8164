"""Request headers, and what a client says about itself in them."""

from __future__ import annotations

from functools import lru_cache

CLIENT_CHARS_MAX = 200


class Headers(dict[bytes, bytes]):
    """Headers by lower-case name; of a repeated one the first counts.

    ``x-goog-api-client`` may come twice, and it is the first that names the client.
    """

    def __init__(self, pairs: list[tuple[bytes, bytes]]) -> None:
        super().__init__(reversed(pairs))


def client_of(headers: Headers) -> str:
    """Return what the client says it is, at most ``CLIENT_CHARS_MAX`` printable characters."""
    value = headers.get(b"x-goog-api-client") or headers.get(b"user-agent") or b""
    return _readable(value[:CLIENT_CHARS_MAX])


@lru_cache(maxsize=256)
def _readable(value: bytes) -> str:
    return "".join(c if c.isprintable() else "?" for c in value.decode("latin-1"))
