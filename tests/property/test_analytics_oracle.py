"""Every number of a report against the slow answer, on histories that arrive in any order."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import count
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import Phase, given, note, settings
from hypothesis import event as label
from hypothesis import strategies as st
from msgspec import structs

from jobtrail.analytics.reports import run_report
from jobtrail.events import Event, EventType
from jobtrail.settings import Settings
from jobtrail.store.store import Store
from tests.folding import fold_events, make_event, open_store
from tests.property import analytics_oracle as oracle
from tests.property.analytics_oracle import Question

US = 1_000_000
HOUR = 3_600 * US
DAY = 24 * HOUR

TENANT_NUMBERS = count()
OFFSETS = count(step=1_000)

# Short and odd on purpose: the same few meet again and again, and quoting has to be right.
REQUESTS = ["", "r1", "it's \\ a\ttrail:/=\n"]
JOBS = ["1", "it's 2\\", "[3], 'ü'"]
# What a story is made of: all types, or a few between which one window lies.
PALETTES = [
    list(range(1, 16)),
    [1, 2, 4, 5, 15, 13, 12],
    [1, 2],
    [2, 4, 5],
    [1, 8, 9],
    [4, 5],
    [6, 15, 13],
    [15, 13],
    [1, 2, 13],
    [12, 1, 3],
    [12, 2, 7],
]
# Numbers of the types on each side of a window.
GROUPS = [{1, 12}, {2, 3}, {4, 5, 6, 7, 8, 9}, {13, 15}]
WINDOWS = [(1.0, 30.0, 365.0), (48.0, 1.0, 0.5), (0.25, 1 / 24, 3.0)]

# Zones whose clocks do odd things, and a moment about which they do them.
ZONES = {
    "UTC": datetime(2026, 1, 1, tzinfo=UTC),
    "Europe/Berlin": datetime(2026, 3, 29, 1, tzinfo=UTC),
    "America/New_York": datetime(2026, 11, 1, 6, tzinfo=UTC),
    "Asia/Kathmandu": datetime(1985, 12, 31, 18, 30, tzinfo=UTC),  # 15 minutes were skipped
    "Australia/Lord_Howe": datetime(2026, 4, 4, 15, tzinfo=UTC),  # half an hour of summer time
    "America/Sao_Paulo": datetime(2018, 11, 4, 3, tzinfo=UTC),  # a day without its midnight
    "America/Havana": datetime(2026, 11, 1, 5, tzinfo=UTC),  # a midnight that comes twice
    "Pacific/Apia": datetime(2011, 12, 30, 10, tzinfo=UTC),  # a day that never was
    "Africa/Monrovia": datetime(1972, 1, 7, 0, 44, 30, tzinfo=UTC),  # an offset with seconds
    "America/Caracas": datetime(2007, 12, 9, 7, tzinfo=UTC),
    "America/Goose_Bay": datetime(1987, 10, 25, 2, 1, tzinfo=UTC),  # changes a minute past midnight
}


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("analytics") / "store") as opened:
        yield opened


def make_settings(windows: tuple[float, float, float]) -> Settings:
    return Settings(
        click_window_hours=windows[0],
        application_window_days=windows[1],
        outcome_window_days=windows[2],
    )


def in_microseconds(windows: tuple[float, float, float]) -> tuple[int, int, int]:
    click, application, outcome = windows
    return round(click * HOUR), round(application * DAY), round(outcome * DAY)


@st.composite
def stories(
    draw: st.DrawFn, windows: tuple[float, float, float], number: int
) -> list[tuple[int, int, str, tuple[int, ...]]]:
    """Draw what happens under one request, each event about one window after an earlier one."""
    request_id = draw(st.sampled_from([f"r{number}", f"r{number}", *REQUESTS]))
    types = st.sampled_from(draw(st.sampled_from(PALETTES)))
    moments = [(1_750_000_000 * US, draw(types))]
    for _ in range(draw(st.integers(1, 5))):
        (earlier, before), type_ = draw(st.sampled_from(moments)), draw(types)
        step = window_between(before, type_, in_microseconds(windows))
        step = draw(st.sampled_from([step] * 6 + [step // 2, -step, 0, DAY]))
        moments.append((earlier + step + draw(st.sampled_from([0, 0, 1, -1])), type_))
    return [
        (
            moment * 1_000 + draw(st.sampled_from([0, 999])),
            type_,
            request_id,
            draw(st.sampled_from([(0,)] * 6 + [(0, 1), (2, 0, 2)])),
        )
        for moment, type_ in moments
    ]


def window_between(before: int, after: int, windows: tuple[int, int, int]) -> int:
    """Tell how long after the one type the other counts, or the window of its own stage."""
    first, last = (
        next((i for i, types in enumerate(GROUPS) if type_ in types), 0)
        for type_ in (before, after)
    )
    return sum(windows[first:last]) if first < last else windows[max(0, last - 1)]


@st.composite
def trails(
    draw: st.DrawFn, windows: tuple[float, float, float]
) -> list[tuple[int, int, str, tuple[int, ...]]]:
    """Draw events as (create_time in ns, type, request id, jobs), in order of arrival."""
    told = [draw(stories(windows, number)) for number in range(draw(st.integers(8, 16)))]
    return draw(st.permutations([event for story in told for event in story]))


def make_events(tenant: str, trail: list[tuple[int, int, str, tuple[int, ...]]]) -> list[Event]:
    return [
        make_event(
            f"event-{number}",
            EventType(type_),
            tenant=tenant,
            request_id=request_id,
            jobs=tuple(f"{tenant}/jobs/{JOBS[job]}" for job in jobs),
            create_seconds=nanoseconds // 1_000_000_000,
            create_nanos=nanoseconds % 1_000_000_000,
        )
        for number, (nanoseconds, type_, request_id, jobs) in enumerate(trail)
    ]


@st.composite
def questions(draw: st.DrawFn, times: list[int]) -> Question:
    """Draw what is asked: ranges that begin or end at an event, some types, some jobs."""

    def seldom(restriction: st.SearchStrategy[Any], otherwise: object) -> Any:
        return draw(restriction) if draw(st.sampled_from([True, False, False])) else otherwise

    edges = st.sampled_from([time + step for time in times for step in (0, 1)])
    start, end = seldom(edges, None), seldom(edges, None)
    if start is not None and end is not None:
        start, end = (None, end) if start == end else sorted((start, end))
    names = [type_.name for type_ in EventType if type_]
    return Question(
        start=start,
        end=end,
        types=seldom(st.lists(st.sampled_from(names), min_size=1, unique=True), []),
        jobs=seldom(st.lists(st.sampled_from(JOBS), max_size=2), []),
        view=draw(st.sampled_from(["cohort", "cohort", "period"])),
        surface=draw(st.sampled_from(["search", "search", "search", "alert"])),
    )


def as_text(question: Question) -> dict[str, str | list[str]]:
    """Write a question as parameters of both reports."""
    texts: dict[str, str | list[str]] = {"type": list(question.types), "job": list(question.jobs)}
    for name in ("start", "end"):
        instant = getattr(question, name)
        if instant is not None:
            moment = datetime.fromtimestamp(instant // US, UTC)
            texts[name] = f"{moment:%Y-%m-%dT%H:%M:%S}.{instant % US:06d}Z"
    return texts


def about(tenant: str, question: Question) -> Question:
    """Write the jobs of a question as the events name them."""
    return question._replace(jobs=[f"{tenant}/jobs/{job}" for job in question.jobs])


def as_exact(row: dict[str, object]) -> dict[str, object]:
    """Allow the bounds, and they alone, to be off by the rounding of a few operations."""
    bounds = {name: row[name] for name in ("low", "high") if row[name] is not None}
    return row | {name: pytest.approx(bound, rel=0, abs=1e-12) for name, bound in bounds.items()}


def new_tenants(number: int) -> list[str]:
    return [f"projects/it's \\p/tenants/ü {next(TENANT_NUMBERS)}" for _ in range(number)]


# Shrinking would fill a store a thousand times; `narrowed` finds a small history faster.
@settings(phases=set(Phase) - {Phase.explain, Phase.shrink})
@given(data=st.data(), windows=st.sampled_from(WINDOWS))
def test_every_number_of_a_funnel_equals_the_slow_answer(
    store: Store, data: st.DataObject, windows: tuple[float, float, float]
) -> None:
    trail = data.draw(trails(windows))
    # Two tenants with the same ids, and not the same history.
    first, second = new_tenants(2)
    events = make_events(first, trail) + make_events(second, trail[::2])
    fold_events(store, events, first=next(OFFSETS))
    times = sorted({oracle.microseconds(event) for event in events})
    for tenant in (first, first, second):
        question = data.draw(questions(times))
        actual, expected = both_answers(store, events, tenant, question, windows)
        label(f"stages reached: {sum(bool(row['count']) for row in expected)}")
        if actual != expected:
            actual, expected = narrowed(store, events, tenant, question, windows)
        assert actual == expected
        assert oracle.never_grows(actual)


Answers = tuple[list[dict[str, object]], list[dict[str, object]]]


def both_answers(
    store: Store,
    events: list[Event],
    tenant: str,
    question: Question,
    windows: tuple[float, float, float],
) -> Answers:
    """Answer a question about events that are in the store, by the report and by the oracle."""
    texts = as_text(question) | {"view": question.view, "surface": question.surface}
    answer = run_report(store, "funnel", tenant, texts, settings=make_settings(windows))
    expected = oracle.funnel(events, tenant, about(tenant, question), in_microseconds(windows))
    return answer.rows, [as_exact(row) for row in expected]


def narrowed(
    store: Store,
    events: list[Event],
    tenant: str,
    question: Question,
    windows: tuple[float, float, float],
) -> Answers:
    """Find one seeker whose history alone is answered in two ways, and tell it; else tell all."""
    mine = [event for event in events if event.tenant == tenant]
    for seeker in sorted({event.request_id for event in mine}):
        (alone,) = new_tenants(1)
        history = [
            structs.replace(
                event,
                tenant=alone,
                jobs=tuple(job.replace(tenant, alone) for job in event.jobs),
            )
            for event in mine
            if event.request_id == seeker
        ]
        fold_events(store, history, first=next(OFFSETS))
        actual, expected = both_answers(store, history, alone, question, windows)
        if actual != expected:
            for event in sorted(history, key=oracle.microseconds):
                moment = oracle.microseconds(event) - 1_750_000_000 * US
                note(f"{moment:>20} us {EventType(event.type).name} {event.jobs}")
            return actual, expected
    return both_answers(store, events, tenant, question, windows)


@given(data=st.data(), zone=st.sampled_from(sorted(ZONES)))
def test_every_number_of_a_time_series_equals_the_slow_answer(
    store: Store, data: st.DataObject, zone: str
) -> None:
    tenants = new_tenants(2)
    about_zone = int(ZONES[zone].timestamp()) * US
    near = st.one_of(
        st.integers(-36 * HOUR, 36 * HOUR),
        st.sampled_from([n * HOUR // 4 + step for n in range(-9, 10) for step in (-1, 0)]),
        st.integers(-400 * DAY, 400 * DAY),
    )
    jobs = st.sampled_from([(0,), (1,), (0, 1), (2, 0, 2)])
    trail = st.tuples(
        near.map(lambda step: (about_zone + step) * 1_000 + 999),
        st.integers(1, 15),
        st.sampled_from(REQUESTS),
        jobs,
    )
    events = [
        event
        for tenant in tenants
        for event in make_events(tenant, data.draw(st.lists(trail, min_size=1, max_size=12)))
    ]
    fold_events(store, events, first=next(OFFSETS))
    for tenant in tenants:
        question = data.draw(questions(sorted({oracle.microseconds(event) for event in events})))
        interval = data.draw(st.sampled_from(["hour", "day", "week"]))
        answer = run_report(
            store,
            "timeseries",
            tenant,
            as_text(question) | {"interval": interval, "timeZone": zone},
            settings=Settings(),
        )
        expected = oracle.timeseries(
            events, tenant, about(tenant, question), interval, ZoneInfo(zone)
        )
        assert [
            (datetime.fromisoformat(str(row["time"])).astimezone(UTC), row["type"], row["count"])
            for row in answer.rows
        ] == expected
