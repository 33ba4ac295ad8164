#!/usr/bin/env python3
"""Measure the event log alone: events a second and CPU an event, through ``EventLog.append``.

    .venv/bin/python script/bench_log.py [--events N] [--ids N] [--folder DIR]

``--ids`` puts that many ids into the table of keys first, since random inserts into a large index
are what gets slower with age. CPU is that of the whole process: loop and writer together.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import platform
import random
import resource
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import apsw
import uvloop

from jobtrail.eventlog import EventLog
from jobtrail.eventlog.database import DATABASE, connect_to_write, create
from jobtrail.events import Event
from jobtrail.settings import Settings

APPENDERS = 64
BATCH = 1_000
TENANT = "projects/bench/tenants/bench"
NS_PER_S = 1_000_000_000


def make_events(count: int, seed: int) -> list[Event]:
    rng = random.Random(seed)
    return [
        Event(
            tenant=TENANT,
            event_id=f"{rng.getrandbits(128):032x}",
            type=rng.choice((1, 2, 2, 2, 4, 5)),
            jobs=(f"{TENANT}/jobs/{rng.randrange(20_000)}",),
            create_seconds=1_790_000_000 + index // 1_000,
            create_nanos=rng.randrange(NS_PER_S),
            receive_time=1_790_000_000 * NS_PER_S + index * 1_000_000,
            api="grpc/v4",
            request_id=f"{rng.getrandbits(64):016x}",
            client="gl-python/3.12.1 grpc/1.80.0 gax/2.30.0 gapic/2.20.0",
        )
        for index in range(count)
    ]


def fill_keys(directory: Path, count: int) -> None:
    """Put *count* keys in without records; the offsets are out of the way of real ones."""
    create(directory)
    connection = connect_to_write(directory)
    keys = sorted(hashlib.blake2b(b"%d" % i, digest_size=16).digest() for i in range(count))
    sql = "INSERT INTO event_keys SELECT value, ? + rowid, zeroblob(8) FROM carray(?)"
    with connection:
        for start in range(0, count, 50_000):
            block = tuple(keys[start : start + 50_000])
            connection.execute(sql, (10**12 + start, apsw.carray(block)))
    connection.close()


async def append_one_by_one(log: EventLog, events: list[Event], latencies: list[float]) -> None:
    """64 appenders, each with one event in flight: what unary calls look like."""
    left = iter(events)

    async def appender() -> None:
        for event in left:
            began = time.perf_counter()
            await log.append(event)
            latencies.append(time.perf_counter() - began)

    await asyncio.gather(*(appender() for _ in range(APPENDERS)))


async def append_in_batches(log: EventLog, events: list[Event], latencies: list[float]) -> None:
    """1,000 events at once, then the next 1,000."""
    for start in range(0, len(events), BATCH):
        began = time.perf_counter()
        await asyncio.gather(*[log.append(event) for event in events[start : start + BATCH]])
        latencies.append(time.perf_counter() - began)


def measure(
    name: str,
    run: Callable[[EventLog, list[Event], list[float]], Awaitable[None]],
    folder: Path,
    events: list[Event],
    ids: int,
) -> None:
    directory = folder / name / "eventlog"
    if ids:
        fill_keys(directory, ids)

    async def main() -> tuple[float, float, list[float], int]:
        log = EventLog.open(directory, Settings())
        latencies: list[float] = []
        wall, cpu = time.perf_counter(), time.process_time()
        await run(log, events, latencies)
        wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
        commits = log.status().commits
        await log.close()
        return wall, cpu, sorted(latencies), commits

    wall, cpu, latencies, commits = uvloop.run(main())
    count = len(events)
    print(
        f"{name:8} {ids:>9,} ids before: {count / wall:>8,.0f} events/s, "
        f"{cpu / count * 1e6:5.1f} us CPU an event, {count / commits:6.1f} events a commit, "
        f"p50 {latencies[len(latencies) // 2] * 1e3:6.2f} ms, "
        f"p99 {latencies[int(len(latencies) * 0.99)] * 1e3:6.2f} ms, "
        f"max {latencies[-1] * 1e3:6.1f} ms, "
        f"{(directory / DATABASE).stat().st_size / (count + ids):.0f} bytes an id"
    )
    shutil.rmtree(folder / name)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--events", type=int, default=200_000)
    parser.add_argument("--ids", type=int, nargs="*", default=[0, 1_000_000])
    parser.add_argument("--folder", type=Path, help="where to write; default: a temporary folder")
    options = parser.parse_args()
    events = make_events(options.events, seed=1)
    print(f"{platform.processor() or platform.machine()}, Python {platform.python_version()}")
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        for ids in options.ids:
            measure("single", append_one_by_one, Path(folder), events, ids)
            measure("batches", append_in_batches, Path(folder), events, ids)
    print(f"peak memory {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024} MB")


if __name__ == "__main__":
    main()
