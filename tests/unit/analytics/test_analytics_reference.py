"""The page on reports says what the code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import msgspec

from jobtrail.analytics.parameters import parse
from jobtrail.analytics.reference import reports_markdown
from jobtrail.analytics.reports import REPORTS
from jobtrail.events import EventType
from jobtrail.settings import Settings
from jobtrail.store.fold import STAGES

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "reports.md"


def test_the_page_is_current() -> None:
    assert PAGE.read_text("utf-8") == reports_markdown(), (
        "run: python -m jobtrail.analytics.reference > docs/reference/reports.md"
    )


def test_the_registry_can_be_listed_as_json() -> None:
    listed = json.loads(msgspec.json.encode(list(REPORTS.values())))
    assert [spec["name"] for spec in listed] == ["funnel", "timeseries"]
    assert [column["name"] for column in listed[0]["columns"]] == [
        *("stage", "count", "implied", "rate", "low", "high"),
    ]
    assert [column["name"] for column in listed[1]["columns"]] == ["time", "type", "count"]


def test_each_example_can_be_asked_for() -> None:
    for spec in REPORTS.values():
        parsed = parse(spec.parameters, spec.example, "projects/demo/tenants/demo")
        assert parsed.time_zone.key == "Europe/Berlin"


def test_each_type_is_listed_under_its_stage() -> None:
    stages = re.search(r"\*\*stage\*\*:(.*?)\n- ", PAGE.read_text("utf-8"), re.DOTALL)
    assert stages is not None
    listed = re.sub(r"\s+", " ", stages[1])
    named = {
        EventType[type_]: stage
        for stage, types in re.findall(r"`([a-z_]+)`: ([A-Z_, ]+)", listed)
        for type_ in re.findall(r"[A-Z_]{2,}", types)
    }
    assert named | {EventType.NOTIFICATION: "impression"} == STAGES


def test_each_window_that_is_named_is_a_setting() -> None:
    windows = set(re.findall(r"`(\w+_window_\w+)`", PAGE.read_text("utf-8")))
    assert windows == {name for name in Settings.__struct_fields__ if "_window_" in name}
