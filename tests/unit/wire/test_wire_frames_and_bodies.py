"""Frames, compressed bodies and deadlines: each way in which they can be wrong."""

from __future__ import annotations

import gzip
import tracemalloc

import pytest

from jobtrail.errors import Code, Reason, Rejected
from jobtrail.wire.bodies import read_body
from jobtrail.wire.deadline import parse_timeout
from jobtrail.wire.frames import FrameReader, read_message, write_frame
from jobtrail.wire.status import Status

MIB = 1024 * 1024
BYTES_MAX = 4 * MIB


def refused(result: object) -> tuple[Reason, str]:
    assert isinstance(result, Rejected), result
    return result.reason, result.message


def frame(message: bytes, *, flag: int = 0, length: int | None = None) -> bytes:
    size = len(message) if length is None else length
    return bytes([flag]) + size.to_bytes(4, "big") + message


def test_a_frame_is_a_flag_a_length_and_the_message() -> None:
    assert write_frame(b"abc") == b"\x00\x00\x00\x00\x03abc"
    assert read_message(b"\x00\x00\x00\x00\x03abc", bytes_max=10) == b"abc"
    assert read_message(b"\x00\x00\x00\x00\x00", bytes_max=10) == b""


@pytest.mark.parametrize(
    ("body", "encoding", "why"),
    [
        (b"", "", "ends before the five bytes"),
        (b"\0\0\0", "", "ends before the five bytes"),
        (frame(b"abc", length=9), "", "announces 9 bytes and has 3"),
        (frame(b"abc") + frame(b"abc"), "", "more than one message"),
        (frame(b"abc", length=1), "", "more than one message"),
        (frame(b"abc", flag=2), "", "compressed flag is 2"),
        (frame(gzip.compress(b"abc"), flag=1), "", "names no encoding"),
        (frame(gzip.compress(b"abc"), flag=1), "identity", "names no encoding"),
        (frame(gzip.compress(b"abc")[:-4], flag=1), "gzip", "ends too early"),
        (frame(b"", flag=1), "gzip", "ends too early"),
        (frame(b"abc", flag=1), "gzip", "not valid gzip"),
        (frame(gzip.compress(b"a") * 2, flag=1), "gzip", "goes on after its end"),
        (frame(gzip.compress(b"abc"), flag=1), "deflate", "not valid deflate"),
    ],
)
def test_a_broken_frame_is_refused_with_what_is_wrong(body: bytes, encoding: str, why: str) -> None:
    reason, message = refused(read_message(body, encoding=encoding, bytes_max=BYTES_MAX))
    assert reason is Reason.BODY_UNREADABLE
    assert why in message


def test_an_unflagged_message_is_plain_whatever_the_encoding_header_says() -> None:
    assert read_message(frame(b"abc"), encoding="gzip", bytes_max=10) == b"abc"


def test_an_unknown_encoding_is_unimplemented_and_says_which_are_known() -> None:
    status = read_message(frame(b"abc", flag=1), encoding="snappy", bytes_max=10)
    assert isinstance(status, Status)
    assert status.code is Code.UNIMPLEMENTED
    assert "identity,deflate,gzip" in status.message


def test_a_length_over_the_bound_is_refused_as_grpc_words_it() -> None:
    reason, message = refused(read_message(frame(b"", length=BYTES_MAX + 1), bytes_max=BYTES_MAX))
    assert reason is Reason.BODY_TOO_LARGE
    assert message.startswith("Received message larger than max (4194305 vs. 4194304)")


def test_a_bomb_costs_no_more_than_its_bound() -> None:
    bomb = gzip.compress(b"\0" * (200 * MIB), compresslevel=1)
    tracemalloc.start()
    try:
        in_frame = read_message(frame(bomb, flag=1), encoding="gzip", bytes_max=BYTES_MAX)
        in_body = read_body(bomb, encoding="gzip", bytes_max=BYTES_MAX)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert refused(in_frame)[0] is refused(in_body)[0] is Reason.BODY_TOO_LARGE
    # The output grows by doubling, so twice the bound and the compressed copy are needed.
    assert peak < 4 * BYTES_MAX


def test_a_stream_reader_refuses_a_length_before_it_has_the_message() -> None:
    reader = FrameReader(bytes_max=10)
    assert reader.feed(b"\0\0\0") == []
    assert refused(reader.feed(b"\0\x0b"))[0] is Reason.BODY_TOO_LARGE


def test_a_stream_that_ends_inside_a_message_is_refused() -> None:
    reader = FrameReader(bytes_max=10)
    assert reader.feed(frame(b"abc") + b"\0\0") == [b"abc"]
    assert refused(reader.finish())[0] is Reason.BODY_UNREADABLE


@pytest.mark.parametrize("encoding", ["", "identity", "Identity ", "gzip", "x-gzip", " GZIP"])
def test_a_body_is_undone_of_its_encoding(encoding: str) -> None:
    body = gzip.compress(b"{}") if "gzip" in encoding.lower() else b"{}"
    assert read_body(body, encoding=encoding, bytes_max=100) == b"{}"


@pytest.mark.parametrize(
    ("body", "encoding", "reason"),
    [
        (b"{}", "br", Reason.BODY_UNREADABLE),
        (b"{}", "gzip", Reason.BODY_UNREADABLE),
        (gzip.compress(b"{}")[:-1], "gzip", Reason.BODY_UNREADABLE),
        (gzip.compress(b"{}"), "gzip, gzip", Reason.BODY_UNREADABLE),
        (b" " * 101, "", Reason.BODY_TOO_LARGE),
        (gzip.compress(b" " * 101), "gzip", Reason.BODY_TOO_LARGE),
    ],
)
def test_a_body_that_cannot_be_undone_is_refused(
    body: bytes, encoding: str, reason: Reason
) -> None:
    assert refused(read_body(body, encoding=encoding, bytes_max=100))[0] is reason


@pytest.mark.parametrize(
    ("value", "nanoseconds"),
    [
        ("30S", 30 * 10**9),
        ("0n", 0),
        ("1H", 3_600 * 10**9),
        ("2M", 120 * 10**9),
        ("5m", 5 * 10**6),
        ("7u", 7_000),
        ("99999999n", 99_999_999),
    ],
)
def test_a_timeout_is_read_in_each_unit(value: str, nanoseconds: int) -> None:
    assert parse_timeout(value) == nanoseconds


@pytest.mark.parametrize(
    "value", ["", "S", "30", "30s", "-1S", "1.5S", "123456789n", " 1S", "\uff11S"]
)
def test_a_timeout_that_cannot_be_read_is_an_invalid_argument(value: str) -> None:
    status = parse_timeout(value)
    assert isinstance(status, Status)
    assert status.code is Code.INVALID_ARGUMENT
