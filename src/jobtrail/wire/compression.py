"""Bounded decompression: what a bomb may cost is fixed before it is opened."""

from __future__ import annotations

import zlib

from jobtrail.errors import Reason, Rejected

# zlib's wbits: 31 reads a gzip header and trailer, 15 those of zlib, which gRPC calls deflate.
WINDOW_BITS = {"gzip": 31, "deflate": 15}


def decompress(packed: bytes, *, encoding: str, bytes_max: int) -> bytes | Rejected:
    """Undo *encoding*, producing at most ``bytes_max`` bytes.

    Exactly one compressed stream is read: members after the first would let a small body cost
    quadratic time, and no client sends them.

    Raises:
        KeyError: If *encoding* is not one of ``WINDOW_BITS``.
    """
    decompressor = zlib.decompressobj(wbits=WINDOW_BITS[encoding])
    try:
        message = decompressor.decompress(packed, bytes_max + 1)
    except zlib.error:
        return Rejected(Reason.BODY_UNREADABLE, f"The body is not valid {encoding}")
    if len(message) > bytes_max:
        return Rejected(
            Reason.BODY_TOO_LARGE,
            f"Received message larger than max (more than {bytes_max} after decompression):"
            " send fewer or shorter fields, or raise message_bytes_max",
        )
    if not decompressor.eof:
        return Rejected(Reason.BODY_UNREADABLE, f"The {encoding} body ends too early")
    if decompressor.unused_data:
        return Rejected(Reason.BODY_UNREADABLE, f"The {encoding} body goes on after its end")
    return message
