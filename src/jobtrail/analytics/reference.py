"""docs/reference/reports.md, made from the registry and definitions/*.md.

``python -m jobtrail.analytics.reference > docs/reference/reports.md`` makes it anew.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from importlib.resources import files
from urllib.parse import urlencode

from jobtrail.analytics.parameters import Parameter
from jobtrail.analytics.reports import REPORTS
from jobtrail.analytics.spec import ReportSpec

_HEAD = """\
<!-- Made by `python -m jobtrail.analytics.reference`; change the code instead. -->

# Reports

A report answers one question about one tenant. Each admitted event counts exactly once in every
number, however often it was sent. Every rate carries its count and a 95 % interval (Wilson's
score interval), and is null where nothing is known.

    GET /v1/projects/{project}/tenants/{tenant}/reports/{report}?format=json
    jobtrail report {report} --tenant projects/{project}/tenants/{tenant} --format json

JSON is `{"report", "parameters", "rows": [{...}], "notes"}`: `parameters` are those that were
used, with defaults and full names, `notes` are sentences that a reader of the numbers must know.
`format=csv` has the same columns and no notes; a text that a spreadsheet would run as a formula
gets an apostrophe in front, an empty cell is null.

A parameter that is unknown, wrong or given too often is refused with INVALID_ARGUMENT, all
mistakes together, each with what to give instead. An empty value counts as not given. In a URL
write the plus sign of an offset as `%2B`.
"""


def reports_markdown() -> str:
    """Write the whole page."""
    sections = [_section(spec) for spec in REPORTS.values()]
    return "\n".join([_HEAD, *sections])


def _section(spec: ReportSpec) -> str:
    query = urlencode(spec.example, doseq=True, safe="/:")
    lines = [
        f"## `{spec.name}`: {spec.title.lower()}",
        "",
        spec.description,
        "",
        f"    GET /v1/projects/demo/tenants/demo/reports/{spec.name}?{query}",
        "",
        f"### Columns of `{spec.name}`",
        "",
        spec.row,
        "",
        *_table(
            ("column", "type", "unit", "meaning"),
            (
                (f"`{column.name}`", column.type, column.unit, column.description)
                for column in spec.columns
            ),
        ),
        "",
        f"### Parameters of `{spec.name}`",
        "",
        *_table(
            ("parameter", "default", "meaning"),
            (
                (f"`{parameter.name}`", parameter.default, _meaning(parameter))
                for parameter in spec.parameters
            ),
        ),
        "",
        f"### Definitions of `{spec.name}`",
        "",
        files("jobtrail.analytics").joinpath("definitions", f"{spec.name}.md").read_text("utf-8"),
    ]
    return "\n".join(lines)


def _meaning(parameter: Parameter) -> str:
    text = parameter.description
    if parameter.choices:
        text += f" One of {', '.join(f'`{choice}`' for choice in parameter.choices)}."
    if parameter.is_repeatable:
        text += " May be given several times: any of them."
    return text


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


if __name__ == "__main__":
    sys.stdout.write(reports_markdown())
