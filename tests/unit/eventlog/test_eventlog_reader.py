"""Reading beside the writer: from anywhere, in any portion, archived or not."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from jobtrail.errors import LogDamaged
from jobtrail.eventlog import EventLog, LogReader
from jobtrail.eventlog.archive import archive
from jobtrail.eventlog.database import connect_to_write
from jobtrail.eventlog.record import encode_line
from jobtrail.settings import Settings
from tests.eventlogs import DAY, NOON, TENANT, append_all, make_event, record


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """A data folder with 40 events in commits of 7 at most, 21 of them archived."""
    events = [make_event(n, tenant=f"projects/p/tenants/{n % 3}") for n in range(40)]
    record(tmp_path / "eventlog", events, Settings(commit_events_max=7))
    archive(tmp_path, before=NOON + 2 * DAY, loaded_offset=21, batch_events=10)
    return tmp_path


def test_a_log_that_is_not_there_yet_reads_as_empty(tmp_path: Path) -> None:
    reader = LogReader(tmp_path / "eventlog")
    assert reader.end_offset() == 0
    assert list(reader.commits(0, events_max=10)) == []
    assert (reader.find(TENANT, "a"), reader.rejections(0, 5), reader.outcomes()) == (None, [], [])
    assert reader.first_rejection_id() == 0
    with pytest.raises(LookupError):
        reader.event(0)
    record(tmp_path / "eventlog", [make_event("a")])
    assert reader.end_offset() == 1
    assert reader.find(TENANT, "a") == (0, make_event("a"))


@pytest.mark.parametrize("portion", [1, 3, 7, 10, 1_000])
def test_any_portion_from_anywhere_gives_the_same_events_in_order(data: Path, portion: int) -> None:
    expected = [encode_line(make_event(n, tenant=f"projects/p/tenants/{n % 3}")) for n in range(40)]
    reader = LogReader(data / "eventlog")
    for start in (0, 1, 6, 7, 13, 20, 21, 22, 39, 40):
        offset, lines = start, []
        while commits := list(reader.commits(offset, events_max=portion)):
            assert sum(len(commit.lines) for commit in commits) <= portion
            for commit in commits:
                assert commit.first_offset == start + len(lines)
                lines += commit.lines
            offset = start + len(lines)
        assert lines == expected[start:]


def test_single_events_are_found_wherever_they_are(data: Path) -> None:
    reader = LogReader(data / "eventlog")
    for n in range(40):
        assert reader.event(n).event_id == str(n)
        found = reader.find(f"projects/p/tenants/{n % 3}", str(n))
        assert found is not None
        assert found[0] == n
    assert reader.find("projects/p/tenants/0", "1") is None
    with pytest.raises(LookupError, match="no offset 40"):
        reader.event(40)


def test_a_reader_that_stops_half_way_holds_nothing_open(data: Path) -> None:
    reader = LogReader(data / "eventlog")
    commits = reader.commits(0, events_max=40)
    next(commits)
    connection = connect_to_write(data / "eventlog")
    [(busy, *_)] = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
    assert busy == 0
    connection.close()
    assert next(commits).lines


async def test_a_reader_follows_a_writer(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "eventlog", Settings(commit_events_max=10))
    reader = LogReader(tmp_path / "eventlog")
    seen: list[bytes] = []

    def follow() -> None:
        while len(seen) < 500:
            for commit in reader.commits(len(seen), events_max=33):
                assert commit.first_offset == len(seen)
                seen.extend(commit.lines)

    following = asyncio.create_task(asyncio.to_thread(follow))
    for start in range(0, 500, 50):
        await append_all(log, [make_event(n) for n in range(start, start + 50)])
    await following
    assert seen == [encode_line(make_event(n)) for n in range(500)]
    await log.close()


def damage(data: Path, sql: str) -> None:
    connection = connect_to_write(data / "eventlog")
    connection.execute(sql)
    connection.close()


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        ("UPDATE commits SET payload = zeroblob(9) WHERE first_offset = 28", "offsets 28 to 34"),
        ("UPDATE commits SET receive_time_max = 9 WHERE first_offset = 28", "offsets 28 to 34"),
        ("UPDATE commits SET checksum = zeroblob(16) WHERE first_offset = 21", "offsets 21 to 27"),
        ("UPDATE commits SET first_offset = 29 WHERE first_offset = 28", "lacks offsets 28 to 28"),
        ("DELETE FROM commits WHERE first_offset = 28", "lacks offsets 28 to 34"),
    ],
)
def test_damage_is_named_and_nothing_is_read_over_it(data: Path, sql: str, message: str) -> None:
    damage(data, sql)
    reader = LogReader(data / "eventlog")
    offsets: list[int] = []
    with pytest.raises(LogDamaged, match=message):
        offsets.extend(commit.first_offset for commit in reader.commits(0, events_max=40))
    assert max(offsets) < 28


def test_a_damaged_archive_file_is_named(data: Path) -> None:
    path = next(iter(sorted((data / "archive").rglob("*.parquet"))))
    name = path.relative_to(data).as_posix()
    content = path.read_bytes()
    path.write_bytes(content[:50] + bytes([content[50] ^ 1]) + content[51:])
    with pytest.raises(LogDamaged, match=name):
        list(LogReader(data / "eventlog").commits(0, events_max=40))
    path.unlink()
    with pytest.raises(LogDamaged, match=f"{name} is missing"):
        list(LogReader(data / "eventlog").commits(0, events_max=40))
    with pytest.raises(LogDamaged, match=f"{name} is missing"):
        [LogReader(data / "eventlog").event(offset) for offset in range(21)]
