"""The log's file, open to write: one batch in, one fsynced transaction, one result per entry."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import apsw
import msgspec

from jobtrail.crash import crash_point
from jobtrail.eventlog import chain
from jobtrail.eventlog.checkpointer import Checkpointer
from jobtrail.eventlog.database import (
    CHECKSUM_VFS,
    connect_to_write,
    fetch,
    fold_wal,
    fold_wal_partly,
)
from jobtrail.eventlog.outcomes import NS_PER_DAY, OutcomeRow, Outcomes, client_label
from jobtrail.eventlog.quarantine import Quarantine
from jobtrail.eventlog.receipt import Outcome, Receipt
from jobtrail.eventlog.tail import Tail, read_tail, require_acknowledged
from jobtrail.eventlog.waiting import Batch, WaitingEvent
from jobtrail.settings import Settings


class Conflict(msgspec.Struct, frozen=True, gc=False):
    """The event's id belongs to another content, recorded at *offset*."""

    offset: int


Result = Receipt | Conflict


class LogFile:
    """Commits batches. After any exception it must be closed, and a new one opened.

    Opening makes durable what an earlier process left in the write-ahead log, and verifies it: a
    commit that was written but not synced when its process died would else be taken for recorded.

    Raises:
        LogDamaged: If the end of the log is not as it was written, or not as acknowledged.
        Failure: If it cannot be made durable now.
        apsw.Error: If SQLite cannot open it.
    """

    def __init__(
        self,
        directory: Path,
        settings: Settings,
        acknowledged: Tail | None,
        *,
        vfs: str = CHECKSUM_VFS,
    ) -> None:
        self._connection = connect_to_write(directory, vfs=vfs)
        try:
            crash_point("checkpoint.before")
            fold_wal(self._connection)
            crash_point("checkpoint.after")
            self.tail: Tail = read_tail(self._connection)
            if acknowledged is not None:
                require_acknowledged(self._connection, self.tail, acknowledged)
            self._quarantine = Quarantine(self._connection, settings)
            self._outcomes = Outcomes(self._connection)
        except BaseException:
            self._connection.close()
            raise
        self._packer = chain.Packer()
        self._checkpointer = Checkpointer(directory, vfs=vfs)
        self._wal_pages = 0
        self._connection.set_wal_hook(self._note_wal)

    def commit(self, batch: Batch) -> list[Result]:
        """Record *batch* and sync it to disk.

        Returns:
            One result per event, in the order of the batch.

        Raises:
            apsw.Error: Nothing of the batch may be acknowledged. Whether it is recorded, the next
                opening of the log decides.
        """
        execute = self._connection.execute
        crash_point("commit.before_begin")
        execute("BEGIN IMMEDIATE")
        crash_point("commit.after_begin")
        fresh, results = self._part(batch.events)
        tail = self._insert(fresh) if fresh else self.tail
        crash_point("commit.after_payload")
        if batch.rejections:
            records = [rejection.record for rejection in batch.rejections]
            tail = tail._replace(rejection_id=self._quarantine.keep(records))
        counts = _count(batch, results)
        self._outcomes.add(counts)
        tail = tail._replace(outcome_count=tail.outcome_count + counts.total())
        crash_point("commit.before_commit")
        execute("COMMIT")
        crash_point("commit.after_commit")
        self.tail = tail
        return results

    def tend(self) -> None:
        """Keep the write-ahead log short; to be called after the answers of a commit are out.

        Raises:
            apsw.Error: If it cannot be folded any more; the log must then be opened anew.
        """
        self._checkpointer.tend(self._wal_pages, self._fold)

    def close(self, *, is_healthy: bool) -> None:
        """Close the file; when it is healthy, fold the write-ahead log into it first."""
        self._checkpointer.close()
        try:
            if is_healthy:
                crash_point("checkpoint.before")
                fold_wal(self._connection)
                crash_point("checkpoint.after")
            else:
                # Closing would sync once more on the handle whose sync failed.
                self._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
        finally:
            self._connection.close(True)

    def _note_wal(self, _connection: apsw.Connection, _database: str, pages: int) -> int:
        self._wal_pages = pages
        return apsw.SQLITE_OK

    def _fold(self) -> None:
        crash_point("checkpoint.before")
        fold_wal_partly(self._connection)
        crash_point("checkpoint.after")

    def _part(self, events: list[WaitingEvent]) -> tuple[list[WaitingEvent], list[Result]]:
        """Part fresh events from repeated ones, also of those inside this very batch."""
        if not events:
            return [], []
        keys = tuple([event.key for event in events])
        found = fetch(self._connection, _FIND, (apsw.carray(keys),))
        first_offset = self.tail.end_offset
        if not found and len(set(keys)) == len(keys):
            return events, [
                Receipt(Outcome.ADMITTED, offset, waiting.event.receive_time)
                for offset, waiting in enumerate(events, first_offset)
            ]
        known: dict[bytes, tuple[int, bytes]] = {row[0]: (row[1], row[2]) for row in found}
        fresh: list[WaitingEvent] = []
        results: list[Result] = []
        for waiting in events:
            kept = known.get(waiting.key)
            if kept is None:
                offset = first_offset + len(fresh)
                known[waiting.key] = (offset, waiting.fingerprint)
                fresh.append(waiting)
                results.append(Receipt(Outcome.ADMITTED, offset, waiting.event.receive_time))
            elif kept[1] == waiting.fingerprint:
                results.append(Receipt(Outcome.DUPLICATE, kept[0], waiting.event.receive_time))
            else:
                results.append(Conflict(kept[0]))
        return fresh, results

    def _insert(self, fresh: list[WaitingEvent]) -> Tail:
        first_offset, previous, *_ = self.tail
        keys = apsw.carray(tuple([waiting.key for waiting in fresh]))
        fingerprints = b"".join([waiting.fingerprint for waiting in fresh])
        self._connection.execute(_INSERT_KEYS, (first_offset, fingerprints, keys))
        crash_point("commit.after_keys")
        times = [waiting.event.receive_time for waiting in fresh]
        payload = self._packer.pack([waiting.line for waiting in fresh])
        described = (first_offset, len(fresh), min(times), max(times))
        checksum = chain.link(previous, *described, payload)
        self._connection.execute(_INSERT_COMMIT, (*described, checksum, payload))
        return self.tail._replace(end_offset=first_offset + len(fresh), checksum=checksum)


def _count(batch: Batch, results: list[Result]) -> Counter[OutcomeRow]:
    """Count the batch by outcome. A conflict is counted when its caller rejects the event."""
    ways = Counter(
        (
            waiting.event.receive_time // NS_PER_DAY,
            waiting.event.tenant,
            result.outcome,
            waiting.event.api,
            waiting.event.client,
        )
        for waiting, result in zip(batch.events, results, strict=True)
        if type(result) is Receipt
    )
    counts: Counter[OutcomeRow] = Counter()
    for (day, tenant, outcome, api, client), count in ways.items():
        counts[OutcomeRow(day, tenant, outcome, "", api, client_label(client))] += count
    counts.update(rejection.outcome_row for rejection in batch.rejections)
    return counts


# One statement for all keys of a commit: SQLite reads them straight from Python's memory, without
# the interpreter's lock, which the event loop needs meanwhile.
_FIND = 'SELECT key, "offset", fingerprint FROM carray(?) CROSS JOIN event_keys ON key = value'
_INSERT_KEYS = """
INSERT INTO event_keys (key, "offset", fingerprint)
SELECT value, ?1 + rowid - 1, substr(?2, (rowid - 1) * 8 + 1, 8) FROM carray(?3)
"""
_INSERT_COMMIT = "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?)"
