"""Local time made exact: instants as microseconds since 1970, hours, days and weeks of a time zone.

The store never learns of time zones. It gets the *stretches* of constant UTC offset as numbers and
adds. ClickHouse's own functions keep a table of days and quarter-hours, which puts events of 37
zones into another hour around some change (measured against ``zoneinfo``, all zones, 1970 to
2030), and its copy of the zones can be of another year than ours.
"""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

US_PER_SECOND = 1_000_000
US_PER_HOUR = 3_600 * US_PER_SECOND
US_PER_DAY = 24 * US_PER_HOUR

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
YEAR_MIN, YEAR_MAX = 1900, 2299
"""The years of which the store can hold an instant."""

_DAY_SECONDS = 86_400
_MARGIN = 8 * US_PER_DAY
"""More than the longest interval, so that the ends of a range lie in whole intervals."""


class Interval(StrEnum):
    """How much local time one row of a time series covers."""

    HOUR = "hour"
    DAY = "day"
    WEEK = "week"


LENGTH = {Interval.HOUR: US_PER_HOUR, Interval.DAY: US_PER_DAY, Interval.WEEK: 7 * US_PER_DAY}
"""Microseconds on the local clock; a day of 23 or 25 hours still shows 24 of them."""
SHIFT = {Interval.HOUR: 0, Interval.DAY: 0, Interval.WEEK: 3 * US_PER_DAY}
"""Added before dividing: 1970-01-01 was a Thursday, three days into a week from Monday."""


class Stretch(NamedTuple):
    """A time in which a zone keeps one UTC offset, ``since`` in and ``until`` out; microseconds."""

    since: int
    until: int
    offset: int


def stretches(zone: ZoneInfo, first: int, last: int) -> list[Stretch]:
    """Cut the time around *first* to *last* where *zone* changes its UTC offset.

    Returns:
        At least one stretch, in order and without gaps; the outer two reach more than a week past
        *first* and *last*, where they end for no reason of the zone's.
    """
    start, end = first - _MARGIN, last + _MARGIN
    years = range(to_datetime(start).year, to_datetime(end).year + 1)
    changes = [(start, _offset(zone, start // US_PER_SECOND) * US_PER_SECOND)]
    for year in years:
        changes += [change for change in _changes(zone.key, year) if start < change[0] < end]
    untils = [since for since, _ in changes[1:]] + [end]
    return [
        Stretch(since, until, offset)
        for (since, offset), until in zip(changes, untils, strict=True)
    ]


def first_instant(cuts: list[Stretch], local_start: int, length: int) -> int:
    """Find when an interval of the local clock begins.

    Usually that is when the clock shows its start. Where a change skips that moment it is the
    change, and where the clock goes back over it, it is the earlier of the two.

    Args:
        cuts: Of `stretches`, around the interval.
        local_start: What the clock shows, as microseconds since it showed 1970-01-01 00:00.
        length: Microseconds on the clock.

    Returns:
        The first instant in the interval; if the zone skips all of it, the end of the skip.
    """
    # Offsets are within a day of UTC, so no stretch that ends two days before can matter.
    near = bisect_right(cuts, local_start - 2 * US_PER_DAY, key=lambda cut: cut.until)
    for since, until, offset in cuts[near:]:
        start = max(since, local_start - offset)
        if start < min(until, local_start + length - offset):
            return start
        if since >= local_start + length - offset:
            return since
    raise AssertionError("the stretches do not reach around the interval")


def midnight(zone: ZoneInfo, year: int, month: int, day: int) -> int:
    """Find the first instant of a date in *zone*.

    Raises:
        ValueError: There is no such date.
    """
    local_start = to_microseconds(datetime(year, month, day, tzinfo=UTC))
    return first_instant(stretches(zone, local_start, local_start), local_start, US_PER_DAY)


def to_datetime(instant: int) -> datetime:
    """Write microseconds since 1970 as an aware datetime in UTC."""
    return EPOCH + timedelta(microseconds=instant)


def to_microseconds(moment: datetime) -> int:
    """Write an aware datetime as microseconds since 1970."""
    return (moment - EPOCH) // timedelta(microseconds=1)


def rfc3339(instant: int, zone: ZoneInfo) -> str:
    """Write an instant with *zone*'s offset; ``Z`` for UTC.

    RFC 3339 knows no seconds in an offset, which many zones had before their standard time: such an
    instant is written in UTC.
    """
    local = to_datetime(instant).astimezone(zone)
    offset = local.utcoffset()
    if not offset or offset % timedelta(minutes=1):
        return to_datetime(instant).isoformat().replace("+00:00", "Z")
    return local.isoformat()


@lru_cache(maxsize=4096)
def _changes(key: str, year: int) -> tuple[tuple[int, int], ...]:
    """List when and to what a zone changes its offset in a year of UTC, both in microseconds.

    ``zoneinfo`` does not tell, so each day is asked. No zone has two changes within a day.
    """
    zone = ZoneInfo(key)
    begin = to_microseconds(datetime(year, 1, 1, tzinfo=UTC)) // US_PER_SECOND
    end = to_microseconds(datetime(year + 1, 1, 1, tzinfo=UTC)) // US_PER_SECOND
    found = []
    before = begin - 1
    offset = _offset(zone, before)
    for after in range(begin - 1 + _DAY_SECONDS, end, _DAY_SECONDS):
        if _offset(zone, after) != offset:
            since = _first_second(zone, before, after)
            offset = _offset(zone, after)
            found.append((since * US_PER_SECOND, offset * US_PER_SECOND))
        before = after
    return tuple(found)


def _first_second(zone: ZoneInfo, before: int, after: int) -> int:
    old = _offset(zone, before)
    while after - before > 1:
        middle = (before + after) // 2
        if _offset(zone, middle) == old:
            before = middle
        else:
            after = middle
    return after


def _offset(zone: ZoneInfo, seconds: int) -> int:
    offset = (EPOCH + timedelta(seconds=seconds)).astimezone(zone).utcoffset()
    assert offset is not None
    return offset // timedelta(seconds=1)
