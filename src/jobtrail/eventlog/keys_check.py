"""Checks the table of keys against the records: each has its key, each key its record."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import apsw
import msgspec

from jobtrail.eventlog.database import fetch, fetch_one
from jobtrail.eventlog.finding import Finding, damage
from jobtrail.eventlog.record import decode_line, event_key, fingerprint

EXTRA_KEYS_MAX = 20
"""Keys without a record that are named; the count of all is given."""


class KeysCheck:
    """Fed with all records of the log, once each; then asked for keys that nothing speaks for."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._found = 0

    def check(self, first_offset: int, lines: Sequence[bytes]) -> Iterator[Finding]:
        """Name each of *lines*, at least one, that cannot be read or has no key of its own."""
        keys, fingerprints, numbers = [], [], []
        for offset, line in enumerate(lines, first_offset):
            try:
                event = decode_line(line)
            except msgspec.DecodeError as error:
                yield damage(f"offset {offset}", f"its line cannot be read: {error}")
                continue
            keys.append(event_key(event.tenant, event.event_id))
            fingerprints.append(fingerprint(event))
            numbers.append(offset)
        if not keys:
            return
        self._found += len(keys)
        rows = fetch(self._connection, _KEPT, (apsw.carray(tuple(keys)),))
        for offset, printed, (kept, kept_print) in zip(numbers, fingerprints, rows, strict=True):
            where = f"offset {offset}"
            if kept != offset:
                self._found -= 1
                known = "is not in the table of keys"
                yield damage(
                    where, f"its event_id {known if kept is None else f'belongs to offset {kept}'}"
                )
            elif kept_print != printed:
                yield damage(where, "its content is not that of its fingerprint")

    def check_extra(self, end_offset: int) -> Iterator[Finding]:
        """Name keys below *end_offset* that no record was found for, and those past it."""
        row = fetch_one(self._connection, _COUNT, (end_offset,))
        assert row is not None
        extra = row[0] - self._found
        if extra:
            yield damage("event_keys", f"{extra} more keys than records below {end_offset}")
        for key, offset in fetch(self._connection, _STRAY, (EXTRA_KEYS_MAX,)):
            yield damage(f"key {key}", f"it points to offset {offset}, which is no record")
        if extra:
            for offset, count in fetch(self._connection, _SHARED, (EXTRA_KEYS_MAX,)):
                yield damage(f"offset {offset}", f"{count} keys point to it")

    def count(self) -> int:
        """Count all keys."""
        row = fetch_one(self._connection, "SELECT count(*) FROM event_keys")
        assert row is not None
        count: int = row[0]
        return count


_KEPT = """
SELECT kept."offset", kept.fingerprint
FROM carray(?) AS given LEFT JOIN event_keys AS kept ON kept.key = given.value
ORDER BY given.rowid
"""
_COUNT = 'SELECT count(*) FROM event_keys WHERE "offset" < ?'
_STRAY = """
SELECT hex(key), "offset" FROM event_keys
WHERE "offset" < 0 OR "offset" >= (
    SELECT coalesce(max(first_offset + record_count),
                    (SELECT value FROM meta WHERE name = 'archived_end'))
    FROM (SELECT first_offset, record_count FROM commits ORDER BY first_offset DESC LIMIT 1))
LIMIT ?
"""
_SHARED = """
SELECT "offset", count(*) FROM event_keys GROUP BY "offset" HAVING count(*) > 1 LIMIT ?
"""
