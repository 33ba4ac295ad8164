"""Blocking reads are bounded, and a caller that leaves does not free a place too early."""

from __future__ import annotations

import asyncio
import threading

import pytest

from jobtrail.engine.queries import Queries
from jobtrail.errors import Code, EngineBusy


async def test_a_call_runs_on_another_thread_and_its_answer_comes_back() -> None:
    queries = Queries(running_max=1, waiting_max=0)
    name = await queries.run(lambda: threading.current_thread().name)
    assert name.startswith("query")
    assert queries.admitted == 0
    queries.close()


async def test_what_a_call_raises_is_raised_to_its_caller() -> None:
    queries = Queries(running_max=1, waiting_max=0)
    with pytest.raises(ZeroDivisionError):
        await queries.run(lambda: 1 / 0)
    assert queries.admitted == 0
    queries.close()


async def test_one_call_more_than_may_run_or_wait_is_refused_at_once() -> None:
    queries = Queries(running_max=1, waiting_max=1)
    release = threading.Event()
    held = [asyncio.ensure_future(queries.run(release.wait, 10)) for _ in range(2)]
    await asyncio.sleep(0)
    with pytest.raises(EngineBusy, match="queries_waiting_max") as refused:
        await queries.run(lambda: None)
    assert refused.value.code is Code.RESOURCE_EXHAUSTED
    release.set()
    assert await asyncio.gather(*held) == [True, True]
    assert await queries.run(lambda: 7) == 7
    queries.close()


async def test_a_caller_that_leaves_keeps_its_place_until_the_call_ends() -> None:
    queries = Queries(running_max=1, waiting_max=0)
    release = threading.Event()
    caller = asyncio.ensure_future(queries.run(release.wait, 10))
    await asyncio.sleep(0)
    caller.cancel()
    with pytest.raises(asyncio.CancelledError):
        await caller
    assert queries.admitted == 1
    with pytest.raises(EngineBusy):
        await queries.run(lambda: None)
    release.set()
    async with asyncio.timeout(5):
        while queries.admitted:
            await asyncio.sleep(0.01)
    queries.close()
