"""Events for tests, put into a store without a log, and plain reads of what came out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from jobtrail.eventlog.record import encode_line
from jobtrail.events import Event, EventType
from jobtrail.settings import Settings
from jobtrail.store import fold
from jobtrail.store.store import Store

TENANT = "projects/p/tenants/t"
NS = 1_000_000_000


def job(name: object) -> str:
    return f"{TENANT}/jobs/{name}"


def make_event(event_id: str, kind: EventType = EventType.VIEW, **fields: object) -> Event:
    """Make an event with defaults for all that a test does not care about."""
    values: dict[str, object] = {
        "tenant": TENANT,
        "event_id": event_id,
        "type": kind.value,
        "jobs": (job(1),),
        "create_seconds": 1_750_000_000,
        "create_nanos": 0,
        "receive_time": 1_750_000_001 * NS,
        "api": "grpc/v4",
    }
    return Event(**(values | fields))  # type: ignore[arg-type]


@contextmanager
def open_store(path: Path, settings: Settings | None = None) -> Iterator[Store]:
    store = Store.open(path, settings or Settings())
    try:
        yield store
    finally:
        store.close()


def fold_events(store: Store, events: Sequence[Event], *, first: int = 0) -> None:
    """Do what one load does, without a log and a checkpoint."""
    with store.handle() as client:
        fold.put_lines(client, "incoming", first, [encode_line(event) for event in events])
        for table in fold.FOLDS:
            fold.fold_lines(client, table, source="incoming")
        client.command("TRUNCATE TABLE incoming")


def empty_tables(store: Store) -> None:
    with store.handle() as client:
        for table in ("incoming", *fold.FOLDS):
            client.command(f"TRUNCATE TABLE {table}")


def hash_of(store: Store, table: str) -> tuple[object, ...]:
    """Count and content of a table, whatever the order and the parts of its rows."""
    return tuple(store.query(f"SELECT count(), sum(cityHash64(*)) FROM {table}")[0].values())
