"""The loader's threads inside the engine's process: one loads and rests, one archives."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import structlog

from jobtrail.clock import Clock, system_clock
from jobtrail.eventlog.archive import archive
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store.loader import Loader, LoaderStatus
from jobtrail.store.store import Store

REST_AFTER_FAILURE_S_MAX = 30.0
"""Longest rest between two tries while the store cannot be written; doubles up to here."""

RELEASE_INTERVAL_S = 10.0
"""Between two returns of freed memory to the system; each takes some 14 ms after a big load."""

TRIM_INTERVAL_S = 60.0
"""Between two deletions of rejected events that the quarantine has dropped."""

STOP_TIMEOUT_S = 5.0
"""A load of 20,000 events takes some 0.2 s, and 2 s on a slow disk."""

_NS_PER_DAY = 86_400 * 1_000_000_000


class LoaderThread:
    """Loads the log into the store until it is stopped, and archives what is loaded and old.

    A failure is told in `status`, and tried again after a rest. A damaged log is not: nothing after
    the damage is loaded, `status` says where it is, and reports go on with what there is.
    """

    def __init__(
        self, store: Store, reader: LogReader, settings: Settings, *, clock: Clock = system_clock
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._log = structlog.get_logger(__name__)
        self._loader = Loader(store, reader, settings, clock=clock)
        self._chores = (
            _Chore(store.release_memory, RELEASE_INTERVAL_S),
            _Chore(self._loader.trim_rejections, TRIM_INTERVAL_S),
        )
        self._stopping = threading.Event()
        self._threads = [
            threading.Thread(target=self._load, name="loader", daemon=True),
            threading.Thread(target=self._archive, name="archiver", daemon=True),
        ]

    def start(self) -> None:
        """Begin; returns at once."""
        for thread in self._threads:
            thread.start()

    def stop(self, timeout_s: float = STOP_TIMEOUT_S) -> None:
        """End after the step that runs now, and wait for it for at most *timeout_s*.

        Cutting a step short does no harm either: the next start repairs.
        """
        self._stopping.set()
        deadline = time.monotonic() + timeout_s
        for thread in self._threads:
            if thread.ident is not None:
                thread.join(max(0.0, deadline - time.monotonic()))

    def status(self) -> LoaderStatus:
        """Say how far the store is behind the log."""
        return self._loader.status()

    def _load(self) -> None:
        interval_s = self._settings.load_interval_ms / 1000
        rest_s, times_begun_anew = 0.0, 0
        while not self._stopping.wait(rest_s):
            try:
                self._loader.step()
                self._keep_house()
            except Exception as error:  # noqa: BLE001 - a thread's boundary; counted in status
                if self._loader.status().is_stopped:
                    self._log.error("loading_stopped", reason=str(error), exc_info=error)
                    return
                rest_s = min(2 * max(rest_s, interval_s), REST_AFTER_FAILURE_S_MAX)
                self._log.warning("loading_failed", reason=str(error), retry_after_s=rest_s)
                continue
            status = self._loader.status()
            if status.times_begun_anew > times_begun_anew:
                times_begun_anew = status.times_begun_anew
                self._log.warning("rows_lost", remedy="all is being loaded anew from the log")
            # As long as the store is behind, loads follow each other at once.
            rest_s = 0.0 if status.has_more else interval_s

    def _keep_house(self) -> None:
        now = time.monotonic()
        for chore in self._chores:
            if now >= chore.due_s:
                chore.due_s = now + chore.interval_s
                chore.do()

    def _archive(self) -> None:
        data = Path(self._settings.data)
        interval_s = self._settings.archive_interval_ms / 1000
        while not self._stopping.wait(interval_s):
            before = self._clock() - int(self._settings.archive_after_days * _NS_PER_DAY)
            try:
                archive(data, before=before, loaded_offset=self.status().loaded_offset)
            except Exception as error:  # noqa: BLE001 - a thread's boundary; the next round retries
                self._log.warning("archiving_failed", reason=str(error), exc_info=error)


@dataclass(slots=True)
class _Chore:
    """Something that the loader's thread does now and then."""

    do: Callable[[], None]
    interval_s: float
    due_s: float = 0.0
