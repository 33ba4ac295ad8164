"""A process is ended at every step of appending and archiving; then the log is opened again.

Afterwards every acknowledged event is there once, at the offset that was told, no unknown one is,
repeated ones are known, and going on where it ended gives the log that an unharmed run gives.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from jobtrail.crash import CRASH_POINTS, EXIT_STATUS, VARIABLE, from_text
from jobtrail.eventlog import LogReader, Outcome, Receipt
from jobtrail.eventlog.archive import archive
from jobtrail.eventlog.record import decode_line, encode_line
from jobtrail.eventlog.verify import verify_log
from jobtrail.settings import Settings
from tests.eventlogs import DAY, NOON, make_event, read_lines, record

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(__file__).with_name("eventlog_process.py")
COUNT = 40

APPEND_POINTS = [p for p in CRASH_POINTS if p.startswith(("commit.", "checkpoint."))]
ARCHIVE_POINTS = [p for p in CRASH_POINTS if p.startswith("archive.")]


def start(*arguments: object, crash_at: str = "") -> subprocess.Popen[str]:
    environment = {**os.environ, VARIABLE: crash_at, "PYTHONPATH": str(ROOT)}
    return subprocess.Popen(
        [sys.executable, str(PROGRAM), *map(str, arguments)],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )


def acknowledged(output: str) -> dict[str, int]:
    """Read from a process's output which events it was told to be recorded, and where."""
    # The last line may be cut where the process was ended.
    lines = output.splitlines() if output.endswith("\n") else output.splitlines()[:-1]
    told = [line.split() for line in lines if " " in line]
    offsets = {event_id: int(offset) for event_id, offset, _ in told}
    assert all(offsets[event_id] == int(offset) for event_id, offset, _ in told)
    return offsets


def check_and_go_on(data: Path, told: dict[str, int], count: int) -> None:
    log = data / "eventlog"
    if not log.exists():
        assert not told
    before = [decode_line(line).event_id for line in read_lines(log)]
    assert all(before[offset] == event_id for event_id, offset in told.items())
    events = [make_event(n) for n in range(count)]
    answers = record(log, events)
    lines = read_lines(log)
    kept = [decode_line(line).event_id for line in lines]
    assert kept[: len(before)] == before
    assert sorted(kept, key=int) == [str(n) for n in range(count)]
    for event, answer in zip(events, answers, strict=True):
        assert isinstance(answer, Receipt)
        assert kept[answer.offset] == event.event_id
        if event.event_id in told:
            assert (answer.outcome, answer.offset) == (Outcome.DUPLICATE, told[event.event_id])
    assert verify_log(data).findings == []
    counts = LogReader(log).outcomes()
    assert sum(row.count for row in counts if row.outcome == "admitted") == count


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("point", APPEND_POINTS)
def test_a_crash_while_appending_loses_nothing_acknowledged(
    tmp_path: Path, point: str, nth: int
) -> None:
    # The log is folded when it is opened and closed, and in between only when it has grown.
    count = 10 * COUNT if point.startswith("checkpoint.") else COUNT
    process = start("append", tmp_path, 0, count, crash_at=f"{point}:{nth}")
    output, _ = process.communicate(timeout=60)
    assert process.returncode == EXIT_STATUS, "the point was not reached"
    check_and_go_on(tmp_path, acknowledged(output), count)


@pytest.fixture(scope="module")
def recorded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log of 40 events of two tenants, in commits of 3."""
    data = tmp_path_factory.mktemp("recorded")
    events = [make_event(n, tenant=f"projects/p/tenants/{n % 2}") for n in range(COUNT)]
    record(data / "eventlog", events, Settings(commit_events_max=3))
    return data


# The third time is inside the second batch, with a first one that is complete.
@pytest.mark.parametrize(
    ("point", "nth"), [(point, 1 + 2 * (n % 2)) for n, point in enumerate(ARCHIVE_POINTS)]
)
def test_a_crash_while_archiving_is_finished_by_the_next_call(
    tmp_path: Path, recorded: Path, point: str, nth: int
) -> None:
    data = tmp_path / "data"
    shutil.copytree(recorded, data)
    expected = [
        encode_line(make_event(n, tenant=f"projects/p/tenants/{n % 2}")) for n in range(COUNT)
    ]
    process = start("archive", data, COUNT, crash_at=f"{point}:{nth}")
    process.communicate(timeout=60)
    assert process.returncode == EXIT_STATUS, "the point was not reached"
    assert read_lines(data / "eventlog") == expected
    left = verify_log(data)
    assert left.is_sound
    assert left.events == COUNT

    done = archive(data, before=NOON + 2 * DAY, loaded_offset=COUNT)
    assert done.archived_end == COUNT
    assert read_lines(data / "eventlog") == expected
    assert verify_log(data).findings == []  # no leftovers either
    reader = LogReader(data / "eventlog")
    assert [reader.event(offset).event_id for offset in range(COUNT)] == [
        str(n) for n in range(COUNT)
    ]


@pytest.mark.parametrize("seed", range(3))
def test_a_kill_at_any_moment_loses_nothing_acknowledged(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    process = start("append", tmp_path, 0, 1_000_000)
    assert process.stdout is not None
    output = process.stdout.readline()
    deadline = time.monotonic() + rng.uniform(0.05, 0.4)
    while time.monotonic() < deadline:
        output += process.stdout.readline()
    process.send_signal(signal.SIGKILL)
    rest, _ = process.communicate(timeout=60)
    told = acknowledged(output + rest)
    assert told
    kept = [decode_line(line).event_id for line in read_lines(tmp_path / "eventlog")]
    assert len(kept) == len(set(kept)) >= len(told)
    assert all(kept[offset] == event_id for event_id, offset in told.items())
    answers = record(tmp_path / "eventlog", [make_event(event_id) for event_id in told])
    assert [answer.offset for answer in answers if isinstance(answer, Receipt)] == list(
        told.values()
    )
    assert verify_log(tmp_path).findings == []


def test_a_writer_an_archiver_and_a_reader_work_in_three_processes(tmp_path: Path) -> None:
    archiver = start("archive-on", tmp_path)
    assert archiver.stdout is not None
    assert archiver.stdout.readline() == "ready\n"
    writer = start("append", tmp_path, 0, 3_000)
    assert writer.stdout is not None
    assert writer.stdout.readline() == "open\n"
    reader = LogReader(tmp_path / "eventlog")
    seen: list[str] = []
    output = ""
    deadline = time.monotonic() + 60
    while len(seen) < 3_000 and time.monotonic() < deadline:
        if writer.poll() is None:
            output += writer.stdout.readline()
        for commit in reader.commits(len(seen), events_max=100):
            assert commit.first_offset == len(seen)
            seen += [decode_line(line).event_id for line in commit.lines]
    output += writer.communicate(timeout=60)[0]
    archiver.communicate(timeout=60)
    assert (writer.returncode, archiver.returncode) == (0, 0)
    assert output.endswith("closed\n")
    assert seen == [str(n) for n in range(3_000)]
    assert [decode_line(line).event_id for line in read_lines(tmp_path / "eventlog")] == seen
    found = verify_log(tmp_path)
    assert found.findings == []
    assert found.archive_files > 20


@pytest.mark.parametrize("text", ["nowhere", "commit.after_keys:0", "commit.after_keys:x"])
def test_a_crash_point_that_does_not_exist_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match=r"nowhere|after_keys|invalid literal"):
        from_text(text)


def test_without_the_variable_a_crash_point_does_nothing() -> None:
    from_text("")("commit.after_keys")
