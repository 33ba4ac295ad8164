"""The page's charts, as Plotly figures; the same figures show in a notebook.

Colours are those of a light page. ``meta`` names the CSS variables that they stand for, so that the
page's script can put in the reader's own: ``color`` of the trace, or ``colors`` of its points and
their ``opacity``.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

from jobtrail.engine.dashboard import palette, words
from jobtrail.events import EventType

if TYPE_CHECKING:
    import plotly.graph_objects as go

Row = Mapping[str, object]

# Shown and opened outnumber all that follows by ten to one or more. On one axis the rest would be a
# line of pixels, so it gets a panel and an axis of its own.
FREQUENT = (
    EventType.IMPRESSION,
    EventType.NOTIFICATION,
    EventType.VIEW,
    EventType.VIEW_REDIRECT,
)
_SHARE_OF_UPPER_PANEL = 0.54

_LENGTH = {"hour": timedelta(hours=1), "day": timedelta(days=1), "week": timedelta(weeks=1)}
_BAR_RATIO = 0.86
"""A bar's share of its interval; the rest keeps bars apart."""
_IMPLIED_OPACITY = 0.4
_SHARE_FOR_TEXT = 0.3
"""A funnel's bar takes its number inside from this share of the widest on."""


def volume_figure(rows: Iterable[Row], *, interval: str, start: str, end: str) -> go.Figure:
    """Draw a time series report: stacked bars by type, in two panels when both are needed.

    Args:
        rows: Rows of the report ``timeseries``.
        interval: ``hour``, ``day`` or ``week``: how long a bar is.
        start: Where the axis begins, as the local clock shows it; empty is the first bar.
        end: Where it ends; empty is the end of the last bar.
    """
    import plotly.graph_objects as go  # noqa: PLC0415 - 18 MB, and only pages need it

    series: dict[str, tuple[list[str], list[int]]] = {}
    for row in rows:
        times, counts = series.setdefault(cast(str, row["type"]), ([], []))
        times.append(clock_time(cast(str, row["time"])))
        counts.append(cast(int, row["count"]))
    present = [kind for kind in palette.TYPES if kind.name in series]
    has_two = 0 < sum(kind in FREQUENT for kind in present) < len(present)
    figure = go.Figure()
    for kind in present:
        times, counts = series[kind.name]
        figure.add_bar(
            x=times,
            y=counts,
            offset=0,
            width=int(_LENGTH[interval] / timedelta(milliseconds=1) * _BAR_RATIO),
            yaxis="y2" if has_two and kind not in FREQUENT else "y",
            name=words.type_name(kind.name),
            marker={"color": palette.TYPES[kind], "line": {"width": 0}},
            meta={"color": palette.type_variable(kind)},
            hovertemplate="%{y:,}",
        )
    figure.update_layout(
        _base_layout(),
        barmode="stack",
        hovermode="x unified",
        showlegend=False,
        xaxis={
            "type": "date",
            "anchor": "y2" if has_two else "y",
            "range": _axis_range(series, interval, start, end),
            "hoverformat": "%a %d %b %Y, %H:%M" if interval == "hour" else "%a %d %b %Y",
        },
        yaxis={"rangemode": "tozero", "tickformat": ",~s", "nticks": 5},
    )
    if has_two:
        split = 1 - _SHARE_OF_UPPER_PANEL
        lower = {"rangemode": "tozero", "tickformat": ",~s", "nticks": 4, "anchor": "x"}
        figure.update_layout(
            yaxis={"domain": [split + 0.07, 0.95]}, yaxis2={**lower, "domain": [0, split - 0.05]}
        )
        for name, place in (("Shown and opened", 1.0), ("Applied for, and after", split)):
            figure.add_annotation(
                text=name,
                x=0,
                y=place,
                xref="paper",
                yref="paper",
                xanchor="left",
                yanchor="top",
                showarrow=False,
            )
    return figure


def funnel_figure(rows: Sequence[Row]) -> go.Figure:
    """Draw a funnel report: recorded pairs in full colour, implied ones pale beside them.

    Args:
        rows: Rows of the report ``funnel``, from the first stage to draw to the last.
    """
    import plotly.graph_objects as go  # noqa: PLC0415 - as above

    stages = [cast(str, row["stage"]) for row in rows]
    recorded = [cast(int, row["count"]) for row in rows]
    implied = [cast(int, row["implied"]) for row in rows]
    reached = [sum(pair) for pair in zip(recorded, implied, strict=True)]
    widest = max(reached, default=0)
    # One number for each stage: in its bar where that is long, else behind the last part of it.
    is_inside = [count > _SHARE_FOR_TEXT * widest for count in reached]
    figure = go.Figure()
    for name, values, opacity in (
        ("Recorded", recorded, 1.0),
        ("Implied", implied, _IMPLIED_OPACITY),
    ):
        if name == "Implied" and not any(implied):
            continue
        carries = [
            (name == "Recorded") == (inside or not other)
            for inside, other in zip(is_inside, implied, strict=True)
        ]
        figure.add_funnel(
            name=name,
            y=[words.STAGE_NAMES[stage] for stage in stages],
            x=values,
            text=[
                words.number(count) if mine else ""
                for count, mine in zip(reached, carries, strict=True)
            ],
            textinfo="text",
            textposition=["inside" if inside else "outside" for inside in is_inside],
            constraintext="none",
            cliponaxis=False,
            marker={
                "color": [palette.faded(palette.STAGES[stage], opacity) for stage in stages],
                "line": {"width": 0},
            },
            connector={"visible": name == "Recorded", "line": {"width": 0}},
            meta={
                "colors": [palette.stage_variable(stage) for stage in stages],
                "opacity": opacity,
            },
            hovertemplate=f"%{{y}}<br>{name}: %{{x:,}}<extra></extra>",
        )
    figure.update_layout(
        _base_layout(),
        funnelmode="stack",
        funnelgap=0.3,
        showlegend=False,
        hovermode="closest",
        yaxis={"automargin": True, "ticks": "", "showgrid": False},
    )
    return figure


def clock_time(time: str) -> str:
    """Cut the offset off an RFC 3339 time: Plotly shows a clock's time as it is written."""
    return time[:19]


def _axis_range(
    series: Mapping[str, tuple[list[str], list[int]]], interval: str, start: str, end: str
) -> list[str] | None:
    times = sorted({time for times, _ in series.values() for time in times})
    if not times:
        return None
    after = datetime.fromisoformat(times[-1]) + _LENGTH[interval]
    return [min(start or times[0], times[0]), max(end, after.isoformat())]


def _base_layout() -> dict[str, object]:
    return {
        "template": "none",
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8, "pad": 4},
        "font": {"family": "system-ui, sans-serif", "size": 12},
        "xaxis": {"automargin": True, "showgrid": False, "fixedrange": True},
        "yaxis": {"automargin": True, "zeroline": False, "fixedrange": True},
        "yaxis2": {"automargin": True, "zeroline": False, "fixedrange": True},
        "dragmode": False,
        "separators": ".,",
    }
