"""Reading events out of the store, a bounded number at a time. All of it blocks."""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from jobtrail import names
from jobtrail.engine.records import event_from_store
from jobtrail.engine.statements import statement
from jobtrail.store.checks import checks_of
from jobtrail.store.store import Store


class EventFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which events of a tenant are asked for; an empty text restricts nothing."""

    tenant: str
    request_id: str = ""
    jobs: tuple[str, ...] = ()
    """Full resource names; any of them will do."""
    type: str = ""


def job_names(text: str, tenant: str) -> tuple[str, ...]:
    """Name in full the jobs that an id can mean; a full name means itself.

    v4beta1 names the jobs of the default tenant without it, so there an id can mean either.
    """
    if not text or names.is_job(text):
        return (text,) if text else ()
    project, _, name = tenant.partition("/tenants/")
    parents = (tenant, project) if name == names.DEFAULT_TENANT else (tenant,)
    return tuple(f"{parent}/jobs/{text}" for parent in parents)


def read_events(
    store: Store,
    which: EventFilter,
    *,
    order: Literal["asc", "desc"],
    first: int,
    before: int,
    count_max: int,
) -> list[dict[str, object]]:
    """Read at most *count_max* events whose offset is at least *first* and less than *before*."""
    name = "events_ascending" if order == "asc" else "events_descending"
    bounds = {"from": first, "before": before, "limit": count_max}
    asked = msgspec.structs.asdict(which) | {"jobs": list(which.jobs)}
    rows = store.query(statement(name), asked | bounds)
    return _with_all_checks(store, which.tenant, rows)


def read_trail(
    store: Store, tenant: str, request_id: str, *, before: int, skip: int, count_max: int
) -> list[dict[str, object]]:
    """Read at most *count_max* events of one trail in the order they happened, past *skip*."""
    rows = store.query(
        statement("trail"),
        {
            "tenant": tenant,
            "request_id": request_id,
            "before": before,
            "skip": skip,
            "limit": count_max,
        },
    )
    return _with_positions(store, tenant, _with_all_checks(store, tenant, rows))


def offset_of(event: dict[str, object]) -> int:
    """Return the log's offset of an event that was read here."""
    receipt = cast(dict[str, object], event["receipt"])
    return cast(int, receipt["offset"])


def _with_positions(
    store: Store, tenant: str, events: list[dict[str, object]]
) -> list[dict[str, object]]:
    """Add to each receipt where the event's jobs stood on a list, and what says so."""
    if not events:
        return []
    offsets = [offset_of(event) for event in events]
    rows = store.query(statement("positions"), {"tenant": tenant, "offsets": offsets})
    positions: dict[int, list[dict[str, object]]] = {}
    for row in rows:
        place = {name: row[name] for name in ("job", "position", "source")}
        positions.setdefault(cast(int, row["offset"]), []).append(place)
    for event in events:
        if found := positions.get(offset_of(event)):
            cast(dict[str, object], event["receipt"])["positions"] = found
    return events


def _with_all_checks(
    store: Store, tenant: str, rows: list[dict[str, object]]
) -> list[dict[str, object]]:
    """Describe the rows, with what the other events of their trails say about them by now."""
    if not rows:
        return []
    found = checks_of(store, tenant, [cast(int, row["offset"]) for row in rows])
    return [event_from_store(row | {"checks": found[cast(int, row["offset"])]}) for row in rows]
