"""``/v1/{parent}/reports`` and ``/v1/{parent}/reports/{report}``: numbers, as JSON or CSV."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jobtrail.analytics.encode import to_csv, to_json
from jobtrail.analytics.reports import REPORTS, run_report
from jobtrail.engine.answers import json_answer
from jobtrail.engine.context import context_of
from jobtrail.engine.parameters import parameters_of
from jobtrail.engine.paths import segment, tenant_of
from jobtrail.engine.refusals import InvalidRequest

FORMATS = ("json", "csv")
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}


async def get_report(request: Request) -> Response:
    """Answer with one report of a tenant."""
    context, tenant = context_of(request), tenant_of(request)
    name = segment(request, "report")
    given: dict[str, list[str]] = defaultdict(list)
    for parameter, value in request.query_params.multi_items():
        given[parameter].append(value)
    formats = given.pop("format", ["json"])
    if len(formats) > 1 or formats[0] not in FORMATS:
        raise InvalidRequest("format", f"must be one of {', '.join(FORMATS)}")
    report = await context.queries.run(
        run_report, context.store, name, tenant, given, settings=context.settings
    )
    if formats[0] == "json":
        return Response(to_json(report), media_type="application/json", headers=_HEADERS)
    disposition = f'attachment; filename="{report.report}.csv"'
    return Response(
        to_csv(report),
        media_type="text/csv; charset=utf-8; header=present",
        headers={**_HEADERS, "content-disposition": disposition},
    )


async def list_reports(request: Request) -> Response:
    """Answer with the reports that there are, with their columns and parameters."""
    tenant_of(request)
    parameters_of(request, known=())
    listed = [
        {
            "name": spec.name,
            "title": spec.title,
            "description": spec.description,
            "row": spec.row,
            "columns": [msgspec.to_builtins(column) for column in spec.columns],
            "parameters": [msgspec.to_builtins(parameter) for parameter in spec.parameters],
        }
        for spec in REPORTS.values()
    ]
    return json_answer({"reports": listed})
