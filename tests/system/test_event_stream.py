"""A stream of events on a running service: new ones come by themselves, and it can be resumed."""

from __future__ import annotations

import json
import queue
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx

from tests.service import Service, event_json, new_tenant

ARRIVES_S = 10.0
"""2 s are promised; the rest is for a busy machine."""


@contextmanager
def following(
    server: Service, tenant: str, **headers: str
) -> Iterator[queue.Queue[dict[str, Any]]]:
    """Follow a tenant's events in the background."""
    arrived: queue.Queue[dict[str, Any]] = queue.Queue()
    began, done = threading.Event(), threading.Event()

    def read() -> None:
        url = f"{server.url}/v1/{tenant}/clientEvents:stream"
        with httpx.stream("GET", url, headers=headers, timeout=60) as answer:
            for line in answer.iter_lines():
                began.set()
                if line.startswith("data:"):
                    arrived.put(json.loads(line.removeprefix("data:")))
                if done.is_set():
                    return

    thread = threading.Thread(target=read, daemon=True)
    thread.start()
    assert began.wait(ARRIVES_S)
    yield arrived
    done.set()


def record(server: Service, tenant: str) -> str:
    event = event_json(tenant)
    assert server.record(tenant, event).status_code == 200
    return str(event["eventId"])


def test_a_new_event_arrives_by_itself_in_the_order_of_the_log(server: Service) -> None:
    tenant = new_tenant()
    with following(server, tenant) as arrived:
        sent = [record(server, tenant) for _ in range(5)]
        began = time.monotonic()
        got = [arrived.get(timeout=ARRIVES_S) for _ in sent]
        assert time.monotonic() - began < ARRIVES_S
    assert [event["eventId"] for event in got] == sent
    offsets = [event["receipt"]["offset"] for event in got]
    assert offsets == sorted(offsets)


def test_events_of_other_tenants_do_not_arrive(server: Service) -> None:
    tenant = new_tenant()
    with following(server, tenant) as arrived:
        record(server, new_tenant())
        mine = record(server, tenant)
        assert arrived.get(timeout=ARRIVES_S)["eventId"] == mine


def test_what_came_while_nobody_listened_is_sent_afterwards(server: Service) -> None:
    tenant = new_tenant()
    with following(server, tenant) as arrived:
        first = record(server, tenant)
        seen = arrived.get(timeout=ARRIVES_S)
    assert seen["eventId"] == first
    missed = [record(server, tenant) for _ in range(3)]
    last_id = {"last-event-id": str(seen["receipt"]["offset"])}
    with following(server, tenant, **last_id) as arrived:
        assert [arrived.get(timeout=ARRIVES_S)["eventId"] for _ in missed] == missed
