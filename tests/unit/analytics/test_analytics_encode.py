"""What a program and what a spreadsheet gets."""

from __future__ import annotations

import csv
import io
import json

import pytest

from jobtrail.analytics.encode import to_csv, to_json
from jobtrail.analytics.spec import Report

REPORT = Report(
    report="funnel",
    parameters={"start": None, "job": ["projects/p/tenants/t/jobs/ü"]},
    columns=("stage", "count", "rate"),
    rows=[
        {"stage": "impression", "count": 7, "rate": None},
        {"stage": "view", "count": 2, "rate": 2 / 7},
    ],
    notes=["All is well."],
)


def test_json_has_report_parameters_rows_and_notes() -> None:
    assert json.loads(to_json(REPORT)) == {
        "report": "funnel",
        "parameters": {"start": None, "job": ["projects/p/tenants/t/jobs/ü"]},
        "rows": [
            {"stage": "impression", "count": 7, "rate": None},
            {"stage": "view", "count": 2, "rate": 2 / 7},
        ],
        "notes": ["All is well."],
    }


def test_csv_has_the_same_columns_and_the_same_numbers() -> None:
    assert to_csv(REPORT) == (b"stage,count,rate\r\nimpression,7,\r\nview,2,0.2857142857142857\r\n")


def test_csv_of_no_rows_still_has_its_header() -> None:
    empty = Report(report="r", parameters={}, columns=("time", "type"), rows=[], notes=[])
    assert to_csv(empty) == b"time,type\r\n"


@pytest.mark.parametrize(
    "text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", '=HYPERLINK("http://x")']
)
def test_no_text_in_csv_is_run_as_a_formula(text: str) -> None:
    report = Report(report="r", parameters={}, columns=("a",), rows=[{"a": text}], notes=[])
    _, [cell] = csv.reader(io.StringIO(to_csv(report).decode(), newline=""))
    assert cell == f"'{text}"


def test_numbers_and_harmless_texts_in_csv_are_left_alone() -> None:
    values = [-1, -0.5, "a=b", "a,b", 'say "x"', "two\nlines", ""]
    report = Report(
        report="r", parameters={}, columns=("a",), rows=[{"a": value} for value in values], notes=[]
    )
    cells = [row[0] for row in csv.reader(io.StringIO(to_csv(report).decode(), newline=""))]
    assert cells == ["a", *map(str, values)]
