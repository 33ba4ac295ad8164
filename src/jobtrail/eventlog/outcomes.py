"""Exact counts of what became of events, kept in the log, bounded in rows.

Each event is counted in the transaction that records or refuses it, so counts and records never
disagree. A count is never lost: past a bound it moves to a coarser row.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping
from functools import lru_cache
from typing import NamedTuple

import apsw
import msgspec

from jobtrail.eventlog.database import fetch

NS_PER_DAY = 86_400 * 1_000_000_000

DAY_ROWS_MAX = 2_000
"""Rows of one day that name the client; as many again may name the tenant alone, the rest are
counted under neither. A day with 100 tenants and 4 clients each has about 1,000."""

DAYS_KEPT = 400
"""Days with rows of their own: a year, and a month to compare it with."""

MERGED_DAY = 0
MERGED_ROWS_MAX = 10_000
"""Rows of merged days that name the tenant; tenants that come later are merged under none."""

OTHER = "other"

CLIENT_CHARS_MAX = 40

# Google's clients name each layer; the generated client says most about who is calling.
_LAYERS = ("gapic", "gccl", "gax", "grpc", "rest")
_PRODUCT = re.compile(r"([A-Za-z][\w.+-]*)/(\d[\w.+-]*)")


class OutcomeRow(NamedTuple):
    """One way in which events arrive and are treated."""

    day: int
    """Days since 1970 (UTC); ``MERGED_DAY`` gathers what is too old for days of its own."""
    tenant: str
    outcome: str
    reason: str
    api: str
    client: str


class OutcomeCount(msgspec.Struct, frozen=True):
    """How many events one row counts."""

    day: int
    tenant: str
    outcome: str
    reason: str
    api: str
    client: str
    count: int


@lru_cache(maxsize=1_024)
def client_label(client: str) -> str:
    """Shorten what a client says it is to one name and version, at most 40 characters.

    >>> client_label("gl-python/3.11.7 grpc/1.80.0 gax/2.3.0 gapic/2.20.0")
    'gl-python gapic/2.20.0'
    >>> client_label("curl/8.5.0")
    'curl/8.5.0'
    """
    products = _PRODUCT.findall(client[:400])
    if not products:
        return "" if not client else OTHER
    named = dict(reversed(products))
    language = next((name for name, _ in products if name.startswith("gl-")), "")
    layer = next((layer for layer in _LAYERS if layer in named), "") if language else ""
    if layer:
        return f"{language} {layer}/{named[layer]}"[:CLIENT_CHARS_MAX]
    name, version = products[0]
    return f"{name}/{version}"[:CLIENT_CHARS_MAX]


class Outcomes:
    """Adds to the counts inside the writer's transactions."""

    def __init__(self, connection: apsw.Connection) -> None:
        self._connection = connection
        self._rows_of_day: dict[int, set[OutcomeRow]] = {}

    def add(self, counts: Mapping[OutcomeRow, int]) -> None:
        """Add *counts*; a transaction must be open.

        Raises:
            apsw.Error: If SQLite could not; forget this object then, and make a new one.
        """
        folded: Counter[OutcomeRow] = Counter()
        for row, count in counts.items():
            folded[self._fold(row)] += count
        rows = msgspec.json.encode([[*row, count] for row, count in folded.items()])
        self._connection.execute(_ADD, (rows.decode(),))

    def _fold(self, row: OutcomeRow) -> OutcomeRow:
        rows = self._rows_of_day.get(row.day)
        if rows is None:
            rows = self._begin_day(row.day)
        if row in rows:
            return row
        if len(rows) >= DAY_ROWS_MAX:
            row = row._replace(client=OTHER)
            if row not in rows and len(rows) >= 2 * DAY_ROWS_MAX:
                row = row._replace(tenant=OTHER)
        rows.add(row)
        return row

    def _begin_day(self, day: int) -> set[OutcomeRow]:
        if len(self._rows_of_day) > 2:  # today, yesterday, and a clock that jumped
            self._rows_of_day.clear()
        self._connection.execute(_MERGE, (day - DAYS_KEPT, MERGED_ROWS_MAX))
        self._connection.execute(_DROP_MERGED, (day - DAYS_KEPT,))
        found = fetch(self._connection, _OF_DAY, (day,))
        rows = self._rows_of_day[day] = {OutcomeRow(*row) for row in found}
        return rows


# "WHERE true" keeps SQLite from reading ON CONFLICT as the ON of a join.
_ADD = """
INSERT INTO outcomes (day, tenant, outcome, reason, api, client, count)
SELECT value ->> 0, value ->> 1, value ->> 2, value ->> 3, value ->> 4, value ->> 5, value ->> 6
FROM json_each(?) WHERE true
ON CONFLICT DO UPDATE SET count = count + excluded.count
"""
_MERGE = f"""
INSERT INTO outcomes (day, tenant, outcome, reason, api, client, count)
SELECT {MERGED_DAY},
       CASE WHEN (SELECT count(*) FROM outcomes WHERE day = {MERGED_DAY}) < ?2 THEN tenant
            ELSE '{OTHER}' END AS of_tenant,
       outcome, reason, '', '', sum(count)
FROM outcomes WHERE day > {MERGED_DAY} AND day < ?1
GROUP BY of_tenant, outcome, reason
ON CONFLICT DO UPDATE SET count = count + excluded.count
"""  # noqa: S608 - constants of this module
_DROP_MERGED = f"DELETE FROM outcomes WHERE day > {MERGED_DAY} AND day < ?"  # noqa: S608
_OF_DAY = "SELECT day, tenant, outcome, reason, api, client FROM outcomes WHERE day = ?"
