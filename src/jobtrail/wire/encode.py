"""Events as the JSON that published clients read: camelCase, no nulls, defaults left out."""

from __future__ import annotations

import msgspec

from jobtrail.events import Draft, EventType
from jobtrail.wire.query import ResponseStyle
from jobtrail.wire.timestamps import format_timestamp

TYPE_NAMES = {int(member): member.name for member in EventType}
"""Wire names of the event types, by number."""


class _JobEvent(msgspec.Struct, omit_defaults=True):
    type: int | str = 0
    jobs: tuple[str, ...] = ()
    profile: str = ""


class _ClientEvent(msgspec.Struct, omit_defaults=True, rename="camel"):
    request_id: str = ""
    event_id: str = ""
    create_time: str = ""
    job_event: _JobEvent | None = None
    event_notes: str = ""


_encode = msgspec.json.Encoder().encode
_PLAIN = ResponseStyle()


def encode_rest(draft: Draft, style: ResponseStyle = _PLAIN) -> bytes:
    """Write a client event as protobuf's JSON form has it.

    Args:
        draft: Its ``create_time``, if it has one, must be an instant of the years 1 to 9999.
        style: Enums as numbers or as names; indented or not. A type without a name is a number.
    """
    job_event = None
    if draft.has_job_event:
        number = draft.type
        type_ = number if style.enums_as_ints or not number else TYPE_NAMES.get(number, number)
        job_event = _JobEvent(type_, draft.jobs, draft.profile)
    encoded = _encode(
        _ClientEvent(
            draft.request_id,
            draft.event_id,
            "" if draft.create_time is None else format_timestamp(*draft.create_time),
            job_event,
            draft.event_notes,
        )
    )
    return msgspec.json.format(encoded, indent=2) if style.pretty else encoded
