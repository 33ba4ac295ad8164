"""What a report is made of: the words that REST, command line, OpenAPI and reference share."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from importlib.resources import files
from typing import Literal, NamedTuple

import msgspec

from jobtrail.analytics.localtime import rfc3339
from jobtrail.analytics.parameters import Parameter, Parsed
from jobtrail.settings import Settings
from jobtrail.store.store import Store

Given = Mapping[str, str | Sequence[str]]
"""Parameters as text, by name; several values of a repeatable one are a sequence."""

Row = dict[str, object]
"""Values by column: text, integers, floats, or ``None`` where a number cannot be given."""

_EARLIEST, _LATEST = -(2**63), 2**63 - 1


class Column(msgspec.Struct, frozen=True):
    """One column of a report."""

    name: str
    type: Literal["string", "integer", "number"]
    unit: str
    description: str
    is_nullable: bool = False


class Answer(NamedTuple):
    """What a report computes: rows in order, and what a reader must know about them."""

    rows: list[Row]
    notes: list[str]


Compute = Callable[[Store, str, Parsed, Settings], Answer]
"""Takes the store, the tenant, the parameters, and the settings for their windows."""


class ReportSpec(msgspec.Struct, frozen=True):
    """One report of the registry."""

    name: str
    title: str
    description: str
    row: str
    """What one row means, as a sentence."""
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...]
    example: dict[str, str | list[str]]
    """Parameters of a request that makes sense."""


class Report(msgspec.Struct, frozen=True):
    """One answer, ready to be encoded."""

    report: str
    parameters: dict[str, object]
    """The resolved ones: defaults in, times as RFC 3339, jobs by their full names."""
    columns: tuple[str, ...]
    rows: list[Row]
    notes: list[str]


@cache
def read_sql(name: str) -> str:
    """Read one of the reports' queries, ``sql/{name}.sql``."""
    return files("jobtrail.analytics").joinpath("sql", f"{name}.sql").read_text("utf-8")


def bounds(parsed: Parsed) -> dict[str, object]:
    """Give ``start`` and ``end`` as numbers; what was not given bounds nothing."""
    return {
        "start": _EARLIEST if parsed.start is None else parsed.start,
        "end": _LATEST if parsed.end is None else parsed.end,
    }


def range_note(parsed: Parsed, first: int, last: int) -> str:
    """Say what an open range came to mean."""
    missing = [name for name in ("start", "end") if getattr(parsed, name) is None]
    return (
        f"No {' and no '.join(missing)} was given: events from "
        f"{rfc3339(first, parsed.time_zone)} to {rfc3339(last, parsed.time_zone)} are counted."
    )
