"""Folds the write-ahead log into the database beside the writer, so that commits do not wait.

SQLite would do it inside whichever COMMIT passes the bound, and 40 MiB take 30 to 50 ms. So a
thread of its own does the bulk on a connection of its own, while commits go on; then the writer
folds what was added meanwhile, which is little, and its next commit begins the log anew.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

import apsw
import structlog

from jobtrail.errors import Failure
from jobtrail.eventlog.database import DATABASE, connect_to_write, fold_wal_partly, sync_file

START_PAGES = 20_000
"""40 MiB of write-ahead log. Folding at a tenth of that costs 4 us more an event, because a page
that is written often is then folded ten times as often."""

PAGES_MAX = 100_000
"""200 MiB: past it the writer folds the log itself and lets commits wait."""


class Checkpointer:
    """One thread that folds when asked; it begins with the first request."""

    def __init__(self, directory: Path, *, vfs: str) -> None:
        self._directory = directory
        self._vfs = vfs
        self._thread: threading.Thread | None = None
        self._wanted = threading.Semaphore(0)
        self._is_working = False
        self._is_closed = False
        self._has_finished = False
        self._logger = structlog.stdlib.get_logger().bind(part="eventlog")

    def tend(self, wal_pages: int, fold: Callable[[], None]) -> None:
        """Do what the size of the write-ahead log asks for; in the writer's thread.

        Args:
            wal_pages: How many pages the log has.
            fold: Folds the log in this thread; called when there is little left to fold, or when
                there is so much that commits must wait.
        """
        if wal_pages < START_PAGES:
            self._has_finished = False
        elif self._has_finished or wal_pages > PAGES_MAX:
            self._has_finished = False
            fold()
        elif not self._is_working:
            self._is_working = True
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="log-folder", daemon=True)
                self._thread.start()
            self._wanted.release()

    def close(self) -> None:
        """End the thread, after what it does now."""
        if self._thread is not None:
            self._is_closed = True
            self._wanted.release()
            self._thread.join()
            self._thread = None

    def _run(self) -> None:
        while self._wanted.acquire() and not self._is_closed:
            try:
                # A connection each time: after a failed sync a handle is not to be used again.
                connection = connect_to_write(self._directory, vfs=self._vfs)
                try:
                    fold_wal_partly(connection)
                finally:
                    connection.close(True)
                # SQLite syncs the file only with the last of the log, which is left to the writer.
                # So that it finds little to sync, the bulk is synced here.
                sync_file(self._directory / DATABASE)
                self._has_finished = True
            except (apsw.Error, OSError, Failure) as error:
                # Nothing is lost: the log keeps everything, and grows until it can be folded.
                self._logger.warning("log_fold_failed", reason=str(error))
            finally:
                self._is_working = False
