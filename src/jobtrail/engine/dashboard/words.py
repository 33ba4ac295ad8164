"""How the page says what programs call by their names."""

from __future__ import annotations

from datetime import date, datetime, tzinfo

from jobtrail.errors import Reason
from jobtrail.events import Check, EventType

STAGE_NAMES = {
    "impression": "Impression",
    "view": "View",
    "application_start": "Application started",
    "application_finish": "Application finished",
    "interview": "Interview",
    "hire": "Hire",
}

CHECK_MEANINGS = {
    Check.CREATE_TIME_1970: "The client's time lies in 1970: its clock was not set",
    Check.CREATE_TIME_FUTURE: "The client's time lies further ahead than time zones explain",
    Check.CREATE_TIME_OLD: "The client's time is older than the retention",
    Check.JOB_OF_OTHER_TENANT: "A job belongs to another tenant",
    Check.REQUEST_ID_MISSING: "No request_id, so it belongs to no search",
    Check.REQUEST_ID_INVENTED: "The request_id looks made up by the client, not given by a search",
    Check.IMPRESSION_REPEATED: "Its request already had an impression",
    Check.FINISH_BEFORE_START: "The application finished before it started",
    Check.FINISH_WITHOUT_START: "The application finished without a start",
    Check.HIRE_WITHOUT_APPLICATION: "A hire without an application",
    Check.QUICK_WITH_START: "A quick submission beside a started or finished application",
}

# Digits behind the point from each value in percent on, largest first.
_DIGITS = ((10, 1), (0.1, 2), (0.01, 3))

# Seconds of each unit that a short span is told in, largest first.
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))


def type_name(name: str) -> str:
    """Say an event type: ``APPLICATION_START`` is "Application start"."""
    return name.replace("_", " ").capitalize().replace(" cv", " CV")


def check_name(name: str) -> str:
    """Say a check: ``create_time_1970`` is "create time 1970"."""
    return name.replace("_", " ")


def check_meaning(name: str) -> str:
    """Say what is odd about an event that has this check."""
    return CHECK_MEANINGS[Check(name)]


def reason_name(reason: str) -> str:
    """Say a reason of a rejection: ``jobs_too_many`` is "jobs too many"."""
    return Reason(reason).value.replace("_", " ") if reason in list(Reason) else reason


def selectable_types() -> list[str]:
    """List the types that events can have."""
    return [member.name for member in EventType if member]


def number(value: int) -> str:
    """Write a count with thousands set apart: 12,345."""
    return f"{value:,}"


def percent(ratio: float) -> str:
    """Write a ratio from 0 to 1 in percent, with two or three significant digits."""
    return f"{_percent_number(ratio)} %"


def percent_range(low: float, high: float) -> str:
    """Write two ratios from 0 to 1 as a range in percent, with an en dash."""
    return f"{_percent_number(low)}–{_percent_number(high)} %"  # noqa: RUF001 - as ranges have


def _percent_number(ratio: float) -> str:
    value = ratio * 100
    if value == 0 or value >= 99.95:  # from here on it rounds to 100.0
        return f"{value:.0f}"
    digits = next((digits for least, digits in _DIGITS if value >= least), 4)
    return f"{value:.{digits}f}"


def span(milliseconds: int) -> str:
    """Write a length of time in its largest unit: 850 ms, 12 s, 3 h."""
    if milliseconds < 1_000:
        return f"{milliseconds} ms"
    seconds = milliseconds // 1_000
    unit, name = next(pair for pair in _UNITS if seconds >= pair[0])
    return f"{seconds // unit} {name}"


def local_time(timestamp: str, zone: tzinfo) -> str:
    """Write an RFC 3339 instant of ours by the clock of *zone*, to the second.

    Years that a clock there cannot show stay as they are.
    """
    try:
        instant = datetime.fromisoformat(timestamp[:19] + "+00:00").astimezone(zone)
    except (ValueError, OverflowError):
        return timestamp
    return instant.strftime("%Y-%m-%d %H:%M:%S")


def short_time(instant: datetime, today: date) -> str:
    """Write a local time to the second, with its date unless that is *today*."""
    clock = instant.strftime("%H:%M:%S")
    if instant.date() == today:
        return clock
    day = f"{instant.day} {instant:%b}"
    return f"{day} {clock}" if instant.year == today.year else f"{day} {instant.year} {clock}"
