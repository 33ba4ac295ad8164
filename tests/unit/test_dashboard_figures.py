"""Charts are valid Plotly figures with the report's numbers, in the page's colours."""

from __future__ import annotations

import json
import re
from importlib.resources import files
from typing import Any

import plotly.graph_objects as go
import pytest

from jobtrail.analytics.spec import Report
from jobtrail.engine.dashboard import palette
from jobtrail.engine.dashboard.figures import funnel_figure, volume_figure
from jobtrail.engine.dashboard.numbers import VOLUME_ROWS_MAX, present
from jobtrail.events import EventType

STAGES = list(palette.STAGES)


def funnel_rows(counts: list[int], implied: list[int]) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for stage, count, more in zip(STAGES, counts, implied, strict=True):
        rate = None if not rows else 0.5
        rows.append(
            {
                "stage": stage,
                "count": count,
                "implied": more,
                "rate": rate,
                "low": rate,
                "high": rate,
            }
        )
    return rows


def volume_rows(*rows: tuple[str, str, int]) -> list[dict[str, object]]:
    return [{"time": time, "type": name, "count": count} for time, name, count in rows]


def volume(rows: list[dict[str, object]], **changes: str) -> Any:
    return volume_figure(rows, **{"interval": "day", "start": "", "end": "", **changes})


def test_the_funnel_draws_recorded_and_implied_pairs_apart() -> None:
    figure = funnel_figure(funnel_rows([100, 40, 10, 8, 2, 1], [0, 5, 1, 0, 0, 0]))
    assert isinstance(figure, go.Figure)
    recorded, implied = figure.data
    assert (recorded.type, recorded.name, list(recorded.x)) == (
        "funnel",
        "Recorded",
        [100, 40, 10, 8, 2, 1],
    )
    assert (implied.name, list(implied.x)) == ("Implied", [0, 5, 1, 0, 0, 0])
    assert figure.layout.funnelmode == "stack"


def test_each_stage_carries_the_number_of_pairs_that_reached_it_once() -> None:
    figure = funnel_figure(funnel_rows([1000, 400, 10, 8, 2, 0], [0, 50, 1, 0, 0, 0]))
    written = [
        [text for text in texts if text]
        for texts in zip(*(trace.text for trace in figure.data), strict=True)
    ]
    assert written == [["1,000"], ["450"], ["11"], ["8"], ["2"], ["0"]]


def test_a_funnel_without_implied_pairs_has_one_part() -> None:
    assert len(funnel_figure(funnel_rows([3, 2, 1, 0, 0, 0], [0] * 6)).data) == 1


def test_the_volume_puts_rare_types_on_an_axis_of_their_own() -> None:
    figure = volume(
        volume_rows(("2026-01-01T00:00:00Z", "IMPRESSION", 9), ("2026-01-01T00:00:00Z", "HIRED", 1))
    )
    axes = {trace.name: trace.yaxis for trace in figure.data}
    assert axes == {"Impression": "y", "Hired": "y2"}
    alone = volume(volume_rows(("2026-01-01T00:00:00Z", "HIRED", 1)))
    assert [trace.yaxis for trace in alone.data] == ["y"]


def test_the_volume_shows_the_clock_of_the_time_zone_over_the_whole_range() -> None:
    figure = volume(
        volume_rows(("2026-01-05T00:00:00+01:00", "VIEW", 3)),
        start="2026-01-02T00:00:00",
        end="2026-01-08T00:00:00",
    )
    assert list(figure.data[0].x) == ["2026-01-05T00:00:00"]
    assert list(figure.layout.xaxis.range) == ["2026-01-02T00:00:00", "2026-01-08T00:00:00"]


def test_every_type_has_a_colour_and_the_style_sheet_has_the_same_one() -> None:
    assert set(palette.TYPES) == {member for member in EventType if member}
    css = files("jobtrail.engine.dashboard").joinpath("static", "page.css").read_text("utf-8")
    light = css[: css.index("@media")]
    variables = dict(re.findall(r"(--[\w-]+): ([^;]+);", light))

    def resolved(name: str) -> str:
        value = variables[name]
        reference = re.fullmatch(r"var\((.+)\)", value)
        return resolved(reference[1]) if reference else value

    for stage, color in palette.STAGES.items():
        assert resolved(palette.stage_variable(stage)) == color
    for kind, color in palette.TYPES.items():
        assert resolved(palette.type_variable(kind)) == color
        assert f".swatch.{kind.name.lower()}" in css


def report(name: str, rows: list[dict[str, object]]) -> Report:
    parameters: dict[str, object] = {
        "start": None,
        "end": None,
        "interval": "day",
        "view": "cohort",
    }
    return Report(report=name, parameters=parameters, columns=(), rows=rows, notes=[])


def test_a_figure_cannot_end_the_script_element_that_holds_it() -> None:
    numbers = present(
        report("timeseries", volume_rows(("2026-01-01T00:00:00Z", "VIEW", 1))),
        report("funnel", funnel_rows([1] * 6, [1] * 6)),
        first_stage="view",
    )
    for text in numbers.figures.values():
        assert not set("<>&") & set(text)
    drawn = json.loads(numbers.figures["funnel-chart"])
    assert len(drawn["data"][0]["y"]) == 5


def test_more_bars_than_can_be_drawn_are_not_drawn() -> None:
    rows = volume_rows(
        *((f"2026-01-01T00:{n % 60:02}:00Z", "VIEW", 1) for n in range(VOLUME_ROWS_MAX + 1))
    )
    numbers = present(
        report("timeseries", rows),
        report("funnel", funnel_rows([0] * 6, [0] * 6)),
        first_stage="impression",
    )
    assert "volume-chart" not in numbers.figures


@pytest.mark.parametrize("count", [0, 1])
def test_totals_say_when_there_is_not_enough_data_for_a_rate(count: int) -> None:
    numbers = present(
        report("timeseries", []),
        report("funnel", funnel_rows([count] * 6, [0] * 6)),
        first_stage="impression",
    )
    details = [tile.detail for tile in numbers.tiles]
    assert ("not enough data for a rate" in details) == (count == 0)
