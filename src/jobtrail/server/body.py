"""Reading a request body without trusting how long it is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = MutableMapping[str, Any]


class ClientGone(Exception):  # noqa: N818 - what happened, not an error of ours
    """The client went away before its request was complete; there is nobody to answer."""


class BodyTooLarge(Exception):  # noqa: N818 - what happened, not an error of ours
    """The body passed its own limit; the rest was not read."""


class BodiesTooLarge(Exception):  # noqa: N818 - what happened, not an error of ours
    """All bodies being read passed their common limit; the rest of this one was not read."""


class BodyReader:
    """Reads bodies within a limit for each and a common one, so memory stays bounded."""

    def __init__(self, *, body_bytes_max: int, all_bytes_max: int) -> None:
        self._body_bytes_max = body_bytes_max
        self._all_bytes_max = all_bytes_max
        self._held_bytes = 0

    async def read(self, receive: Receive) -> bytes:
        """Return the whole body.

        Raises:
            ClientGone: The connection ended first.
            BodyTooLarge: The body is over its limit.
            BodiesTooLarge: Too many bytes are being read at once.
        """
        message = await receive()
        body: bytes = message.get("body", b"")
        if len(body) > self._body_bytes_max:
            raise BodyTooLarge
        if not message.get("more_body") and message["type"] == "http.request":
            return body
        return await self._read_rest(receive, message, body)

    async def _read_rest(self, receive: Receive, message: Message, first: bytes) -> bytes:
        chunks, size, held = [first], len(first), 0
        try:
            while True:
                if message["type"] == "http.disconnect":
                    raise ClientGone
                if not message.get("more_body"):
                    return b"".join(chunks)
                message = await receive()
                chunk = message.get("body", b"")
                size += len(chunk)
                if size > self._body_bytes_max:
                    raise BodyTooLarge
                if self._held_bytes + len(chunk) > self._all_bytes_max:
                    raise BodiesTooLarge
                self._held_bytes += len(chunk)
                held += len(chunk)
                chunks.append(chunk)
        finally:
            self._held_bytes -= held
