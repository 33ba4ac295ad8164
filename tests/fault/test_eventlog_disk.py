"""A disk that fails, fills up, stalls or loses power below a real log, and then recovers."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from jobtrail.errors import Code, Failure, LogFull, LogUnavailable, Reason
from jobtrail.eventlog import EventLog, LogReader, Outcome, Receipt, Rejection, database, writer
from jobtrail.eventlog import checkpointer as checkpoints
from jobtrail.eventlog.database import connect_to_write
from jobtrail.eventlog.record import decode_line
from jobtrail.eventlog.verify import verify_log
from jobtrail.settings import Settings
from tests.eventlogs import (
    NOON,
    Disk,
    append_all,
    make_event,
    read_lines,
    record_and_close,
    wait_until,
)

REJECTION = Rejection(Reason.TYPE_UNKNOWN, "m", NOON)


def is_acknowledged(answer: object) -> bool:
    return isinstance(answer, Receipt)


@pytest.mark.parametrize(
    ("operation", "error", "failure", "code"),
    [
        ("sync", apsw.IOError, LogUnavailable, Code.UNAVAILABLE),
        ("write", apsw.IOError, LogUnavailable, Code.UNAVAILABLE),
        ("write", apsw.FullError, LogFull, Code.RESOURCE_EXHAUSTED),
        ("sync", apsw.FullError, LogFull, Code.RESOURCE_EXHAUSTED),
    ],
)
async def test_nothing_is_acknowledged_on_a_failing_disk_and_all_is_well_when_it_heals(
    tmp_path: Path,
    operation: str,
    error: type[apsw.Error],
    failure: type[Failure],
    code: Code,
) -> None:
    disk = Disk(f"failing-{operation}-{error.__name__}")
    log = EventLog.open(tmp_path / "eventlog", Settings(), vfs=disk.name)
    await append_all(log, [make_event(n) for n in range(5)])
    disk.fail(operation, error)
    disk.fail("db_write", error)

    answers = await append_all(log, [make_event(n) for n in range(5, 10)])
    assert [type(answer) for answer in answers] == [failure] * 5
    status = log.status()
    assert (status.is_writable, status.end_offset) == (False, 5)
    assert status.last_failure
    with pytest.raises(failure) as refused:
        log.append(make_event("refused at once"))
    assert (refused.value.code, refused.value.is_retryable) == (code, True)
    assert status.queued_events == 0
    assert not await log.reject(REJECTION)

    disk.heal()
    await wait_until(lambda: log.status().is_writable)
    assert log.status().last_failure is None
    again = await append_all(log, [make_event(n) for n in range(12)])
    assert all(map(is_acknowledged, again))
    assert await log.reject(REJECTION)
    await log.close()
    assert disk.synced_after_failure == 0
    lines = read_lines(tmp_path / "eventlog")
    assert sorted(int(decode_line(line).event_id) for line in lines) == list(range(12))
    assert verify_log(tmp_path).findings == []


async def test_what_waited_behind_a_failed_commit_is_answered_too(tmp_path: Path) -> None:
    disk = Disk("behind")
    log = EventLog.open(tmp_path / "eventlog", Settings(), vfs=disk.name)
    await log.append(make_event("before"))
    disk.hold()
    first = log.append(make_event("first"))
    await asyncio.to_thread(disk.held.wait)
    behind = [log.append(make_event(n)) for n in range(10)]
    kept = log.reject(REJECTION)
    disk.fail("write")
    disk.release()
    assert is_acknowledged(await first)
    answers = await asyncio.gather(*behind, return_exceptions=True)
    assert {type(answer) for answer in answers} == {LogUnavailable}
    assert await kept is False
    assert log.status().lost_rejections == 1
    disk.heal()
    await log.close()


async def test_whoever_appends_brings_recovery_forward(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "RETRY_S_FIRST", 3_600.0)
    disk = Disk("on-demand")
    log = EventLog.open(tmp_path / "eventlog", Settings(), vfs=disk.name)
    await log.append(make_event("a"))
    disk.fail("sync")
    await append_all(log, [make_event("b")])
    disk.heal()
    with pytest.raises(LogUnavailable):
        log.append(make_event("b"))
    await wait_until(lambda: log.status().is_writable)
    assert is_acknowledged(await log.append(make_event("b")))
    await log.close()


async def test_a_log_that_is_closed_while_broken_keeps_what_it_acknowledged(tmp_path: Path) -> None:
    disk = Disk("closed-broken")
    log = EventLog.open(tmp_path / "eventlog", Settings(), vfs=disk.name)
    await append_all(log, [make_event(n) for n in range(5)])
    for operation in ("write", "sync", "db_write", "db_sync"):
        disk.fail(operation)
    await append_all(log, [make_event("lost")])
    await log.close()
    assert disk.synced_after_failure == 0
    disk.heal()
    answers = await record_and_close(tmp_path / "eventlog", [make_event(n) for n in range(5)])
    assert answers == [Receipt(Outcome.DUPLICATE, n, NOON) for n in range(5)]
    assert verify_log(tmp_path).findings == []


async def test_a_log_that_cannot_be_made_durable_is_not_opened(tmp_path: Path) -> None:
    disk = Disk("not-opened")
    log = EventLog.open(tmp_path / "eventlog", Settings(), vfs=disk.name)
    await append_all(log, [make_event(n) for n in range(5)])
    disk.fail("write", apsw.FullError)
    await append_all(log, [make_event("lost")])
    await log.close()
    disk.fail("db_write", apsw.FullError)
    with pytest.raises(LogFull):
        EventLog.open(tmp_path / "eventlog", Settings(), vfs=disk.name)
    disk.heal()
    log = EventLog.open(tmp_path / "eventlog", Settings(), vfs=disk.name)
    assert log.status().end_offset >= 5
    await log.close()


async def test_the_log_is_folded_beside_the_writer_and_does_not_grow(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "START_PAGES", 50)
    disk = Disk("folded")
    log = EventLog.open(tmp_path / "eventlog", Settings(), vfs=disk.name)
    for n in range(400):
        await log.append(make_event(n))
    assert disk.counts["db_sync"] >= 2
    # Each event takes some 5 pages of the log, which is begun anew again and again.
    wal = (tmp_path / "eventlog" / "log.sqlite3-wal").stat().st_size
    assert wal < 1_000 * database.PAGE_BYTES
    await log.close()
    assert verify_log(tmp_path).findings == []


async def test_folding_that_fails_stops_nobody_until_the_log_has_grown_to_its_bound(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "START_PAGES", 50)
    monkeypatch.setattr(checkpoints, "PAGES_MAX", 500)
    disk = Disk("unfolded")
    log = EventLog.open(tmp_path / "eventlog", Settings(), vfs=disk.name)
    disk.fail("db_write")
    acknowledged, n = 0, 0
    while log.status().is_writable:
        acknowledged += is_acknowledged((await append_all(log, [make_event(n)]))[0])
        n += 1
        assert n < 5_000
    assert acknowledged > 50
    assert disk.synced_after_failure == 0
    disk.heal()
    await wait_until(lambda: log.status().is_writable)
    assert is_acknowledged(await log.append(make_event("after")))
    await log.close()
    assert len(read_lines(tmp_path / "eventlog")) >= acknowledged + 1
    assert verify_log(tmp_path).findings == []


async def test_a_power_cut_at_any_moment_keeps_all_that_was_acknowledged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoints, "START_PAGES", 60)
    disk = Disk("power")
    folder = tmp_path / "eventlog"
    log = EventLog.open(folder, Settings(), vfs=disk.name)
    disk.keeps_durable = True
    for n in range(40):
        await log.append(make_event(n))
        if n % 3 == 0:
            left = tmp_path / f"left-{n}" / "eventlog"
            left.parent.mkdir()
            disk.lose_power(folder, left)
            lines = read_lines(left)
            assert [decode_line(line).event_id for line in lines] == [str(i) for i in range(n + 1)]
            after = await record_and_close(left, [make_event(i) for i in range(n + 2)])
            assert [answer.outcome for answer in after] == [Outcome.DUPLICATE] * (n + 1) + [
                Outcome.ADMITTED
            ]
            assert verify_log(left.parent).findings == []
    await log.close()


async def test_another_process_that_writes_is_waited_for(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "eventlog", Settings())
    other = connect_to_write(tmp_path / "eventlog")
    other.execute("BEGIN IMMEDIATE")
    waiting = log.append(make_event("a"))
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(asyncio.shield(waiting), 0.3)
    other.execute("ROLLBACK")
    other.close()
    assert is_acknowledged(await waiting)
    await log.close()


async def test_another_process_that_never_ends_is_told_of_and_recovered_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_TIMEOUT_MS", 50)
    log = EventLog.open(tmp_path / "eventlog", Settings())
    other = connect_to_write(tmp_path / "eventlog")
    other.execute("BEGIN IMMEDIATE")
    [answer] = await append_all(log, [make_event("a")])
    assert isinstance(answer, LogUnavailable)
    other.execute("ROLLBACK")
    other.close()
    await wait_until(lambda: log.status().is_writable)
    assert is_acknowledged(await log.append(make_event("a")))
    await log.close()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 6 MB, of which a ballast takes 4."""
    folder = tmp_path / "small"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=6m", "tmpfs", str(folder)]
    subprocess.run(mount, check=True)
    (folder / "ballast").write_bytes(bytes(4 * 1024 * 1024))
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.mark.root
async def test_a_full_disk_acknowledges_nothing_more_and_recovers_when_space_is_free(
    small_disk: Path,
) -> None:
    log = EventLog.open(small_disk / "eventlog", Settings())
    acknowledged: set[str] = set()
    failures: list[object] = []
    deadline = time.monotonic() + 30
    n = 0
    while len(failures) < 20 and time.monotonic() < deadline:
        events = [make_event(i, event_notes="n" * 500) for i in range(n, n + 20)]
        n += 20
        try:
            answers = await append_all(log, events)
        except Failure as failure:
            failures.append(failure)
            await asyncio.sleep(0.02)
            continue
        acknowledged |= {
            event.event_id
            for event, answer in zip(events, answers, strict=True)
            if is_acknowledged(answer)
        }
        failures += [answer for answer in answers if not is_acknowledged(answer)]
    assert {type(failure) for failure in failures} == {LogFull}
    assert len(acknowledged) > 100
    assert not log.status().is_writable
    assert "disk" in (log.status().last_failure or "")

    (small_disk / "ballast").unlink()
    await wait_until(lambda: log.status().is_writable)
    assert is_acknowledged(await log.append(make_event("after")))
    await log.close()
    kept = [decode_line(line).event_id for line in read_lines(small_disk / "eventlog")]
    assert len(kept) == len(set(kept))
    assert acknowledged | {"after"} <= set(kept)
    assert verify_log(small_disk).findings == []


@pytest.mark.root
async def test_reading_goes_on_while_the_disk_is_full(small_disk: Path) -> None:
    log = EventLog.open(small_disk / "eventlog", Settings())
    await append_all(log, [make_event(n) for n in range(50)])
    room = small_disk / "room"
    with pytest.raises(OSError, match="No space"):
        room.write_bytes(bytes(8 * 1024 * 1024))
    answers: list[object] = []
    while log.status().is_writable and len(answers) < 2_000:
        answers += await append_all(log, [make_event(1_000 + len(answers), event_notes="n" * 900)])
    assert isinstance(answers[-1], LogFull)
    reader = LogReader(small_disk / "eventlog")
    assert reader.end_offset() == 49 + len(answers)
    assert len(read_lines(small_disk / "eventlog")) == 49 + len(answers)
    room.unlink()
    await wait_until(lambda: log.status().is_writable)
    await log.close()
