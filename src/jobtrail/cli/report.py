"""``jobtrail report``: one report, as a table, JSON or CSV."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import typer

from jobtrail.cli.connection import (
    choose_tenant,
    get_json,
    open_source,
    tenant_path,
)
from jobtrail.cli.exits import usage
from jobtrail.cli.options import Data, Json, Tenant, Url

Format = Literal["table", "json", "csv"]


def report(
    name: Annotated[
        str | None, typer.Argument(help="Which report; without it they are listed.")
    ] = None,
    tenant: Tenant = None,
    start: Annotated[
        str | None, typer.Option(help="First instant or day, RFC 3339 (2026-11-01).")
    ] = None,
    end: Annotated[
        str | None, typer.Option(help="Instant or day before which to stop, RFC 3339.")
    ] = None,
    time_zone: Annotated[
        str | None, typer.Option(help="IANA name, such as Europe/Berlin; decides where days begin.")
    ] = None,
    interval: Annotated[str | None, typer.Option(help="hour, day or week.")] = None,
    job: Annotated[
        list[str] | None, typer.Option(help="Only this job, by name or id; may be repeated.")
    ] = None,
    type_: Annotated[
        list[str] | None, typer.Option("--type", help="Only this event type; may be repeated.")
    ] = None,
    view: Annotated[str | None, typer.Option(help="cohort or period.")] = None,
    surface: Annotated[
        str | None, typer.Option(help="search or alert: where a pair began.")
    ] = None,
    format_: Annotated[Format, typer.Option("--format", help="How to print it.")] = "table",
    as_json: Json = False,
    data: Data = None,
    url: Url = None,
    load: Annotated[
        bool,
        typer.Option(
            "--load/--no-load",
            help="Without a server: count first what the log has and the store has not yet.",
        ),
    ] = True,
) -> None:
    """Compute a report of one tenant.

    Every number counts each event once. Rates come with a 95 % interval (Wilson).
    """
    if name is None:
        _list_reports(as_json=as_json)
        return
    given: dict[str, str | list[str] | None] = {
        "start": start,
        "end": end,
        "timeZone": time_zone,
        "interval": interval,
        "job": job,
        "type": type_,
        "view": view,
        "surface": surface,
    }
    parameters = {key: value for key, value in given.items() if value}
    _check(name, parameters)
    with open_source(data, url, load=load) as source:
        chosen = choose_tenant(source, tenant)
        path = tenant_path(chosen, f"/reports/{name}")
        if as_json or format_ != "table":
            body = source.get(path, parameters | {"format": "json" if as_json else format_})
            sys.stdout.buffer.write(body if body.endswith(b"\n") else body + b"\n")
            return
        answer = get_json(source, path, parameters)
    show_report(answer)


def show_report(answer: Mapping[str, Any]) -> None:
    """Print an answer of ``…/reports/{report}`` as a table with its notes below."""
    from jobtrail.analytics.reports import REPORTS
    from jobtrail.cli.tables import Column, print_table

    spec = REPORTS.get(answer["report"])
    rows: Sequence[Mapping[str, Any]] = answer["rows"]
    known = {column.name: column for column in spec.columns} if spec else {}
    names = list(rows[0]) if rows else list(known)
    ratios = {column.name for column in known.values() if column.unit == "ratio"}
    columns = [Column(n, is_number=n not in known or known[n].type != "string") for n in names]
    cells = [[_percent(row[n]) if n in ratios else row[n] for n in names] for row in rows]
    print_table(columns, cells, caption=answer["notes"])


def _percent(value: float | None) -> str | None:
    return None if value is None else f"{value:.1%}"


def _check(name: str, parameters: Mapping[str, object]) -> None:
    """Refuse what no report of this version takes, before anything is opened."""
    from jobtrail.analytics.reports import REPORTS

    spec = REPORTS.get(name)
    if spec is None:
        usage(f"there is no report {name}; there are: {', '.join(REPORTS)}")
    taken = {parameter.name for parameter in spec.parameters}
    for parameter in parameters:
        if parameter not in taken:
            usage(f"the report {name} takes no {parameter}; it takes {', '.join(sorted(taken))}")


def _list_reports(*, as_json: bool) -> None:
    import msgspec

    from jobtrail.analytics.reports import REPORTS
    from jobtrail.cli.tables import Column, print_table

    if as_json:
        print(msgspec.json.encode(list(REPORTS.values())).decode())
        return
    rows = [(spec.name, spec.title, spec.row) for spec in REPORTS.values()]
    print_table((Column("report"), Column("title"), Column("one row")), rows)
