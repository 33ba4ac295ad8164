"""Appending: what is answered, in which order, and what is refused at once."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

import pytest

from jobtrail.errors import Closing, Code, LogInUse, QueueFull, Reason, Rejected
from jobtrail.eventlog import EventLog, LogReader, Outcome, Receipt, Rejection
from jobtrail.eventlog.archive import archive
from jobtrail.events import Event
from jobtrail.settings import Settings
from tests.eventlogs import (
    DAY,
    NOON,
    TENANT,
    Disk,
    append_all,
    make_event,
    read_lines,
    record,
    record_and_close,
    wait_until,
    wal_bytes,
)


def admitted(offset: int, receive_time: int = NOON) -> Receipt:
    return Receipt(Outcome.ADMITTED, offset, receive_time)


def duplicate(offset: int, receive_time: int = NOON) -> Receipt:
    return Receipt(Outcome.DUPLICATE, offset, receive_time)


def test_events_get_dense_offsets_in_the_order_of_arrival(tmp_path: Path) -> None:
    events = [make_event(n) for n in range(100)]
    assert record(tmp_path / "log", events) == [admitted(n) for n in range(100)]
    reader = LogReader(tmp_path / "log")
    assert [reader.event(offset) for offset in range(100)] == events
    assert reader.end_offset() == 100


def test_an_empty_log_is_opened_and_closed(tmp_path: Path) -> None:
    assert record(tmp_path / "log", []) == []
    assert read_lines(tmp_path / "log") == []


def test_a_repeated_event_is_acknowledged_and_recorded_once(tmp_path: Path) -> None:
    first, again = make_event("a"), make_event("a", receive_time=NOON + 9, api="rest/v4")
    assert record(tmp_path / "log", [first]) == [admitted(0)]
    assert record(tmp_path / "log", [again]) == [duplicate(0, NOON + 9)]
    assert len(read_lines(tmp_path / "log")) == 1


def test_an_event_repeated_in_one_commit_is_recorded_once(tmp_path: Path) -> None:
    events = [make_event("a"), make_event("b"), make_event("a"), make_event("c"), make_event("b")]
    answers = record(tmp_path / "log", events)
    assert answers == [admitted(0), admitted(1), duplicate(0), admitted(2), duplicate(1)]
    assert len(read_lines(tmp_path / "log")) == 3


def test_the_same_id_in_two_tenants_is_two_events(tmp_path: Path) -> None:
    events = [make_event("a"), make_event("a", tenant="projects/p/tenants/u")]
    assert record(tmp_path / "log", events) == [admitted(0), admitted(1)]


def test_another_content_under_a_known_id_is_rejected_with_the_fields_that_differ(
    tmp_path: Path,
) -> None:
    changed = make_event("a", type=5, event_notes="secret text", create_nanos=1)
    _, answer = record(tmp_path / "log", [make_event("a"), changed])
    assert isinstance(answer, Rejected)
    assert (answer.reason, answer.code) == (Reason.EVENT_ID_REUSED, Code.ALREADY_EXISTS)
    assert answer.fields == (
        "client_event.create_time",
        "client_event.job_event.type",
        "client_event.event_notes",
    )
    assert all(field in answer.message for field in answer.fields)
    assert "secret" not in answer.message
    assert len(read_lines(tmp_path / "log")) == 1


def test_archived_ids_are_known_and_conflicts_with_them_are_named(tmp_path: Path) -> None:
    log = tmp_path / "eventlog"
    record(log, [make_event("a"), make_event("b")])
    archived = archive(tmp_path, before=NOON + 2 * DAY, loaded_offset=2)
    assert (archived.events, archived.archived_end) == (2, 2)
    events = [make_event("b"), make_event("a", request_id="other"), make_event("c")]
    answers = record(log, events)
    assert answers[0] == duplicate(1)
    assert isinstance(answers[1], Rejected)
    assert answers[1].fields == ("client_event.request_id",)
    assert answers[2] == admitted(2)


async def test_many_appenders_share_commits(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "log", Settings())
    answers = await append_all(log, [make_event(n) for n in range(1_000)])
    assert answers == [admitted(n) for n in range(1_000)]
    assert log.status().commits < 100
    assert log.status().end_offset == log.status().committed_events == 1_000
    await log.close()


@pytest.mark.parametrize(
    "bounds", [{"commit_events_max": 7}, {"commit_bytes_max": 7_000}], ids=["events", "bytes"]
)
async def test_a_commit_is_bounded_and_the_rest_follows(
    tmp_path: Path, bounds: dict[str, int]
) -> None:
    log = EventLog.open(tmp_path / "log", Settings(**bounds))  # type: ignore[arg-type]
    answers = await append_all(log, [make_event(n) for n in range(100)])
    assert answers == [admitted(n) for n in range(100)]
    await log.close()
    reader = LogReader(tmp_path / "log")
    # An event waits with some 800 bytes: its line and 600 for what belongs to it.
    assert max(len(commit.lines) for commit in reader.commits(0, events_max=100)) in {7, 8}


async def test_a_line_larger_than_a_commit_may_be_is_committed_alone(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "log", Settings(commit_bytes_max=10))
    assert await append_all(log, [make_event("a"), make_event("b")]) == [admitted(0), admitted(1)]
    await log.close()


@pytest.mark.parametrize(
    "bounds", [{"queue_events_max": 5}, {"queue_bytes_max": 4_500}], ids=["events", "bytes"]
)
async def test_past_its_bound_the_queue_refuses_and_says_when_to_come_back(
    tmp_path: Path, bounds: dict[str, int]
) -> None:
    disk = Disk(f"full-queue-{next(iter(bounds))}")
    log = EventLog.open(tmp_path / "log", Settings(**bounds), vfs=disk.name)  # type: ignore[arg-type]
    disk.hold()
    first = log.append(make_event("first"))
    await asyncio.to_thread(disk.held.wait)
    waiting: list[asyncio.Future[Receipt | Rejected]] = []

    def fill() -> None:
        waiting.extend(log.append(make_event(n)) for n in range(10))

    with pytest.raises(QueueFull, match="5 events wait") as full:
        fill()
    assert 10 <= full.value.retry_after_ms <= 10_000
    assert full.value.code is Code.RESOURCE_EXHAUSTED
    assert (log.status().queued_events, len(waiting)) == (5, 5)
    assert not await log.reject(Rejection(Reason.TYPE_UNKNOWN, "m", NOON))
    assert log.status().lost_rejections == 1
    disk.release()
    assert [await f for f in (first, *waiting)] == [admitted(n) for n in range(6)]
    assert (log.status().queued_events, log.status().queued_bytes) == (0, 0)
    await log.close()


async def test_whoever_stops_waiting_changes_nothing_for_the_others(tmp_path: Path) -> None:
    disk = Disk("impatient")
    log = EventLog.open(tmp_path / "log", Settings(), vfs=disk.name)
    disk.hold()
    log.append(make_event("first"))
    await asyncio.to_thread(disk.held.wait)
    gone, stays = log.append(make_event("gone")), log.append(make_event("stays"))
    gone.cancel()
    disk.release()
    assert await stays == admitted(2)
    assert await log.append(make_event("gone")) == duplicate(1)
    await log.close()


async def test_closing_answers_what_waits_and_refuses_what_comes(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "log", Settings(commit_events_max=10))
    waiting = [log.append(make_event(n)) for n in range(100)]
    conflict = log.append(make_event(0, type=9))
    closing = asyncio.create_task(log.close())
    await asyncio.sleep(0)
    with pytest.raises(Closing):
        log.append(make_event("late"))
    assert not await log.reject(Rejection(Reason.TYPE_UNKNOWN, "m", NOON))
    await closing
    assert [future.result() for future in waiting] == [admitted(n) for n in range(100)]
    assert isinstance(conflict.result(), Rejected)
    await log.close()
    assert not log.status().is_writable
    assert wal_bytes(tmp_path / "log") == 0


async def test_a_second_writer_is_refused_and_told_who_holds_the_log(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "log", Settings())
    with pytest.raises(LogInUse, match=f"held by process {os.getpid()}"):
        EventLog.open(tmp_path / "log", Settings())
    assert await log.append(make_event("a")) == admitted(0)
    await log.close()
    assert await record_and_close(tmp_path / "log", [make_event("a")]) == [duplicate(0)]


async def test_an_event_is_readable_as_soon_as_it_is_acknowledged(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "log", Settings())
    reader = LogReader(tmp_path / "log")
    for n in range(20):
        receipt = await log.append(make_event(n))
        assert isinstance(receipt, Receipt)
        assert reader.event(receipt.offset).event_id == str(n)
    await log.close()


async def test_a_bug_in_the_writer_answers_everyone_and_stays_visible(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    raised: list[BaseException] = []
    monkeypatch.setattr("threading.excepthook", lambda args: raised.append(args.exc_value))
    log = EventLog.open(tmp_path / "log", Settings())
    broken = Event(**{**_fields(make_event("a")), "receive_time": "not a number"})  # type: ignore[arg-type]
    answers = await append_all(log, [broken])
    assert "the log's writer stopped" in str(answers[0])
    await wait_until(lambda: bool(raised))
    assert not log.status().is_writable
    with pytest.raises(Exception, match="the log's writer stopped"):
        log.append(make_event("b"))
    await log.close()
    assert await record_and_close(tmp_path / "log", [make_event("b")]) == [admitted(0)]


def _fields(event: Event) -> dict[str, object]:
    return {name: getattr(event, name) for name in event.__struct_fields__}


async def test_a_tenants_name_may_be_anything(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "log", Settings())
    tenant = "projects/[Project ID]/tenants/'; DROP TABLE commits; --"
    assert await log.append(make_event("ü", tenant=tenant)) == admitted(0)
    reader = LogReader(tmp_path / "log")
    assert reader.find(tenant, "ü") == (0, make_event("ü", tenant=tenant))
    assert reader.find(TENANT, "ü") is None
    await log.close()
