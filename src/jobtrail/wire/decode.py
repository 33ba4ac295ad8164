"""Requests to record an event, decoded: what was sent, what it says, and the answer's bytes.

Nothing is believed here. A draft may lack everything; admission judges it.
"""

from __future__ import annotations

import msgspec
from google.protobuf.message import DecodeError
from google.protobuf.unknown_fields import UnknownFieldSet

from jobtrail.errors import Reason, Rejected
from jobtrail.events import Draft
from jobtrail.wire.careful_json import read_carefully
from jobtrail.wire.messages import V4BETA1, ClientEvent, CreateClientEventRequest, JobEvent
from jobtrail.wire.quick_json import read_quickly


class Decoded(msgspec.Struct, frozen=True, gc=False):
    """One event as it came."""

    parent: str
    draft: Draft
    echo: bytes = b""
    """Over gRPC the answer of success, to be framed: the ClientEvent as sent, with what we do not
    know in it. Empty over REST, where ``encode_rest`` writes the answer from the draft."""


_REQUESTS = {version: kind.FromString for version, kind in CreateClientEventRequest.items()}
# Listing unknown fields one by one took a second for a message of 4 MiB full of them, and copying
# a message takes milliseconds at most; below this size the listing is the cheaper way to find none.
_LISTED_BYTES_MAX = 16_384
_EVENT_MISSING = Rejected(
    Reason.EVENT_MISSING, "client_event is missing: send the event to record", ("client_event",)
)
_UNREADABLE = Rejected(
    Reason.BODY_UNREADABLE,
    "The request is not a CreateClientEventRequest: its bytes are not protobuf, or a text in it is"
    " not UTF-8",
)


def decode_grpc(version: str, message: bytes) -> Decoded | Rejected:
    """Decode a ``CreateClientEventRequest`` of *version*, without its frame."""
    try:
        request = _REQUESTS[version](message)
    except DecodeError:
        return _UNREADABLE
    if not request.HasField("client_event"):
        return _EVENT_MISSING
    event = request.client_event
    create_time = None
    if event.HasField("create_time"):
        moment = event.create_time
        create_time = (moment.seconds, moment.nanos)
    has_job_event = event.HasField("job_event")
    type_, jobs, profile = 0, (), ""
    has_unknown = len(message) > _LISTED_BYTES_MAX or len(UnknownFieldSet(event)) > 0
    if has_job_event:
        job_event = event.job_event
        type_, jobs = job_event.type, tuple(job_event.jobs)
        profile = job_event.profile if version == V4BETA1 else ""
        has_unknown = has_unknown or len(UnknownFieldSet(job_event)) > 0
    draft = Draft(
        event.event_id,
        event.request_id,
        create_time,
        has_job_event,
        type_,
        jobs,
        event.event_notes,
        profile,
        _unknown_fields(version, event) if has_unknown else b"",
    )
    return Decoded(request.parent, draft, event.SerializeToString())


def decode_rest(version: str, body: bytes, *, parent: str) -> Decoded | Rejected:
    """Decode the JSON body of ``POST /{version}/{parent}/clientEvents``.

    Args:
        version: ``v4`` has the bare event as its body, ``v4beta1`` the event under ``clientEvent``.
        body: Decompressed.
        parent: From the path, decoded.
    """
    draft = read_quickly(version, body) or read_carefully(version, body, parent=parent)
    return draft if isinstance(draft, Rejected) else Decoded(parent, draft)


def _unknown_fields(version: str, event: object) -> bytes:
    """Return the bytes of fields that our descriptors lack; ``Draft.unknown_fields`` says how.

    What is left of a message when all known fields are cleared serializes to just those bytes.
    """
    rest = ClientEvent[version]()
    rest.CopyFrom(event)
    inner = JobEvent[version]()
    inner.CopyFrom(rest.job_event)
    for message in (rest, inner):
        for field in message.DESCRIPTOR.fields:
            message.ClearField(field.name)
    job_bytes: bytes = inner.SerializeToString()
    event_bytes: bytes = rest.SerializeToString()
    return event_bytes + b"\0" + job_bytes if job_bytes else event_bytes
