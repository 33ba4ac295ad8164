"""What one record of the log is: its line, its key and its fingerprint.

These three must never change for what is already recorded; ``FORMAT`` counts their versions.
"""

from __future__ import annotations

from hashlib import blake2b

import msgspec

from jobtrail.errors import Reason
from jobtrail.events import Event

FORMAT = 1
"""Version of everything that the log writes: lines, keys, fingerprints, checksums and tables."""

KEY_BYTES = 16
"""128 bits: among 10**12 ids the odds that any two share a key are below 10**-14."""

FINGERPRINT_BYTES = 8
"""64 bits: compared only for one and the same id, so chance is 1 in 10**19 a repeated id."""

_TEXT_CHARS_MAX = 1_000
"""Characters kept of each text of a rejection; the ids of the wire are shorter."""

_line_encoder = msgspec.json.Encoder()
_line_decoder = msgspec.json.Decoder(Event)


class Rejection(msgspec.Struct, frozen=True, omit_defaults=True):
    """A refused event as the quarantine keeps it."""

    reason: Reason
    message: str
    receive_time: int
    """Our clock, nanoseconds since 1970."""
    tenant: str = ""
    """Empty when the parent could not be read."""
    fields: tuple[str, ...] = ()
    event_id: str = ""
    api: str = ""
    client: str = ""
    payload: bytes = b""
    """As received; cut at ``quarantine_payload_bytes_max`` when it is kept."""
    payload_bytes: int = 0
    """Size of the payload before it was cut."""


_rejection_encoder = msgspec.msgpack.Encoder()
_rejection_decoder = msgspec.msgpack.Decoder(Rejection)


def encode_line(event: Event) -> bytes:
    """Encode *event* as its line of the log, without the line break."""
    return _line_encoder.encode(event)


def decode_line(line: bytes) -> Event:
    """Decode one line of the log.

    Raises:
        msgspec.DecodeError: If *line* is not what ``encode_line`` made.
    """
    return _line_decoder.decode(line)


def event_key(tenant: str, event_id: str) -> bytes:
    """Hash the identity of an event: 16 bytes. Neither text may hold NUL, which parts them."""
    return blake2b(f"{tenant}\0{event_id}".encode(), digest_size=KEY_BYTES).digest()


def fingerprint(event: Event) -> bytes:
    """Hash the content of *event*, ``events.CONTENT_FIELDS`` in their order: 8 bytes."""
    content = (
        event.request_id,
        event.create_seconds,
        event.create_nanos,
        event.type,
        event.jobs,
        event.event_notes,
        event.profile,
        event.unknown_fields,
    )
    return blake2b(_line_encoder.encode(content), digest_size=FINGERPRINT_BYTES).digest()


def encode_rejection(rejection: Rejection, *, payload_bytes_max: int) -> bytes:
    """Encode *rejection* with its payload and texts cut, and unpaired surrogates replaced."""
    size = max(len(rejection.payload), rejection.payload_bytes)
    kept = Rejection(
        reason=rejection.reason,
        message=_storable(rejection.message),
        receive_time=rejection.receive_time,
        tenant=_storable(rejection.tenant),
        fields=tuple(_storable(field) for field in rejection.fields[:20]),
        event_id=_storable(rejection.event_id),
        api=rejection.api,
        client=_storable(rejection.client),
        payload=rejection.payload[:payload_bytes_max],
        payload_bytes=size,
    )
    return _rejection_encoder.encode(kept)


def decode_rejection(record: bytes) -> Rejection:
    """Decode what ``encode_rejection`` made.

    Raises:
        msgspec.DecodeError: If *record* is not that.
    """
    return _rejection_decoder.decode(record)


def _storable(text: str) -> str:
    return text[:_TEXT_CHARS_MAX].encode("utf-8", "replace").decode()
