"""Does the store say what the log says? Compared id by id, in all columns, by folding again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import TYPE_CHECKING, Any

import msgspec

from jobtrail.errors import LogDamaged
from jobtrail.eventlog.reader import LogReader
from jobtrail.store import fold, quarantine
from jobtrail.store.checkpoint import Checkpoint
from jobtrail.store.lines import read_lines
from jobtrail.store.store import Store, translated

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

FINDINGS_MAX = 1_000
"""Differences that are listed; a store that differs more is better rebuilt than read about."""

_BATCH_EVENTS = 20_000
_LINES = "verifying"
_SHADOWS = {table: f"verifying_{table}" for table in (*fold.FOLDS, quarantine.TABLE)}


class Difference(msgspec.Struct, frozen=True, kw_only=True):
    """One place where store and log do not agree."""

    table: str
    id: int
    """Offset of the event; in `rejected_events` the rejection's id."""
    event_id: str
    """Empty when the difference is not about one event."""
    message: str


def compare(
    store: Store, reader: LogReader, checkpoint: Checkpoint, progress: Callable[[int, int], None]
) -> list[Difference]:
    """Fold all that was loaded once more, beside the tables, and list where they differ; blocks.

    Only what lies before *checkpoint* is compared: the next load deletes and repeats the rest.

    Where the log is damaged, that is said and the rest is not compared.
    """
    client = store.new_handle()
    with translated(), _shadow_tables(client):
        differences = islice(_all(client, reader, checkpoint, progress), FINDINGS_MAX)
        return list(differences)


def _all(
    client: Client,
    reader: LogReader,
    checkpoint: Checkpoint,
    progress: Callable[[int, int], None],
) -> Iterator[Difference]:
    yield from _lost_ends(reader, checkpoint)
    done = 0
    try:
        for first, lines in _batches(reader, checkpoint.offset):
            yield from _compare_events(client, first, lines)
            done = first + len(lines)
            progress(done, checkpoint.offset)
    except LogDamaged as error:
        yield Difference(
            table="events",
            id=done,
            event_id="",
            message=f"not compared from here on, because the log is damaged: {error.message}",
        )
    yield from _compare_rejections(client, reader, checkpoint)


def _batches(reader: LogReader, end: int) -> Iterator[tuple[int, list[bytes]]]:
    """Cut the lines before offset *end* into batches, each with the offset of its first line."""
    first = 0
    while first < end:
        lines = read_lines(reader, first, events_max=min(_BATCH_EVENTS, end - first))
        if not lines:
            return
        yield first, lines
        first += len(lines)


def _lost_ends(reader: LogReader, checkpoint: Checkpoint) -> Iterator[Difference]:
    end = reader.end_offset()
    if end < checkpoint.offset:
        yield Difference(
            table="events",
            id=end,
            event_id="",
            message=f"the log ends at offset {end}, the store has {checkpoint.offset} events of it",
        )


def _compare_events(client: Client, first: int, lines: list[bytes]) -> Iterator[Difference]:
    client.command(f"TRUNCATE TABLE {_LINES}")
    fold.put_lines(client, _LINES, first, lines)
    for table in fold.FOLDS:
        shadow = _SHADOWS[table]
        client.command(f"TRUNCATE TABLE {shadow}")
        fold.fold_lines(client, table, source=_LINES, into=shadow)
        found = client.query(
            fold.sql("compare"),
            parameters={
                "stored": table,
                "folded": shadow,
                "first": first,
                "end": first + len(lines),
                "limit": FINDINGS_MAX,
            },
        )
        yield from (_difference(table, row) for row in found.result_rows)


def _compare_rejections(
    client: Client, reader: LogReader, checkpoint: Checkpoint
) -> Iterator[Difference]:
    shadow, after = _SHADOWS[quarantine.TABLE], 0
    while rejections := [
        (number, rejection)
        for number, rejection in reader.rejections(after, quarantine.LOAD_MAX)
        if number <= checkpoint.rejection_id
    ]:
        client.command(f"TRUNCATE TABLE {shadow}")
        quarantine.put_rejections(client, shadow, rejections)
        found = client.query(
            fold.sql("compare_rejections"), parameters={"folded": shadow, "limit": FINDINGS_MAX}
        )
        yield from (_difference(quarantine.TABLE, row) for row in found.result_rows)
        after = rejections[-1][0]


def _difference(table: str, row: Sequence[Any]) -> Difference:
    number, event_id, stored, folded = row
    if stored == folded:
        message = "the store says something else than the log"
    else:
        message = f"the store has {stored} rows where the log gives {folded}"
    return Difference(table=table, id=number, event_id=event_id, message=message)


@contextmanager
def _shadow_tables(client: Client) -> Iterator[None]:
    """Make tables in memory like those that are compared, and drop them at the end."""
    likes = {_LINES: "incoming"} | {shadow: table for table, shadow in _SHADOWS.items()}
    try:
        for name, like in likes.items():
            client.command(f"DROP TABLE IF EXISTS {name}")
            client.command(f"CREATE TABLE {name} AS {like} ENGINE = Memory")
        yield
    finally:
        for name in likes:
            client.command(f"DROP TABLE IF EXISTS {name}")
