"""The order of a benchmark: the services take turns in each round."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from bench.generators.run import Api, run_load
from bench.measures.load import measure_latency, measure_throughput
from bench.measures.memory import Peak, measure_memory
from bench.measures.start import measure_start
from bench.measures.visible import measure_visible
from bench.processes import observe
from bench.results import Results
from bench.slow_disk import is_loaded
from bench.systems.jobtrail import Jobtrail
from bench.systems.peer import Peer
from bench.systems.service import Service

TARGETS = {"rest": 15_000.0, "grpc": 8_000.0}
"""Events per second that the service should take at least; latency is measured at half."""

CONNECTIONS = {
    "plain": {("jobtrail", "rest"): 192, ("jobtrail", "grpc"): 96, ("peer", "rest"): 48},
    "slow": {("jobtrail", "rest"): 768, ("jobtrail", "grpc"): 384, ("peer", "rest"): 96},
}
"""Requests in flight when a service is asked for all it can do. With these each was fastest: more
only wait longer and cost memory and caches, fewer leave a group commit half empty, and the longer
an fsync takes, the more fill one."""

MEASURES = ("start", "rest", "grpc", "latency", "visible", "memory")


class Size(NamedTuple):
    """How long everything takes."""

    rounds: int
    seconds: float
    warmup: float
    probes: int
    many: int
    """Events of the folder that is called full."""
    idle_s: float


FULL = Size(rounds=5, seconds=8.0, warmup=2.0, probes=100, many=1_000_000, idle_s=20.0)
QUICK = Size(rounds=1, seconds=4.0, warmup=1.0, probes=30, many=100_000, idle_s=5.0)


class Plan:
    """Measures on one kind of disk."""

    def __init__(
        self,
        folder: Path,
        environment: dict[str, str],
        size: Size,
        *,
        measures: tuple[str, ...],
        with_peer: bool,
        say: Callable[[str], None],
    ) -> None:
        self.results = Results()
        self._folder = folder
        self._environment = environment
        self._size = size
        self._connections = CONNECTIONS["slow" if environment else "plain"]
        self._measures = measures
        self._with_peer = with_peer
        self._say = say

    def run(self) -> Results:
        """Run all rounds, then what is done once."""
        for number in range(self._size.rounds):
            self._say(f"round {number + 1} of {self._size.rounds}")
            self._round_of(Jobtrail(self._folder / f"jobtrail-{number}", self._environment))
            if self._with_peer:
                self._round_of(Peer(self._folder / f"peer-{number}", self._environment))
        if "memory" in self._measures:
            self._fill(Jobtrail(self._folder / "jobtrail-full", self._environment))
            if self._with_peer:
                self._fill(Peer(self._folder / "peer-full", self._environment))
        return self.results

    # -- a round ----------------------------------------------------------------------------

    def _round_of(self, service: Service) -> None:
        try:
            self._start(service)
            rest = self._throughput(service, "rest") if "rest" in self._measures else 0.0
            self._latency(service, "rest", rest)
            if service.name == Jobtrail.name:
                if "grpc" in self._measures:
                    self._throughput(service, "grpc")
                self._latency(service, "grpc", 0.0)
            self._visible(service, rest)
        finally:
            service.forget()

    def _start(self, service: Service) -> None:
        if service.name == Peer.name:
            # Making a cluster is no part of starting one.
            service.start()
            service.stop()
        if "start" in self._measures:
            measure_start(service, self.results, name="new")
            service.stop()
        service.start()
        self._require_same_disk(service)

    def _require_same_disk(self, service: Service) -> None:
        for process in observe(service.processes()):
            if not is_loaded(process.pid, self._environment):
                raise RuntimeError(f"{process.name} of {service.name} runs without the slow disk")

    def _throughput(self, service: Service, api: Api) -> float:
        reached = measure_throughput(
            service,
            api,
            self.results,
            connections=self._connections[service.name, api],
            seconds=self._size.seconds,
            warmup=self._size.warmup,
        )
        self._say(f"  {service.name}: {reached:,.0f} events/s over {api}")
        return reached

    def _latency(self, service: Service, api: Api, reached: float) -> None:
        if "latency" not in self._measures:
            return
        rate = self._half_load(service, api, reached)
        measure_latency(
            service,
            api,
            self.results,
            rate=rate,
            seconds=self._size.seconds,
            warmup=self._size.warmup,
        )
        p99 = self.results.last(service.name, f"{api}.ack_ms.p99")
        self._say(f"  {service.name}: p99 {p99:.1f} ms at {rate:,.0f}/s over {api}")

    def _half_load(self, service: Service, api: Api, reached: float) -> float:
        """Half of the target; of a peer that is far from it, half of what it reaches itself."""
        half = TARGETS[api] / 2
        if service.name == Jobtrail.name:
            return half
        return min(half, reached / 2 if reached else half / 4)

    def _visible(self, service: Service, reached: float) -> None:
        if "visible" not in self._measures:
            return
        probes = self._size.probes
        measure_visible(service, self.results, probes=probes, name="quiet")
        rate = self._half_load(service, "rest", reached)
        measure_visible(service, self.results, probes=probes, rate=rate, name="loaded")
        p99 = self.results.last(service.name, "visible_ms.loaded.p99")
        self._say(f"  {service.name}: visible after {p99:.0f} ms (p99, loaded)")

    # -- once -------------------------------------------------------------------------------

    def _fill(self, service: Jobtrail | Peer) -> None:
        """Measure memory when idle and when full, and how a full service starts."""
        try:
            service.start()
            measure_memory(service, self.results, name="idle", idle_s=self._size.idle_s)
            begin = time.monotonic()
            with Peak(service, self.results, name="peak"):
                self._record_many(service)
                service.settle()
            self._say(f"  {service.name}: filled in {time.monotonic() - begin:.0f} s")
            measure_memory(service, self.results, name="full", idle_s=self._size.idle_s)
            for part, size in service.disk_bytes().items():
                self.results.add(service.name, f"disk_bytes.{part}", size / self._size.many)
            for _ in range(3):
                service.stop()
                measure_start(service, self.results, name="full")
        finally:
            service.forget()

    def _record_many(self, service: Jobtrail | Peer) -> None:
        many = self._size.many
        if isinstance(service, Peer):
            # Over HTTP it would take minutes; a part of it warms up what stays in memory.
            service.fill("projects/bench/tenants/load", many)
            many = min(many, 20_000)
        tally = run_load(
            "rest", service.port, connections=self._connections[service.name, "rest"], count=many
        )
        seconds = tally.by_second[1:]
        tenth = max(1, len(seconds) // 10)
        last = seconds[-tenth:] or [round(tally.per_second)]
        self.results.add(service.name, "fill.events_per_second", tally.per_second)
        self.results.add(service.name, "fill.events_per_second.last_tenth", sum(last) / len(last))
