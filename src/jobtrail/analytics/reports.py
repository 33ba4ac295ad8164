"""The registry of reports, and the one way to run them.

REST, the command line, the OpenAPI document and docs/reference/reports.md all read ``REPORTS``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal, Protocol

import msgspec

from jobtrail.analytics.parameters import Mistake, ReportError
from jobtrail.errors import Code
from jobtrail.settings import Settings

Given = Mapping[str, str | Sequence[str]]
"""Parameters as text, by name; several values of a repeatable one are a sequence."""


class Queryable(Protocol):
    """What reports need of the store."""

    def query(self, sql: str, parameters: Mapping[str, object]) -> list[dict[str, object]]:
        """Run *sql* with ``{name:Type}`` parameters; a dictionary per row."""
        ...


class Column(msgspec.Struct, frozen=True):
    """One column of a report."""

    name: str
    type: Literal["string", "integer", "number"]
    unit: str
    description: str
    is_nullable: bool = False


class Parameter(msgspec.Struct, frozen=True):
    """One parameter of a report."""

    name: str
    description: str
    default: str = ""
    """Empty: no default, the parameter restricts nothing when it is left out."""
    choices: tuple[str, ...] = ()
    """The only values that it takes; empty: see the description."""
    is_repeatable: bool = False


class ReportSpec(msgspec.Struct, frozen=True):
    """What one report is."""

    name: str
    title: str
    description: str
    row: str
    """What one row means, as a sentence."""
    columns: tuple[Column, ...]
    parameters: tuple[Parameter, ...]


class Report(msgspec.Struct, frozen=True):
    """One answer. ``parameters`` are the resolved ones (defaults in, times as RFC 3339, jobs in full)."""

    report: str
    parameters: dict[str, object]
    columns: tuple[str, ...]
    rows: list[dict[str, object]]
    notes: list[str]


REPORTS: dict[str, ReportSpec] = {}


def run_report(
    store: Queryable, name: str, tenant: str, parameters: Given, *, settings: Settings
) -> Report:
    """Compute one report of one tenant. Blocks; call it from a thread.

    Args:
        store: Where the tables are.
        name: A key of ``REPORTS``.
        tenant: Resource name, already checked.
        parameters: As text; ``format`` and the like are the caller's and must be taken out before.
            An empty value counts as not given.
        settings: The windows of the funnel.

    Raises:
        ReportError: With every mistake in *name* and *parameters*.
        Failure: From the store (``StoreUnavailable``, ``DeadlinePassed``).
    """
    del store, tenant, parameters, settings
    raise ReportError(Mistake("report", f"there is no report {name!r}"), code=Code.NOT_FOUND)
