"""Small time series, each worked by hand."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import pytest

from jobtrail.analytics import timeseries
from jobtrail.analytics.reports import Report, ReportError, run_report
from jobtrail.events import EventType as T
from jobtrail.settings import Settings
from jobtrail.store.store import Store
from tests.folding import TENANT, empty_tables, fold_events, job, make_event, open_store


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("timeseries") / "store") as store:
        yield store


@pytest.fixture
def store(opened: Store) -> Store:
    empty_tables(opened)
    return opened


def record(store: Store, *events: tuple[str, T], **fields: object) -> None:
    fold_events(
        store,
        [
            make_event(
                f"e{number}",
                type_,
                **({"create_seconds": int(datetime.fromisoformat(time).timestamp())} | fields),
            )
            for number, (time, type_) in enumerate(events)
        ],
    )


def run(store: Store, **parameters: str | list[str]) -> Report:
    return run_report(store, "timeseries", TENANT, parameters, settings=Settings())


def rows(report: Report) -> list[tuple[object, ...]]:
    assert all(tuple(row) == ("time", "type", "count") for row in report.rows)
    return [tuple(row.values()) for row in report.rows]


def test_events_are_counted_by_type_in_order_of_time_and_number(store: Store) -> None:
    record(
        store,
        ("2026-11-25T00:00:00Z", T.HIRED),
        ("2026-11-24T23:59:59Z", T.VIEW),
        ("2026-11-24T10:00:00Z", T.VIEW),
        ("2026-11-24T00:00:00Z", T.IMPRESSION),
        ("2026-11-25T01:00:00Z", T.VIEW_REDIRECT),
    )
    assert rows(run(store)) == [
        ("2026-11-24T00:00:00Z", "IMPRESSION", 1),
        ("2026-11-24T00:00:00Z", "VIEW", 2),
        ("2026-11-25T00:00:00Z", "VIEW_REDIRECT", 1),
        ("2026-11-25T00:00:00Z", "HIRED", 1),
    ]


def test_an_event_counts_once_however_many_jobs_it_names(store: Store) -> None:
    record(store, ("2026-11-24T10:00:00Z", T.IMPRESSION), jobs=(job(1), job(2), job(1)))
    assert rows(run(store, job=["1", "2"])) == [("2026-11-24T00:00:00Z", "IMPRESSION", 1)]
    assert rows(run(store, job="3")) == []


def test_a_week_begins_on_monday(store: Store) -> None:
    record(
        store,
        ("2026-11-22T23:59:59Z", T.VIEW),  # a Sunday
        ("2026-11-23T00:00:00Z", T.VIEW),
        ("2026-11-29T23:59:59Z", T.VIEW),
        ("1969-12-31T12:00:00Z", T.VIEW),  # before 1970 too
    )
    assert rows(run(store, interval="week")) == [
        ("1969-12-29T00:00:00Z", "VIEW", 1),
        ("2026-11-16T00:00:00Z", "VIEW", 1),
        ("2026-11-23T00:00:00Z", "VIEW", 2),
    ]


def test_the_day_of_25_hours_has_the_same_hour_twice(store: Store) -> None:
    hours = [(f"2026-10-{24 + hour // 24}T{hour % 24:02}:30:00Z", T.VIEW) for hour in range(22, 47)]
    record(store, *hours)
    berlin = {"timeZone": "Europe/Berlin"}
    assert rows(run(store, **berlin)) == [("2026-10-25T00:00:00+02:00", "VIEW", 25)]
    found = [time for time, _, count in rows(run(store, interval="hour", **berlin)) if count == 1]
    assert len(found) == 25
    assert found[1:5] == [
        "2026-10-25T01:00:00+02:00",
        "2026-10-25T02:00:00+02:00",
        "2026-10-25T02:00:00+01:00",
        "2026-10-25T03:00:00+01:00",
    ]


def test_the_day_of_23_hours_leaves_an_hour_out(store: Store) -> None:
    record(
        store,
        ("2026-03-29T00:59:59Z", T.VIEW),
        ("2026-03-29T01:00:00Z", T.VIEW),
        ("2026-03-29T21:59:59Z", T.VIEW),
        ("2026-03-29T22:00:00Z", T.VIEW),
    )
    berlin = {"timeZone": "Europe/Berlin"}
    assert rows(run(store, interval="hour", **berlin))[:2] == [
        ("2026-03-29T01:00:00+01:00", "VIEW", 1),
        ("2026-03-29T03:00:00+02:00", "VIEW", 1),
    ]
    assert rows(run(store, **berlin)) == [
        ("2026-03-29T00:00:00+01:00", "VIEW", 3),
        ("2026-03-30T00:00:00+02:00", "VIEW", 1),
    ]


def test_a_range_has_its_start_and_not_its_end(store: Store) -> None:
    record(
        store,
        ("2026-11-23T22:59:59Z", T.VIEW),
        ("2026-11-23T23:00:00Z", T.VIEW),
        ("2026-11-24T22:59:59Z", T.VIEW),
        ("2026-11-24T23:00:00Z", T.VIEW),
    )
    report = run(store, start="2026-11-24", end="2026-11-25", timeZone="Europe/Berlin")
    assert rows(report) == [("2026-11-24T00:00:00+01:00", "VIEW", 2)]
    assert report.notes == ["An interval in which no event of a type happened has no row for it."]


def test_a_range_that_was_left_open_is_told(store: Store) -> None:
    record(store, ("2026-11-24T10:00:00Z", T.VIEW), ("2026-11-26T10:00:00Z", T.VIEW))
    assert run(store).notes[-1] == (
        "No start and no end was given: events from 2026-11-24T10:00:00Z to 2026-11-26T10:00:00Z "
        "are counted."
    )
    assert run(store, start="2026-11-25").notes[-1].startswith("No end was given: events from ")
    assert run(store, start="2026-12-01").notes == ["No event is in this report."]


def test_the_ends_of_what_the_store_can_hold_are_counted(store: Store) -> None:
    record(store, ("1900-01-01T00:00:00+00:00", T.VIEW), ("2299-12-31T23:59:59+00:00", T.VIEW))
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        for interval in ("hour", "day", "week"):
            assert (
                sum(row["count"] for row in run(store, interval=interval, timeZone=zone).rows) == 2
            )  # type: ignore[misc]


def test_too_many_rows_are_refused_with_a_remedy(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(timeseries, "ROWS_MAX", 2)
    record(store, *((f"2026-11-24T{hour}:00:00Z", T.VIEW) for hour in (10, 11, 12)))
    assert rows(run(store)) == [("2026-11-24T00:00:00Z", "VIEW", 3)]
    with pytest.raises(ReportError) as caught:
        run(store, interval="hour")
    assert [mistake.field for mistake in caught.value.mistakes] == ["interval"]
    assert "choose a longer one, or less time" in str(caught.value)
