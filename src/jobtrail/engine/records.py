"""Events as the API shows them: Google's field names, and our receipt beside them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import cast

from jobtrail.clock import NS_PER_MICROSECOND, NS_PER_SECOND
from jobtrail.events import Event, EventType

Row = Mapping[str, object]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_FRACTIONS = ((1_000_000, 3), (1_000, 6), (1, 9))


def event_from_log(offset: int, event: Event, checks: Iterable[str]) -> dict[str, object]:
    """Describe an event that was read from the log, with the *checks* that it carries by now."""
    job_event: dict[str, object] = {
        "type": EventType(event.type).name,
        "jobs": list(event.jobs),
    }
    if event.profile:
        job_event["profile"] = event.profile
    return _described(
        event_id=event.event_id,
        request_id=event.request_id,
        create_time=timestamp(event.create_seconds, event.create_nanos),
        job_event=job_event,
        event_notes=event.event_notes,
        receipt={
            "offset": offset,
            # To the microsecond, which is what the store keeps: lists must not say another time.
            "receiveTime": instant(event.receive_time // NS_PER_MICROSECOND),
            "api": event.api,
            "client": event.client,
            "checks": list(checks),
        },
    )


def event_from_store(row: Row) -> dict[str, object]:
    """Describe an event that a query of ours has returned as *row*."""
    return _described(
        event_id=cast(str, row["event_id"]),
        request_id=cast(str, row["request_id"]),
        create_time=timestamp(cast(int, row["create_seconds"]), cast(int, row["create_nanos"])),
        job_event={"type": row["type"], "jobs": row["jobs"]},
        event_notes=cast(str, row["event_notes"]),
        receipt={
            "offset": row["offset"],
            "receiveTime": instant(cast(int, row["receive_micros"])),
            "api": row["api"],
            "client": row["client"],
            "checks": row["checks"],
        },
    )


def _described(
    *,
    event_id: str,
    request_id: str,
    create_time: str,
    job_event: dict[str, object],
    event_notes: str,
    receipt: dict[str, object],
) -> dict[str, object]:
    described: dict[str, object] = {"eventId": event_id}
    # As in Google's JSON, a field that is empty is left out.
    if request_id:
        described["requestId"] = request_id
    described |= {"createTime": create_time, "jobEvent": job_event}
    if event_notes:
        described["eventNotes"] = event_notes
    described["receipt"] = receipt
    return described


def instant(micros: int) -> str:
    """Write an instant of our own clock, given in microseconds since 1970."""
    return timestamp(*divmod(micros * NS_PER_MICROSECOND, NS_PER_SECOND))


def timestamp(seconds: int, nanos: int) -> str:
    """Write an instant in RFC 3339 with 0, 3, 6 or 9 digits of fraction, as protobuf's JSON does.

    Args:
        seconds: Seconds since 1970, from year 1 to year 9999.
        nanos: 0 to 999,999,999.
    """
    whole = (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()
    if not nanos:
        return f"{whole}Z"
    unit, digits = next((unit, digits) for unit, digits in _FRACTIONS if nanos % unit == 0)
    return f"{whole}.{nanos // unit:0{digits}}Z"
