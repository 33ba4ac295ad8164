"""Slow answers: made on threads of their own, waited for only so long."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar, cast

from jobtrail.engine.kept import Kept

T = TypeVar("T")

MAKERS = 2
"""Of the store's four queries at once these may be slow; the others stay for what is quick."""


class SlowAnswers:
    """Makes kept answers in the background; safe for use from any thread."""

    def __init__(self, kept: Kept) -> None:
        self._kept = kept
        self._lock = threading.Lock()
        self._making: dict[Hashable, Future[object]] = {}
        self._makers = ThreadPoolExecutor(MAKERS, thread_name_prefix="slow")

    @property
    def making(self) -> int:
        """Answers that are being made or wait for it."""
        return len(self._making)

    def get(
        self, question: Hashable, version: Hashable, make: Callable[[], T], *, patience_s: float
    ) -> T | None:
        """Return what `Kept.get` returns if it is there within *patience_s*.

        Otherwise it goes on being made, and what is returned is the answer before it, or ``None``
        when there is none yet. What *make* raises is raised to those who wait.
        """
        with self._lock:
            future = self._making.get(question)
            if future is None:
                future = self._makers.submit(self._kept.get, question, version, make)
                self._making[question] = future
                begun = True
            else:
                begun = False
        if begun:
            # Outside of the lock: an answer that is there already calls back at once.
            future.add_done_callback(lambda _: self._forget(question))
        try:
            return cast(T, future.result(patience_s))
        except TimeoutError:
            return cast("T | None", self._kept.peek(question))

    def _forget(self, question: Hashable) -> None:
        with self._lock:
            self._making.pop(question, None)

    def close(self) -> None:
        """Begin nothing more; what is being made goes on."""
        self._makers.shutdown(wait=False, cancel_futures=True)
