"""Events for people: one line each, with the parts that one looks for."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from rich.text import Text

EventJson = Mapping[str, Any]

# The longest type has 32 characters, the usual ones at most 28; more would push all else aside.
_TYPE_COLUMNS = 28
_JOBS_SHOWN = 3
_STYLES = {
    "IMPRESSION": "dim",
    "VIEW": "cyan",
    "INTERVIEW_GRANTED": "magenta",
    "HIRED": "bold green",
}


def event_line(event: EventJson, tenant: str) -> Text:
    """Write an event on one line: when, what, which jobs, under which request, what is odd."""
    kind = event["jobEvent"]["type"]
    line = Text(f"{instant(event['createTime']):%Y-%m-%d %H:%M:%S}  ")
    line.append(f"{kind:<{_TYPE_COLUMNS}}", style=_STYLES.get(kind, "yellow"))
    line.append(f"  {jobs_text(event, tenant)}")
    if event.get("eventNotes"):
        line.append(f"  {printable(event['eventNotes'])}", style="italic")
    if event.get("requestId"):
        line.append(f"  {printable(event['requestId'])}", style="dim")
    if event["receipt"]["checks"]:
        line.append(f"  [{', '.join(event['receipt']['checks'])}]", style="red")
    return line


def jobs_text(event: EventJson, tenant: str) -> str:
    """Name the jobs of an event without their tenant; many are counted."""
    prefix = f"{tenant}/jobs/"
    jobs = [printable(job.removeprefix(prefix)) for job in event["jobEvent"]["jobs"]]
    rest = len(jobs) - _JOBS_SHOWN
    return ", ".join(jobs) if rest <= 0 else f"{', '.join(jobs[:_JOBS_SHOWN])} and {rest} more"


def instant(text: str) -> datetime:
    """Read an RFC 3339 time; digits past microseconds are dropped."""
    seconds, _, fraction = text.removesuffix("Z").partition(".")
    whole = datetime.fromisoformat(seconds).replace(tzinfo=UTC)
    return whole.replace(microsecond=int(fraction[:6].ljust(6, "0") or "0"))


def printable(text: str) -> str:
    """Show control characters as escapes: what a client sent must not steer a terminal."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
