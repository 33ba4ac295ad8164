"""Small funnels, each worked by hand."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations

import pytest

from jobtrail.analytics import funnel as funnel_
from jobtrail.analytics.funnel import STAGES, close_upward
from jobtrail.analytics.reports import REPORTS, Report, ReportError, run_report
from jobtrail.errors import Code
from jobtrail.events import EventType as T
from jobtrail.settings import Settings
from jobtrail.store.store import Store
from tests.folding import TENANT, empty_tables, fold_events, job, make_event, open_store

HOUR = 3_600
DAY = 24 * HOUR
START = 1_750_000_000  # 2025-06-15T15:06:40Z


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("funnel") / "store") as store:
        yield store


@pytest.fixture
def store(opened: Store) -> Store:
    empty_tables(opened)
    return opened


def record(store: Store, *events: tuple[T, int], **fields: object) -> None:
    """Record events of one seeker and job, each a type and seconds after START."""
    record_all(store, [(type_, seconds, fields) for type_, seconds in events])


def record_all(store: Store, events: Sequence[tuple[T, int, dict[str, object]]]) -> None:
    fold_events(
        store,
        [
            make_event(
                f"e{number}",
                type_,
                **({"request_id": "r", "create_seconds": START + seconds} | fields),
            )
            for number, (type_, seconds, fields) in enumerate(events)
        ],
    )


def funnel(store: Store, **parameters: str) -> Report:
    return run_report(store, "funnel", TENANT, parameters, settings=Settings())


def counts(report: Report) -> dict[str, tuple[object, object]]:
    """Count and implied by stage, leaving out stages that no pair reached."""
    found = {str(row["stage"]): (row["count"], row["implied"]) for row in report.rows}
    return {stage: both for stage, both in found.items() if both != (0, 0)}


def test_a_complete_way_from_impression_to_hire(store: Store) -> None:
    record(
        store,
        (T.IMPRESSION, 0),
        (T.VIEW, 60),
        (T.APPLICATION_START, HOUR),
        (T.APPLICATION_FINISH, DAY),
        (T.INTERVIEW_GRANTED, 20 * DAY),
        (T.HIRED, 60 * DAY),
    )
    report = funnel(store)
    assert counts(report) == dict.fromkeys(STAGES, (1, 0))
    assert report.columns == ("stage", "count", "implied", "rate", "low", "high")
    assert [row["rate"] for row in report.rows] == [None, 1, 1, 1, 1, 1]
    # Wilson's interval for 1 of 1 begins at 1 / (1 + z²) = 1 / 4.841459.
    assert report.rows[1]["low"] == pytest.approx(0.206549, abs=1e-6)
    assert report.rows[1]["high"] == 1


def test_a_later_stage_implies_the_earlier_ones_and_says_so(store: Store) -> None:
    record(store, (T.IMPRESSION, 0), (T.APPLICATION_QUICK_SUBMISSION, 60))
    assert counts(funnel(store)) == {
        "impression": (1, 0),
        "view": (0, 1),
        "application_start": (0, 1),
        "application_finish": (1, 0),
    }


@pytest.mark.parametrize(
    ("type_", "stage"),
    [
        (T.IMPRESSION, "impression"),
        (T.VIEW, "view"),
        (T.VIEW_REDIRECT, "view"),
        (T.APPLICATION_START, "application_start"),
        (T.APPLICATION_REDIRECT, "application_start"),
        (T.APPLICATION_START_FROM_SEARCH, "application_start"),
        (T.APPLICATION_REDIRECT_FROM_SEARCH, "application_start"),
        (T.APPLICATION_FINISH, "application_finish"),
        (T.APPLICATION_QUICK_SUBMISSION, "application_finish"),
        (T.INTERVIEW_GRANTED, "interview"),
        (T.HIRED, "hire"),
    ],
)
def test_each_type_shows_its_stage(store: Store, type_: T, stage: str) -> None:
    record(store, (type_, 0))
    found = counts(funnel(store))
    assert list(found)[-1] == stage
    assert found.pop(stage) == (1, 0)
    assert set(found.values()) <= {(0, 1)}


@pytest.mark.parametrize("type_", [T.BOOKMARK, T.SENT_CV, T.APPLICATION_COMPANY_SUBMIT])
def test_acts_outside_of_the_seekers_way_are_in_no_funnel(store: Store, type_: T) -> None:
    record(store, (type_, 0))
    report = funnel(store, type=type_.name)
    assert counts(report) == {}
    assert f"Events of {type_.name} show no stage and are in no funnel." in report.notes
    assert "No pair is in this funnel." in report.notes


def test_a_pair_counts_once_however_often_it_happens(store: Store) -> None:
    record(store, (T.IMPRESSION, 0), (T.IMPRESSION, 5), (T.VIEW, 6), (T.VIEW, 7))
    assert counts(funnel(store)) == {"impression": (1, 0), "view": (1, 0)}


def test_an_event_without_a_request_is_a_seeker_of_its_own(store: Store) -> None:
    record(store, (T.VIEW, 0), (T.VIEW, 1), request_id="")
    assert counts(funnel(store))["view"] == (2, 0)


def test_each_job_of_an_event_is_a_pair(store: Store) -> None:
    record(store, (T.IMPRESSION, 0), jobs=(job(1), job(2), job(3), job(2)))
    assert counts(funnel(store)) == {"impression": (3, 0)}


def test_other_tenants_are_not_counted(store: Store) -> None:
    record(store, (T.VIEW, 0), tenant="projects/p/tenants/other")
    assert counts(funnel(store)) == {}


@pytest.mark.parametrize(
    ("events", "furthest"),
    [
        # The end of a window is inside, a second later is not.
        ([(T.IMPRESSION, 0), (T.VIEW, HOUR)], "view"),
        ([(T.IMPRESSION, 0), (T.VIEW, HOUR + 1)], "impression"),
        ([(T.VIEW, 0), (T.APPLICATION_START, 30 * DAY)], "application_start"),
        ([(T.VIEW, 0), (T.APPLICATION_START, 30 * DAY + 1)], "view"),
        ([(T.VIEW, 0), (T.APPLICATION_FINISH, 30 * DAY + 1)], "view"),
        ([(T.APPLICATION_FINISH, 0), (T.HIRED, 365 * DAY)], "hire"),
        ([(T.APPLICATION_FINISH, 0), (T.HIRED, 365 * DAY + 1)], "application_finish"),
        # Where a stage is implied the windows add up.
        ([(T.IMPRESSION, 0), (T.APPLICATION_START, 30 * DAY + HOUR)], "application_start"),
        ([(T.IMPRESSION, 0), (T.APPLICATION_START, 30 * DAY + HOUR + 1)], "impression"),
        ([(T.VIEW, 0), (T.HIRED, 395 * DAY)], "hire"),
        ([(T.VIEW, 0), (T.HIRED, 395 * DAY + 1)], "view"),
        ([(T.IMPRESSION, 0), (T.HIRED, 395 * DAY + HOUR)], "hire"),
        ([(T.IMPRESSION, 0), (T.HIRED, 395 * DAY + HOUR + 1)], "impression"),
        # Start and finish share the window after the view, interview and hire that after those.
        (
            [(T.VIEW, 0), (T.APPLICATION_START, 29 * DAY), (T.APPLICATION_FINISH, 31 * DAY)],
            "application_start",
        ),
        (
            [
                (T.APPLICATION_FINISH, 0),
                (T.INTERVIEW_GRANTED, 300 * DAY),
                (T.HIRED, 366 * DAY),
            ],
            "interview",
        ),
        # With nothing earlier to measure from, the start and the interview begin the pair.
        ([(T.APPLICATION_START, 0), (T.APPLICATION_FINISH, 30 * DAY)], "application_finish"),
        ([(T.APPLICATION_START, 0), (T.APPLICATION_FINISH, 30 * DAY + 1)], "application_start"),
        ([(T.INTERVIEW_GRANTED, 0), (T.HIRED, 365 * DAY)], "hire"),
        ([(T.INTERVIEW_GRANTED, 0), (T.HIRED, 365 * DAY + 1)], "interview"),
        # The nearest one counts: shown again, opened at once.
        ([(T.IMPRESSION, 0), (T.IMPRESSION, DAY), (T.VIEW, DAY + 60)], "view"),
        # What came too late opens no window of its own.
        ([(T.IMPRESSION, 0), (T.VIEW, 20 * DAY), (T.APPLICATION_START, 40 * DAY)], "impression"),
        ([(T.VIEW, 0), (T.APPLICATION_FINISH, 31 * DAY), (T.HIRED, 396 * DAY)], "view"),
    ],
)
def test_a_stage_counts_up_to_the_end_of_its_window(
    store: Store, events: list[tuple[T, int]], furthest: str
) -> None:
    record(store, *events)
    assert list(counts(funnel(store)))[-1] == furthest
    record(store, *reversed(events), request_id="arrived in another order")
    assert counts(funnel(store))[furthest] == (2, 0)


def test_what_is_left_out_for_coming_late_is_told(store: Store) -> None:
    record(store, (T.IMPRESSION, 0), (T.VIEW, 2 * HOUR))
    report = funnel(store)
    assert "1 pair got further, but after the window; that stage is left out." in report.notes


def test_a_late_view_is_implied_by_an_application_in_time(store: Store) -> None:
    record(store, (T.IMPRESSION, 0), (T.VIEW, 2 * HOUR), (T.APPLICATION_START, 3 * HOUR))
    assert counts(funnel(store)) == {
        "impression": (1, 0),
        "view": (0, 1),
        "application_start": (1, 0),
    }


def test_a_later_stage_with_an_earlier_time_still_counts(store: Store) -> None:
    # Clocks of two machines differ; only coming late is held against an event.
    record(store, (T.VIEW, 0), (T.IMPRESSION, 5), (T.APPLICATION_START, -40 * DAY))
    assert counts(funnel(store)) == {
        "impression": (1, 0),
        "view": (1, 0),
        "application_start": (1, 0),
    }


def test_an_alert_is_apart_from_search(store: Store) -> None:
    record_all(
        store,
        [
            (T.IMPRESSION, 0, {"request_id": "search"}),
            (T.VIEW, 1, {"request_id": "search"}),
            (T.NOTIFICATION, 2, {"request_id": "search"}),
            (T.NOTIFICATION, 0, {"request_id": "alert"}),
            (T.VIEW, 1, {"request_id": "alert"}),
            (T.NOTIFICATION, 0, {"request_id": "ignored"}),
            (T.NOTIFICATION, 0, {"request_id": "found by search after all"}),
            (T.IMPRESSION, 1, {"request_id": "found by search after all"}),
            (T.VIEW, 0, {"request_id": "found before"}),
            (T.NOTIFICATION, 1, {"request_id": "found before"}),
            (T.VIEW, 0, {"request_id": "at once"}),
            (T.NOTIFICATION, 0, {"request_id": "at once"}),
        ],
    )
    search = funnel(store)
    assert counts(search) == {"impression": (2, 1), "view": (2, 0)}
    assert (
        "3 pairs began with an alert (NOTIFICATION) and are counted by surface=alert alone."
        in search.notes
    )
    assert counts(funnel(store, surface="alert")) == {"impression": (3, 0), "view": (2, 0)}
    # The surface is the pair's, whichever types are chosen.
    assert counts(funnel(store, type="VIEW")) == {"impression": (0, 2), "view": (2, 0)}


def test_a_cohort_is_of_pairs_that_began_in_the_range(store: Store) -> None:
    record_all(
        store,
        [
            (T.IMPRESSION, -1, {"request_id": "before"}),
            (T.VIEW, 0, {"request_id": "before"}),
            (T.IMPRESSION, 0, {"request_id": "first"}),
            (T.VIEW, 600, {"request_id": "first"}),  # after the end, inside its window
            (T.IMPRESSION, 59, {"request_id": "last"}),
            (T.IMPRESSION, 60, {"request_id": "after"}),
        ],
    )
    minute = {"start": "2025-06-15T15:06:40Z", "end": "2025-06-15T15:07:40Z"}
    assert counts(funnel(store, **minute)) == {"impression": (2, 0), "view": (1, 0)}
    assert counts(funnel(store, **minute, view="period")) == {"impression": (2, 1), "view": (1, 0)}


def test_a_type_is_chosen_before_pairs_are_made(store: Store) -> None:
    record(store, (T.IMPRESSION, 0), (T.VIEW, 2 * HOUR))
    assert counts(funnel(store, type="VIEW")) == {"impression": (0, 1), "view": (1, 0)}


def test_a_job_is_chosen_by_its_id(store: Store) -> None:
    record(store, (T.IMPRESSION, 0), jobs=(job(1), job("it's \\ 2")))
    assert counts(funnel(store, job="it's \\ 2")) == {"impression": (1, 0)}
    assert counts(funnel(store, job="3")) == {}


def test_a_rate_of_nothing_is_null(store: Store) -> None:
    rows = funnel(store).rows
    assert [row["stage"] for row in rows] == list(STAGES)
    assert {(row["rate"], row["low"], row["high"]) for row in rows} == {(None, None, None)}


def test_a_window_of_a_million_years_is_one_without_end(store: Store) -> None:
    record(store, (T.IMPRESSION, -50 * 365 * DAY), (T.VIEW, 0))
    endless = Settings(
        click_window_hours=1e13, application_window_days=1e13, outcome_window_days=1e13
    )
    report = run_report(store, "funnel", TENANT, {}, settings=endless)
    assert counts(report)["view"] == (1, 0)


def test_a_large_tenant_is_answered_in_slices_that_add_up(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    events = [
        (type_, seconds, {"request_id": f"r{seeker}"})
        for seeker in range(40)
        for type_, seconds in ((T.IMPRESSION, 0), (T.VIEW, 60), (T.HIRED, 70))[: 1 + seeker % 3]
    ]
    record_all(store, events)
    whole = funnel(store), funnel(store, view="period")
    assert counts(whole[0]) == {
        "impression": (40, 0),
        "view": (26, 0),
        "application_start": (0, 13),
        "application_finish": (0, 13),
        "interview": (0, 13),
        "hire": (13, 0),
    }
    monkeypatch.setattr(funnel_, "SLICE_INTERACTIONS", 30)  # of 79: three slices
    assert (funnel(store), funnel(store, view="period")) == whole


def test_a_report_that_is_not_there_is_not_found(store: Store) -> None:
    with pytest.raises(ReportError) as caught:
        run_report(store, "funnels", TENANT, {}, settings=Settings())
    assert caught.value.code is Code.NOT_FOUND
    assert str(caught.value) == f"report: is not one of {', '.join(REPORTS)}"


def test_no_set_of_stages_makes_a_funnel_grow() -> None:
    sets = [stages for size in range(1, 7) for stages in combinations(range(1, 7), size)]
    for number, stages in enumerate(sets):
        funnel_ = close_upward({stages: 3, sets[-1 - number]: 2})
        reached = [stage.reached for stage in funnel_]
        assert reached == sorted(reached, reverse=True)
        assert reached[0] == (3 if stages == sets[-1 - number] else 5) or number == len(sets) // 2
