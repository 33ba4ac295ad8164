"""The body of an HTTP request, undone of its content encoding and bounded."""

from __future__ import annotations

from jobtrail.errors import Reason, Rejected
from jobtrail.wire.compression import decompress
from jobtrail.wire.frames import too_large


def read_body(body: bytes, *, encoding: str = "", bytes_max: int) -> bytes | Rejected:
    """Return the message that an HTTP request body carries.

    Args:
        body: As received.
        encoding: Value of the ``content-encoding`` header; empty when there was none.
        bytes_max: Bound of the message, both before and after decompression.
    """
    if len(body) > bytes_max:
        return too_large(len(body), bytes_max)
    name = encoding.strip().lower()
    if name in ("", "identity"):
        return body
    if name not in ("gzip", "x-gzip"):
        return Rejected(
            Reason.BODY_UNREADABLE, "content-encoding is not known here: send gzip, or none"
        )
    return decompress(body, encoding="gzip", bytes_max=bytes_max)
