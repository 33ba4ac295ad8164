"""Reads the log, from any process, while another one writes to it."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import apsw
import msgspec

from jobtrail.errors import LogDamaged
from jobtrail.eventlog import archive_files, chain
from jobtrail.eventlog.database import DATABASE, connect_to_read, failure_of, fetch, fetch_one
from jobtrail.eventlog.outcomes import OutcomeCount
from jobtrail.eventlog.record import Rejection, decode_line, decode_rejection, event_key
from jobtrail.eventlog.tail import read_archived
from jobtrail.events import Event

CHUNK_COMMITS = 256
CHUNK_BYTES = 4 * 1024 * 1024
"""Payload that is read in one go. Reads are short, because an open one keeps the writer from
reusing its write-ahead log, which then grows."""


class Commit(msgspec.Struct, frozen=True):
    """Records that follow each other; the first is at ``first_offset``."""

    first_offset: int
    lines: list[bytes]


class LogReader:
    """A view of the log in *directory* that follows its writer.

    Any thread may call it, one at a time. Until the log is made it reads as empty. Archived events
    are read from *archive*, by default the folder ``archive`` beside *directory*.

    All methods may raise ``LogDamaged``, which names the offset or the file, and
    ``LogUnavailable``; after the latter the same call can succeed.
    """

    def __init__(self, directory: Path, *, archive: Path | None = None) -> None:
        self._directory = directory
        self._archive = archive or directory.parent / "archive"
        self._connection: apsw.Connection | None = None
        self._lock = threading.RLock()
        self._unpacker = chain.Unpacker()
        self._batch: archive_files.BatchLines | None = None

    def close(self) -> None:
        """Close the log; a later call opens it again."""
        with self._lock:
            if self._connection is not None:
                self._connection.close(True)
                self._connection = None

    def end_offset(self) -> int:
        """Return the offset of the next event that will be recorded."""
        with self._reading() as connection:
            if connection is None:
                return 0
            row = fetch_one(connection, _LAST)
            return int(row[0]) if row else read_archived(connection)[0]

    def commits(self, from_offset: int, *, events_max: int) -> Iterator[Commit]:
        """Read up to *events_max* records from *from_offset* on, in order, each once.

        What was recorded together comes together, except where *from_offset* or *events_max* cut
        it. Every checksum is verified before a record of its commit is returned.
        """
        offset, left = from_offset, events_max
        while left > 0:
            chunk = self._read_chunk(offset, left)
            if not chunk:
                return
            for commit in chunk:
                yield commit
                offset += len(commit.lines)
                left -= len(commit.lines)

    def event(self, offset: int) -> Event:
        """Read the event at *offset*.

        Raises:
            LookupError: If the log ends before it.
        """
        with self._reading() as connection:
            archived = _archived_end(connection)
            if offset >= archived:
                for commit in self._read_table(connection, offset, 1):
                    return decode_line(commit.lines[0])
            elif connection is not None:
                return decode_line(archive_files.read_line(connection, self._archive, offset))
        raise LookupError(f"the log has no offset {offset}")

    def find(self, tenant: str, event_id: str) -> tuple[int, Event] | None:
        """Find the event that *tenant* recorded as *event_id*, with its offset."""
        with self._reading() as connection:
            if connection is None:
                return None
            row = fetch_one(connection, _FIND, (event_key(tenant, event_id),))
        return None if row is None else (row[0], self.event(row[0]))

    def rejections(self, after_id: int, limit: int) -> list[tuple[int, Rejection]]:
        """Read up to *limit* rejections with ids past *after_id*, oldest first."""
        with self._reading() as connection:
            if connection is None:
                return []
            rows = fetch(connection, _REJECTIONS, (after_id, limit))
            return [(row[0], _decode_rejection(*row)) for row in rows]

    def first_rejection_id(self) -> int:
        """Return the id of the oldest rejection that is kept; 0 when there is none.

        Ids begin at 1 and are never used twice.
        """
        with self._reading() as connection:
            row = fetch_one(connection, _FIRST_REJECTION) if connection else None
            return int(row[0]) if row else 0

    def outcomes(self) -> list[OutcomeCount]:
        """Count all events that ever arrived, by day, tenant, outcome, reason, api and client."""
        with self._reading() as connection:
            rows = fetch(connection, _OUTCOMES) if connection else []
            return [OutcomeCount(*row) for row in rows]

    @contextmanager
    def _reading(self) -> Iterator[apsw.Connection | None]:
        """Open a read transaction for as long as the block runs; ``None`` when there is no log."""
        with self._lock:
            try:
                connection = self._open()
                if connection is None or connection.in_transaction:
                    yield connection
                    return
                connection.execute("BEGIN")
                try:
                    yield connection
                finally:
                    connection.execute("ROLLBACK")
            except (apsw.Error, OSError) as error:
                raise failure_of(error, self._directory) from error

    def _open(self) -> apsw.Connection | None:
        if self._connection is None and (self._directory / DATABASE).exists():
            self._connection = connect_to_read(self._directory)
        return self._connection

    def _read_chunk(self, offset: int, events_max: int) -> list[Commit]:
        with self._reading() as connection:
            if offset >= _archived_end(connection):
                self._batch = None
                return self._read_table(connection, offset, events_max)
            assert connection is not None
            if self._batch is None or not self._batch.holds(offset):
                self._batch = None
                self._batch = archive_files.read_batch(connection, self._archive, offset)
            return [Commit(offset, self._batch.lines_from(offset, events_max))]

    def _read_table(
        self, connection: apsw.Connection | None, offset: int, events_max: int
    ) -> list[Commit]:
        if connection is None:
            return []
        expected, previous = _read_before(connection, offset)
        commits: list[Commit] = []
        left, size = events_max, 0
        for row in _cursor(connection, expected):
            lines = self._verify(row, expected, previous)
            expected, previous = row[0] + row[1], row[4]
            skipped = max(0, offset - row[0])
            lines = lines[skipped : skipped + left]
            if lines:
                commits.append(Commit(row[0] + skipped, lines))
            left -= len(lines)
            size += len(row[5])
            if left == 0 or size > CHUNK_BYTES or len(commits) == CHUNK_COMMITS:
                break
        return commits

    def _verify(self, row: chain.CommitRow, expected: int, previous: bytes) -> list[bytes]:
        first_offset, record_count, *_, payload = row
        if first_offset != expected:
            raise LogDamaged(f"the log lacks offsets {expected} to {first_offset - 1}")
        if not chain.holds(previous, row):
            where = chain.offsets(first_offset, record_count)
            raise LogDamaged(f"{where}: the checksum of the commit does not hold")
        return self._unpacker.unpack(payload, first_offset=first_offset, record_count=record_count)


def _archived_end(connection: apsw.Connection | None) -> int:
    return 0 if connection is None else read_archived(connection)[0]


def _read_before(connection: apsw.Connection, offset: int) -> tuple[int, bytes]:
    """Return where the commit that holds *offset* begins, and the checksum before it."""
    archived_end, archived_checksum = read_archived(connection)
    rows = fetch(connection, _TWO_UP_TO, (offset, archived_end))
    if len(rows) == 2:
        return rows[1][0] + rows[1][1], rows[1][2]
    return archived_end, archived_checksum


def _cursor(connection: apsw.Connection, first_offset: int) -> Iterator[chain.CommitRow]:
    return cast(Iterator[chain.CommitRow], connection.execute(_COMMITS, (first_offset,)))


def _decode_rejection(number: int, record: bytes) -> Rejection:
    try:
        return decode_rejection(record)
    except msgspec.DecodeError as error:
        raise LogDamaged(f"rejection {number}: {error}") from error


_LAST = """
SELECT first_offset + record_count FROM commits
WHERE first_offset >= (SELECT value FROM meta WHERE name = 'archived_end')
ORDER BY first_offset DESC LIMIT 1
"""
_TWO_UP_TO = """
SELECT first_offset, record_count, checksum FROM commits
WHERE first_offset <= ? AND first_offset >= ? ORDER BY first_offset DESC LIMIT 2
"""
_COMMITS = """
SELECT first_offset, record_count, receive_time_min, receive_time_max, checksum, payload
FROM commits WHERE first_offset >= ? ORDER BY first_offset
"""
_FIND = 'SELECT "offset" FROM event_keys WHERE key = ?'
_REJECTIONS = "SELECT id, record FROM rejections WHERE id > ? ORDER BY id LIMIT ?"
_FIRST_REJECTION = "SELECT id FROM rejections ORDER BY id LIMIT 1"
_OUTCOMES = "SELECT day, tenant, outcome, reason, api, client, count FROM outcomes"
