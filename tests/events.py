"""Events for tests, valid unless a test says otherwise."""

from __future__ import annotations

import itertools
from typing import Any

from jobtrail.clock import NS_PER_SECOND
from jobtrail.events import Event, EventType

_numbers = itertools.count()
T0 = 1_790_000_000
"""2026-09-21T14:13:20Z, in seconds."""


def an_event(tenant: str = "projects/p/tenants/t", **changes: Any) -> Event:
    """Make an event with an id of its own, one second after the one made before."""
    number = next(_numbers)
    fields: dict[str, Any] = {
        "tenant": tenant,
        "event_id": f"event-{number}",
        "type": int(EventType.VIEW),
        "jobs": (f"{tenant}/jobs/j1",),
        "create_seconds": T0 + number,
        "create_nanos": 0,
        "receive_time": (T0 + number) * NS_PER_SECOND,
        "api": "grpc/v4",
        "request_id": "r1",
    }
    return Event(**{**fields, **changes})
