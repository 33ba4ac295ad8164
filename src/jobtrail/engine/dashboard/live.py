"""The part of the page that is asked for every two seconds: last events, checks and health."""

from __future__ import annotations

from datetime import date, datetime
from typing import cast
from zoneinfo import ZoneInfo

import msgspec

from jobtrail.engine.context import Context
from jobtrail.engine.dashboard import palette, words
from jobtrail.engine.dashboard.filters import Filters
from jobtrail.engine.dashboard.problem import Problem
from jobtrail.engine.event_pages import EventFilter, job_names, read_events
from jobtrail.engine.health import Health, read_health
from jobtrail.errors import Failure
from jobtrail.events import EventType

EVENTS_MAX = 25


class LiveEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the last events."""

    offset: int
    event_id: str
    request_id: str
    type: str
    variable: str
    jobs: list[str]
    create_time: str
    """By the clock of the page's time zone."""
    receive_time: datetime
    """In the page's time zone."""
    event_notes: str
    api: str
    client: str
    checks: list[str]


class Live(msgspec.Struct, frozen=True, kw_only=True):
    """What changes from one second to the next."""

    today: date
    """In the page's time zone."""

    events: list[LiveEvent] | Problem
    health: Health | Problem


def read_live(context: Context, tenant: str, filters: Filters, *, now: datetime) -> Live:
    """Read the last events of a tenant and the health of the service; blocks."""
    return Live(
        today=now.astimezone(filters.zone).date(),
        events=_last_events(context, tenant, filters),
        health=_health(context, tenant),
    )


def job_label(job: str, tenant: str) -> str:
    """Shorten a job of the tenant to its id; another tenant's stays in full."""
    return job.removeprefix(f"{tenant}/jobs/")


def _last_events(context: Context, tenant: str, filters: Filters) -> list[LiveEvent] | Problem:
    which = EventFilter(
        tenant=tenant,
        jobs=job_names(filters.job, tenant),
        type=filters.type if filters.type in EventType.__members__ else "",
    )
    before = context.loaded_offset

    def make() -> list[dict[str, object]]:
        return read_events(
            context.store, which, order="desc", first=0, before=before, count_max=EVENTS_MAX
        )

    try:
        events = context.kept.get(("events", which), before, make)
    except Failure as failure:
        return Problem(failure.message)
    return [_live_event(event, filters.zone) for event in events]


def _live_event(event: dict[str, object], zone: ZoneInfo) -> LiveEvent:
    receipt = cast(dict[str, object], event["receipt"])
    job_event = cast(dict[str, object], event["jobEvent"])
    name = cast(str, job_event["type"])
    return LiveEvent(
        offset=cast(int, receipt["offset"]),
        event_id=cast(str, event["eventId"]),
        request_id=cast(str, event.get("requestId", "")),
        type=name,
        variable=palette.type_variable(EventType[name]),
        jobs=cast(list[str], job_event["jobs"]),
        create_time=words.local_time(cast(str, event["createTime"]), zone),
        receive_time=datetime.fromisoformat(cast(str, receipt["receiveTime"])).astimezone(zone),
        event_notes=cast(str, event.get("eventNotes", "")),
        api=cast(str, receipt["api"]),
        client=cast(str, receipt["client"]),
        checks=cast(list[str], receipt["checks"]),
    )


def _health(context: Context, tenant: str) -> Health | Problem:
    try:
        return read_health(context, tenant)
    except Failure as failure:
        return Problem(failure.message)
