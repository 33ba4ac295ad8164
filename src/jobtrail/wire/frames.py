"""gRPC's length-prefixed messages: one flag byte, four length bytes, the message.

Everything is bounded: a message may not be larger than ``bytes_max``, neither as sent nor after
decompression, and a decompressor never produces more than one byte past that.
"""

from __future__ import annotations

from jobtrail.errors import Code, Reason, Rejected
from jobtrail.wire.compression import WINDOW_BITS, decompress
from jobtrail.wire.status import Status

PREFIX_BYTES = 5
ACCEPT_ENCODING = "identity,deflate,gzip"
"""Value of ``grpc-accept-encoding``, to be sent with every answer that refuses an encoding."""


def write_frame(message: bytes) -> bytes:
    """Wrap one uncompressed message."""
    return b"\0" + len(message).to_bytes(4, "big") + message


def too_large(size: int, bytes_max: int) -> Rejected:
    """Refuse a message by its size; the wording begins as gRPC's own does."""
    return Rejected(
        Reason.BODY_TOO_LARGE,
        f"Received message larger than max ({size} vs. {bytes_max}): send fewer or shorter fields,"
        " or raise message_bytes_max",
    )


def read_message(body: bytes, *, encoding: str = "", bytes_max: int) -> bytes | Rejected | Status:
    """Read the one message of a unary call out of the whole request body.

    Args:
        body: All DATA of the request, as received.
        encoding: Value of the ``grpc-encoding`` header; empty when there was none.
        bytes_max: Bound of the message, both before and after decompression.

    Returns:
        The message; a refusal; or UNIMPLEMENTED for an encoding that we do not know.
    """
    if len(body) < PREFIX_BYTES:
        return _unreadable("it ends before the five bytes that open a message")
    length = int.from_bytes(body[1:PREFIX_BYTES], "big")
    if length > bytes_max:
        return too_large(length, bytes_max)
    present = len(body) - PREFIX_BYTES
    if present < length:
        return _unreadable(f"it announces {length} bytes and has {present}")
    if present > length:
        return _unreadable(f"it holds more than one message ({present - length} bytes too many)")
    return _unpack(body[0], body[PREFIX_BYTES:], encoding, bytes_max)


class FrameReader:
    """Cuts the messages of a stream out of its chunks; holds at most one unfinished message."""

    def __init__(self, *, encoding: str = "", bytes_max: int) -> None:
        self._encoding = encoding
        self._bytes_max = bytes_max
        self._pending = bytearray()

    def feed(self, chunk: bytes) -> list[bytes] | Rejected | Status:
        """Take the next chunk and return the messages that it completes.

        After a refusal the reader must not be fed again: where the next message begins is unknown.
        """
        self._pending += chunk
        messages: list[bytes] = []
        start = 0
        while len(self._pending) - start >= PREFIX_BYTES:
            length = int.from_bytes(self._pending[start + 1 : start + PREFIX_BYTES], "big")
            if length > self._bytes_max:
                return too_large(length, self._bytes_max)
            end = start + PREFIX_BYTES + length
            if len(self._pending) < end:
                break
            packed = bytes(self._pending[start + PREFIX_BYTES : end])
            message = _unpack(self._pending[start], packed, self._encoding, self._bytes_max)
            if not isinstance(message, bytes):
                return message
            messages.append(message)
            start = end
        del self._pending[:start]
        return messages

    def finish(self) -> Rejected | None:
        """Say whether the stream ended inside a message."""
        if self._pending:
            return _unreadable("it ends inside a message")
        return None


def _unpack(flag: int, packed: bytes, encoding: str, bytes_max: int) -> bytes | Rejected | Status:
    if flag == 0:
        return packed
    if flag != 1:
        return _unreadable(f"its compressed flag is {flag}; it must be 0 or 1")
    if encoding in ("", "identity"):
        return _unreadable(
            "its message is flagged as compressed but grpc-encoding names no encoding"
        )
    if encoding not in WINDOW_BITS:
        return Status(
            Code.UNIMPLEMENTED,
            f"grpc-encoding is not one of those in grpc-accept-encoding: {ACCEPT_ENCODING}",
        )
    return decompress(packed, encoding=encoding, bytes_max=bytes_max)


def _unreadable(why: str) -> Rejected:
    return Rejected(Reason.BODY_UNREADABLE, f"The request body is not one gRPC message: {why}")
