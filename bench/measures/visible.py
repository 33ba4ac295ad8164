"""How long after its acknowledgement an event shows in a report."""

from __future__ import annotations

import http.client
import json
import threading
import time
import uuid

from bench.events import bodies, event_ids
from bench.generators.run import Load, LoadFailedError
from bench.generators.tally import quantiles_ms
from bench.results import Results
from bench.systems.service import Service

_EVERY_S = 0.1
# Asking more often takes the processor from what is measured.
_ASK_EVERY_S = 0.04
_TIMEOUT_S = 60.0


def measure_visible(
    service: Service, results: Results, *, probes: int, rate: float = 0.0, name: str
) -> None:
    """Record *probes* events and watch the time series of their tenant until it has counted each.

    Args:
        service: Whose.
        results: Where quantiles go, as ``visible_ms.{name}``.
        probes: Each one is one sample.
        rate: Events per second that come in beside them, over REST.
        name: What the circumstances are called.
    """
    load = None
    if rate:
        load = Load(
            "rest", service.port, rate=rate, connections=384, warmup=0, seconds=probes + 3_600
        )
        time.sleep(2)
    try:
        taken = _Probe(service.port, probes).run()
    finally:
        if load:
            load.stop()
            service.settle()
    for quantile, value in quantiles_ms(taken).items():
        results.add(service.name, f"visible_ms.{name}.{quantile}", value)


class _Probe:
    def __init__(self, port: int, probes: int) -> None:
        self._port = port
        self._probes = probes
        self._tenant = f"projects/bench/tenants/probe-{uuid.uuid4().hex[:8]}"
        self._acknowledged: list[float] = []
        self._failure: Exception | None = None

    def run(self) -> list[float]:
        """Return the seconds from acknowledged to counted, of each probe in order."""
        sender = threading.Thread(target=self._send_all, daemon=True)
        sender.start()
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
        visible: list[float] = []
        deadline = time.monotonic() + self._probes * _EVERY_S + _TIMEOUT_S
        while len(visible) < self._probes:
            if self._failure or time.monotonic() > deadline:
                raise LoadFailedError(
                    f"{len(visible)} of {self._probes} became visible"
                ) from self._failure
            count = self._count(connection)
            now = time.perf_counter()
            visible += [now] * (count - len(visible))
            time.sleep(_ASK_EVERY_S)
        sender.join()
        return [
            max(0.0, seen - told) for told, seen in zip(self._acknowledged, visible, strict=True)
        ]

    def _count(self, connection: http.client.HTTPConnection) -> int:
        connection.request("GET", f"/v1/{self._tenant}/reports/timeseries")
        answer = connection.getresponse()
        body = answer.read()
        if answer.status != 200:
            raise LoadFailedError(f"the report answered {answer.status}: {body[:500]!r}")
        return sum(row["count"] for row in json.loads(body)["rows"])

    def _send_all(self) -> None:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=30)
            begin = time.perf_counter()
            pairs = zip(bodies(self._tenant), event_ids(), range(self._probes), strict=False)
            for (head, tail), event_id, number in pairs:
                time.sleep(max(0.0, begin + number * _EVERY_S - time.perf_counter()))
                self._send(connection, head + event_id + tail)
                self._acknowledged.append(time.perf_counter())
        except Exception as failure:  # noqa: BLE001 - told by the thread that waits for it
            self._failure = failure

    def _send(self, connection: http.client.HTTPConnection, body: bytes) -> None:
        headers = {"content-type": "application/json"}
        connection.request("POST", f"/v4/{self._tenant}/clientEvents", body, headers)
        answer = connection.getresponse()
        told = answer.read()
        if answer.status != 200:
            raise LoadFailedError(f"a probe was answered {answer.status}: {told[:500]!r}")
