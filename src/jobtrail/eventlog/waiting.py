"""The bounded queue between the event loop and the writer's thread."""

from __future__ import annotations

import asyncio
import queue
import threading
from typing import Any

import msgspec

from jobtrail.errors import Closing, Failure, QueueFull
from jobtrail.events import Event
from jobtrail.settings import Settings

OVERHEAD_BYTES = 600
"""What a waiting entry takes in memory beside its line: event, key, future (measured)."""

RETRY_AFTER_MS_MIN = 10
RETRY_AFTER_MS_MAX = 10_000


class WaitingEvent(msgspec.Struct, gc=False):
    """An event on its way to disk, with all that can be made ready before its commit."""

    event: Event
    key: bytes
    fingerprint: bytes
    line: bytes
    future: asyncio.Future[Any]


class WaitingRejection(msgspec.Struct, gc=False):
    """A rejection on its way to the quarantine."""

    record: bytes
    outcome_row: Any
    future: asyncio.Future[Any]


Waiting = WaitingEvent | WaitingRejection


class Batch(msgspec.Struct):
    """What one commit takes, in the order of arrival."""

    events: list[WaitingEvent]
    rejections: list[WaitingRejection]
    bytes: int


class Queue:
    """Entries wait here for the next commit; the loop puts, the writer takes.

    It also is the one place that says no: closed, refusing (the log is broken), or full.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._mutex = threading.Lock()
        self._entries: list[Waiting] = []
        self._bytes = 0
        self._is_closed = False
        self._refusal: Failure | None = None
        self._wake: queue.SimpleQueue[None] = queue.SimpleQueue()
        self._is_awaited = False
        self._is_asked_for = False
        self.drain_events_per_second = 0.0

    @property
    def is_closed(self) -> bool:
        """Whether nothing new is taken any more."""
        return self._is_closed

    @property
    def refusal(self) -> Failure | None:
        """Why entries are refused now, unless they are not."""
        return self._refusal

    @property
    def events(self) -> int:
        """Entries that wait."""
        return len(self._entries)

    @property
    def bytes(self) -> int:
        """Bytes that wait."""
        return self._bytes

    def put(self, entry: Waiting, size: int) -> None:
        """Let *entry*, of *size* bytes, wait for the next commit.

        Raises:
            Closing: After ``close``.
            Failure: What ``refuse`` said, while it holds; the writer then tries to recover.
            QueueFull: If a bound is reached.
        """
        with self._mutex:
            if self._is_closed:
                raise Closing("the service is stopping; send it again to the next one")
            if self._refusal is not None:
                self._is_asked_for = True
                self._rouse()
                raise _renew(self._refusal)
            if (
                len(self._entries) >= self._settings.queue_events_max
                or self._bytes + size > self._settings.queue_bytes_max
            ):
                raise self._full()
            self._entries.append(entry)
            self._bytes += size
            self._rouse()

    def take(self, timeout_s: float | None = None) -> Batch | None:
        """Take what the next commit holds, waiting for it; ``None`` when there is nothing.

        Returns at once when closed, else after *timeout_s* at the latest.
        """
        with self._mutex:
            if self._entries or self._is_closed:
                return self._next()
            self._is_awaited = True
        self._await(timeout_s)
        with self._mutex:
            return self._next()

    def refuse(self, failure: Failure) -> Batch:
        """Refuse all that comes with *failure* until ``accept``; return what waited."""
        with self._mutex:
            self._refusal = failure
            batch = _sort(self._entries, self._bytes)
            self._entries, self._bytes = [], 0
            return batch

    def accept(self) -> None:
        """Take entries again."""
        with self._mutex:
            self._refusal = None

    def rest(self, timeout_s: float) -> None:
        """Wait until someone was refused since the last call, it was closed, or for *timeout_s*."""
        with self._mutex:
            is_due = self._is_closed or self._is_asked_for
            self._is_awaited = not is_due
        if not is_due:
            self._await(timeout_s)
        with self._mutex:
            self._is_asked_for = False

    def close(self) -> None:
        """Take nothing new; what waits is still to be taken."""
        with self._mutex:
            self._is_closed = True
            self._rouse()

    def _rouse(self) -> None:
        if self._is_awaited:
            self._is_awaited = False
            self._wake.put(None)

    def _await(self, timeout_s: float | None) -> None:
        # A token that comes just after the timeout makes the next wait return early; no harm.
        try:
            self._wake.get(timeout=timeout_s)
        except queue.Empty:
            return

    def _next(self) -> Batch | None:
        entries, limit = self._entries, self._settings.commit_events_max
        if not entries:
            return None
        if len(entries) <= limit and self._bytes <= self._settings.commit_bytes_max:
            size, self._bytes, self._entries = self._bytes, 0, []
            return _sort(entries, size)
        count, size = 0, 0
        for entry in entries[:limit]:
            size += entry_bytes(entry)
            if count and size > self._settings.commit_bytes_max:
                size -= entry_bytes(entry)
                break
            count += 1
        self._entries, self._bytes = entries[count:], self._bytes - size
        return _sort(entries[:count], size)

    def _full(self) -> QueueFull:
        rate = self.drain_events_per_second
        wait_ms = int(1_000 * len(self._entries) / rate) if rate else 1_000
        return QueueFull(
            f"{len(self._entries)} events wait for the log; wait and send it again",
            retry_after_ms=max(RETRY_AFTER_MS_MIN, min(wait_ms, RETRY_AFTER_MS_MAX)),
        )


def entry_bytes(entry: Waiting) -> int:
    """Say how much of the queue's bytes *entry* takes."""
    content = entry.line if isinstance(entry, WaitingEvent) else entry.record
    return len(content) + OVERHEAD_BYTES


def _sort(entries: list[Waiting], size: int) -> Batch:
    events = [entry for entry in entries if isinstance(entry, WaitingEvent)]
    if len(events) == len(entries):
        return Batch(events, [], size)
    return Batch(events, [e for e in entries if isinstance(e, WaitingRejection)], size)


def _renew(failure: Failure) -> Failure:
    # An exception that is raised again gathers tracebacks, so each caller gets one of its own.
    return type(failure)(failure.message, retry_after_ms=failure.retry_after_ms)
