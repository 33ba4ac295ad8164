"""The quick reading of a client event's JSON: complete, ordinary bodies in one typed decode.

It either returns what ``careful_json`` would return, or nothing; the careful reading then decides
and words the refusal. So only the careful one needs to know what is wrong with a body.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from jobtrail.events import Draft, EventType
from jobtrail.wire.messages import V4, V4BETA1
from jobtrail.wire.timestamps import parse_timestamp

# Required here is what every complete event has. A body that lacks one of them, calls it by its
# snake_case name or sets it to null is for the careful reading.


class _JobEvent(msgspec.Struct, forbid_unknown_fields=True):
    type: int | str
    jobs: tuple[str, ...]
    profile: str = ""


class _JobEventV4(msgspec.Struct, forbid_unknown_fields=True):
    type: int | str
    jobs: tuple[str, ...]

    @property
    def profile(self) -> str:
        return ""


class _ClientEvent(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    event_id: str
    create_time: str
    job_event: _JobEvent
    request_id: str = ""
    event_notes: str = ""


class _ClientEventV4(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    event_id: str
    create_time: str
    job_event: _JobEventV4
    request_id: str = ""
    event_notes: str = ""


class _Request(msgspec.Struct, forbid_unknown_fields=True, rename="camel"):
    client_event: _ClientEvent


INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1
"""What an enum's number can be on the wire."""

TYPE_NUMBERS = {member.name: int(member) for member in EventType}
"""Numbers of the event types, by wire name."""

_decode_v4: Callable[[bytes], _ClientEventV4] = msgspec.json.Decoder(_ClientEventV4).decode
_decode_request: Callable[[bytes], _Request] = msgspec.json.Decoder(_Request).decode


def read_quickly(version: str, body: bytes) -> Draft | None:
    """Return the event in *body*, or ``None`` when the careful reading has to look at it."""
    event: Any
    try:
        event = _decode_v4(body) if version == V4 else _decode_request(body).client_event
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    job_event = event.job_event
    create_time = parse_timestamp(event.create_time)
    type_ = job_event.type
    if type_.__class__ is str:
        type_ = TYPE_NUMBERS.get(type_)
    if create_time is None or type_ is None or not INT32_MIN <= type_ <= INT32_MAX:
        return None
    if body.count(b'"') != _quotes(event, job_event, body) + (2 if version == V4BETA1 else 0):
        return None
    return Draft(
        event.event_id,
        event.request_id,
        create_time,
        True,
        type_,
        job_event.jobs,
        event.event_notes,
        job_event.profile,
    )


def _quotes(event: Any, job_event: Any, body: bytes) -> int:
    """Count the quotation marks of a body that has each key at most once.

    The decoder keeps the last of two equal keys in silence, and protobuf's JSON form forbids a
    second one. Each key and each string has two quotation marks, and those inside a string are
    escaped with a backslash, so a body without dropped keys has exactly this many; every dropped
    key has at least two more. A string that was sent empty counts as not sent, which errs on the
    careful side, and so does a mark that is written by its number.
    """
    request_id = event.request_id
    notes = event.event_notes
    profile = job_event.profile
    # Five keys, then the values of eventId and createTime.
    strings = 7 + len(job_event.jobs)
    if job_event.type.__class__ is str:
        strings += 1
    if request_id:
        strings += 2
    if notes:
        strings += 2
    if profile:
        strings += 2
    inside = 0
    if b"\\" in body:
        if b"\\u0022" in body:
            return -1
        texts = (event.event_id, request_id, notes, profile, *job_event.jobs)
        inside = sum(text.count('"') for text in texts)
    return 2 * strings + inside
