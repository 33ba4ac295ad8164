"""Moves old events, payload by payload, from the log to Parquet files; their keys stay.

What moves is always the beginning of the log, so one offset says where the archive ends and the
log's table begins. One batch goes through these steps, and dying between any two of them leaves a
state from which the next call goes on, with every event in exactly one place:

1. intent: the names of the files to be are recorded, so that leftovers can be found;
2. files: each is written under a temporary name, synced, renamed, and its folder synced;
3. manifest: one transaction records the files and moves the offset; now the files count;
4. deletion: the rows below the offset, which nobody reads any more, go in small transactions.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import NamedTuple

import apsw
import msgspec

from jobtrail.crash import crash_point
from jobtrail.datafolder import DataFolder
from jobtrail.eventlog import chain
from jobtrail.eventlog.archive_files import ArchivedRecord, relative_path, write_file
from jobtrail.eventlog.database import (
    DATABASE,
    connect_to_write,
    failure_of,
    fetch,
    fetch_one,
    sync_directory,
    sync_file,
)
from jobtrail.eventlog.holder import HolderLock
from jobtrail.eventlog.outcomes import NS_PER_DAY
from jobtrail.eventlog.reader import LogReader
from jobtrail.eventlog.record import decode_line
from jobtrail.eventlog.tail import read_archived

LOCK = "archiver"
BATCH_EVENTS = 100_000
"""Events in one batch: some 150 MB of memory while it is written, 50 MB while it is read."""

DELETE_COMMITS = 200
"""Commits that one transaction deletes: 1 to 5 ms in which the writer waits (measured)."""


class Archived(msgspec.Struct, frozen=True):
    """What one call of ``archive`` did."""

    events: int
    files: int
    archived_end: int
    """Offset at which the log's table begins now."""


class _File(NamedTuple):
    path: str
    tenant: str
    day: int
    records: list[ArchivedRecord]


def archive(
    data: Path, *, before: int, loaded_offset: int, batch_events: int = BATCH_EVENTS
) -> Archived:
    """Move whole days (UTC) of events that were received before *before* to the archive.

    Runs beside a writer, which waits for it some milliseconds at a time. Finishes first what an
    earlier call began. Blocks.

    Args:
        data: The data folder.
        before: Nanoseconds since 1970; the day that it falls into stays.
        loaded_offset: Events from here on stay, because the store has not loaded them.
        batch_events: Events to move at once.

    Raises:
        LogInUse: If another process archives.
        LogDamaged: If an event to move, or its commit, is not as it was written.
        Failure: If the disk is full or fails; what was moved is moved, the rest stays.
    """
    folder = DataFolder(data)
    if not (folder.eventlog / DATABASE).exists():
        return Archived(0, 0, 0)
    try:
        with _opened(folder) as archiver:
            archiver.clear_leftovers()
            archiver.delete_archived()
            return archiver.move(before - before % NS_PER_DAY, loaded_offset, batch_events)
    except (apsw.Error, OSError) as error:
        raise failure_of(error, folder.eventlog) from error


@contextmanager
def _opened(folder: DataFolder) -> Iterator[_Archiver]:
    lock = HolderLock(folder.eventlog / LOCK)
    try:
        connection = connect_to_write(folder.eventlog)
        reader = LogReader(folder.eventlog, archive=folder.archive)
        try:
            yield _Archiver(connection, reader, folder.archive)
        finally:
            reader.close()
            connection.close(True)
    finally:
        lock.release()


class _Archiver:
    def __init__(self, connection: apsw.Connection, reader: LogReader, archive: Path) -> None:
        self._connection = connection
        self._reader = reader
        self._archive = archive

    def clear_leftovers(self) -> None:
        """Remove the files of a batch whose manifest was never written."""
        paths = [row[0] for row in fetch(self._connection, "SELECT path FROM archiving")]
        if not paths:
            return
        for path in paths:
            (self._archive / path).unlink(missing_ok=True)
            _temporary(self._archive / path).unlink(missing_ok=True)
        self._write([("DELETE FROM archiving", ())])

    def delete_archived(self) -> None:
        """Delete the rows that the archive holds by now, a few at a time."""
        archived_end, _ = read_archived(self._connection)
        while rows := fetch(self._connection, _TO_DELETE, (archived_end, DELETE_COMMITS)):
            self._write([("DELETE FROM commits WHERE first_offset <= ?", (rows[-1][0],))])
            crash_point("archive.after_delete")

    def move(self, before: int, loaded_offset: int, batch_events: int) -> Archived:
        """Move batch after batch until nothing is left that is old and loaded."""
        events = files = 0
        while True:
            first, _ = read_archived(self._connection)
            end = self._find_end(first, before, loaded_offset, batch_events)
            if end == first:
                return Archived(events, files, first)
            batch = self._read(first, end)
            self._move(batch, first, end)
            events += end - first
            files += len(batch)

    def _find_end(self, first: int, before: int, loaded_offset: int, batch_events: int) -> int:
        """Return where the batch that begins at *first* ends: behind its last whole commit.

        Our clock may have jumped, so a commit that seems too young for now is moved all the same
        when an old one follows it inside the batch; else one jump would keep the log for years.
        """
        end = first
        seen = 0
        for first_offset, record_count, time_max in self._connection.execute(_AGES, (first,)):
            seen += record_count
            if first_offset + record_count > loaded_offset or (end > first and seen > batch_events):
                break
            if time_max < before:
                end = first_offset + record_count
            elif seen > batch_events:
                break
        return end

    def _read(self, first: int, end: int) -> list[_File]:
        by_file: dict[tuple[str, int], list[ArchivedRecord]] = defaultdict(list)
        for commit in self._reader.commits(first, events_max=end - first):
            for offset, line in enumerate(commit.lines, commit.first_offset):
                event = decode_line(line)
                day = event.receive_time // NS_PER_DAY
                by_file[event.tenant, day].append(ArchivedRecord(offset, event, line))
        return [
            _File(
                relative_path(tenant, _day_name(day), records[0].offset, records[-1].offset),
                tenant,
                day,
                records,
            )
            for (tenant, day), records in by_file.items()
        ]

    def _move(self, files: list[_File], first: int, end: int) -> None:
        crash_point("archive.before_intent")
        self._write([("INSERT INTO archiving VALUES (?)", (file.path,)) for file in files])
        crash_point("archive.after_intent")
        manifest = [
            (
                "INSERT INTO archives VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    file.path,
                    file.tenant,
                    file.day,
                    first,
                    end - 1,
                    file.records[0].offset,
                    file.records[-1].offset,
                    len(file.records),
                    self._write_file(file),
                ),
            )
            for file in files
        ]
        crash_point("archive.before_manifest")
        self._write(
            [
                *manifest,
                ("UPDATE meta SET value = ? WHERE name = 'archived_end'", (end,)),
                (
                    "UPDATE meta SET value = ? WHERE name = 'archived_checksum'",
                    (self._checksum_before(end),),
                ),
                ("DELETE FROM archiving", ()),
            ]
        )
        crash_point("archive.after_manifest")
        self.delete_archived()

    def _write_file(self, file: _File) -> bytes:
        """Write one file so that it lasts, and return its SHA-256."""
        path = self._archive / file.path
        _make_folder(path.parent)
        temporary = _temporary(path)
        write_file(temporary, file.records)
        crash_point("archive.after_write")
        sync_file(temporary)
        crash_point("archive.after_fsync")
        temporary.rename(path)
        crash_point("archive.after_rename")
        sync_directory(path.parent)
        return hashlib.sha256(path.read_bytes()).digest()

    def _checksum_before(self, end: int) -> bytes:
        row = fetch_one(self._connection, _CHECKSUM_BEFORE, (end,))
        assert row is not None
        assert len(row[0]) == chain.CHECKSUM_BYTES
        checksum: bytes = row[0]
        return checksum

    def _write(self, statements: list[tuple[str, tuple[apsw.SQLiteValue, ...]]]) -> None:
        """Run *statements* in one transaction, waiting for the writer's to end first."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            for sql, values in statements:
                self._connection.execute(sql, values)
            self._connection.execute("COMMIT")
        except apsw.Error:
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise


def _temporary(path: Path) -> Path:
    return path.with_name(f".{path.name}.new")


def _make_folder(folder: Path) -> None:
    """Make *folder* and those above it, each name synced into the one above."""
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for made in reversed(missing):
        made.mkdir(exist_ok=True)
        sync_directory(made.parent)


def _day_name(day: int) -> str:
    return (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=day)).date().isoformat()


_TO_DELETE = "SELECT first_offset FROM commits WHERE first_offset < ? ORDER BY 1 LIMIT ?"
_AGES = """
SELECT first_offset, record_count, receive_time_max FROM commits
WHERE first_offset >= ? ORDER BY first_offset
"""
_CHECKSUM_BEFORE = """
SELECT checksum FROM commits WHERE first_offset < ? ORDER BY first_offset DESC LIMIT 1
"""
