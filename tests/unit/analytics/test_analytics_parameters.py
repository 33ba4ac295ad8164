"""Texts that become parameters, and what is said of those that do not."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from jobtrail.analytics.funnel import FUNNEL
from jobtrail.analytics.localtime import Interval
from jobtrail.analytics.parameters import (
    VALUES_MAX,
    Parsed,
    ReportError,
    Surface,
    View,
    echo,
    parse,
)
from jobtrail.analytics.spec import Given
from jobtrail.analytics.timeseries import TIMESERIES
from jobtrail.events import EventType

TENANT = "projects/p/tenants/t"
NOVEMBER_24 = 1_795_478_400_000_000  # 2026-11-24T00:00:00Z


def timeseries(given: Given, tenant: str = TENANT) -> Parsed:
    return parse(TIMESERIES.parameters, given, tenant)


def mistakes(given: Given) -> dict[str, str]:
    with pytest.raises(ReportError) as caught:
        timeseries(given)
    return {mistake.field: mistake.message for mistake in caught.value.mistakes}


def test_nothing_given_is_everything_by_day_in_utc() -> None:
    parsed = timeseries({})
    assert parsed == Parsed()
    assert (parsed.start, parsed.end, parsed.jobs, parsed.types) == (None, None, (), ())
    assert (parsed.interval, parsed.time_zone.key) == (Interval.DAY, "UTC")
    assert parse(FUNNEL.parameters, {}, TENANT).view is View.COHORT


def test_an_empty_value_counts_as_not_given() -> None:
    assert timeseries({"start": "", "job": ["", ""], "interval": ""}) == Parsed()


@pytest.mark.parametrize(
    ("text", "instant"),
    [
        ("2026-11-24", NOVEMBER_24),
        ("2026-11-24T00:00:00Z", NOVEMBER_24),
        ("2026-11-24t00:00:00z", NOVEMBER_24),
        ("2026-11-24 00:00:00Z", NOVEMBER_24),
        ("2026-11-24T09:30:00+09:30", NOVEMBER_24),
        ("2026-11-24T09:30:00 09:30", NOVEMBER_24),  # a plus sign that a URL turned to a space
        ("2026-11-23T16:00:00-08:00", NOVEMBER_24),
        ("2026-11-24T00:00:00.5Z", NOVEMBER_24 + 500_000),
        ("2026-11-24T00:00:00.000001Z", NOVEMBER_24 + 1),
        ("2026-11-24T00:00:00.000001000Z", NOVEMBER_24 + 1),
    ],
)
def test_an_instant_may_be_written_in_these_ways(text: str, instant: int) -> None:
    assert timeseries({"start": text}).start == instant


def test_a_date_is_its_first_instant_in_the_time_zone() -> None:
    parsed = timeseries({"start": "2026-11-24", "timeZone": "Asia/Tokyo"})
    assert parsed.start == NOVEMBER_24 - 9 * 3_600_000_000
    assert parsed.time_zone == ZoneInfo("Asia/Tokyo")


@pytest.mark.parametrize(
    ("text", "remedy"),
    [
        ("yesterday", "must be RFC 3339 with a zone (2026-11-24T10:00:00Z) or a date (2026-11-24)"),
        ("2026-11-24T10:00:00", "must be RFC 3339 with a zone"),
        ("1795478400", "must be RFC 3339 with a zone"),
        ("2026-11-24Z", "must be RFC 3339 with a zone"),
        ("٢٠٢٦-11-24", "must be RFC 3339 with a zone"),
        ("2026-02-30", "is no date of the calendar"),
        ("2026-11-24T25:00:00Z", "is no moment of the calendar"),
        ("2026-11-24T10:00:60Z", "is no moment of the calendar"),
        ("2026-11-24T10:00:00+24:00", "give it as +hh:mm or Z"),
        ("2026-11-24T10:00:00+09:60", "give it as +hh:mm or Z"),
        ("2026-11-24T10:00:00.0000001Z", "the store keeps six after the point"),
        ("1899-12-31", "must be in the years 1900 to 2299"),
        ("2300-01-01T00:00:00Z", "must be in the years 1900 to 2299"),
        ("2026-11-24" + "0" * 1_000, "is over 1000 characters; shorten it"),
    ],
)
def test_an_instant_that_cannot_be_read_is_refused_with_a_remedy(text: str, remedy: str) -> None:
    assert remedy in mistakes({"end": text})["end"]


def test_an_end_that_is_not_after_the_start_is_refused() -> None:
    assert "later than start" in mistakes({"start": "2026-11-24", "end": "2026-11-24"})["end"]


def test_types_are_named_in_any_case_and_kept_in_their_order() -> None:
    parsed = timeseries({"type": ["HIRED", "view", "HIRED"]})
    assert parsed.types == (EventType.VIEW, EventType.HIRED)
    assert "give the parameter again" in mistakes({"type": "VIEW,HIRED"})["type"]
    assert "must be one of IMPRESSION, " in mistakes({"type": "JOB_EVENT_TYPE_UNSPECIFIED"})["type"]


def test_a_job_is_named_in_full_or_by_its_id() -> None:
    parsed = timeseries({"job": ["7", f"{TENANT}/jobs/8", "projects/q/jobs/9", "7"]})
    assert parsed.jobs == (f"{TENANT}/jobs/7", f"{TENANT}/jobs/8", "projects/q/jobs/9")
    assert "must be a job's id" in mistakes({"job": "companies/3"})["job"]
    assert "must be a job's id" in mistakes({"job": "a\tb"})["job"]


def test_an_id_in_the_default_tenant_means_both_names_that_its_job_can_have() -> None:
    parsed = timeseries({"job": "7"}, "projects/p/tenants/default")
    assert parsed.jobs == ("projects/p/tenants/default/jobs/7", "projects/p/jobs/7")


def test_all_mistakes_are_told_together() -> None:
    found = mistakes(
        {
            "start": "soon",
            "end": ["2026-11-24", "2026-11-25"],
            "timeZone": "Berlin",
            "interval": "month",
            "job": "a/b",
            "type": "CLICK",
            "view": "cohort",
            "colour": "red",
        }
    )
    assert set(found) == {
        *("start", "end", "timeZone", "interval", "job", "type", "view", "colour"),
    }
    assert found["end"] == "is given 2 times; 1 at most"
    assert found["timeZone"].endswith("give an IANA name such as Europe/Berlin")
    assert found["interval"] == "must be hour or day or week"
    assert found["view"] == (
        "is not a parameter of this report; it takes start, end, timeZone, interval, job, type"
    )


@pytest.mark.parametrize("name", ["../../etc/passwd", "/etc/localtime", "europe/berlin\n", "."])
def test_a_time_zone_is_looked_up_by_name_alone(name: str) -> None:
    assert "timeZone" in mistakes({"timeZone": name})


def test_jobs_are_bounded_in_number() -> None:
    jobs = [str(number) for number in range(VALUES_MAX + 1)]
    assert len(timeseries({"job": jobs[1:]}).jobs) == VALUES_MAX
    assert mistakes({"job": jobs})["job"] == "is given 501 times; 500 at most"


def test_what_was_read_is_told_in_full() -> None:
    parsed = parse(
        FUNNEL.parameters,
        {
            "start": "2026-11-24",
            "timeZone": "Europe/Berlin",
            "job": "7",
            "type": "view",
            "view": "PERIOD",
            "surface": "alert",
        },
        TENANT,
    )
    assert parsed.surface is Surface.ALERT
    assert echo(FUNNEL.parameters, parsed) == {
        "start": "2026-11-24T00:00:00+01:00",
        "end": None,
        "timeZone": "Europe/Berlin",
        "job": [f"{TENANT}/jobs/7"],
        "type": ["VIEW"],
        "view": "period",
        "surface": "alert",
    }


def test_what_was_told_can_be_given_again() -> None:
    given = {"start": "2026-10-25T01:30:00+01:00", "timeZone": "Europe/Berlin", "job": "7"}
    parsed = timeseries(given)
    told = echo(TIMESERIES.parameters, parsed)
    again = {name: value for name, value in told.items() if value is not None}
    assert timeseries(again) == parsed  # type: ignore[arg-type]
