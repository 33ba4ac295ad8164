"""The writer's thread: takes what waits, commits it, answers; when the log breaks, it recovers.

After a failed commit nothing on the same handle can be trusted: the kernel forgets pages that it
could not write, and a second fsync then succeeds without them. So the writer closes the file, opens
it anew, folds the write-ahead log into it (which writes and syncs everything again), and verifies
that what was acknowledged is there, before it acknowledges anything else. Until that succeeds,
events are refused at once.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import apsw
import structlog

from jobtrail.crash import crash_point
from jobtrail.errors import Failure, LogDamaged, LogUnavailable
from jobtrail.eventlog.database import CHECKSUM_VFS, failure_of
from jobtrail.eventlog.logfile import LogFile
from jobtrail.eventlog.tail import Tail
from jobtrail.eventlog.waiting import OVERHEAD_BYTES, Batch, Queue, Waiting
from jobtrail.eventlog.witness import Witness
from jobtrail.settings import Settings

RETRY_S_FIRST = 0.1
RETRY_S_MAX = 5.0
"""Between two tries to recover; doubles from the one to the other."""

RETRY_S_MIN = 0.1
"""Whoever appends brings the next try forward, but not to less than this after the last."""

DRAIN_SMOOTHING = 0.2
"""Share of the newest commit in the drain rate, which so forgets a stall within ten commits."""

Answer = tuple[Waiting, Any]
Deliver = Callable[[Sequence[Answer]], None]


class Writer:
    """Owns the file and the witness; everything but ``start`` and ``join`` runs in its thread.

    Args:
        directory: Where the log is.
        settings: Bounds.
        waiting: The queue to take from.
        deliver: Called with the answers of a commit: for an event its ``Result`` or a ``Failure``,
            for a rejection whether it was kept.
        vfs: SQLite's file layer; tests put a faulty one in.

    Raises:
        Failure: The log cannot be opened; see ``LogFile``.
    """

    def __init__(
        self,
        directory: Path,
        settings: Settings,
        waiting: Queue,
        deliver: Deliver,
        *,
        acknowledged: Tail | None,
        vfs: str = CHECKSUM_VFS,
    ) -> None:
        self._directory = directory
        self._settings = settings
        self._queue = waiting
        self._deliver = deliver
        self._vfs = vfs
        self._logger = structlog.stdlib.get_logger().bind(part="eventlog")
        file = LogFile(directory, settings, acknowledged, vfs=vfs)
        self._file: LogFile | None = file
        self._acknowledged = file.tail
        try:
            self._witness = Witness(directory, self._acknowledged)
        except OSError:
            file.close(is_healthy=False)
            raise
        self._thread = threading.Thread(target=self._run, name="log-writer", daemon=True)
        self._in_hand: Batch | None = None
        self.commits = 0
        self.committed_events = 0
        self.committed_bytes = 0
        self.failures = 0
        self.lost_rejections = 0

    @property
    def end_offset(self) -> int:
        """The offset after the last acknowledged event."""
        return self._acknowledged.end_offset

    def start(self) -> None:
        """Begin to take from the queue."""
        self._thread.start()

    def join(self) -> None:
        """Wait until the queue was closed and emptied, and the file is closed."""
        self._thread.join()

    def _run(self) -> None:
        try:
            while True:
                if self._queue.refusal is not None:
                    self._recover()
                batch = self._in_hand = self._queue.take()
                if batch is not None:
                    self._record(batch)
                elif self._queue.is_closed:
                    break
        except BaseException as bug:
            # A bug: nothing more is written, everyone is told, and readiness fails for good.
            self._logger.exception("log_writer_stopped")
            self._refuse(
                LogUnavailable(f"the log's writer stopped: {type(bug).__name__}"), self._in_hand
            )
            raise
        finally:
            self._close()

    def _record(self, batch: Batch) -> None:
        assert self._file is not None
        began = time.monotonic()
        try:
            results = self._file.commit(batch)
        except (apsw.Error, OSError, MemoryError, Failure) as error:
            self._break(error, batch)
            return
        self._acknowledge(self._file.tail)
        self._count(batch, time.monotonic() - began)
        answers: list[Answer] = list(zip(batch.events, results, strict=True))
        answers += [(rejection, True) for rejection in batch.rejections]
        self._deliver(answers)
        crash_point("commit.after_resolve")
        self._tend()

    def _tend(self) -> None:
        assert self._file is not None
        try:
            self._file.tend()
        except (apsw.Error, Failure) as error:
            self._break(error, None)

    def _break(self, error: Exception, batch: Batch | None) -> None:
        failure = self._failure_of(error)
        self._logger.error("log_failed", reason=failure.message, cause=repr(error))
        self._refuse(failure, batch)
        self._close_file(is_healthy=False)

    def _failure_of(self, error: Exception) -> Failure:
        """Say what *error* means to whoever waits: a damaged log can be mended, and they retry."""
        failure = failure_of(error, self._directory)
        return LogUnavailable(failure.message) if isinstance(failure, LogDamaged) else failure

    def _acknowledge(self, acknowledged: Tail) -> None:
        if acknowledged != self._acknowledged:
            self._acknowledged = acknowledged
            try:
                self._witness.write(acknowledged)
            except OSError as error:
                # The events are on disk, which is what counts; the next commit writes it again.
                self._logger.warning("log_witness_failed", reason=str(error))
            crash_point("commit.after_witness")

    def _count(self, batch: Batch, seconds: float) -> None:
        self.commits += 1
        self.committed_events += len(batch.events)
        entries = len(batch.events) + len(batch.rejections)
        self.committed_bytes += batch.bytes - entries * OVERHEAD_BYTES
        rate = entries / max(seconds, 1e-6)
        last = self._queue.drain_events_per_second or rate
        self._queue.drain_events_per_second = last + DRAIN_SMOOTHING * (rate - last)

    def _refuse(self, failure: Failure, batch: Batch | None) -> None:
        """Answer *batch* and all that waits with *failure*, and whoever comes from now on."""
        self.failures += 1
        answers: list[Answer] = []
        for refused in (batch, self._queue.refuse(failure)):
            if refused is not None:
                answers += [(waiting, failure) for waiting in refused.events]
                answers += [(rejection, False) for rejection in refused.rejections]
                self.lost_rejections += len(refused.rejections)
        self._deliver(answers)

    def _recover(self) -> None:
        """Try to open the log again until that succeeds or the queue is closed."""
        retry_s = RETRY_S_FIRST
        tried = time.monotonic()
        while not self._queue.is_closed:
            self._queue.rest(retry_s)
            # Whoever asks brings the next try forward, but cannot make us try all the time.
            while not self._queue.is_closed and time.monotonic() < tried + RETRY_S_MIN:
                self._queue.rest(tried + RETRY_S_MIN - time.monotonic())
            tried = time.monotonic()
            if self._queue.is_closed or self._reopen():
                break
            retry_s = min(2 * retry_s, RETRY_S_MAX)

    def _reopen(self) -> bool:
        try:
            self._file = LogFile(self._directory, self._settings, self._acknowledged, vfs=self._vfs)
        except (apsw.Error, OSError, MemoryError, Failure) as error:
            failure = self._failure_of(error)
            self._logger.warning("log_recovery_failed", reason=failure.message, cause=repr(error))
            self._refuse(failure, None)
            return False
        # A commit that failed may have reached the disk after all; then it is recorded, and a
        # repeated event is answered as the duplicate that it is.
        self._acknowledge(self._file.tail)
        self._queue.accept()
        self._logger.info("log_recovered", end_offset=self.end_offset)
        return True

    def _close(self) -> None:
        self._close_file(is_healthy=self._queue.refusal is None)
        self._witness.close()

    def _close_file(self, *, is_healthy: bool) -> None:
        if self._file is None:
            return
        try:
            self._file.close(is_healthy=is_healthy)
        except (apsw.Error, Failure) as error:
            # Nothing is lost: the next opening reads the write-ahead log.
            self._logger.warning("log_close_failed", reason=str(error))
        self._file = None


def resolve(future: asyncio.Future[Any], answer: Any) -> None:
    """Give *future* its answer, unless whoever waited for it has gone; in the loop's thread."""
    if future.done():
        return
    if isinstance(answer, Failure):
        future.set_exception(type(answer)(answer.message, retry_after_ms=answer.retry_after_ms))
    else:
        future.set_result(answer)
