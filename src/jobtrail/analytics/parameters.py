"""What a report was asked for: text in, typed values or every mistake out."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from functools import cache
from typing import TypeVar
from zoneinfo import ZoneInfo, available_timezones

import msgspec

from jobtrail import names
from jobtrail.analytics.localtime import (
    YEAR_MAX,
    YEAR_MIN,
    Interval,
    midnight,
    rfc3339,
    to_microseconds,
)
from jobtrail.errors import Code
from jobtrail.events import EventType

VALUES_MAX = 500
"""Values of one repeatable parameter; as many as an event may name jobs."""
VALUE_CHARS_MAX = 1_000
"""Characters of one value; the longest job name that admission takes by default."""


_T = TypeVar("_T")
_E = TypeVar("_E", bound=StrEnum)


class View(StrEnum):
    """Which pairs a funnel is about."""

    COHORT = "cohort"
    PERIOD = "period"


class Surface(StrEnum):
    """Where a pair began: in what a seeker looked for, or in an alert that was sent."""

    SEARCH = "search"
    ALERT = "alert"


class Mistake(msgspec.Struct, frozen=True):
    """One parameter that cannot be used; *message* says what is wrong and what to give instead."""

    field: str
    message: str


class ReportError(Exception):
    """A report cannot be computed as it was asked for; ``mistakes`` has every reason, at least one.

    ``code`` is INVALID_ARGUMENT, or NOT_FOUND when there is no report of that name.
    """

    def __init__(self, *mistakes: Mistake, code: Code = Code.INVALID_ARGUMENT) -> None:
        super().__init__("; ".join(f"{mistake.field}: {mistake.message}" for mistake in mistakes))
        self.mistakes = mistakes
        self.code = code


class Parsed(msgspec.Struct, frozen=True):
    """Parameters with their types. A report reads those that it declares; the rest are defaults."""

    start: int | None = None
    """Microseconds since 1970, included; ``None`` is the first event."""
    end: int | None = None
    """Microseconds since 1970, not included; ``None`` is after the last event."""
    time_zone: ZoneInfo = ZoneInfo("UTC")
    interval: Interval = Interval.DAY
    jobs: tuple[str, ...] = ()
    """Full names; empty is every job."""
    types: tuple[EventType, ...] = ()
    """In the order of their numbers; empty is every type."""
    view: View = View.COHORT
    surface: Surface = Surface.SEARCH


class Parameter(msgspec.Struct, frozen=True):
    """One parameter that reports may declare."""

    name: str
    description: str
    default: str = ""
    """Empty: it restricts nothing when it is left out."""
    choices: tuple[str, ...] = ()
    """The only values that it takes; empty: see the description."""
    is_repeatable: bool = False


_TYPE_NAMES = tuple(type_.name for type_ in EventType if type_)

START = Parameter(
    "start",
    "The first instant that counts: RFC 3339 (`2026-11-24T10:00:00Z`), or a date in the time zone "
    "(`2026-11-24`), which means its first instant.",
)
END = Parameter(
    "end",
    "The first instant that no longer counts, written like `start`: `end=2026-12-01` leaves "
    "December out.",
)
TIME_ZONE = Parameter(
    "timeZone",
    "IANA name such as `Europe/Berlin`; dates, and the hours, days and weeks of rows, are of it.",
    default="UTC",
)
INTERVAL = Parameter(
    "interval",
    "How much local time one row covers; weeks start on Monday.",
    default=Interval.DAY.value,
    choices=tuple(Interval),
)
JOB = Parameter(
    "job",
    "Only this job: its full name, or its id alone.",
    is_repeatable=True,
)
TYPE = Parameter(
    "type",
    "Only events of this type.",
    choices=_TYPE_NAMES,
    is_repeatable=True,
)
VIEW = Parameter(
    "view",
    "`cohort`: the pairs that began between `start` and `end`, and what became of them. `period`: "
    "what happened between `start` and `end`, whenever the pair began.",
    default=View.COHORT.value,
    choices=tuple(View),
)
SURFACE = Parameter(
    "surface",
    "Pairs that began in a search, or with an alert (NOTIFICATION); never both in one funnel.",
    default=Surface.SEARCH.value,
    choices=tuple(Surface),
)


def parse(
    declared: Sequence[Parameter], given: Mapping[str, str | Sequence[str]], tenant: str
) -> Parsed:
    """Read what was *given* as the parameters that a report *declared*.

    An empty value counts as not given, as an empty field of a form should.

    Raises:
        ReportError: With every mistake.
    """
    reading = _Reading(declared, given)
    zone = reading.one(TIME_ZONE, _time_zone, ZoneInfo("UTC"))
    start: int | None = reading.one(START, lambda text: _instant(text, zone), None)
    end: int | None = reading.one(END, lambda text: _instant(text, zone), None)
    if start is not None and end is not None and start >= end:
        reading.mistakes.append(Mistake(END.name, "must be later than start; swap the two"))
    jobs = reading.every(JOB, lambda text: _job_names(text, tenant))
    parsed = Parsed(
        start=start,
        end=end,
        time_zone=zone,
        interval=reading.one(INTERVAL, _one_of(Interval), Interval.DAY),
        jobs=tuple(dict.fromkeys(name for names_ in jobs for name in names_)),
        types=tuple(sorted(set(reading.every(TYPE, _event_type)))),
        view=reading.one(VIEW, _one_of(View), View.COHORT),
        surface=reading.one(SURFACE, _one_of(Surface), Surface.SEARCH),
    )
    if reading.mistakes:
        raise ReportError(*reading.mistakes)
    return parsed


def echo(declared: Sequence[Parameter], parsed: Parsed) -> dict[str, object]:
    """Write *parsed* the way it could be given again, by parameter; not given is ``None`` or []."""
    written: dict[str, object] = {
        START.name: None if parsed.start is None else rfc3339(parsed.start, parsed.time_zone),
        END.name: None if parsed.end is None else rfc3339(parsed.end, parsed.time_zone),
        TIME_ZONE.name: parsed.time_zone.key,
        INTERVAL.name: parsed.interval.value,
        JOB.name: list(parsed.jobs),
        TYPE.name: [type_.name for type_ in parsed.types],
        VIEW.name: parsed.view.value,
        SURFACE.name: parsed.surface.value,
    }
    return {parameter.name: written[parameter.name] for parameter in declared}


class _Reading:
    """Goes through the texts of one request and collects what is wrong with them."""

    def __init__(
        self, declared: Sequence[Parameter], given: Mapping[str, str | Sequence[str]]
    ) -> None:
        self._declared = {parameter.name for parameter in declared}
        self._texts = {
            name: [text for text in ([value] if isinstance(value, str) else value) if text]
            for name, value in given.items()
        }
        known = ", ".join(parameter.name for parameter in declared)
        self.mistakes = [
            Mistake(name[:VALUE_CHARS_MAX], f"is not a parameter of this report; it takes {known}")
            for name in self._texts
            if name not in self._declared
        ]

    def one(self, parameter: Parameter, reader: Callable[[str], _T], default: _T) -> _T:
        """Read the only value of *parameter*; *default* when there is none or it is wrong."""
        values = self.every(parameter, reader)
        return values[0] if values else default

    def every(self, parameter: Parameter, reader: Callable[[str], _T]) -> list[_T]:
        """Read all values of *parameter*, leaving out the wrong ones."""
        if parameter.name not in self._declared:
            return []
        texts = self._texts.get(parameter.name, [])
        values_max = VALUES_MAX if parameter.is_repeatable else 1
        if len(texts) > values_max:
            self._refuse(parameter, f"is given {len(texts)} times; {values_max} at most")
            return []
        values = []
        for text in texts:
            try:
                if len(text) > VALUE_CHARS_MAX:
                    raise ValueError(f"is over {VALUE_CHARS_MAX} characters; shorten it")
                values.append(reader(text))
            except ValueError as error:
                self._refuse(parameter, str(error))
        return values

    def _refuse(self, parameter: Parameter, message: str) -> None:
        mistake = Mistake(parameter.name, message)
        if mistake not in self.mistakes:
            self.mistakes.append(mistake)


def _one_of(choices: type[_E]) -> Callable[[str], _E]:
    def read(text: str) -> _E:
        try:
            return choices(text.lower())
        except ValueError:
            raise ValueError(f"must be {' or '.join(choices)}") from None

    return read


def _event_type(text: str) -> EventType:
    if text.upper() not in _TYPE_NAMES:
        raise ValueError(
            f"must be one of {', '.join(_TYPE_NAMES)}; give the parameter again for each type"
        )
    return EventType[text.upper()]


def _time_zone(text: str) -> ZoneInfo:
    if text not in _time_zones():
        raise ValueError("is not a time zone we know; give an IANA name such as Europe/Berlin")
    return ZoneInfo(text)


@cache
def _time_zones() -> frozenset[str]:
    return frozenset(available_timezones())


def _job_names(text: str, tenant: str) -> tuple[str, ...]:
    """Name the jobs that *text* can mean: v4beta1 wrote those of the default tenant without it."""
    if names.is_job(text):
        return (text,)
    project, _, name = tenant.partition("/tenants/")
    parents = (tenant, project) if name == names.DEFAULT_TENANT else (tenant,)
    found = tuple(f"{parent}/jobs/{text}" for parent in parents)
    if not all(map(names.is_job, found)):
        raise ValueError(
            "must be a job's id, or its full name projects/{project}/tenants/{tenant}/jobs/{job}"
        )
    return found


_DATE = r"(\d{4})-(\d{2})-(\d{2})"
# A plus sign that is not percent-encoded in a URL arrives as a space.
_MOMENT = re.compile(
    rf"{_DATE}[Tt ](\d{{2}}):(\d{{2}}):(\d{{2}})(?:\.(\d{{1,9}}))?"
    r"(?:([Zz])|([+ -])(\d{2}):(\d{2}))",
    re.ASCII,
)
_DATE_ALONE = re.compile(_DATE, re.ASCII)


def _instant(text: str, zone: ZoneInfo) -> int:
    """Read RFC 3339, or a date as its first instant in *zone*, as microseconds since 1970."""
    year = int(text[:4]) if re.match(_DATE, text, re.ASCII) else 0
    date = _DATE_ALONE.fullmatch(text)
    moment = _MOMENT.fullmatch(text)
    if not (date or moment):
        raise ValueError(
            "must be RFC 3339 with a zone (2026-11-24T10:00:00Z) or a date (2026-11-24)"
        )
    if not YEAR_MIN <= year <= YEAR_MAX:
        raise ValueError(f"must be in the years {YEAR_MIN} to {YEAR_MAX}")
    if date:
        try:
            return midnight(zone, *map(int, date.groups()))
        except ValueError as error:
            raise ValueError(f"is no date of the calendar ({error}); correct it") from None
    assert moment is not None
    return _microseconds(*moment.groups())


def _microseconds(*parts: str | None) -> int:
    """Put the groups of ``_MOMENT`` together."""
    fraction = (parts[6] or "").ljust(9, "0")
    if fraction[6:] != "000":
        raise ValueError("has more digits than microseconds; the store keeps six after the point")
    year, month, day, hour, minute, second = (int(part or 0) for part in parts[:6])
    try:
        local = datetime(year, month, day, hour, minute, second, int(fraction[:6]), tzinfo=UTC)
    except ValueError as error:
        raise ValueError(f"is no moment of the calendar ({error}); correct it") from None
    ahead = int(parts[9] or 0) * 60 + int(parts[10] or 0)
    if ahead >= 24 * 60 or int(parts[10] or 0) > 59:
        raise ValueError("has an offset that is no offset; give it as +hh:mm or Z")
    offset = timedelta(minutes=-ahead if parts[8] == "-" else ahead)
    return to_microseconds(local) - offset // timedelta(microseconds=1)
