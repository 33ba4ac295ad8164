"""The quarantine: the last rejected events, bounded in rows and in bytes, oldest dropped first."""

from __future__ import annotations

from collections.abc import Sequence

import apsw

from jobtrail.eventlog.database import fetch_one
from jobtrail.settings import Settings


class Quarantine:
    """Keeps rejections inside the writer's transactions.

    ``bytes_ever`` of a row counts all bytes up to and with it, so the size of any run of rows is a
    difference of two of them, and nothing has to be summed.
    """

    def __init__(self, connection: apsw.Connection, settings: Settings) -> None:
        self._connection = connection
        self._rows_max = settings.quarantine_events_max
        self._bytes_max = settings.quarantine_bytes_max
        first = fetch_one(connection, _FIRST)
        last = fetch_one(connection, _LAST)
        self._first_id: int = first[0] if first else 1
        self._last_id: int = last[0] if last else 0
        self._bytes_before: int = first[1] if first else 0
        self._bytes_ever: int = last[1] if last else 0

    def keep(self, records: Sequence[bytes]) -> int:
        """Add *records*, at least one, and drop what is past the bounds; return the last's id.

        A transaction must be open.

        Raises:
            apsw.Error: If SQLite could not; forget this object then, and make a new one.
        """
        self._connection.execute(_INSERT, (self._bytes_ever, apsw.carray(tuple(records))))
        last = fetch_one(self._connection, _LAST)
        assert last is not None
        self._last_id, self._bytes_ever = last
        self._drop()
        return self._last_id

    def _drop(self) -> None:
        last_dropped = self._last_id - self._rows_max
        if self._bytes_ever - self._bytes_before > self._bytes_max:
            row = fetch_one(self._connection, _AT, (self._bytes_ever - self._bytes_max,))
            assert row is not None
            last_dropped = max(last_dropped, row[0])
        if last_dropped < self._first_id:
            return
        dropped = fetch_one(self._connection, _BYTES_OF, (last_dropped,))
        assert dropped is not None
        self._connection.execute(_DROP, (last_dropped,))
        self._first_id = last_dropped + 1
        self._bytes_before = dropped[0]


_FIRST = "SELECT id, bytes_ever - length(record) FROM rejections ORDER BY id LIMIT 1"
_LAST = "SELECT id, bytes_ever FROM rejections ORDER BY id DESC LIMIT 1"
_INSERT = """
INSERT INTO rejections (bytes_ever, record)
SELECT ? + sum(length(value)) OVER (ORDER BY rowid), value FROM carray(?)
"""
# The oldest rows lead, so this walks over no more rows than are dropped then.
_AT = "SELECT id FROM rejections WHERE bytes_ever >= ? ORDER BY id LIMIT 1"
_BYTES_OF = "SELECT bytes_ever FROM rejections WHERE id = ?"
_DROP = "DELETE FROM rejections WHERE id <= ?"
