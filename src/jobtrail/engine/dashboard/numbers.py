"""The page's numbers: totals, volume and funnel, out of the same reports that the API gives."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from datetime import datetime
from typing import cast

import msgspec

from jobtrail.analytics.intervals import wilson
from jobtrail.analytics.reports import run_report
from jobtrail.analytics.spec import Report
from jobtrail.engine.context import Context
from jobtrail.engine.dashboard import palette, words
from jobtrail.engine.dashboard.figures import clock_time, funnel_figure, volume_figure
from jobtrail.engine.dashboard.filters import Filters
from jobtrail.engine.dashboard.problem import PATIENCE_S, PENDING, Problem
from jobtrail.errors import Failure

VOLUME_LINES_MAX = 200
"""Lines of the table under the chart; the CSV has all of them."""

VOLUME_ROWS_MAX = 8_000
"""Bars that are drawn: more than a screen has columns, and 0.4 MB of page. Past it is no chart."""


class Tile(msgspec.Struct, frozen=True):
    """One number in large."""

    label: str
    value: str
    detail: str


class FunnelLine(msgspec.Struct, frozen=True, kw_only=True):
    """One stage of the funnel's table. Rates are ratios from 0 to 1."""

    stage: str
    name: str
    count: int
    implied: int
    is_first: bool
    rate: float | None
    low: float | None
    high: float | None

    @property
    def variable(self) -> str:
        """The CSS variable of the stage's colour."""
        return palette.stage_variable(self.stage)


class VolumeTable(msgspec.Struct, frozen=True):
    """The time series as a table: a column for each type, newest line first."""

    types: list[str]
    lines: list[tuple[str, list[int], int]]
    """Time, a count for each type, their sum."""
    total: int
    left_out: int
    """Lines that the table does not show."""


class LegendLine(msgspec.Struct, frozen=True):
    """One colour of the chart, and how many events it stands for."""

    type: str
    total: int


class Numbers(msgspec.Struct, frozen=True, kw_only=True):
    """All that is computed for the chosen filters."""

    tiles: list[Tile]
    funnel: list[FunnelLine]
    volume: VolumeTable
    legend: list[LegendLine]
    figures: dict[str, str]
    """Plotly figures as JSON by the id of the element that they are drawn in."""
    funnel_notes: list[str]
    volume_notes: list[str]
    view: str
    interval: str
    period: str


def read_numbers(
    context: Context, tenant: str, filters: Filters, *, now: datetime
) -> Numbers | Problem:
    """Compute the numbers of a tenant; blocks.

    Raises:
        ReportError: The filters make no sense.
    """
    asked = {name: filters.report_parameters(name, now=now) for name in ("timeseries", "funnel")}

    def make() -> list[Report]:
        return [
            run_report(context.store, name, tenant, parameters, settings=context.settings)
            for name, parameters in asked.items()
        ]

    try:
        reports = context.slow.get(
            ("numbers", tenant, str(asked)), context.loaded_offset, make, patience_s=PATIENCE_S
        )
    except Failure as failure:
        return Problem(failure.message)
    if reports is None:
        return PENDING
    volume, funnel = reports
    return present(volume, funnel, first_stage=filters.first_stage)


def present(volume: Report, funnel: Report, *, first_stage: str) -> Numbers:
    """Put two reports into the shape of the page.

    Args:
        volume: The report ``timeseries``.
        funnel: The report ``funnel``.
        first_stage: Where the drawn funnel begins; the table always has all stages.
    """
    lines = [_funnel_line(row, is_first=not place) for place, row in enumerate(funnel.rows)]
    table = _volume_table(volume.rows)
    parameters = funnel.parameters
    figures = {"funnel-chart": _funnel_json(funnel, first_stage)}
    if 0 < len(volume.rows) <= VOLUME_ROWS_MAX:
        figures["volume-chart"] = _volume_json(volume)
    return Numbers(
        tiles=_tiles(table, lines),
        funnel=lines,
        volume=table,
        legend=_legend(table, volume.rows),
        figures=figures,
        funnel_notes=funnel.notes,
        volume_notes=volume.notes,
        view=str(parameters.get("view", "cohort")),
        interval=str(volume.parameters.get("interval", "")),
        period=_period(volume.parameters),
    )


def _funnel_line(row: dict[str, object], *, is_first: bool) -> FunnelLine:
    stage = cast(str, row["stage"])
    return FunnelLine(
        stage=stage,
        name=words.STAGE_NAMES[stage],
        count=cast(int, row["count"]),
        implied=cast(int, row["implied"]),
        is_first=is_first,
        rate=cast("float | None", row["rate"]),
        low=cast("float | None", row["low"]),
        high=cast("float | None", row["high"]),
    )


def _volume_table(rows: Sequence[dict[str, object]]) -> VolumeTable:
    by_time: dict[str, dict[str, int]] = defaultdict(dict)
    for row in rows:
        by_time[cast(str, row["time"])][cast(str, row["type"])] = cast(int, row["count"])
    seen = {name for counts in by_time.values() for name in counts}
    types = [kind.name for kind in palette.TYPES if kind.name in seen]
    newest = sorted(by_time, reverse=True)
    lines = [
        (time, [by_time[time].get(name, 0) for name in types], sum(by_time[time].values()))
        for time in newest[:VOLUME_LINES_MAX]
    ]
    total = sum(sum(counts.values()) for counts in by_time.values())
    return VolumeTable(types, lines, total, max(0, len(newest) - VOLUME_LINES_MAX))


def _legend(table: VolumeTable, rows: Sequence[dict[str, object]]) -> list[LegendLine]:
    totals: Counter[str] = Counter()
    for row in rows:
        totals[cast(str, row["type"])] += cast(int, row["count"])
    return [LegendLine(name, totals[name]) for name in table.types]


def _volume_json(volume: Report) -> str:
    start, end = (clock_time(str(volume.parameters[name] or "")) for name in ("start", "end"))
    interval = str(volume.parameters["interval"])
    return _as_json(volume_figure(volume.rows, interval=interval, start=start, end=end).to_json())


def _funnel_json(funnel: Report, first_stage: str) -> str:
    stages = [row["stage"] for row in funnel.rows]
    return _as_json(funnel_figure(funnel.rows[stages.index(first_stage) :]).to_json())


def _tiles(volume: VolumeTable, funnel: Sequence[FunnelLine]) -> list[Tile]:
    reached = {line.stage: line.count + line.implied for line in funnel}
    shown = reached.get("impression", 0)
    tiles = [Tile("Events", words.number(volume.total), "recorded in this range")]
    tiles.append(Tile("Jobs shown", words.number(shown), "pairs of a search and a job"))
    for stage, label in (("application_finish", "Applications"), ("hire", "Hires")):
        count = reached.get(stage, 0)
        tiles.append(Tile(label, words.number(count), _share(count, shown)))
    return tiles


def _share(count: int, shown: int) -> str:
    """Say a rate with its interval. Stages are closed upward, so *count* is within *shown*."""
    bounds = wilson(count, shown)
    if bounds is None:
        return "not enough data for a rate"
    return f"{words.percent(count / shown)} of jobs shown ({words.percent_range(*bounds)})"


def _period(parameters: dict[str, object]) -> str:
    start, end = (
        str(parameters.get(name) or "")[:16].replace("T", " ") for name in ("start", "end")
    )
    if start and end:
        return f"{start} to {end}"
    return f"since {start}" if start else (f"until {end}" if end else "all time")


def _as_json(text: str) -> str:
    """Make JSON safe inside a script element, which would end at ``</script`` even in a string."""
    return text.replace("&", "\\u0026").replace("<", "\\u003c").replace(">", "\\u003e")
