"""``jobtrail demo`` end to end: what it records is what reports count, each event once."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pytest

from jobtrail.demo.delivery import Plan, make_plan
from jobtrail.demo.trail import Happening
from jobtrail.events import EventType
from tests.command_line import jobtrail

SEED = 7
EVENTS = 1_500
# A day and not today: midnight may pass between the demo and its check.
UNTIL = dt.datetime(2026, 11, 20, tzinfo=dt.UTC)
STAGES = ("impression", "view", "application_start", "application_finish", "interview", "hire")
STAGE_OF = {
    "IMPRESSION": 0,
    "VIEW": 1,
    "VIEW_REDIRECT": 1,
    "APPLICATION_START": 2,
    "APPLICATION_REDIRECT": 2,
    "APPLICATION_START_FROM_SEARCH": 2,
    "APPLICATION_REDIRECT_FROM_SEARCH": 2,
    "APPLICATION_FINISH": 3,
    "APPLICATION_QUICK_SUBMISSION": 3,
    "INTERVIEW_GRANTED": 4,
    "HIRED": 5,
}

Pair = tuple[str, str]


def run_demo(data: Path) -> str:
    """Run the demo to its end and return what it printed."""
    result = jobtrail(
        *("demo", "--once", "--events", EVENTS, "--seed", SEED, "--port", 0),
        *("--until", UNTIL.date().isoformat(), "--data", data),
    )
    assert result.returncode == 0, result.stderr
    return result.stdout


def report(data: Path, name: str, *options: object) -> list[dict[str, Any]]:
    result = jobtrail("report", name, "--data", data, "--json", *options)
    assert result.returncode == 0, result.stderr
    rows: list[dict[str, Any]] = json.loads(result.stdout)["rows"]
    return rows


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """One run of the demo: its data folder and what it printed."""
    data = tmp_path_factory.mktemp("demo") / "data"
    return data, run_demo(data)


@pytest.fixture(scope="module")
def plan() -> Plan:
    return make_plan(SEED, int(UNTIL.timestamp()) * 1_000_000_000, EVENTS)


def pairs_of(plan: Plan) -> dict[Pair, list[Happening]]:
    """Sort what happened by seeker and job; without a request_id everybody is a new seeker."""
    pairs: dict[Pair, list[Happening]] = defaultdict(list)
    for happening in plan.happenings:
        for job in set(happening.jobs):
            pairs[happening.request_id or happening.event_id, job].append(happening)
    return pairs


def began_with_an_alert(events: list[Happening]) -> bool:
    """Say whether an alert came first and no search showed the job."""
    sent = [event.create_time for event in events if event.type is EventType.NOTIFICATION]
    staged = [event.create_time for event in events if event.type.name in STAGE_OF]
    was_shown = any(event.type is EventType.IMPRESSION for event in events)
    return bool(sent) and not was_shown and min(staged, default=min(sent)) >= min(sent)


def funnel_of(plan: Plan, *, is_alert: bool) -> list[tuple[str, int, int]]:
    """Count the pairs that have an event of each stage, and those that have only a later one."""
    counts, implied = Counter[int](), Counter[int]()
    for events in pairs_of(plan).values():
        if began_with_an_alert(events) != is_alert:
            continue
        stages = {STAGE_OF[event.type.name] for event in events if event.type.name in STAGE_OF}
        if is_alert:
            stages.add(0)
        counts.update(stages)
        implied.update(set(range(max(stages, default=0))) - stages)
    return [(name, counts[stage], implied[stage]) for stage, name in enumerate(STAGES)]


def test_the_demo_prints_a_funnel_and_where_the_page_is(demo: tuple[Path, str]) -> None:
    printed = demo[1]
    assert " is ready on http://127.0.0.1:" in printed
    for stage in STAGES:
        assert f"\n{stage} " in printed
    assert f"{EVENTS:,} events counted once each" in printed
    assert "page: http://127.0.0.1:" in printed
    assert "/?tenant=projects%2Fdemo%2Ftenants%2Fdemo" in printed


def test_the_demo_tells_how_often_it_was_refused_and_why(
    demo: tuple[Path, str], plan: Plan
) -> None:
    repeated = sum(sending.expected == "duplicate" for sending in plan.sendings)
    assert f"{repeated:,} of the calls repeated an event" in demo[1]
    refused = Counter(
        str(sending.expected.value)
        for sending in (*plan.sendings, *plan.conflicts)
        if not isinstance(sending.expected, str)
        or sending.expected not in {"admitted", "duplicate"}
    )
    words = ", ".join(f"{count} {reason}" for reason, count in sorted(refused.items()))
    assert f"refused: {words}\n" in demo[1]


def test_every_day_counts_what_happened_on_it(demo: tuple[Path, str], plan: Plan) -> None:
    expected: Counter[tuple[str, str]] = Counter()
    for happening in plan.happenings:
        day = dt.datetime.fromtimestamp(happening.create_time // 1_000_000_000, dt.UTC).date()
        expected[day.isoformat(), happening.type.name] += 1
    rows = report(demo[0], "timeseries", "--interval", "day")
    assert {(row["time"][:10], row["type"]): row["count"] for row in rows} == expected
    assert sum(row["count"] for row in rows) == EVENTS


def test_the_funnel_counts_what_plain_python_counts(demo: tuple[Path, str], plan: Plan) -> None:
    rows = report(demo[0], "funnel", "--view", "period")
    counted = [(row["stage"], row["count"], row["implied"]) for row in rows]
    assert counted == funnel_of(plan, is_alert=False)


def test_the_funnel_of_alerts_counts_what_plain_python_counts(
    demo: tuple[Path, str], plan: Plan
) -> None:
    rows = report(demo[0], "funnel", "--view", "period", "--surface", "alert")
    counted = [(row["stage"], row["count"], row["implied"]) for row in rows]
    assert counted == funnel_of(plan, is_alert=True)
    assert counted[0][1] > 0


def test_one_job_has_the_funnel_of_its_pairs(demo: tuple[Path, str], plan: Plan) -> None:
    pairs = pairs_of(plan)
    job = Counter(job for _, job in pairs).most_common(1)[0][0]
    shown = sum(
        any(event.type is EventType.IMPRESSION for event in events)
        for (_, name), events in pairs.items()
        if name == job
    )
    for given in (job, job.rpartition("/")[2]):
        rows = report(demo[0], "funnel", "--view", "period", "--job", given)
        assert (rows[0]["stage"], rows[0]["count"]) == ("impression", shown)


def test_the_data_of_the_demo_is_sound(demo: tuple[Path, str]) -> None:
    result = jobtrail("verify", "--data", demo[0], "--json")
    assert result.returncode == 0, result.stderr
    found = json.loads(result.stdout)
    assert (found["is_sound"], found["log"]["events"]) == (True, EVENTS)


def test_a_second_run_repeats_everything_and_counts_nothing_twice(
    demo: tuple[Path, str], tmp_path: Path
) -> None:
    again = tmp_path / "data"
    shutil.copytree(demo[0], again, symlinks=True)
    printed = run_demo(again)
    assert f"{EVENTS:,} events counted once each" in printed
    for name, options in (("timeseries", ()), ("funnel", ("--view", "period")), ("funnel", ())):
        assert report(again, name, *options) == report(demo[0], name, *options)
