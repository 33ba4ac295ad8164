"""The part of the page that counts what is odd about events."""

from __future__ import annotations

from datetime import UTC, datetime

import msgspec

from jobtrail.analytics.localtime import YEAR_MAX, YEAR_MIN, to_datetime
from jobtrail.analytics.parameters import END, START, TIME_ZONE, parse
from jobtrail.engine.context import Context
from jobtrail.engine.dashboard.filters import Filters
from jobtrail.engine.dashboard.problem import PATIENCE_S, PENDING, Problem
from jobtrail.errors import Failure
from jobtrail.store.checks import count_checks

_FIRST = datetime(YEAR_MIN, 1, 1, tzinfo=UTC)
_LAST = datetime(YEAR_MAX, 12, 31, 23, 59, 59, tzinfo=UTC)


class Flags(msgspec.Struct, frozen=True):
    """Events of the chosen time by check, the most frequent first; checks without any left out."""

    counts: list[tuple[str, int]]


def read_flags(
    context: Context, tenant: str, filters: Filters, *, now: datetime
) -> Flags | Problem:
    """Count a tenant's events by check; blocks.

    Raises:
        ReportError: The filters make no sense.
    """
    asked = filters.report_parameters("timeseries", now=now)
    declared = (START, END, TIME_ZONE)
    parsed = parse(
        declared, {each.name: asked[each.name] for each in declared if each.name in asked}, tenant
    )
    start = _FIRST if parsed.start is None else to_datetime(parsed.start)
    end = _LAST if parsed.end is None else to_datetime(parsed.end)
    try:
        counted = context.slow.get(
            ("checks", tenant, start, end),
            context.loaded_offset,
            lambda: count_checks(context.store, tenant, start, end),
            patience_s=PATIENCE_S,
        )
    except Failure as failure:
        return Problem(failure.message)
    if counted is None:
        return PENDING
    present = [(check, count) for check, count in counted.items() if count]
    return Flags(sorted(present, key=lambda pair: -pair[1]))
