"""Numbers and times as the page writes them, and filters as its address has them."""

from __future__ import annotations

from datetime import UTC, date, datetime
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

import pytest

from jobtrail.engine.dashboard import words
from jobtrail.engine.dashboard.filters import Filters
from jobtrail.events import Check

NOW = datetime(2026, 11, 24, 9, 30, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ratio", "text"),
    [
        (0, "0 %"),
        (1, "100 %"),
        (0.9996, "100 %"),
        (0.5283, "52.8 %"),
        (0.0669, "6.69 %"),
        (0.0071, "0.71 %"),
        (0.00014, "0.014 %"),
        (0.000012, "0.0012 %"),
    ],
)
def test_percentages_keep_two_or_three_digits_that_say_something(ratio: float, text: str) -> None:
    assert words.percent(ratio) == text


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [
        (0, "0 ms"),
        (999, "999 ms"),
        (1_000, "1 s"),
        (125_000, "2 min"),
        (7_200_000, "2 h"),
        (200_000_000, "2 d"),
    ],
)
def test_a_span_is_told_in_its_largest_unit(milliseconds: int, text: str) -> None:
    assert words.span(milliseconds) == text


def test_a_time_is_shown_by_the_clock_of_the_zone() -> None:
    berlin = ZoneInfo("Europe/Berlin")
    assert words.local_time("2026-07-01T10:00:00.123Z", berlin) == "2026-07-01 12:00:00"


def test_a_year_that_no_clock_shows_is_left_as_it_was_sent() -> None:
    west = ZoneInfo("America/New_York")
    assert words.local_time("0001-01-01T00:00:00Z", west) == "0001-01-01T00:00:00Z"


def test_the_date_is_left_out_today_and_the_year_this_year() -> None:
    today = date(2026, 11, 24)
    assert words.short_time(NOW, today) == "09:30:15"
    assert words.short_time(datetime(2026, 11, 3, 1, 2, 3, tzinfo=UTC), today) == "3 Nov 01:02:03"
    assert (
        words.short_time(datetime(2025, 1, 3, 1, 2, 3, tzinfo=UTC), today) == "3 Jan 2025 01:02:03"
    )


def test_every_check_is_explained() -> None:
    assert set(words.CHECK_MEANINGS) == set(Check)


def test_filters_survive_a_trip_through_the_address() -> None:
    filters = Filters(
        tenant="projects/a\"b<c>/tenants/d'e&", job="x/y ?#", type="VIEW", time_zone="Asia/Tokyo"
    )
    query = dict(parse_qsl(urlsplit(filters.address()).query))
    assert Filters.read(query) == filters


def test_an_address_leaves_out_what_is_not_set_and_takes_changes() -> None:
    filters = Filters(tenant="projects/p/tenants/t", range="7d")
    assert filters.address(range="") == "/?tenant=projects%2Fp%2Ftenants%2Ft"
    assert Filters().address() == "/"


def test_a_range_begins_with_a_whole_bar_in_the_time_zone() -> None:
    week = Filters(range="7d", time_zone="Asia/Tokyo").report_parameters("funnel", now=NOW)
    assert week["start"] == "2026-11-18T00:00:00+09:00"
    day = Filters(range="1d").report_parameters("timeseries", now=NOW)
    assert (day["start"], day["interval"]) == ("2026-11-23T10:00:00+00:00", "hour")
    assert "start" not in Filters(range="all").report_parameters("funnel", now=NOW)


def test_a_start_or_an_end_counts_instead_of_the_range() -> None:
    filters = Filters(range="7d", end="2026-01-01")
    assert filters.chosen_range == ""
    assert filters.report_parameters("funnel", now=NOW) == {"end": "2026-01-01"}


def test_a_zone_that_does_not_exist_is_shown_as_utc() -> None:
    for name in ("Nowhere/Land", "../../etc/passwd", "\0", "a" * 300):
        assert Filters(time_zone=name).zone.key == "UTC"
