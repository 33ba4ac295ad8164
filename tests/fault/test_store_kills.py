"""The loader killed at every step and at random moments: each record is in the tables once."""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from jobtrail import crash
from tests.logs import fill, some_events, some_rejections

PROGRAM = Path(__file__).with_name("load_until_even.py")
EVENTS = some_events(400)
REJECTIONS = some_rejections(60)
LOAD_EVENTS_MAX = 10  # 40 steps, more than are ever cut short

POINTS = [point for point in crash.CRASH_POINTS if point.startswith("load.")]
# Rejections are all loaded by the first step that lives, so theirs comes first.
POINTS.sort(key=lambda point: point != "load.after_rejections")

CHAINS = {
    "at every point": POINTS,
    "between the tables, then in the repair of that": [
        "load.after_insert:1",
        "load.before_repair",
        "load.after_insert:3",  # the first step passes the point twice
        "load.within_repair:1",
        "load.within_repair:2",
        "load.after_repair",
    ],
    "after a step that lived": [
        "load.after_read:2",
        "load.before_insert:2",
        "load.after_insert:4",
        "load.before_checkpoint_write:3",
        "load.before_checkpoint_rename:3",
        "load.after_checkpoint_rename:3",
    ],
}


def start(data: Path, crash_at: str = "") -> subprocess.Popen[str]:
    environment = os.environ | {crash.VARIABLE: crash_at}
    command = [sys.executable, str(PROGRAM), str(data), str(LOAD_EVENTS_MAX)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=environment)


def finish(data: Path) -> dict[str, Any]:
    process = start(data)
    output, _ = process.communicate(timeout=240)
    assert process.returncode == 0
    result: dict[str, Any] = json.loads(output)
    return result


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Path:
    data = tmp_path_factory.mktemp("log") / "data"
    fill(data, EVENTS, REJECTIONS)
    return data


@pytest.fixture(scope="module")
def undisturbed(log: Path) -> dict[str, Any]:
    """What a loader that nobody killed makes of the log."""
    result = finish(log)
    assert result["differences"] == []
    interactions = sum(len(event.jobs) for event in EVENTS)
    counts = {table: row[0] for table, row in result["tables"].items()}
    assert counts == {
        "events": len(EVENTS),
        "interactions": interactions,
        "rejected_events": len(REJECTIONS),
    }
    return result


def share_log(log: Path, data: Path) -> Path:
    """Make a data folder with the same log and a store of its own."""
    data.mkdir()
    (data / "eventlog").symlink_to(log / "eventlog")
    return data


@pytest.mark.parametrize("chain", CHAINS.values(), ids=CHAINS)
def test_a_loader_killed_at_its_steps_loses_and_doubles_nothing(
    chain: list[str], log: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    data = share_log(log, tmp_path / "data")
    for crash_at in chain:
        process = start(data, crash_at)
        process.communicate(timeout=240)
        assert process.returncode == crash.EXIT_STATUS, f"{crash_at} was not reached"
    assert finish(data) == undisturbed


def test_a_loader_killed_at_random_moments_loses_and_doubles_nothing(
    log: Path, undisturbed: dict[str, Any], tmp_path: Path
) -> None:
    data = share_log(log, tmp_path / "data")
    chance = random.Random(2)
    killed = 0
    while killed < 6:
        process = start(data)
        # The first two die so young that even a fast machine is not through.
        oldest = 0.3 if killed < 2 else 1.3
        try:
            process.wait(chance.uniform(0.1, oldest))
            break
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(10)
            killed += 1
    assert killed >= 2
    assert finish(data) == undisturbed


def test_blocks_that_a_killed_load_left_are_cleared(log: Path, tmp_path: Path) -> None:
    data = share_log(log, tmp_path / "data")
    blocks = data / "store" / "blocks"
    blocks.mkdir(parents=True)
    (blocks / "tmp1234.raw").write_bytes(b"half a block")
    finish(data)
    assert list(blocks.iterdir()) == []
