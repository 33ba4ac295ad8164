"""Blocking reads, kept off the event loop and bounded in number."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, TypeVar

from jobtrail.errors import EngineBusy

P = ParamSpec("P")
T = TypeVar("T")


class Queries:
    """Runs blocking calls on a fixed number of threads; belongs to one event loop.

    At most ``running_max`` run and ``waiting_max`` wait; one more is refused at once, so a burst of
    expensive reports costs its senders an error and not the service its memory.
    """

    def __init__(self, *, running_max: int, waiting_max: int) -> None:
        self._pool = ThreadPoolExecutor(running_max, thread_name_prefix="query")
        self._admitted_max = running_max + waiting_max
        self._admitted = 0

    @property
    def admitted(self) -> int:
        """Calls that run or wait now."""
        return self._admitted

    async def run(self, call: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """Run ``call(*args, **kwargs)`` on a thread and return what it returns.

        A caller that goes away does not stop a call that has begun; its place is free again only
        when the call has ended.

        Raises:
            EngineBusy: As many calls are admitted as may be.
        """
        if self._admitted >= self._admitted_max:
            raise EngineBusy(
                f"{self._admitted} queries are running or waiting, which is as many as may "
                "(queries_waiting_max); try again later"
            )
        future = asyncio.get_running_loop().run_in_executor(
            self._pool, lambda: call(*args, **kwargs)
        )
        self._admitted += 1
        future.add_done_callback(self._release)
        return await asyncio.shield(future)

    def _release(self, future: asyncio.Future[T]) -> None:
        self._admitted -= 1
        if not future.cancelled():
            future.exception()  # read it, so that an abandoned call's failure is not reported twice

    def close(self) -> None:
        """Take no more calls; those that run go on and those that wait are dropped."""
        self._pool.shutdown(wait=False, cancel_futures=True)
