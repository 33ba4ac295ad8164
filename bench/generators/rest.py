"""REST load: prebuilt HTTP/1.1 on keep-alive connections, one request in flight on each.

Closed loop (``--rate 0``): each answer is followed by the next request, which finds the most that a
service can do. Open loop: requests are due at fixed moments whether or not earlier ones were
answered, and the latency counts from the moment a request was due, so a service that stalls cannot
hide it by being asked less (no coordinated omission).
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import sys
import time
from collections import deque
from collections.abc import Iterator
from typing import cast

import msgspec
import uvloop

from bench.events import TENANT, event_ids, http_requests
from bench.generators.tally import Tally, quantiles_ms

_OK = b"HTTP/1.1 200"
_LENGTH = b"content-length: "
# uvloop's timers have a resolution of one millisecond.
_TICK_S = 0.001
_LAST_ANSWERS_S = 15.0
_clock = time.perf_counter


class Generator:
    """Sends on all connections by one schedule and keeps the tally."""

    def __init__(
        self, port: int, tenant: str, *, rate: float, warmup: float, seconds: float, count: int
    ) -> None:
        self.tally = Tally()
        self.rate = rate
        self._warmup = warmup
        self._seconds = seconds
        self._count = count
        self._templates = http_requests(port, tenant)
        self._ids = event_ids()
        self._requests = self._all_requests()
        self.is_sending = True
        self._all_sent = asyncio.Event()
        self.idle: list[Connection] = []
        self.due: deque[float] = deque()
        self._latencies: list[float] = []
        self._late: list[float] = []
        self._measured_from = float("inf")
        self._measured_to = float("inf")

    def _all_requests(self) -> Iterator[bytes]:
        while True:
            for (head, tail), event_id in zip(self._templates, self._ids, strict=False):
                yield head + event_id + tail

    async def run(self, port: int, connections: int) -> Tally:
        """Connect, send for the time given, wait for the last answers."""
        loop = asyncio.get_running_loop()
        for _ in range(connections):
            await loop.create_connection(lambda: Connection(self), "127.0.0.1", port)
        gc.collect()
        gc.freeze()
        begin = _clock()
        self._measured_from = begin + self._warmup
        self._measured_to = self._measured_from + self._seconds
        if self.rate:
            await self._send_by_schedule(begin)
        else:
            await self._send_at_once()
        self.is_sending = False
        deadline = _clock() + _LAST_ANSWERS_S
        while len(self.idle) < connections and _clock() < deadline:
            await asyncio.sleep(0.005)
        return self._finish()

    async def _send_by_schedule(self, begin: float) -> None:
        rate, sent = self.rate, 0
        last = int((self._warmup + self._seconds) * rate)
        while sent < last:
            await asyncio.sleep(_TICK_S)
            until = min(last, int((_clock() - begin) * rate))
            while sent < until:
                scheduled = begin + sent / rate
                sent += 1
                if self.idle:
                    self.idle.pop().send(scheduled)
                else:
                    self.due.append(scheduled)

    async def _send_at_once(self) -> None:
        for connection in [*self.idle]:
            connection.send(_clock())
        self.idle.clear()
        counting = asyncio.create_task(self._count_by_second())
        if not self._count:
            await asyncio.sleep(self._warmup)
        before, begin = self.tally.acknowledged, _clock()
        if self._count:
            await self._all_sent.wait()
        else:
            await asyncio.sleep(self._seconds)
        self.tally.measured_acknowledged = self.tally.acknowledged - before
        self.tally.measured_seconds = _clock() - begin
        counting.cancel()

    async def _count_by_second(self) -> None:
        counted = 0
        while True:
            await asyncio.sleep(1)
            self.tally.by_second.append(self.tally.acknowledged - counted)
            counted = self.tally.acknowledged

    def next_request(self, scheduled: float) -> bytes:
        """Count one more request that was due at *scheduled* and return its bytes."""
        self.tally.sent += 1
        if self.tally.sent == self._count:
            self.is_sending = False
            self._all_sent.set()
        if self.rate and self._measured_from <= scheduled < self._measured_to:
            self._late.append(_clock() - scheduled)
        return next(self._requests)

    def answered(self, scheduled: float) -> None:
        """Count one acknowledgement of a request that was due at *scheduled*."""
        self.tally.acknowledged += 1
        if self.rate and self._measured_from <= scheduled < self._measured_to:
            self._latencies.append(_clock() - scheduled)

    def refused(self, answer: bytes) -> None:
        """Count an answer that is no success, and keep the first of them."""
        self.tally.refused += 1
        if not self.tally.first_refusal:
            self.tally.first_refusal = answer[:400].decode("latin-1")

    def _finish(self) -> Tally:
        tally = self.tally
        tally.refused += tally.sent - tally.acknowledged - tally.refused + len(self.due)
        if self.rate:
            tally.measured_seconds = self._seconds
            tally.measured_acknowledged = len(self._latencies)
        tally.latencies_ms = quantiles_ms(self._latencies)
        tally.late_ms = quantiles_ms(self._late)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        tally.client_cpu_seconds = usage.ru_utime + usage.ru_stime
        return tally


class Connection(asyncio.Protocol):
    """One keep-alive connection with at most one request in flight."""

    __slots__ = ("_buffer", "_generator", "_scheduled", "_write")

    def __init__(self, generator: Generator) -> None:
        self._generator = generator
        self._buffer = b""
        self._scheduled = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Be ready for the first request."""
        # uvloop's transports have the interface of asyncio's and are no instances of it.
        self._write = cast(asyncio.WriteTransport, transport).write
        self._generator.idle.append(self)

    def send(self, scheduled: float) -> None:
        """Send the next request, which was due at *scheduled*."""
        self._scheduled = scheduled
        self._write(self._generator.next_request(scheduled))

    def data_received(self, data: bytes) -> None:
        """Take in an answer; one that is complete makes room for the next request."""
        if self._buffer:
            data = self._buffer + data
        head_end = data.find(b"\r\n\r\n")
        if head_end < 0 or len(data) < head_end + 4 + _body_bytes(data, head_end):
            self._buffer = data
            return
        self._buffer = b""
        generator = self._generator
        if data.startswith(_OK):
            generator.answered(self._scheduled)
        else:
            generator.refused(data)
        if generator.due:
            self.send(generator.due.popleft())
        elif generator.rate or not generator.is_sending:
            generator.idle.append(self)
        else:
            self.send(0.0)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the run: no service may drop a keep-alive connection under load."""
        if self._generator.is_sending:
            print(f"connection lost: {exc!r}", file=sys.stderr, flush=True)
            sys.exit(1)


def _body_bytes(data: bytes, head_end: int) -> int:
    at = data.find(_LENGTH, 0, head_end)
    if at < 0:
        raise ValueError(f"an answer without content-length: {data[:200]!r}")
    return int(data[at + len(_LENGTH) : data.find(b"\r", at)])


def main() -> None:
    """Run once, as told by the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tenant", default=TENANT)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--count", type=int, default=0, help="send so many and stop; 0: by time")
    parser.add_argument("--warmup", type=float, default=2.0)
    parser.add_argument("--seconds", type=float, default=8.0)
    args = parser.parse_args()
    tally = uvloop.run(_run(args))
    print(msgspec.json.encode(tally).decode())


async def _run(args: argparse.Namespace) -> Tally:
    generator = Generator(
        args.port,
        args.tenant,
        rate=args.rate,
        warmup=args.warmup,
        seconds=args.seconds,
        count=args.count,
    )
    return await generator.run(args.port, args.connections)


if __name__ == "__main__":
    main()
