"""The tables' history: ``schema/NNNN_name.sql`` files, applied once each, in order.

A statement ends with a semicolon at the end of a line. ClickHouse has no transaction over several
statements, so a file must stand being run again after it was cut short (``IF NOT EXISTS``).
"""

from __future__ import annotations

import re
from importlib.resources import files
from typing import TYPE_CHECKING, NamedTuple

from jobtrail.errors import StoreTooNew

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_HISTORY = """
CREATE TABLE IF NOT EXISTS migrations
(version UInt32, name String, applied_time DateTime64(6, 'UTC'))
ENGINE = MergeTree ORDER BY version SETTINGS fsync_after_insert = 1, fsync_part_directory = 1
"""
_STATEMENT_END = re.compile(r";[ \t]*(?:--.*)?$", re.MULTILINE)


class Migration(NamedTuple):
    """One step from one shape of the tables to the next."""

    version: int
    name: str
    statements: tuple[str, ...]


def migrations() -> list[Migration]:
    """Read the migrations that this version of Jobtrail knows, in order."""
    found = []
    for file in files("jobtrail.store").joinpath("schema").iterdir():
        if file.name.endswith(".sql"):
            number, _, _ = file.name.partition("_")
            found.append(
                Migration(int(number), file.name, split_statements(file.read_text("utf-8")))
            )
    return sorted(found)


def split_statements(sql: str) -> tuple[str, ...]:
    """Split a script into its statements, leaving out what holds nothing but comments."""
    parts = (part.strip() for part in _STATEMENT_END.split(sql))
    return tuple(part for part in parts if any(map(_is_code, part.splitlines())))


def _is_code(line: str) -> bool:
    return bool(line.strip()) and not line.lstrip().startswith("--")


def migrate(client: Client) -> list[str]:
    """Bring the tables to the shape that this version knows; return the names of steps taken.

    Raises:
        StoreTooNew: The store has had a step that this version does not know.
    """
    known = migrations()
    client.command(_HISTORY)
    done = {row[0] for row in client.query("SELECT version FROM migrations").result_rows}
    if done and max(done) > known[-1].version:
        raise StoreTooNew(
            f"the store has migration {max(done)}, this version knows {known[-1].version}: use the "
            "version that wrote it, or `jobtrail rebuild`"
        )
    taken = []
    for migration in known:
        if migration.version in done:
            continue
        for statement in migration.statements:
            client.command(statement)
        client.command(
            "INSERT INTO migrations SELECT {version:UInt32}, {name:String}, now64(6)",
            parameters={"version": migration.version, "name": migration.name},
        )
        taken.append(migration.name)
    return taken
