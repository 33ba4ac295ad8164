"""Protobuf: every message that can be sent is read as sent and answered as sent."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from jobtrail.errors import Rejected
from jobtrail.events import Draft
from jobtrail.wire.decode import Decoded, decode_grpc
from jobtrail.wire.messages import ClientEvent, CreateClientEventRequest
from tests.property.wire_bodies import TEXTS

SECONDS = st.integers(-(2**63), 2**63 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)


@st.composite
def events(draw: st.DrawFn, version: str) -> tuple[Any, Draft]:
    """A message, and the draft that it must be read as."""
    event = ClientEvent[version]()
    event.event_id, event.request_id, event.event_notes = draw(st.tuples(TEXTS, TEXTS, TEXTS))
    create_time = draw(st.none() | st.tuples(SECONDS, INT32))
    if create_time is not None:
        event.create_time.SetInParent()
        event.create_time.seconds, event.create_time.nanos = create_time
    job = draw(st.none() | st.tuples(INT32, st.lists(TEXTS, max_size=3), TEXTS))
    profile = ""
    if job is not None:
        event.job_event.SetInParent()
        event.job_event.type = job[0]
        event.job_event.jobs.extend(job[1])
        if version == "v4beta1":
            event.job_event.profile = profile = job[2]
    draft = Draft(
        event_id=event.event_id,
        request_id=event.request_id,
        create_time=create_time,
        has_job_event=job is not None,
        type=job[0] if job else 0,
        jobs=tuple(job[1]) if job else (),
        event_notes=event.event_notes,
        profile=profile,
    )
    return event, draft


@given(st.data(), st.sampled_from(["v4", "v4beta1"]), TEXTS)
def test_every_message_is_read_as_sent_and_echoed_as_sent(
    data: st.DataObject, version: str, parent: str
) -> None:
    event, draft = data.draw(events(version))
    request = CreateClientEventRequest[version](parent=parent, client_event=event)
    decoded = decode_grpc(version, request.SerializeToString())
    assert isinstance(decoded, Decoded)
    assert (decoded.parent, decoded.draft) == (parent, draft)
    assert ClientEvent[version].FromString(decoded.echo) == event


@given(st.data(), st.binary(max_size=20), st.binary(max_size=20))
def test_unknown_fields_are_kept_in_draft_and_echo(
    data: st.DataObject, in_event: bytes, in_job: bytes
) -> None:
    event, _ = data.draw(events("v4"))
    # Field 15 with a length is b"\x7a"; both bodies are shorter than 128 bytes.
    event_bytes = b"\x7a" + bytes([len(in_event)]) + in_event
    job_bytes = b"\x7a" + bytes([len(in_job)]) + in_job
    event.job_event.MergeFromString(job_bytes)
    event.MergeFromString(event_bytes)
    request = CreateClientEventRequest["v4"](parent="p", client_event=event)
    decoded = decode_grpc("v4", request.SerializeToString())
    assert isinstance(decoded, Decoded)
    assert decoded.draft.unknown_fields == event_bytes + b"\0" + job_bytes
    assert ClientEvent["v4"].FromString(decoded.echo) == event


@settings(max_examples=200)
@given(st.data())
def test_damaged_messages_are_read_or_refused_but_never_raise(data: st.DataObject) -> None:
    event, _ = data.draw(events("v4"))
    request = CreateClientEventRequest["v4"](parent="p", client_event=event)
    message = bytearray(request.SerializeToString())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(message)))
        message[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    for version in ("v4", "v4beta1"):
        assert isinstance(decode_grpc(version, bytes(message)), Decoded | Rejected)


@settings(max_examples=200)
@given(st.binary(max_size=60))
def test_garbage_messages_are_read_or_refused_but_never_raise(message: bytes) -> None:
    for version in ("v4", "v4beta1"):
        assert isinstance(decode_grpc(version, message), Decoded | Rejected)
