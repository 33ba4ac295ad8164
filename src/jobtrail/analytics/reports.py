"""The registry of reports, and the one way to run them.

REST, the command line, the OpenAPI document and docs/reference/reports.md all read ``REPORTS``. A
new report is a module with a ``ReportSpec`` and a ``compute``, its .sql file, and one line here.
"""

from __future__ import annotations

from jobtrail.analytics import funnel, timeseries
from jobtrail.analytics import parameters as parameters_
from jobtrail.analytics.parameters import Mistake, Parameter, ReportError
from jobtrail.analytics.spec import Column, Compute, Given, Report, ReportSpec
from jobtrail.errors import Code
from jobtrail.settings import Settings
from jobtrail.store.store import Store

__all__ = [
    "REPORTS",
    "Column",
    "Given",
    "Mistake",
    "Parameter",
    "Report",
    "ReportError",
    "ReportSpec",
    "run_report",
]

_ALL: tuple[tuple[ReportSpec, Compute], ...] = (
    (funnel.FUNNEL, funnel.compute),
    (timeseries.TIMESERIES, timeseries.compute),
)

REPORTS: dict[str, ReportSpec] = {spec.name: spec for spec, _ in _ALL}
_COMPUTE: dict[str, Compute] = {spec.name: compute for spec, compute in _ALL}


def run_report(
    store: Store, name: str, tenant: str, parameters: Given, *, settings: Settings
) -> Report:
    """Compute one report of one tenant. Blocks; call it from a thread.

    Args:
        store: Where the tables are.
        name: A key of ``REPORTS``.
        tenant: Resource name, already checked. One that has recorded nothing gives an empty report.
        parameters: As text; ``format`` and the like are the caller's and must be taken out before.
            An empty value counts as not given.
        settings: The windows of the funnel.

    Raises:
        ReportError: With every mistake in *name* or *parameters*.
        Failure: From the store (``StoreUnavailable``, ``DeadlinePassed``).
    """
    spec = REPORTS.get(name)
    if spec is None:
        raise ReportError(
            Mistake("report", f"is not one of {', '.join(REPORTS)}"), code=Code.NOT_FOUND
        )
    parsed = parameters_.parse(spec.parameters, parameters, tenant)
    answer = _COMPUTE[name](store, tenant, parsed, settings)
    return Report(
        report=name,
        parameters=parameters_.echo(spec.parameters, parsed),
        columns=tuple(column.name for column in spec.columns),
        rows=answer.rows,
        notes=answer.notes,
    )
