"""From a line of the log to rows of the tables: what each table says about one event.

The fold is a pure function of (offset, line): it runs inside ClickHouse over a table of lines, for
the loader into the tables, and for `jobtrail verify` beside them.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

from jobtrail.events import EventType

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

STAGES: dict[EventType, str] = {
    EventType.IMPRESSION: "impression",
    EventType.VIEW: "view",
    EventType.VIEW_REDIRECT: "view",
    EventType.APPLICATION_START: "application_start",
    EventType.APPLICATION_REDIRECT: "application_start",
    EventType.APPLICATION_START_FROM_SEARCH: "application_start",
    EventType.APPLICATION_REDIRECT_FROM_SEARCH: "application_start",
    EventType.APPLICATION_FINISH: "application_finish",
    EventType.APPLICATION_QUICK_SUBMISSION: "application_finish",
    EventType.INTERVIEW_GRANTED: "interview",
    EventType.HIRED: "hire",
    EventType.NOTIFICATION: "impression",  # on the surface `alert`
}
"""The stage of the seeker's way that an event of a type shows; other types show none."""

FOLDS = ("events", "interactions")
"""Tables that are folded from lines, in the order in which a load fills them."""

LINE_COLUMNS = ("offset", "line")


@cache
def sql(name: str) -> str:
    """Read one of the store's own queries, ``sql/{name}.sql``."""
    return files("jobtrail.store").joinpath("sql", f"{name}.sql").read_text("utf-8")


def put_lines(client: Client, table: str, first_offset: int, lines: Sequence[bytes]) -> None:
    """Add consecutive lines of the log to *table*, one like `incoming`.

    JSON holds no raw tab and no raw line end, so lines travel as they are, with no work per event
    but this join: 0.7 us.
    """
    block = b"".join([b"%d\t%b\n" % numbered for numbered in enumerate(lines, first_offset)])
    client.raw_insert(table, column_names=LINE_COLUMNS, insert_block=block, fmt="TSVRaw")


def fold_lines(client: Client, table: str, *, source: str, into: str | None = None) -> None:
    """Fold the lines in *source* into rows of *table*, one of ``FOLDS``.

    They are added to *table*, or to *into*, a table with the same columns.
    """
    client.command(
        f"INSERT INTO {into or table}\n{sql(f'fold_{table}')}", parameters=fold_parameters(source)
    )


def fold_parameters(source: str) -> dict[str, object]:
    """Parameters of ``sql/fold_*.sql`` for lines that are in the table *source*."""
    types = [kind for kind in EventType if kind is not EventType.JOB_EVENT_TYPE_UNSPECIFIED]
    return {
        "source": source,
        "types": [kind.value for kind in types],
        "names": [kind.name for kind in types],
        "stages": [STAGES.get(kind, "none") for kind in types],
    }
