"""Checks all that the log ever wrote against all the rest, and names what does not hold.

It reads in short transactions, so it can run beside a writer; events that arrive meanwhile are not
looked at. While it runs nothing is archived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import cast

import apsw
import msgspec

from jobtrail.datafolder import DataFolder
from jobtrail.errors import LogDamaged
from jobtrail.eventlog import chain
from jobtrail.eventlog.archive import LOCK as ARCHIVER_LOCK
from jobtrail.eventlog.archive_check import ArchiveCheck
from jobtrail.eventlog.database import (
    DATABASE,
    connect_to_read,
    failure_of,
    fetch,
    is_rotten_page,
    require_header,
)
from jobtrail.eventlog.finding import Finding, damage, warning
from jobtrail.eventlog.holder import HolderLock
from jobtrail.eventlog.keys_check import KeysCheck
from jobtrail.eventlog.pages import check_pages, count_pages
from jobtrail.eventlog.record import decode_rejection
from jobtrail.eventlog.tail import find_tail, read_archived, require_acknowledged
from jobtrail.eventlog.witness import WITNESS, read_witness

CHUNK_COMMITS = 64
CHUNK_REJECTIONS = 500
INTEGRITY_ERRORS_MAX = 20

Progress = Callable[[int, int], None]
"""Told how many events of how many are verified."""


class LogVerification(msgspec.Struct):
    """What `verify_log` looked at, and what it found."""

    findings: list[Finding] = msgspec.field(default_factory=list)
    events: int = 0
    archived_events: int = 0
    commits: int = 0
    keys: int = 0
    rejections: int = 0
    archive_files: int = 0
    pages: int = 0

    @property
    def is_sound(self) -> bool:
        """Whether nothing that was recorded is lost or doubtful."""
        return not any(finding.severity == "damage" for finding in self.findings)


def _no_progress(done: int, total: int) -> None:
    pass


def verify_log(data: Path, *, progress: Progress = _no_progress) -> LogVerification:
    """Verify the event log and the archive of the data folder *data*; blocks, reads everything.

    Damage is a finding, never an exception.

    Raises:
        LogInUse: If a process archives just now; try again when it is done.
        LogUnavailable: If the log cannot be read at all: an I/O error, no permission.
    """
    folder = DataFolder(data)
    found = LogVerification()
    if not (folder.eventlog / DATABASE).exists():
        found.findings += _check_absent(folder)
        return found
    try:
        lock = HolderLock(folder.eventlog / ARCHIVER_LOCK)
        try:
            _Verifier(folder, found, progress).run()
        finally:
            lock.release()
    except (apsw.Error, OSError) as error:
        raise failure_of(error, folder.eventlog) from error
    return found


def _check_absent(folder: DataFolder) -> Iterator[Finding]:
    """Tell a log that never was from one that is gone."""
    try:
        acknowledged = read_witness(folder.eventlog)
    except LogDamaged as error:
        yield damage(WITNESS, error.message)
        return
    if acknowledged is not None and acknowledged.end_offset:
        count = acknowledged.end_offset
        yield damage(DATABASE, f"the file is gone, with {count} acknowledged events")


class _Verifier:
    """Runs the checks in order; each is cut short by what SQLite cannot read."""

    def __init__(self, folder: DataFolder, found: LogVerification, progress: Progress) -> None:
        self._folder = folder
        self._directory = folder.eventlog
        self._found = found
        self._progress = progress

    def run(self) -> None:
        """Add all findings and counts."""
        try:
            require_header(self._directory / DATABASE)
        except LogDamaged as error:
            self._found.findings.append(damage(f"{DATABASE} page 1", error.message))
            return
        self._found.pages = count_pages(self._directory)
        self._found.findings += check_pages(self._directory)
        try:
            self._connection = connect_to_read(self._directory)
        except apsw.Error as error:
            self._found.findings.append(_unreadable(DATABASE, error))
            return
        self._keys = KeysCheck(self._connection)
        self._end_offset = 0
        try:
            for where, check in (
                (DATABASE, self._check_integrity),
                (WITNESS, self._check_witness),
                ("archives", self._check_archive),
                ("commits", self._check_commits),
                ("event_keys", self._check_keys),
                ("rejections", self._check_rejections),
            ):
                self._run(where, check)
        finally:
            self._connection.close(True)

    def _run(self, where: str, check: Callable[[], Iterator[Finding]]) -> None:
        try:
            for finding in check():
                self._found.findings.append(finding)
        except LogDamaged as error:
            self._found.findings.append(damage(where, error.message))
        except (apsw.CorruptError, apsw.NotADBError, apsw.IOError, apsw.SQLError) as error:
            self._found.findings.append(_unreadable(where, error))
        except (TypeError, ValueError, LookupError) as error:
            # STRICT tables hold what they should, unless their pages are not those we wrote.
            self._found.findings.append(damage(where, f"what is read makes no sense: {error}"))

    def _check_integrity(self) -> Iterator[Finding]:
        """Let SQLite look at its own structures."""
        sql = f"PRAGMA integrity_check({INTEGRITY_ERRORS_MAX})"
        for (text,) in fetch(self._connection, sql):
            if text != "ok":
                yield damage(DATABASE, text)

    def _check_witness(self) -> Iterator[Finding]:
        """Hold the end of the log against what was acknowledged."""
        # Before the log's end: the writer moves it before the witness.
        acknowledged, is_readable = None, True
        try:
            acknowledged = read_witness(self._directory)
        except LogDamaged as error:
            is_readable = False
            yield damage(WITNESS, error.message)
        with self._connection:
            tail = find_tail(self._connection)
            self._end_offset = tail.end_offset
            if acknowledged is not None:
                require_acknowledged(self._connection, tail, acknowledged)
            elif tail.end_offset and is_readable:
                yield warning(WITNESS, "the file is missing; the next start makes it again")

    def _check_archive(self) -> Iterator[Finding]:
        check = ArchiveCheck(self._connection, self._folder.archive, self._keys)
        yield from check.check(read_archived(self._connection)[0])
        self._found.archived_events, self._found.archive_files = check.events, check.files
        self._found.events += check.events

    def _check_commits(self) -> Iterator[Finding]:
        """Follow the chain of checksums; behind a broken link it is taken up again."""
        unpacker = chain.Unpacker()
        expected, previous = read_archived(self._connection)
        while rows := self._read_commits(expected):
            for row in rows:
                first_offset, record_count, *_, payload = row
                if first_offset != expected:
                    missing = chain.offsets(expected, first_offset - expected)
                    yield damage(missing, "no commit of the log has it")
                if not chain.holds(previous, row):
                    where = chain.offsets(first_offset, record_count)
                    yield damage(where, "the checksum of the commit does not hold")
                    if any(value is None for value in row):
                        return  # not even a row, so there is no next one either
                expected, previous = first_offset + record_count, row[4]
                self._found.commits += 1
                try:
                    lines = unpacker.unpack(
                        payload, first_offset=first_offset, record_count=record_count
                    )
                except LogDamaged as error:
                    yield damage(chain.offsets(first_offset, record_count), error.message)
                    continue
                yield from self._keys.check(first_offset, lines)
                self._found.events += record_count
                self._progress(self._found.events, self._end_offset)
        if expected < self._end_offset:
            missing = chain.offsets(expected, self._end_offset - expected)
            yield damage(missing, "no commit of the log has it")

    def _read_commits(self, first_offset: int) -> list[chain.CommitRow]:
        bindings = (first_offset, self._end_offset, CHUNK_COMMITS)
        return cast(list[chain.CommitRow], fetch(self._connection, _COMMITS, bindings))

    def _check_keys(self) -> Iterator[Finding]:
        yield from self._keys.check_extra(self._end_offset)
        self._found.keys = self._keys.count()

    def _check_rejections(self) -> Iterator[Finding]:
        after, ever = 0, None
        while rows := fetch(self._connection, _REJECTIONS, (after, CHUNK_REJECTIONS)):
            for number, bytes_ever, record in rows:
                self._found.rejections += 1
                if ever is not None and bytes_ever != ever + len(record):
                    yield damage(f"rejection {number}", "the count of its bytes does not hold")
                after, ever = number, bytes_ever
                try:
                    decode_rejection(record)
                except msgspec.DecodeError as error:
                    yield damage(f"rejection {number}", f"it cannot be read: {error}")


def _unreadable(where: str, error: apsw.Error) -> Finding:
    if is_rotten_page(error):
        return damage(where, "it cannot be read to its end: a page's checksum does not hold")
    return damage(where, f"it cannot be read to its end: {error}")


_COMMITS = """
SELECT first_offset, record_count, receive_time_min, receive_time_max, checksum, payload
FROM commits WHERE first_offset >= ? AND first_offset < ? ORDER BY first_offset LIMIT ?
"""
_REJECTIONS = "SELECT id, bytes_ever, record FROM rejections WHERE id > ? ORDER BY id LIMIT ?"
