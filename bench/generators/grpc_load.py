"""gRPC load: raw stubs of grpcio, which send serialized bytes and read bytes.

``grpc.aio`` on uvloop with one or two channels is as fast as any use of grpcio was. Measured
against an application that answers at once, 2 busy cores for both: 16,000 calls/s with one channel
or two and 12,000 with four; futures from threads 13,000 to 20,000; blocking calls in threads 9,000.
It takes 40 to 55 microseconds of CPU a call, about a third of what there is.

Closed and open loop mean what they do in ``rest.py``.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import resource
import time
from collections.abc import Awaitable, Callable, Iterator

import grpc
import grpc.aio
import msgspec
import uvloop

from bench.events import TENANT, event_ids, grpc_messages
from bench.generators.tally import Tally, quantiles_ms

METHOD = "/google.cloud.talent.v4.EventService/CreateClientEvent"
_CHANNELS = 2
_TICK_S = 0.001
_LAST_ANSWERS_S = 15.0
_clock = time.perf_counter

Stub = Callable[[bytes], Awaitable[bytes]]


class Generator:
    """Sends on all channels by one schedule and keeps the tally."""

    def __init__(self, tenant: str, rate: float, warmup: float, seconds: float) -> None:
        self.tally = Tally()
        self._rate = rate
        self._warmup = warmup
        self._seconds = seconds
        self._templates = grpc_messages(tenant)
        self._ids = event_ids()
        self._messages = self._all_messages()
        self._is_sending = True
        self._latencies: list[float] = []
        self._late: list[float] = []
        self._measured_from = self._measured_to = float("inf")

    def _all_messages(self) -> Iterator[bytes]:
        while True:
            for (head, tail), event_id in zip(self._templates, self._ids, strict=False):
                yield head + event_id + tail

    async def run(self, port: int, in_flight: int) -> Tally:
        """Connect, send for the time given, wait for the last answers."""
        # A pool of its own gives each channel a connection of its own.
        options = [("grpc.use_local_subchannel_pool", 1)]
        channels = [
            grpc.aio.insecure_channel(f"127.0.0.1:{port}", options=options)
            for _ in range(_CHANNELS)
        ]
        for channel in channels:
            await channel.channel_ready()
        stubs: list[Stub] = [channel.unary_unary(METHOD) for channel in channels]
        gc.collect()
        gc.freeze()
        begin = _clock()
        self._measured_from = begin + self._warmup
        self._measured_to = self._measured_from + self._seconds
        if self._rate:
            await self._send_by_schedule(begin, stubs)
        else:
            await self._send_at_once(stubs, in_flight)
        for channel in channels:
            await channel.close()
        return self._finish()

    async def _send_at_once(self, stubs: list[Stub], in_flight: int) -> None:
        senders = [
            asyncio.create_task(self._keep_sending(stubs[number % len(stubs)]))
            for number in range(in_flight)
        ]
        await asyncio.sleep(self._warmup)
        before, begin = self.tally.acknowledged, _clock()
        await asyncio.sleep(self._seconds)
        self.tally.measured_acknowledged = self.tally.acknowledged - before
        self.tally.measured_seconds = _clock() - begin
        self._is_sending = False
        await asyncio.wait(senders, timeout=_LAST_ANSWERS_S)

    async def _keep_sending(self, stub: Stub) -> None:
        while self._is_sending:
            await self._send(stub)

    async def _send_by_schedule(self, begin: float, stubs: list[Stub]) -> None:
        sent = 0
        last = int((self._warmup + self._seconds) * self._rate)
        running: set[asyncio.Task[None]] = set()
        while sent < last:
            await asyncio.sleep(_TICK_S)
            until = min(last, int((_clock() - begin) * self._rate))
            while sent < until:
                task = asyncio.create_task(
                    self._send_timed(stubs[sent % len(stubs)], begin + sent / self._rate)
                )
                running.add(task)
                task.add_done_callback(running.discard)
                sent += 1
        if running:
            await asyncio.wait(running, timeout=_LAST_ANSWERS_S)

    async def _send_timed(self, stub: Stub, scheduled: float) -> None:
        is_measured = self._measured_from <= scheduled < self._measured_to
        if is_measured:
            self._late.append(_clock() - scheduled)
        if await self._send(stub) and is_measured:
            self._latencies.append(_clock() - scheduled)

    async def _send(self, stub: Stub) -> bool:
        tally = self.tally
        tally.sent += 1
        try:
            await stub(next(self._messages))
        except grpc.aio.AioRpcError as error:
            tally.refused += 1
            tally.first_refusal = tally.first_refusal or f"{error.code()}: {error.details()}"
            return False
        tally.acknowledged += 1
        return True

    def _finish(self) -> Tally:
        tally = self.tally
        tally.refused += tally.sent - tally.acknowledged - tally.refused
        if self._rate:
            tally.measured_seconds = self._seconds
            tally.measured_acknowledged = len(self._latencies)
        tally.latencies_ms = quantiles_ms(self._latencies)
        tally.late_ms = quantiles_ms(self._late)
        usage = resource.getrusage(resource.RUSAGE_SELF)
        tally.client_cpu_seconds = usage.ru_utime + usage.ru_stime
        return tally


def main() -> None:
    """Run once, as told by the command line."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--tenant", default=TENANT)
    parser.add_argument("--rate", type=float, default=0.0)
    parser.add_argument("--connections", type=int, default=64, help="calls in flight")
    parser.add_argument("--warmup", type=float, default=2.0)
    parser.add_argument("--seconds", type=float, default=8.0)
    args = parser.parse_args()
    generator = Generator(args.tenant, args.rate, args.warmup, args.seconds)
    tally = uvloop.run(generator.run(args.port, args.connections))
    print(msgspec.json.encode(tally).decode())


if __name__ == "__main__":
    main()
