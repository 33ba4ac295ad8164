"""The event log, as the collector's event loop sees it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from jobtrail.errors import Failure, LogDamaged, Rejected
from jobtrail.eventlog import database
from jobtrail.eventlog.conflicts import Conflicts
from jobtrail.eventlog.database import CHECKSUM_VFS, DATABASE, failure_of
from jobtrail.eventlog.holder import HolderLock
from jobtrail.eventlog.logfile import Conflict
from jobtrail.eventlog.outcomes import NS_PER_DAY, OutcomeRow, client_label
from jobtrail.eventlog.receipt import LogStatus, Outcome, Receipt
from jobtrail.eventlog.record import (
    Rejection,
    encode_line,
    encode_rejection,
    event_key,
    fingerprint,
)
from jobtrail.eventlog.tail import Tail
from jobtrail.eventlog.waiting import OVERHEAD_BYTES, Queue, WaitingEvent, WaitingRejection
from jobtrail.eventlog.witness import read_witness
from jobtrail.eventlog.writer import Answer, Writer, resolve
from jobtrail.events import Event
from jobtrail.settings import Settings

LOCK = "lock"


class EventLog:
    """Appends events durably and exactly once; belongs to one event loop, and one per folder.

    Use ``EventLog.open``. A thread of the log's own writes; the loop never waits for the disk.
    """

    def __init__(
        self,
        directory: Path,
        settings: Settings,
        lock: HolderLock,
        acknowledged: Tail | None,
        *,
        vfs: str,
    ) -> None:
        self._settings = settings
        self._lock = lock
        self._queue = Queue(settings)
        self._conflicts = Conflicts(directory)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._unkept_rejections = 0
        self._writer = Writer(
            directory, settings, self._queue, self._deliver, acknowledged=acknowledged, vfs=vfs
        )
        self._writer.start()

    @classmethod
    def open(
        cls,
        directory: Path,
        settings: Settings,
        *,
        vfs: str = CHECKSUM_VFS,
    ) -> EventLog:
        """Open the log in *directory*, making it when there is none; blocks.

        What a killed process left is recovered, made durable and verified first.

        Raises:
            LogInUse: If another process writes to it.
            LogDamaged: If its end is not as it was written, or acknowledged events are missing.
            Failure: If it cannot be made or opened: no space, no permission, an I/O error.
        """
        lock: HolderLock | None = None
        try:
            directory.mkdir(parents=True, exist_ok=True, mode=0o750)
            lock = HolderLock(directory / LOCK)
            acknowledged = read_witness(directory)
            _require_database(directory, acknowledged)
            return cls(directory, settings, lock, acknowledged, vfs=vfs)
        except (apsw.Error, OSError, Failure) as error:
            if lock is not None:
                lock.release()
            raise failure_of(error, directory) from error

    def append(self, event: Event) -> asyncio.Future[Receipt | Rejected]:
        """Record *event*; does not block.

        Returns:
            A future of a receipt, once the event is on disk, or of ``EVENT_ID_REUSED`` when its id
            belongs to another content; the caller then hands that to ``reject``, with what it
            received. It raises a ``Failure`` when the event cannot be acknowledged. Cancelling it
            does not take the event back.

        Raises:
            QueueFull: Too much waits; says when to try again.
            Closing: After ``close``.
            Failure: The log is broken and not yet recovered.
        """
        line = encode_line(event)
        future = self._bound_loop().create_future()
        waiting = WaitingEvent(
            event, event_key(event.tenant, event.event_id), fingerprint(event), line, future
        )
        self._queue.put(waiting, len(line) + OVERHEAD_BYTES)
        return future

    def reject(self, rejection: Rejection) -> asyncio.Future[bool]:
        """Count a refused event and keep it in the quarantine; does not block, never raises.

        Returns:
            A future of whether it was kept. A refusal must be answered all the same when the log
            is full or broken; ``status().lost_rejections`` counts those.
        """
        future = self._bound_loop().create_future()
        record = encode_rejection(
            rejection, payload_bytes_max=self._settings.quarantine_payload_bytes_max
        )
        row = OutcomeRow(
            rejection.receive_time // NS_PER_DAY,
            rejection.tenant.encode("utf-8", "replace").decode()[:1_000],
            Outcome.REJECTED,
            rejection.reason,
            rejection.api,
            client_label(rejection.client),
        )
        try:
            self._queue.put(WaitingRejection(record, row, future), len(record) + OVERHEAD_BYTES)
        except Failure:
            self._unkept_rejections += 1
            future.set_result(False)
        return future

    async def close(self) -> None:
        """Take nothing new, commit and answer what waits, and close the file.

        Closing twice does no harm.
        """
        self._queue.close()
        await asyncio.to_thread(self._writer.join)
        # The answers of the last commit were scheduled before the thread ended.
        await asyncio.sleep(0)
        await asyncio.to_thread(self._conflicts.close)
        await asyncio.sleep(0)
        self._lock.release()

    def status(self) -> LogStatus:
        """Say how the log is doing; never blocks."""
        writer, refusal = self._writer, self._queue.refusal
        return LogStatus(
            end_offset=writer.end_offset,
            queued_events=self._queue.events,
            queued_bytes=self._queue.bytes,
            commits=writer.commits,
            committed_events=writer.committed_events,
            committed_bytes=writer.committed_bytes,
            failures=writer.failures,
            lost_rejections=writer.lost_rejections + self._unkept_rejections,
            drain_events_per_second=self._queue.drain_events_per_second,
            is_writable=refusal is None and not self._queue.is_closed,
            last_failure=refusal.message if refusal is not None else None,
        )

    def _bound_loop(self) -> asyncio.AbstractEventLoop:
        if self._loop is None:
            self._loop = asyncio.get_running_loop()
        return self._loop

    def _deliver(self, answers: Sequence[Answer]) -> None:
        """Pass on the answers of one commit to the loop, in one call; in the writer's thread."""
        if not answers:
            return
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(self._resolve, answers)
        except RuntimeError:
            return  # the loop was closed, so nobody waits any more

    def _resolve(self, answers: Sequence[Answer]) -> None:
        for waiting, answer in answers:
            future = waiting.future
            if type(answer) is Conflict:
                assert isinstance(waiting, WaitingEvent)
                self._conflicts.name(waiting.event, answer.offset, partial(self._answer, future))
            else:
                resolve(future, answer)

    def _answer(self, future: asyncio.Future[Any], answer: Rejected) -> None:
        assert self._loop is not None
        try:
            self._loop.call_soon_threadsafe(resolve, future, answer)
        except RuntimeError:
            return  # as above


def _require_database(directory: Path, acknowledged: Tail | None) -> None:
    """Make the database where there is none, unless there must have been one."""
    path = directory / DATABASE
    if path.exists():
        return
    if acknowledged is not None and acknowledged.end_offset > 0:
        raise LogDamaged(f"{DATABASE} is gone, with {acknowledged.end_offset} acknowledged events")
    if Path(f"{path}-wal").exists():
        raise LogDamaged(f"{DATABASE} is gone, and its write-ahead log is still there")
    database.create(directory)
