"""Rejected events on their way from the log's quarantine into `rejected_events`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from jobtrail.clock import NS_PER_MICROSECOND

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

    from jobtrail.eventlog.record import Rejection

TABLE = "rejected_events"

LOAD_MAX = 256
"""Rejections in one load: with payloads of 64 KiB, the default's bound, 16 MB of each copy."""

_COLUMNS = (
    "rejection_id",
    "tenant",
    "reason",
    "field",
    "message",
    "receive_time",
    "event_id",
    "api",
    "client",
    "payload",
)


def put_rejections(client: Client, table: str, rejections: Sequence[tuple[int, Rejection]]) -> None:
    """Add rejections, each with its id, to *table*, one with the columns of `rejected_events`."""
    block = b"".join(_row(number, rejection) for number, rejection in rejections)
    client.raw_insert(table, column_names=_COLUMNS, insert_block=block, fmt="TabSeparated")


def _row(number: int, rejection: Rejection) -> bytes:
    seconds, rest = divmod(rejection.receive_time, 1_000_000_000)
    values = (
        str(number),
        rejection.tenant,
        rejection.reason,
        rejection.fields[0] if rejection.fields else "",
        rejection.message,
        f"{seconds}.{rest // NS_PER_MICROSECOND:06}",
        rejection.event_id,
        rejection.api,
        rejection.client,
    )
    cells = [_escape(value.encode()) for value in values]
    return b"\t".join([*cells, _escape(rejection.payload)]) + b"\n"


def _escape(value: bytes) -> bytes:
    """Escape what parts cells and rows; a payload may hold any byte."""
    return value.replace(b"\\", b"\\\\").replace(b"\t", b"\\t").replace(b"\n", b"\\n")
