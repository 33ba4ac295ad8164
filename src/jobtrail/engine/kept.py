"""Answers that are kept for a while, so that pages that refresh themselves cost little.

An answer is used again for ``SHARE`` times as long as it took to make. Whatever the size of the
tables and the number of open pages, one question then takes at most 1/``SHARE`` of a processor; and
what is quick to answer is always fresh.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar, cast

T = TypeVar("T")

SHARE = 20
ANSWERS_MAX = 64
"""Answers kept; the one that was not asked for the longest makes room."""


class _Answer(Generic[T]):
    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.version: Hashable = None
        self.value: T | None = None
        self.is_made = False
        self.fresh_until = 0.0


class Kept:
    """Answers by question; safe for use from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._answers: OrderedDict[Hashable, _Answer[object]] = OrderedDict()

    def get(self, question: Hashable, version: Hashable, make: Callable[[], T]) -> T:
        """Return the kept answer to *question*, or *make* one; whoever asks meanwhile waits for it.

        Args:
            question: What is asked; equal questions have equal answers.
            version: What the answer was made from; the same one is never made twice. ``None`` means
                that this is not known.
            make: Makes the answer. What it raises is raised here, and nothing is kept.
        """
        answer = self._find(question)
        with answer.lock:
            is_same = version is not None and version == answer.version
            if not answer.is_made or not (is_same or self._clock() < answer.fresh_until):
                began = self._clock()
                answer.value = make()
                ended = self._clock()
                answer.version, answer.is_made = version, True
                answer.fresh_until = ended + SHARE * (ended - began)
            return cast(T, answer.value)

    def peek(self, question: Hashable) -> object | None:
        """Return the last answer to *question* however old it is, without waiting for a new one."""
        with self._lock:
            answer = self._answers.get(question)
        return answer.value if answer is not None else None

    def _find(self, question: Hashable) -> _Answer[object]:
        with self._lock:
            answer = self._answers.setdefault(question, _Answer())
            self._answers.move_to_end(question)
            while len(self._answers) > ANSWERS_MAX:
                self._answers.popitem(last=False)
            return answer
