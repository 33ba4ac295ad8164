"""Frames and compression: what goes in comes out, and nothing costs more than its bound."""

from __future__ import annotations

import gzip
import zlib

from hypothesis import given
from hypothesis import strategies as st

from jobtrail.errors import Reason, Rejected
from jobtrail.wire.bodies import read_body
from jobtrail.wire.frames import FrameReader, read_message, write_frame
from jobtrail.wire.status import Status

BYTES_MAX = 1_000
MESSAGES = st.lists(st.binary(max_size=40), max_size=5)


def packed(message: bytes, encoding: str) -> bytes:
    compressed = {"gzip": gzip.compress, "deflate": zlib.compress}[encoding](message)
    return b"\1" + len(compressed).to_bytes(4, "big") + compressed


@given(st.binary(max_size=200), st.sampled_from(["gzip", "deflate"]))
def test_a_message_reads_back_plain_and_compressed(message: bytes, encoding: str) -> None:
    for body in (write_frame(message), packed(message, encoding)):
        assert read_message(body, encoding=encoding, bytes_max=BYTES_MAX) == message


@given(st.binary(max_size=80), st.sampled_from(["", "identity", "gzip", "deflate", "br"]))
def test_garbage_frames_are_refused_but_never_raise(body: bytes, encoding: str) -> None:
    message = read_message(body, encoding=encoding, bytes_max=BYTES_MAX)
    assert isinstance(message, bytes | Rejected | Status)


@given(st.binary(max_size=200), st.data())
def test_a_damaged_gzip_is_refused_or_whole_but_never_raises(
    message: bytes, data: st.DataObject
) -> None:
    whole = bytearray(gzip.compress(message))
    at = data.draw(st.integers(0, len(whole) - 1))
    cut = read_body(bytes(whole[:at]), encoding="gzip", bytes_max=BYTES_MAX)
    assert isinstance(cut, Rejected)
    whole[at] ^= data.draw(st.integers(1, 255))
    changed = read_body(bytes(whole), encoding="gzip", bytes_max=BYTES_MAX)
    # Some header bytes (time, system) say nothing about the content.
    assert changed == message or isinstance(changed, Rejected)


@given(st.integers(-2, 2), st.sampled_from(["gzip", "deflate"]))
def test_the_bound_holds_to_the_byte_before_and_after_decompression(
    past: int, encoding: str
) -> None:
    message = b"\0" * (BYTES_MAX + past)
    for body in (write_frame(message), packed(message, encoding)):
        result = read_message(body, encoding=encoding, bytes_max=BYTES_MAX)
        if past <= 0:
            assert result == message
        else:
            assert isinstance(result, Rejected)
            assert result.reason is Reason.BODY_TOO_LARGE


@given(MESSAGES, st.data())
def test_a_stream_cut_anywhere_gives_the_same_messages(
    messages: list[bytes], data: st.DataObject
) -> None:
    stream = b"".join(map(write_frame, messages))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(stream)), max_size=6)))
    reader = FrameReader(bytes_max=BYTES_MAX)
    read: list[bytes] = []
    for start, end in zip([0, *cuts], [*cuts, len(stream)], strict=True):
        fed = reader.feed(stream[start:end])
        assert isinstance(fed, list)
        read += fed
    assert read == messages
    assert reader.finish() is None
