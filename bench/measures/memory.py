"""How much memory all processes of a service hold."""

from __future__ import annotations

import threading
import time
from typing import Self

from bench.processes import memory_by_name, observe
from bench.results import Results
from bench.systems.service import Service

IDLE_S = 20.0
_SAMPLE_EVERY_S = 2.0


def measure_memory(service: Service, results: Results, *, name: str, idle_s: float) -> None:
    """Look after *idle_s* quiet seconds; keep the proportional size, as a sum and by process."""
    time.sleep(idle_s)
    processes = observe(service.processes(), memory=True)
    results.add(service.name, f"memory_mib.{name}", sum(p.pss_mib for p in processes))
    results.add(service.name, f"memory_mib.{name}.rss", sum(p.rss_mib for p in processes))
    for process, size in memory_by_name(processes).items():
        results.add(service.name, f"memory_mib.{name}.{process}", size)


class Peak:
    """The most memory that a service held while something ran, looked at every two seconds."""

    def __init__(self, service: Service, results: Results, *, name: str) -> None:
        self._service = service
        self._results = results
        self._name = name
        self._most = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()
        self._results.add(self._service.name, f"memory_mib.{self._name}", self._most)

    def _watch(self) -> None:
        while not self._end.wait(_SAMPLE_EVERY_S):
            processes = observe(self._service.processes(), memory=True)
            self._most = max(self._most, sum(p.pss_mib for p in processes))
