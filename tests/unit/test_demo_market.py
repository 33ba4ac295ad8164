"""The demo's market: the same from the same seed, and as lopsided and dirty as a real one."""

from __future__ import annotations

import base64
import re
from collections import Counter, defaultdict
from functools import cache
from itertools import pairwise

import pytest

from jobtrail.demo.delivery import Plan, make_plan
from jobtrail.demo.market import DAYS, NS_PER_DAY
from jobtrail.errors import Reason
from jobtrail.events import EventType

# The beginning of 2026-11-20 in UTC.
UNTIL = 1_795_132_800 * 1_000_000_000
EVENTS = 20_000
SEEDS = (1, 7, 42)
UUID = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
STAGES = (
    {EventType.IMPRESSION},
    {EventType.VIEW, EventType.VIEW_REDIRECT},
    {
        EventType.APPLICATION_START,
        EventType.APPLICATION_REDIRECT,
        EventType.APPLICATION_START_FROM_SEARCH,
        EventType.APPLICATION_REDIRECT_FROM_SEARCH,
    },
    {EventType.APPLICATION_FINISH, EventType.APPLICATION_QUICK_SUBMISSION},
    {EventType.INTERVIEW_GRANTED},
    {EventType.HIRED},
)


@cache
def plan_of(seed: int) -> Plan:
    return make_plan(seed, UNTIL, EVENTS)


def reached(plan: Plan) -> list[int]:
    """Count the pairs of people (no bots) and shown jobs that got to each stage or beyond it."""
    furthest: dict[tuple[str, str], int] = {}
    shown: set[tuple[str, str]] = set()
    for happening in plan.happenings:
        if happening.request_id in plan.bots:
            continue
        for stage, types in enumerate(STAGES):
            if happening.type in types:
                for job in happening.jobs:
                    pair = happening.request_id, job
                    furthest[pair] = max(stage, furthest.get(pair, 0))
                    if stage == 0:
                        shown.add(pair)
    return [sum(furthest[pair] >= stage for pair in shown) for stage in range(len(STAGES))]


def test_the_same_arguments_give_the_same_plan() -> None:
    assert make_plan(3, UNTIL, 800) == make_plan(3, UNTIL, 800)


def test_another_seed_gives_another_plan() -> None:
    one, other = make_plan(3, UNTIL, 300), make_plan(4, UNTIL, 300)
    ids = [{happening.event_id for happening in plan.happenings} for plan in (one, other)]
    assert not ids[0] & ids[1]


def test_another_end_gives_another_plan() -> None:
    one, other = make_plan(3, UNTIL, 300), make_plan(3, UNTIL - NS_PER_DAY, 300)
    assert one.happenings != other.happenings


def test_a_larger_plan_begins_with_the_same_people() -> None:
    small, large = make_plan(7, UNTIL, 900), plan_of(7)
    assert large.happenings[:900] == small.happenings


@pytest.mark.parametrize("events", [1, 2, 137, EVENTS])
def test_as_many_events_are_admitted_as_were_asked_for(events: int) -> None:
    plan = make_plan(7, UNTIL, events) if events < EVENTS else plan_of(7)
    admitted = [s.event_id for s in plan.sendings if s.expected == "admitted"]
    assert len(admitted) == len(set(admitted)) == events
    assert set(admitted) == {happening.event_id for happening in plan.happenings}


@pytest.mark.parametrize("seed", SEEDS)
def test_rates_are_those_of_a_job_board(seed: int) -> None:
    counts = reached(plan_of(seed))
    views, starts, finishes, interviews = (
        later / earlier for earlier, later in pairwise(counts[:5])
    )
    assert 0.04 < views < 0.10
    assert 0.12 < starts < 0.30
    assert 0.35 < finishes < 0.70
    assert 0.04 < interviews < 0.20
    assert 0 < counts[5] < counts[4]


@pytest.mark.parametrize("seed", SEEDS)
def test_what_stands_higher_on_the_list_is_opened_more_often(seed: int) -> None:
    plan = plan_of(seed)
    opened = {(h.request_id, job) for h in plan.happenings if h.type in STAGES[1] for job in h.jobs}
    shown: Counter[int] = Counter()
    viewed: Counter[int] = Counter()
    for happening in plan.happenings:
        if happening.type is not EventType.IMPRESSION or len(happening.jobs) < 2:
            continue
        if happening.request_id in plan.bots:
            continue
        for position, job in enumerate(happening.jobs, 1):
            shown[position] += 1
            viewed[position] += (happening.request_id, job) in opened
    rates = [
        sum(viewed[p] for p in positions) / sum(shown[p] for p in positions)
        for positions in (range(1, 2), range(2, 5), range(5, 11))
    ]
    assert rates[0] > 1.3 * rates[1]
    assert rates[1] > 1.3 * rates[2]


@pytest.mark.parametrize("seed", SEEDS)
def test_every_type_of_event_occurs(seed: int) -> None:
    occurring = {happening.type for happening in plan_of(seed).happenings}
    assert occurring == set(EventType) - {EventType.JOB_EVENT_TYPE_UNSPECIFIED}


@pytest.mark.parametrize("seed", SEEDS)
def test_nothing_happens_outside_of_the_ninety_days(seed: int) -> None:
    times = [happening.true_time for happening in plan_of(seed).happenings]
    assert max(times) < UNTIL
    assert min(times) >= UNTIL - DAYS * NS_PER_DAY


@pytest.mark.parametrize("seed", SEEDS)
def test_a_repeat_is_the_same_event_sent_later(seed: int) -> None:
    plan = plan_of(seed)
    first = {s.event_id: s for s in plan.sendings if s.expected == "admitted"}
    repeats = [s for s in plan.sendings if s.expected == "duplicate"]
    assert 0.005 * EVENTS < len(repeats) < 0.03 * EVENTS
    for again in repeats:
        model = first[again.event_id]
        assert again.send_time > model.send_time
        for name in ("request_id", "type", "jobs", "create_time", "event_notes"):
            assert getattr(again, name) == getattr(model, name)


@pytest.mark.parametrize("seed", SEEDS)
def test_broken_events_of_every_kind_are_among_the_sendings(seed: int) -> None:
    plan = plan_of(seed)
    broken = Counter(s.expected for s in plan.sendings if s.expected in set(Reason))
    assert set(broken) == {
        Reason.EVENT_ID_MISSING,
        Reason.CREATE_TIME_MISSING,
        Reason.TYPE_UNSPECIFIED,
        Reason.JOBS_MISSING,
        Reason.JOB_NAME_MALFORMED,
        Reason.NOTES_TOO_LONG,
    }
    assert broken.total() < 0.01 * EVENTS


@pytest.mark.parametrize("seed", SEEDS)
def test_conflicts_reuse_the_id_of_an_admitted_event_for_something_else(seed: int) -> None:
    plan = plan_of(seed)
    jobs = {happening.event_id: happening.jobs for happening in plan.happenings}
    assert plan.conflicts
    for conflict in plan.conflicts:
        assert conflict.expected == Reason.EVENT_ID_REUSED
        assert jobs[conflict.event_id] != conflict.jobs


@pytest.mark.parametrize("seed", SEEDS)
def test_some_events_arrive_late_and_out_of_order(seed: int) -> None:
    plan = plan_of(seed)
    true_times = {happening.event_id: happening.true_time for happening in plan.happenings}
    delays = [
        s.send_time - true_times[s.event_id] for s in plan.sendings if s.expected == "admitted"
    ]
    assert min(delays) > 0
    late = sum(delay > 60 * 1_000_000_000 for delay in delays)
    assert 0.01 * EVENTS < late < 0.08 * EVENTS
    order = [true_times[s.event_id] for s in plan.sendings if s.expected == "admitted"]
    assert order != sorted(order)
    assert [s.send_time for s in plan.sendings] == sorted(s.send_time for s in plan.sendings)


@pytest.mark.parametrize("seed", SEEDS)
def test_bots_open_all_that_they_are_shown(seed: int) -> None:
    plan = plan_of(seed)
    shown: dict[str, set[str]] = defaultdict(set)
    opened: dict[str, set[str]] = defaultdict(set)
    for happening in plan.happenings:
        if happening.request_id in plan.bots:
            into = {EventType.IMPRESSION: shown, EventType.VIEW: opened}.get(happening.type)
            if into is not None:
                into[happening.request_id].update(happening.jobs)
    read_whole_lists = sum(opened[request] == shown[request] for request in shown)
    assert read_whole_lists > 0
    # The plan ends in the midst of somebody's life, and a bot may have an alert.
    assert read_whole_lists >= len(shown) - 1


@pytest.mark.parametrize("seed", SEEDS)
def test_most_request_ids_look_like_those_of_the_search_service(seed: int) -> None:
    happenings = plan_of(seed).happenings
    shaped = 0
    for happening in happenings:
        match = re.fullmatch(rf"{UUID}:([A-Za-z0-9+/]+=*)", happening.request_id)
        if match:
            assert len(base64.b64decode(match[1], validate=True)) == 25
            shaped += 1
    assert 0.90 < shaped / len(happenings) < 1
    assert any(not happening.request_id for happening in happenings)


@pytest.mark.parametrize("seed", SEEDS)
def test_some_clocks_are_wrong(seed: int) -> None:
    happenings = plan_of(seed).happenings
    hours_off = [h for h in happenings if abs(h.create_time - h.true_time) > 3_000 * 1_000_000_000]
    assert 0 < len(hours_off) < 0.1 * len(happenings)
    assert any(h.create_time == 0 for h in happenings)
