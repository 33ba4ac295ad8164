"""What is on disk must be readable for ever, so these expectations are written out by hand."""

from __future__ import annotations

import hashlib

import msgspec
import pytest

from jobtrail.errors import Reason
from jobtrail.eventlog import chain
from jobtrail.eventlog.record import (
    Rejection,
    decode_line,
    decode_rejection,
    encode_line,
    encode_rejection,
    event_key,
    fingerprint,
)
from tests.eventlogs import make_event

EVENT = make_event(
    "e-1",
    request_id="r",
    create_nanos=5,
    event_notes="grüße\nline",
    unknown_fields=b"\x00\xff",
    checks=("create_time_old",),
    client="curl/8",
)
LINE = (
    '{"tenant":"projects/p/tenants/t","event_id":"e-1","type":2,'
    '"jobs":["projects/p/tenants/t/jobs/1"],"create_seconds":1728000000,"create_nanos":5,'
    '"receive_time":1728043200000000000,"api":"grpc/v4","request_id":"r",'
    '"event_notes":"grüße\\nline","unknown_fields":"AP8=","checks":["create_time_old"],'
    '"client":"curl/8"}'
).encode()


def test_a_line_is_one_line_of_json_that_reads_back() -> None:
    assert encode_line(EVENT) == LINE
    assert decode_line(LINE) == EVENT


def test_a_key_is_the_hash_of_tenant_and_id() -> None:
    # printf 'projects/p/tenants/t\\0e-1' | b2sum -l 128
    assert event_key("projects/p/tenants/t", "e-1").hex() == "5c2a346b89813a77def372491986ac2c"


def test_a_fingerprint_is_the_hash_of_the_content_alone() -> None:
    # printf '["r",1728000000,5,2,["projects/p/tenants/t/jobs/1"],"grüße\\nline","","AP8="]' |
    # b2sum -l 64
    assert fingerprint(EVENT).hex() == "b1c13cd4ac7d21d2"


@pytest.mark.parametrize("field", ["tenant", "event_id", "receive_time", "api", "checks", "client"])
def test_how_an_event_came_does_not_change_its_fingerprint(field: str) -> None:
    other = {"receive_time": 1, "checks": ("x",)}.get(field, "other")
    event = make_event(1)
    assert fingerprint(msgspec.structs.replace(event, **{field: other})) == fingerprint(event)


@pytest.mark.parametrize(
    ("field", "other"),
    [
        ("request_id", "x"),
        ("create_seconds", 1),
        ("create_nanos", 1),
        ("type", 3),
        ("jobs", ("projects/p/tenants/t/jobs/2",)),
        ("event_notes", "x"),
        ("profile", "x"),
        ("unknown_fields", b"x"),
    ],
)
def test_each_content_field_changes_the_fingerprint(field: str, other: object) -> None:
    assert fingerprint(make_event(1, **{field: other})) != fingerprint(make_event(1))


def test_fields_that_run_into_each_other_are_told_apart() -> None:
    first = make_event(1, jobs=("a", "b"), event_notes="")
    second = make_event(1, jobs=("a",), event_notes="b")
    assert fingerprint(first) != fingerprint(second)


def test_a_commit_is_linked_to_the_one_before_it() -> None:
    fields = (7).to_bytes(8) + (2).to_bytes(8) + (10).to_bytes(8) + (20).to_bytes(8)
    expected = hashlib.blake2b(b"p" * 16 + fields + b"payload", digest_size=16).digest()
    assert chain.link(b"p" * 16, 7, 2, 10, 20, b"payload") == expected


def test_a_rejection_is_cut_and_says_how_long_it_was() -> None:
    rejection = Rejection(
        Reason.TYPE_UNKNOWN, "m" * 5_000, 3, event_id="e" * 5_000, payload=b"x" * 100
    )
    kept = decode_rejection(encode_rejection(rejection, payload_bytes_max=10))
    assert kept.payload == b"x" * 10
    assert kept.payload_bytes == 100
    assert len(kept.message) == len(kept.event_id) == 1_000


def test_a_rejection_with_an_unpaired_surrogate_can_be_kept() -> None:
    rejection = Rejection(Reason.TEXT_UNSTORABLE, "m", 3, tenant="t\ud800", event_id="\udfff!")
    kept = decode_rejection(encode_rejection(rejection, payload_bytes_max=10))
    assert (kept.tenant, kept.event_id) == ("t?", "?!")
