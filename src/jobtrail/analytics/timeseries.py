"""The report `timeseries`: how many events of each type happened in each hour, day or week."""

from __future__ import annotations

from collections import Counter

import msgspec

from jobtrail.analytics.localtime import LENGTH, SHIFT, Interval, first_instant, rfc3339, stretches
from jobtrail.analytics.parameters import (
    END,
    INTERVAL,
    JOB,
    START,
    TIME_ZONE,
    TYPE,
    Mistake,
    Parsed,
    ReportError,
)
from jobtrail.analytics.spec import Answer, Column, ReportSpec, bounds, range_note, read_sql
from jobtrail.events import EventType
from jobtrail.settings import Settings
from jobtrail.store.store import Store

ROWS_MAX = 200_000
"""Rows of one answer: a year of hours with every type is 131,400, and some 15 MB of JSON."""

Counts = Counter[tuple[int, int]]
"""Events by (first instant of the interval, number of the type)."""


def compute(store: Store, tenant: str, parsed: Parsed, settings: Settings) -> Answer:
    """Count the events; see ``TIMESERIES`` for what the numbers mean."""
    del settings  # counting knows no windows
    chosen: dict[str, object] = {
        "tenant": tenant,
        "types": [int(type_) for type_ in parsed.types],
        "jobs": list(parsed.jobs),
    }
    (found,) = store.query(read_sql("timeseries_range"), {**chosen, **bounds(parsed)})
    whole = msgspec.convert(found, _Range)
    if not whole.events:
        return Answer([], ["No event is in this report."])
    # Events that are loaded from now on can lie outside of the range: they are not asked for.
    counts = _counts(store, parsed, {**chosen, "start": whole.first, "end": whole.last + 1}, whole)
    rows: list[dict[str, object]] = [
        {"time": rfc3339(instant, parsed.time_zone), "type": EventType(type_).name, "count": count}
        for (instant, type_), count in sorted(counts.items())
    ]
    notes = ["An interval in which no event of a type happened has no row for it."]
    if parsed.start is None or parsed.end is None:
        notes.append(range_note(parsed, whole.first, whole.last))
    if parsed.jobs:
        notes.append("An event that names several of the jobs counts once.")
    return Answer(rows, notes)


class _Range(msgspec.Struct):
    """The row of sql/timeseries_range.sql."""

    events: int
    first: int
    last: int


class _Found(msgspec.Struct):
    """One row of sql/timeseries.sql."""

    stretch: int
    local_start: int
    type_number: int
    events: int


def _counts(store: Store, parsed: Parsed, chosen: dict[str, object], whole: _Range) -> Counts:
    cuts = stretches(parsed.time_zone, whole.first, whole.last)
    offsets = {cut.since: cut.offset for cut in cuts}
    length = LENGTH[parsed.interval]
    found = store.query(
        read_sql("timeseries"),
        {
            **chosen,
            "since": list(offsets),
            "offset": list(offsets.values()),
            "length": length,
            "shift": SHIFT[parsed.interval],
            "rows_max": ROWS_MAX + 1,
        },
    )
    if len(found) > ROWS_MAX:
        message = f"gives more than {ROWS_MAX} rows; choose a longer one, or less time"
        raise ReportError(Mistake(INTERVAL.name, message))
    counts: Counts = Counter()
    for row in msgspec.convert(found, list[_Found]):
        if parsed.interval is Interval.HOUR:
            # The hour that the clock shows twice is two hours.
            instant = max(row.stretch, row.local_start - offsets[row.stretch])
        else:
            instant = first_instant(cuts, row.local_start, length)
        counts[instant, row.type_number] += row.events
    return counts


TIMESERIES = ReportSpec(
    name="timeseries",
    title="Events over time",
    description=(
        "Counts events by type and by hour, day or week of the client's clock (`create_time`). An "
        "event counts once, however many jobs it names. In a zone with summer time a day can have "
        "23 or 25 hours; the hour that the clock shows twice is two rows, told apart by the offset "
        "in `time`."
    ),
    row="One row is one type of event in one interval in which it happened; rows are in order of "
    "time, then of the type's number.",
    columns=(
        Column("time", "string", "RFC 3339", "First instant of the interval, in the time zone."),
        Column("type", "string", "JobEventType", "What happened."),
        Column("count", "integer", "events", "Events of this type in the interval; at least 1."),
    ),
    parameters=(START, END, TIME_ZONE, INTERVAL, JOB, TYPE),
    example={"interval": "week", "timeZone": "Europe/Berlin", "type": ["VIEW", "VIEW_REDIRECT"]},
)
