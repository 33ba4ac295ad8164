"""The page's charts, as Plotly figures; the same figures show in a notebook.

Colours are those of a light page. ``meta`` names the CSS variables that they stand for, so that the
page's script can put in the reader's own: a variable for the trace, or one for each of its points.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
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
_SHARE_OF_UPPER_PANEL = 0.56


def volume_figure(rows: Iterable[Row]) -> go.Figure:
    """Draw a time series report: stacked bars by type, in two panels when both are needed.

    Args:
        rows: Rows of the report ``timeseries``.
    """
    import plotly.graph_objects as go  # noqa: PLC0415 - 18 MB, and only pages need it

    series: dict[str, tuple[list[str], list[int]]] = {}
    for row in rows:
        times, counts = series.setdefault(cast(str, row["type"]), ([], []))
        # Plotly shows the local time that is written and cannot read an offset behind it.
        times.append(cast(str, row["time"])[:19])
        counts.append(cast(int, row["count"]))
    present = [kind for kind in palette.TYPES if kind.name in series]
    panels = {kind: "y" if kind in FREQUENT else "y2" for kind in present}
    if len(set(panels.values())) < 2:
        panels = dict.fromkeys(present, "y")
    figure = go.Figure()
    for kind in present:
        times, counts = series[kind.name]
        figure.add_bar(
            x=times,
            y=counts,
            yaxis=panels[kind],
            name=words.type_name(kind.name),
            marker={"color": palette.TYPES[kind], "line": {"width": 0}},
            meta=palette.type_variable(kind),
            hovertemplate="%{y:,}",
        )
    figure.update_layout(
        _base_layout(),
        barmode="stack",
        bargap=0.12,
        hovermode="x unified",
        legend={"orientation": "h", "x": 0, "xanchor": "left", "y": -0.14, "yanchor": "top"},
        xaxis={"type": "date", "anchor": "y2" if "y2" in panels.values() else "y"},
    )
    upper = {"rangemode": "tozero", "tickformat": ",~s", "nticks": 5}
    if "y2" in panels.values():
        split = 1 - _SHARE_OF_UPPER_PANEL
        figure.update_layout(
            yaxis={**upper, "domain": [split + 0.05, 1]},
            yaxis2={**upper, "domain": [0, split - 0.03], "anchor": "x"},
        )
    else:
        figure.update_layout(yaxis=upper)
    return figure


def funnel_figure(rows: Sequence[Row]) -> go.Figure:
    """Draw a funnel report: recorded pairs in full colour, implied ones pale beside them.

    Args:
        rows: Rows of the report ``funnel``, from the first stage to the last.
    """
    import plotly.graph_objects as go  # noqa: PLC0415 - as above

    stages = [cast(str, row["stage"]) for row in rows]
    names = [words.STAGE_NAMES[stage] for stage in stages]
    variables = [palette.stage_variable(stage) for stage in stages]
    colors = [palette.STAGES[stage] for stage in stages]
    recorded = [cast(int, row["count"]) for row in rows]
    implied = [cast(int, row["implied"]) for row in rows]
    figure = go.Figure()
    for label, values, opacity in (("Recorded", recorded, 1.0), ("Implied", implied, 0.4)):
        if not any(values) and label == "Implied":
            continue
        figure.add_funnel(
            name=label,
            y=names,
            x=values,
            # A bar of length 0 has no room for a number, and the table has it.
            text=[words.number(value) if value else "" for value in values],
            textinfo="text",
            textposition="auto",
            constraintext="none",
            marker={"color": colors, "line": {"width": 0}},
            opacity=opacity,
            connector={"visible": label == "Recorded", "line": {"width": 0}},
            meta=variables,
            hovertemplate=f"%{{y}}<br>{label}: %{{x:,}}<extra></extra>",
        )
    figure.update_layout(
        _base_layout(),
        funnelmode="stack",
        funnelgap=0.28,
        showlegend=False,
        hovermode="closest",
        yaxis={"automargin": True, "ticks": "", "showgrid": False},
    )
    return figure


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
