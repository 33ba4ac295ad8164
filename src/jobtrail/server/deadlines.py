"""Ends waits whose deadline has passed, with one timer for all of them.

A timer for each request would be set and taken back some ten thousand times a second and hardly
ever go off. Here a request costs an entry in a dictionary, with a look at all of them now and then.
"""

from __future__ import annotations

import asyncio
import time
from typing import Any, TypeVar

from jobtrail.errors import DeadlinePassed

SWEEP_S = 0.02
"""How late a wait may end at the most; a look at 20,000 entries takes some 2 ms."""

T = TypeVar("T")


class Deadlines:
    """Watches the waits of one event loop."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._waits: dict[asyncio.Future[Any], float] = {}
        self._is_sweeping = False

    async def wait(self, future: asyncio.Future[T], deadline: float) -> T:
        """Wait for *future* until *deadline*, a time of the monotonic clock.

        Raises:
            DeadlinePassed: The deadline came first; *future* is then done with that.
        """
        self._waits[future] = deadline
        if not self._is_sweeping:
            self._is_sweeping = True
            self._loop.call_later(SWEEP_S, self._sweep)
        try:
            result = await future
        finally:
            del self._waits[future]
        if time.monotonic() >= deadline:
            raise _passed()
        return result

    def _sweep(self) -> None:
        now = time.monotonic()
        for future, deadline in self._waits.items():
            if deadline <= now and not future.done():
                future.set_exception(_passed())
        self._is_sweeping = bool(self._waits)
        if self._is_sweeping:
            self._loop.call_later(SWEEP_S, self._sweep)


def _passed() -> DeadlinePassed:
    return DeadlinePassed(
        "The deadline passed before the event was acknowledged. It may have been recorded: send it"
        " again with the same event_id."
    )
