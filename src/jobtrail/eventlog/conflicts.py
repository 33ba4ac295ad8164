"""Tells how a repeated event differs from the one that holds its id, away from the writer.

Reading the recorded event may take a while (it may be in the archive), and commits must not wait.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import structlog

from jobtrail.errors import Failure, Reason, Rejected
from jobtrail.eventlog.reader import LogReader
from jobtrail.events import Event, differing_fields

BACKLOG_MAX = 1_000
"""Conflicts that may wait to be named; what comes then is refused without names."""

Answer = Callable[[Rejected], None]


class Conflicts:
    """Names differing fields in a thread of its own, which begins with the first conflict."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._queue: queue.SimpleQueue[tuple[Event, int, Answer] | None] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self._logger = structlog.stdlib.get_logger().bind(part="eventlog")

    def name(self, event: Event, offset: int, answer: Answer) -> None:
        """Call *answer* once, from any thread, with how *event* differs from the one at *offset*.

        Does not block.
        """
        if self._queue.qsize() >= BACKLOG_MAX:
            answer(rejected([]))
            return
        if self._thread is None:
            self._thread = threading.Thread(target=self._run, name="log-conflicts", daemon=True)
            self._thread.start()
        self._queue.put((event, offset, answer))

    def close(self) -> None:
        """Answer what waits, and end; blocks until that is done."""
        if self._thread is not None:
            self._queue.put(None)
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        reader = LogReader(self._directory)
        while (item := self._queue.get()) is not None:
            event, offset, answer = item
            try:
                fields = differing_fields(reader.event(offset), event)
            except (Failure, apsw.Error, OSError, ImportError) as error:
                self._logger.warning("log_conflict_unnamed", offset=offset, reason=str(error))
                fields = []
            answer(rejected(fields))
        reader.close()


def rejected(fields: list[str]) -> Rejected:
    """Refuse an event whose id is taken by another; *fields* are those that differ, if known."""
    what = ", ".join(fields) or "its content"
    return Rejected(
        Reason.EVENT_ID_REUSED,
        f"client_event.event_id is already recorded with another content: {what} differs."
        " Send a new event under a new event_id, or repeat the recorded one unchanged.",
        tuple(fields) or ("client_event.event_id",),
    )
