"""Where hours, days and weeks of odd time zones begin; changes as the zone database has them."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from jobtrail.analytics.localtime import (
    US_PER_HOUR,
    midnight,
    rfc3339,
    stretches,
    to_microseconds,
)


def at(text: str) -> int:
    return to_microseconds(datetime.fromisoformat(text))


def midnight_of(zone: str, date: str) -> str:
    year, month, day = map(int, date.split("-"))
    return rfc3339(midnight(ZoneInfo(zone), year, month, day), ZoneInfo(zone))


@pytest.mark.parametrize(
    ("zone", "date", "begins"),
    [
        ("UTC", "2026-03-29", "2026-03-29T00:00:00Z"),
        ("Europe/Berlin", "2026-03-29", "2026-03-29T00:00:00+01:00"),
        ("Europe/Berlin", "2026-03-30", "2026-03-30T00:00:00+02:00"),
        ("Asia/Kathmandu", "2026-01-01", "2026-01-01T00:00:00+05:45"),
        # Summer time began at midnight.
        ("America/Sao_Paulo", "2018-11-04", "2018-11-04T01:00:00-02:00"),
        # Summer time ended at one o'clock: midnight came twice, the first counts.
        ("America/Havana", "2026-11-01", "2026-11-01T00:00:00-04:00"),
        # Samoa went over the date line and left this day out.
        ("Pacific/Apia", "2011-12-30", "2011-12-31T00:00:00+14:00"),
    ],
)
def test_a_date_begins_at_its_first_instant(zone: str, date: str, begins: str) -> None:
    assert midnight_of(zone, date) == begins


def test_days_in_berlin_have_23_and_25_hours_when_clocks_change() -> None:
    zone = ZoneInfo("Europe/Berlin")
    spring = midnight(zone, 2026, 3, 30) - midnight(zone, 2026, 3, 29)
    autumn = midnight(zone, 2026, 10, 26) - midnight(zone, 2026, 10, 25)
    assert (spring, autumn) == (23 * US_PER_HOUR, 25 * US_PER_HOUR)


def test_stretches_are_cut_where_the_offset_changes_and_nowhere_else() -> None:
    first, last = at("2026-01-01T00:00:00Z"), at("2026-12-31T00:00:00Z")
    cuts = stretches(ZoneInfo("Europe/Berlin"), first, last)
    assert [cut.offset // US_PER_HOUR for cut in cuts] == [1, 2, 1]
    assert [cut.since for cut in cuts[1:]] == [
        at("2026-03-29T01:00:00Z"),
        at("2026-10-25T01:00:00Z"),
    ]
    assert [cut.until for cut in cuts[:-1]] == [cut.since for cut in cuts[1:]]
    assert cuts[0].since < first
    assert last < cuts[-1].until


def test_a_change_at_new_year_is_found() -> None:
    # Lisbon left its mean time when 1912 began in Greenwich.
    change = at("1912-01-01T00:00:00Z")
    for first, last in ((change, change), (change - 1, change), (change, change + 1)):
        cuts = stretches(ZoneInfo("Europe/Lisbon"), first, last)
        assert [cut.since for cut in cuts[1:]] == [change]


def test_an_offset_with_seconds_is_written_in_utc() -> None:
    # RFC 3339 has no seconds in an offset; Monrovia kept -00:44:30 until 1972.
    assert rfc3339(at("1970-06-01T12:00:00Z"), ZoneInfo("Africa/Monrovia")) == (
        "1970-06-01T12:00:00Z"
    )
