"""Stretches of constant offset against the zone database, at any time in any zone."""

from __future__ import annotations

from bisect import bisect_right
from datetime import UTC, timedelta
from zoneinfo import ZoneInfo, available_timezones

from hypothesis import given, settings
from hypothesis import strategies as st

from jobtrail.analytics.localtime import (
    US_PER_DAY,
    first_instant,
    stretches,
    to_datetime,
    to_microseconds,
)

INSTANTS = st.integers(-2_208_988_800 * 10**6, 10_413_792_000 * 10**6)  # 1900 to 2299
ZONES = st.sampled_from(sorted(available_timezones())).map(ZoneInfo)


@settings(max_examples=200)
@given(zone=ZONES, first=INSTANTS, days=st.integers(0, 800), data=st.data())
def test_a_stretch_has_the_offset_that_the_zone_has(
    zone: ZoneInfo, first: int, days: int, data: st.DataObject
) -> None:
    last = first + days * US_PER_DAY
    cuts = stretches(zone, first, last)
    assert [cut.until for cut in cuts[:-1]] == [cut.since for cut in cuts[1:]]
    edges = [edge for cut in cuts[1:] for edge in (cut.since - 1, cut.since)]
    for instant in [first, last, *edges, data.draw(st.integers(first, last))]:
        cut = cuts[bisect_right(cuts, instant, key=lambda cut: cut.since) - 1]
        offset = to_datetime(instant).astimezone(zone).utcoffset()
        assert timedelta(microseconds=cut.offset) == offset


@settings(max_examples=200)
@given(zone=ZONES, instant=INSTANTS)
def test_a_day_begins_no_later_than_any_of_its_instants(zone: ZoneInfo, instant: int) -> None:
    local = to_datetime(instant).astimezone(zone)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=UTC)
    cuts = stretches(zone, instant, instant)
    begin = to_datetime(first_instant(cuts, to_microseconds(midnight), US_PER_DAY))
    assert begin <= to_datetime(instant)
    assert begin.astimezone(zone).date() == local.date()
    assert (begin - timedelta(microseconds=1)).astimezone(zone).date() < local.date()
