"""How long it takes from the command to the first acknowledged event."""

from __future__ import annotations

import http.client
import time
from itertools import islice

from bench.events import bodies, event_ids
from bench.results import Results
from bench.systems.service import START_TIMEOUT_S, Service

_TENANT = "projects/bench/tenants/first"
_AGAIN_S = 0.005


def measure_start(service: Service, results: Results, *, name: str) -> None:
    """Start *service*, which is stopped, and send one event until it is acknowledged."""
    head, tail = bodies(_TENANT)[0]
    body = head + next(iter(islice(event_ids(), 1))) + tail
    begin = time.perf_counter()
    service.launch()
    while not _is_acknowledged(service.port, body):
        if time.perf_counter() - begin > START_TIMEOUT_S:
            raise TimeoutError(f"{service.name} acknowledged nothing")
        time.sleep(_AGAIN_S)
    results.add(service.name, f"start_s.{name}", time.perf_counter() - begin)


def _is_acknowledged(port: int, body: bytes) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
    headers = {"content-type": "application/json"}
    try:
        connection.request("POST", f"/v4/{_TENANT}/clientEvents", body, headers)
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()
