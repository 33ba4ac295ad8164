"""Checks in SQL against the slow and plain answer, on histories that arrive in any order."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from jobtrail.events import Check, Event, EventType
from jobtrail.store.checks import checks_of, count_checks
from jobtrail.store.fold import STAGES
from jobtrail.store.store import Store
from tests.folding import TENANT, empty_tables, fold_events, job, make_event, open_store

T = EventType
ODD_TYPES = [
    T.IMPRESSION,
    T.VIEW,
    T.APPLICATION_START,
    T.APPLICATION_START_FROM_SEARCH,
    T.APPLICATION_REDIRECT,
    T.APPLICATION_FINISH,
    T.APPLICATION_QUICK_SUBMISSION,
    T.APPLICATION_COMPANY_SUBMIT,
    T.SENT_CV,
    T.INTERVIEW_GRANTED,
    T.HIRED,
]
SUBMITTED_BY_OTHERS = (T.APPLICATION_COMPANY_SUBMIT, T.SENT_CV)
EVER = (datetime(1970, 1, 1, tzinfo=UTC), datetime(2100, 1, 1, tzinfo=UTC))
FIRST_SECOND = 1_750_000_000


def oracle(events: Sequence[Event]) -> dict[str, list[str]]:
    """Name the checks of each event by its id, as the documentation of ``Check`` says."""
    return {event.event_id: _checks(event, events) for event in events}


def _checks(event: Event, events: Sequence[Event]) -> list[str]:
    found = [Check(check) for check in event.checks]
    mine = [other for other in events if other.tenant == event.tenant]
    if event.type == T.IMPRESSION and event.request_id:
        same = [o for o in mine if o.type == T.IMPRESSION and o.request_id == event.request_id]
        if min(same, key=lambda o: (_time(o), o.event_id)) is not event:
            found.append(Check.IMPRESSION_REPEATED)
    for name in event.jobs:
        trail = [o for o in mine if name in o.jobs and _seeker(o) == _seeker(event)]
        found.extend(_checks_of_pair(event, trail))
    return [check.value for check in Check if check in found]


def _checks_of_pair(event: Event, trail: list[Event]) -> Iterator[Check]:
    starts = [o for o in trail if STAGES.get(EventType(o.type)) == "application_start"]
    finishes = [o for o in trail if o.type == T.APPLICATION_FINISH]
    applications = [
        o
        for o in trail
        if STAGES.get(EventType(o.type)) in ("application_start", "application_finish")
        or o.type in SUBMITTED_BY_OTHERS
    ]
    if event.type == T.APPLICATION_FINISH and not starts:
        yield Check.FINISH_WITHOUT_START
    is_first = all(_time(start) > _time(event) for start in starts)
    if event.type == T.APPLICATION_FINISH and starts and is_first:
        yield Check.FINISH_BEFORE_START
    if event.type == T.HIRED and not applications:
        yield Check.HIRE_WITHOUT_APPLICATION
    if event.type == T.APPLICATION_QUICK_SUBMISSION and (starts or finishes):
        yield Check.QUICK_WITH_START


def _seeker(event: Event) -> str:
    return event.request_id or f"event:{event.event_id}"


def _time(event: Event) -> int:
    return event.create_seconds


def histories() -> st.SearchStrategy[list[Event]]:
    """Few seekers, jobs and moments, so that everything meets everything."""
    one = st.tuples(
        st.sampled_from(ODD_TYPES),
        st.sampled_from(["", "r1", "r2", "r3"]),
        st.lists(st.sampled_from([job("a"), job("b")]), min_size=1, max_size=2),
        st.integers(0, 4),
        st.sampled_from([TENANT, f"{TENANT}2"]),
        st.sampled_from([(), (Check.CREATE_TIME_OLD.value,)]),
    )
    return st.lists(one, min_size=1, max_size=14).map(
        lambda drawn: [
            make_event(
                f"e{n}",
                kind,
                request_id=request_id,
                jobs=tuple(jobs),
                create_seconds=FIRST_SECOND + second,
                tenant=tenant,
                checks=checks,
            )
            for n, (kind, request_id, jobs, second, tenant, checks) in enumerate(drawn)
        ]
    )


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("checks") / "store") as opened:
        yield opened


def _load(store: Store, events: Sequence[Event], *, loads: int = 1) -> None:
    empty_tables(store)
    size = -(-len(events) // loads)
    for first in range(0, len(events), size):
        fold_events(store, events[first : first + size], first=first)


def _read(store: Store, events: Sequence[Event]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for tenant in {event.tenant for event in events}:
        mine = {n: event.event_id for n, event in enumerate(events) if event.tenant == tenant}
        found |= {
            mine[offset]: names for offset, names in checks_of(store, tenant, list(mine)).items()
        }
    return found


@settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(events=histories(), seed=st.integers(0, 1_000))
def test_checks_are_those_of_the_oracle_in_whatever_order_events_arrive(
    store: Store, events: list[Event], seed: int
) -> None:
    expected = oracle(events)
    random.Random(seed).shuffle(events)
    _load(store, events, loads=1 + seed % 3)
    assert _read(store, events) == expected

    counted = Counter(
        check for event in events if event.tenant == TENANT for check in expected[event.event_id]
    )
    assert +Counter(count_checks(store, TENANT, *EVER)) == counted


def test_counts_take_the_events_of_the_range_and_compare_them_with_all(store: Store) -> None:
    """The start lies before the range, so the finish inside it has its start."""
    events = [
        make_event("start", T.APPLICATION_START, request_id="r", create_seconds=FIRST_SECOND),
        make_event(
            "finish", T.APPLICATION_FINISH, request_id="r", create_seconds=FIRST_SECOND + 10
        ),
        make_event("hire", T.HIRED, request_id="other", create_seconds=FIRST_SECOND + 20),
    ]
    _load(store, events)

    def count(first: int, end: int) -> dict[str, int]:
        instants = [datetime.fromtimestamp(FIRST_SECOND + s, UTC) for s in (first, end)]
        return {name: n for name, n in count_checks(store, TENANT, *instants).items() if n}

    assert count(5, 15) == {}
    assert count(5, 20) == {}
    assert count(5, 21) == {"hire_without_application": 1}


def test_every_check_is_counted_even_when_none_was_found(store: Store) -> None:
    _load(store, [make_event("e")])
    assert count_checks(store, TENANT, *EVER) == {check.value: 0 for check in Check}


def test_checks_are_asked_for_one_tenant_only(store: Store) -> None:
    _load(store, [make_event("e", T.HIRED)])
    assert checks_of(store, TENANT, [0]) == {0: ["hire_without_application"]}
    assert checks_of(store, f"{TENANT}2", [0]) == {0: []}
    assert checks_of(store, TENANT, []) == {}
