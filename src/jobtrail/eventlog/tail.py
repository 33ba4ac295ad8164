"""Where the log ends, and whether it ends as it should."""

from __future__ import annotations

from typing import NamedTuple, cast

import apsw

from jobtrail.errors import LogDamaged
from jobtrail.eventlog import chain
from jobtrail.eventlog.database import fetch, fetch_one
from jobtrail.eventlog.record import decode_line, event_key


class Tail(NamedTuple):
    """How far the log has come. Nothing in it ever goes back."""

    end_offset: int
    checksum: bytes
    """Of the last commit."""
    rejection_id: int
    """Of the last rejection; 0 before the first."""
    outcome_count: int
    """Events that were ever counted, whatever became of them."""


def read_tail(connection: apsw.Connection) -> Tail:
    """Find the end of the log and verify its last commit, with the keys of its records.

    Raises:
        LogDamaged: If something does not hold; names the offsets.
        apsw.Error: If SQLite cannot read it.
    """
    archived_end, archived_checksum = read_archived(connection)
    rows = cast(list[chain.CommitRow], fetch(connection, _LAST_TWO, (archived_end,)))
    if not rows:
        return find_tail(connection)
    first_offset, record_count, *_, payload = rows[0]
    where = chain.offsets(first_offset, record_count)
    expected_first, previous = archived_end, archived_checksum
    if len(rows) == 2:
        expected_first, previous = rows[1][0] + rows[1][1], rows[1][4]
    if first_offset != expected_first:
        raise LogDamaged(f"the log lacks offsets {expected_first} to {first_offset - 1}")
    if not chain.holds(previous, rows[0]):
        raise LogDamaged(f"{where}: the checksum of the last commit does not hold")
    lines = chain.Unpacker().unpack(payload, first_offset=first_offset, record_count=record_count)
    _require_keys(connection, first_offset, lines)
    return find_tail(connection)


def find_tail(connection: apsw.Connection) -> Tail:
    """Find the end of the log without verifying it.

    Raises:
        apsw.Error: If SQLite cannot read it.
    """
    end_offset, checksum = read_archived(connection)
    rows = fetch(connection, _LAST, (end_offset,))
    if rows:
        end_offset, checksum = rows[0]
    counts = fetch_one(connection, _COUNTS)
    assert counts is not None
    return Tail(end_offset, checksum, *counts)


def read_archived(connection: apsw.Connection) -> tuple[int, bytes]:
    """Return the offset at which the table of commits begins, and the checksum before it."""
    rows = dict(fetch(connection, "SELECT name, value FROM meta"))
    return rows["archived_end"], rows["archived_checksum"]


def require_acknowledged(connection: apsw.Connection, tail: Tail, acknowledged: Tail) -> None:
    """Check that the log holds all that was acknowledged.

    Raises:
        LogDamaged: If something is missing, events by their offsets, or is not what it was.
    """
    end = acknowledged.end_offset
    if end > tail.end_offset:
        missing = chain.offsets(tail.end_offset, end - tail.end_offset)
        raise LogDamaged(f"acknowledged events are missing from the log: {missing}; {_REMEDY}")
    if tail.rejection_id < acknowledged.rejection_id:
        missing = f"rejections {tail.rejection_id + 1} to {acknowledged.rejection_id}"
        raise LogDamaged(f"{missing} are missing from the quarantine; {_REMEDY}")
    if tail.outcome_count < acknowledged.outcome_count:
        missing = f"{acknowledged.outcome_count - tail.outcome_count} events"
        raise LogDamaged(f"{missing} are missing from the counts of outcomes; {_REMEDY}")
    archived_end, checksum = read_archived(connection)
    if end > archived_end:
        row = fetch_one(connection, _ENDING_AT, (end,))
        checksum = row[0] if row and row[1] == end else b""
    elif end < archived_end:
        return  # that commit went to the archive; the chain goes on from its checksum
    if checksum != acknowledged.checksum:
        raise LogDamaged(f"the log below offset {end} is not the one that was acknowledged")


def _require_keys(connection: apsw.Connection, first_offset: int, lines: list[bytes]) -> None:
    for offset, line in enumerate(lines, first_offset):
        event = decode_line(line)
        key = event_key(event.tenant, event.event_id)
        row = fetch_one(connection, _KEY, (key,))
        if row is None or row[0] != offset:
            raise LogDamaged(f"offset {offset}: its event_id is not in the table of keys")


_REMEDY = "restore a backup, or remove the file `acknowledged` to go on without them"
_LAST = """
SELECT first_offset + record_count, checksum
FROM commits WHERE first_offset >= ? ORDER BY first_offset DESC LIMIT 1
"""
# The sequence remembers the last id also when the quarantine was emptied.
_COUNTS = """
SELECT coalesce((SELECT seq FROM sqlite_sequence WHERE name = 'rejections'), 0),
       (SELECT coalesce(sum(count), 0) FROM outcomes)
"""
_LAST_TWO = """
SELECT first_offset, record_count, receive_time_min, receive_time_max, checksum, payload
FROM commits WHERE first_offset >= ? ORDER BY first_offset DESC LIMIT 2
"""
_ENDING_AT = """
SELECT checksum, first_offset + record_count
FROM commits WHERE first_offset < ? ORDER BY first_offset DESC LIMIT 1
"""
_KEY = 'SELECT "offset" FROM event_keys WHERE key = ?'
