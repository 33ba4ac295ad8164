"""Tenants that have events, out of the store."""

from __future__ import annotations

from typing import cast

import msgspec

from jobtrail.engine.statements import statement
from jobtrail.store.store import Store


class Tenant(msgspec.Struct, frozen=True):
    """One tenant that has events."""

    name: str
    events: int
    last_receive_micros: int
    """When its last event was received, microseconds since 1970."""


def read_tenants(
    store: Store, *, after: str, before: int, count_max: int, only: str = ""
) -> list[Tenant]:
    """Read at most *count_max* tenants by name; blocks.

    Args:
        store: The tables.
        after: Names up to and with this one are left out.
        before: Offset at which the complete part of the tables ends.
        count_max: Bound on the answer.
        only: When not empty, no other name than this.
    """
    asked = {"after": after, "before": before, "limit": count_max, "only": only}
    return [
        Tenant(
            name=cast(str, row["tenant"]),
            events=cast(int, row["events"]),
            last_receive_micros=cast(int, row["last_receive_micros"]),
        )
        for row in store.query(statement("tenants"), asked)
    ]
