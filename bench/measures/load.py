"""How many events a service takes in a second, and how long an acknowledgement takes."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

from bench.generators.run import Api, LoadFailedError, run_load
from bench.generators.tally import Tally
from bench.processes import busy_seconds, cpu_by_name, observe, threads_cpu
from bench.results import Results
from bench.systems.service import Service

# An open loop must never want for a connection.
_OPEN_CONNECTIONS = 384
_MS_PER_SECOND = 1e3
# The event loop, Envoy's worker, the log's writer, and the one that hands requests to the loop.
_THREADS_SHOWN = 4


def measure_throughput(
    service: Service,
    api: Api,
    results: Results,
    *,
    connections: int,
    seconds: float,
    warmup: float,
) -> float:
    """Send as fast as answers come; return acknowledged events per second."""
    before = service.recorded()

    def load() -> Tally:
        return run_load(
            api,
            service.port,
            connections=connections,
            seconds=seconds,
            warmup=warmup,
        )

    tally = _measure(service, f"{api}.cpu", results, load)
    recorded = service.recorded() - before
    if recorded != tally.acknowledged:
        raise LoadFailedError(f"{tally.acknowledged} acknowledged but {recorded} recorded")
    results.add(service.name, f"{api}.events_per_second", tally.per_second)
    return tally.per_second


def measure_latency(
    service: Service, api: Api, results: Results, *, rate: float, seconds: float, warmup: float
) -> None:
    """Send at *rate* whatever the answers do; keep quantiles of scheduled to answered."""

    def load() -> Tally:
        return run_load(
            api,
            service.port,
            rate=rate,
            connections=_OPEN_CONNECTIONS,
            seconds=seconds,
            warmup=warmup,
        )

    tally = _measure(service, f"{api}.latency_cpu", results, load)
    results.add(service.name, f"{api}.latency_rate", rate)
    for name, value in tally.latencies_ms.items():
        results.add(service.name, f"{api}.ack_ms.{name}", value)
    results.add(service.name, f"{api}.sent_late_ms.p99", tally.late_ms["p99"])


def _measure(service: Service, key: str, results: Results, load: Callable[[], Tally]) -> Tally:
    """Run *load* and keep the CPU that each process took per 1,000 events.

    It counts until the service has nothing left to do, so the work after the answer is in it.
    """
    begin, busy = time.monotonic(), busy_seconds()
    before = cpu_by_name(observe(service.processes()))
    threads = _collector_threads(service)
    tally = load()
    service.settle()
    after = cpu_by_name(observe(service.processes()))
    used = {name: seconds - before.get(name, 0.0) for name, seconds in after.items()}
    thousands = tally.acknowledged / 1e3
    for name, seconds in used.items():
        results.add(service.name, f"{key}.{name}", _MS_PER_SECOND * seconds / thousands)
    spent = {
        thread: seconds - threads.get(thread, 0.0)
        for thread, seconds in _collector_threads(service).items()
    }
    for name, seconds in _busiest(spent).items():
        results.add(service.name, f"{key}.collector.{name}", _MS_PER_SECOND * seconds / thousands)
    client = _MS_PER_SECOND * tally.client_cpu_seconds / thousands
    results.add(service.name, f"{key}.generator", client)
    foreign = busy_seconds() - busy - sum(used.values()) - tally.client_cpu_seconds
    # The kernel counts the machine's time by ticks and a process's exactly, so a little below 0
    # means 0.
    share = max(0.0, foreign) / ((time.monotonic() - begin) * (os.cpu_count() or 1))
    results.add(service.name, f"{key}.foreign_share", share)
    return tally


def _collector_threads(service: Service) -> dict[tuple[str, str], float]:
    for process in observe(service.processes()):
        if process.name == "collector":
            return threads_cpu(process.pid)
    return {}


def _busiest(spent: dict[tuple[str, str], float]) -> dict[str, float]:
    """Name the threads that did most; Envoy's own has a name, and Python's all have another."""
    ordered = sorted(spent.items(), key=lambda item: -item[1])[:_THREADS_SHOWN]
    named: dict[str, float] = {}
    python = 0
    for (_, name), seconds in ordered:
        if name.startswith("wrk:"):
            named["Envoy's worker"] = named.get("Envoy's worker", 0.0) + seconds
        else:
            python += 1
            named[f"Python's thread {python}"] = seconds
    return named
