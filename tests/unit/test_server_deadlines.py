"""Waits end with what came, or at their deadline."""

from __future__ import annotations

import asyncio
import time

import pytest

from jobtrail.errors import DeadlinePassed
from jobtrail.server.deadlines import SWEEP_S, Deadlines


async def test_a_wait_ends_with_what_came() -> None:
    loop = asyncio.get_running_loop()
    future: asyncio.Future[str] = loop.create_future()
    waiting = asyncio.create_task(Deadlines().wait(future, time.monotonic() + 60))
    await asyncio.sleep(0)
    future.set_result("on disk")
    assert await waiting == "on disk"


async def test_a_wait_ends_at_its_deadline_and_others_go_on() -> None:
    loop = asyncio.get_running_loop()
    deadlines = Deadlines()
    late: asyncio.Future[str] = loop.create_future()
    other: asyncio.Future[str] = loop.create_future()
    going_on = asyncio.create_task(deadlines.wait(other, time.monotonic() + 60))
    with pytest.raises(DeadlinePassed, match="same event_id"):
        await deadlines.wait(late, time.monotonic())
    assert late.done()
    assert not going_on.done()
    other.set_result("on disk")
    assert await going_on == "on disk"


async def test_a_new_wait_after_all_have_ended_is_watched_too() -> None:
    loop = asyncio.get_running_loop()
    deadlines = Deadlines()
    for _ in range(3):
        with pytest.raises(DeadlinePassed):
            await deadlines.wait(loop.create_future(), time.monotonic())
        await asyncio.sleep(2 * SWEEP_S)  # the sweep has seen that nothing waits, and stopped
