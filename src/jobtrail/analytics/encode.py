"""A report as bytes: JSON for programs, CSV for spreadsheets."""

from __future__ import annotations

import csv
import io

import msgspec

from jobtrail.analytics.spec import Report

_STARTS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def to_json(report: Report) -> bytes:
    """Encode as ``{"report", "parameters", "rows": [{...}], "notes"}``, UTF-8."""
    return msgspec.json.encode(
        {
            "report": report.report,
            "parameters": report.parameters,
            "rows": report.rows,
            "notes": report.notes,
        }
    )


def to_csv(report: Report) -> bytes:
    """Encode as RFC 4180 CSV in UTF-8: a header of the columns, then the rows; null is empty.

    A text that a spreadsheet would run as a formula gets an apostrophe in front, which spreadsheets
    take as "this is text" (OWASP, CSV injection). Numbers are left as they are.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(report.columns)
    writer.writerows([_cell(row[column]) for column in report.columns] for row in report.rows)
    return text.getvalue().encode()


def _cell(value: object) -> object:
    if isinstance(value, str) and value.startswith(_STARTS_A_FORMULA):
        return f"'{value}"
    return "" if value is None else value
