"""The quarantine's bounds, and the counts that outlive it."""

from __future__ import annotations

from pathlib import Path

import pytest

from jobtrail.errors import Reason
from jobtrail.eventlog import EventLog, LogReader, OutcomeCount, Rejection
from jobtrail.eventlog.record import encode_rejection
from jobtrail.settings import Settings
from tests.eventlogs import NOON, TENANT, append_all, make_event


def rejection(number: int, *, payload: bytes = b"x" * 100) -> Rejection:
    return Rejection(
        Reason.TYPE_UNKNOWN,
        f"message {number:04d}",
        NOON,
        tenant=TENANT,
        fields=("client_event.job_event.type",),
        event_id=f"e{number}",
        api="rest/v4",
        client="curl/8.5.0",
        payload=payload,
    )


async def keep(directory: Path, settings: Settings, numbers: range) -> None:
    log = EventLog.open(directory, settings)
    for number in numbers:
        assert await log.reject(rejection(number))
    await log.close()


async def test_rejections_are_kept_in_order_with_ids_from_one(tmp_path: Path) -> None:
    await keep(tmp_path, Settings(), range(5))
    reader = LogReader(tmp_path)
    assert [number for number, _ in reader.rejections(0, 100)] == [1, 2, 3, 4, 5]
    assert [kept.event_id for _, kept in reader.rejections(2, 2)] == ["e2", "e3"]
    assert reader.first_rejection_id() == 1


async def test_past_the_bound_of_rows_the_oldest_make_room(tmp_path: Path) -> None:
    await keep(tmp_path, Settings(quarantine_events_max=3), range(10))
    reader = LogReader(tmp_path)
    assert [number for number, _ in reader.rejections(0, 100)] == [8, 9, 10]
    assert reader.first_rejection_id() == 8


async def test_past_the_bound_of_bytes_the_oldest_make_room(tmp_path: Path) -> None:
    size = len(encode_rejection(rejection(0), payload_bytes_max=1_000))
    await keep(tmp_path, Settings(quarantine_bytes_max=3 * size), range(10))
    assert [number for number, _ in LogReader(tmp_path).rejections(0, 100)] == [8, 9, 10]


async def test_the_bounds_hold_over_a_restart_and_for_many_at_once(tmp_path: Path) -> None:
    await keep(tmp_path, Settings(), range(10))
    log = EventLog.open(tmp_path, Settings(quarantine_events_max=4))
    futures = [log.reject(rejection(number)) for number in range(10, 30)]
    assert all([await future for future in futures])
    await log.close()
    assert [number for number, _ in LogReader(tmp_path).rejections(0, 100)] == [27, 28, 29, 30]


async def test_a_quarantine_too_small_for_one_event_keeps_none_and_counts_on(
    tmp_path: Path,
) -> None:
    await keep(tmp_path, Settings(quarantine_bytes_max=1), range(3))
    await keep(tmp_path, Settings(), range(3, 4))
    reader = LogReader(tmp_path)
    assert [number for number, _ in reader.rejections(0, 100)] == [4]
    assert sum(count.count for count in reader.outcomes()) == 4


async def test_a_payload_is_cut(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path, Settings(quarantine_payload_bytes_max=10))
    await log.reject(rejection(0, payload=b"0123456789ABC"))
    await log.close()
    [(_, kept)] = LogReader(tmp_path).rejections(0, 1)
    assert (kept.payload, kept.payload_bytes) == (b"0123456789", 13)


async def test_each_outcome_is_counted_exactly_and_over_restarts(tmp_path: Path) -> None:
    for _ in range(2):
        log = EventLog.open(tmp_path, Settings())
        await append_all(log, [make_event(n % 3, client="curl/8.5.0") for n in range(5)])
        await log.reject(rejection(0))
        await log.close()
    assert sorted(LogReader(tmp_path).outcomes(), key=lambda row: row.outcome) == [
        OutcomeCount(20_000, TENANT, "admitted", "", "grpc/v4", "curl/8.5.0", 3),
        OutcomeCount(20_000, TENANT, "duplicate", "", "grpc/v4", "curl/8.5.0", 7),
        OutcomeCount(20_000, TENANT, "rejected", "type_unknown", "rest/v4", "curl/8.5.0", 2),
    ]


async def test_a_conflict_is_counted_once_by_whoever_rejects_it(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path, Settings())
    await append_all(log, [make_event("a"), make_event("a", type=3)])
    await log.close()
    [row] = LogReader(tmp_path).outcomes()
    assert (row.outcome, row.count) == ("admitted", 1)


@pytest.mark.parametrize("surrogate", ["\ud800", "a\udfffb"])
async def test_an_unpaired_surrogate_in_a_tenant_is_kept_as_a_question_mark(
    tmp_path: Path, surrogate: str
) -> None:
    log = EventLog.open(tmp_path, Settings())
    assert await log.reject(Rejection(Reason.TEXT_UNSTORABLE, "m", NOON, tenant=surrogate))
    await log.close()
    [row] = LogReader(tmp_path).outcomes()
    assert "?" in row.tenant
