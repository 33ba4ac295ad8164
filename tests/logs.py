"""Logs for tests: filled through the real writer, in as many commits as a test wants."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from pathlib import Path

from jobtrail.datafolder import DataFolder
from jobtrail.errors import Reason
from jobtrail.eventlog import EventLog, Rejection
from jobtrail.events import Event, EventType
from jobtrail.settings import Settings
from tests.folding import NS, job, make_event

COMMIT_EVENTS = 40
"""Events in one commit of a log that `fill` makes."""


def fill(
    data: Path,
    events: Sequence[Event],
    rejections: Sequence[Rejection] = (),
    *,
    settings: Settings | None = None,
) -> None:
    """Append to the log of the data folder *data*, `COMMIT_EVENTS` at a time."""
    asyncio.run(_fill(data, events, rejections, settings or Settings()))


async def _fill(
    data: Path, events: Sequence[Event], rejections: Sequence[Rejection], settings: Settings
) -> None:
    log = EventLog.open(DataFolder(data).eventlog, settings)
    try:
        for first in range(0, len(events), COMMIT_EVENTS):
            batch = events[first : first + COMMIT_EVENTS]
            await asyncio.gather(*(log.append(event) for event in batch))
        for first in range(0, len(rejections), COMMIT_EVENTS):
            refused = rejections[first : first + COMMIT_EVENTS]
            await asyncio.gather(*(log.reject(rejection) for rejection in refused))
    finally:
        await log.close()


def some_events(count: int, *, seed: int = 1, prefix: str = "e") -> list[Event]:
    """Make *count* different events of all types, some with several jobs."""
    chance = random.Random(seed)
    kinds = [kind for kind in EventType if kind]
    return [
        make_event(
            f"{prefix}{n}",
            chance.choice(kinds),
            jobs=tuple(job(chance.randrange(9)) for _ in range(chance.choice((1, 1, 3)))),
            request_id=f"r{n // 5}",
            create_seconds=1_750_000_000 + n,
            receive_time=(1_750_000_001 + n) * NS,
        )
        for n in range(count)
    ]


def some_rejections(count: int, *, first: int = 0) -> list[Rejection]:
    """Make *count* different rejections with payloads of awkward bytes."""
    return [
        Rejection(
            reason=Reason.JOBS_MISSING,
            message=f"number {n}",
            receive_time=1_750_000_001 * NS + n * 1_000,
            tenant="projects/p/tenants/t",
            fields=("client_event.job_event.jobs",),
            event_id=f"x{n}",
            api="rest/v4",
            payload=b'\x00\\\t\n\r"\xff' + bytes([n % 256]),
        )
        for n in range(first, first + count)
    ]
