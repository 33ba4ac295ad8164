"""What the page shows, as its address says it; every address is one that can be shared."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import msgspec

RANGES = {"1d": 1, "7d": 7, "30d": 30, "90d": 90, "all": 0}
"""Days back from now, by the name in the address; 0 is everything."""

RANGE_DEFAULT = "90d"
"""Long enough for hires to follow from the searches that began them."""

_INTERVALS = {"1d": "hour", "7d": "hour", "30d": "day", "90d": "day", "all": "week"}
_VALUE_CHARS_MAX = 1_200
_NAMES = {
    "tenant": "tenant",
    "range": "range",
    "start": "start",
    "end": "end",
    "view": "view",
    "job": "job",
    "type": "type",
    "time_zone": "timeZone",
    "interval": "interval",
    "first": "from",
}

FIRST_STAGES = ("impression", "view", "application_start")
"""Stages that the drawn funnel may begin with: impressions dwarf all that follows."""


class Filters(msgspec.Struct, frozen=True, kw_only=True):
    """The page's query parameters; an empty text means that the address does not say."""

    tenant: str = ""
    range: str = ""
    start: str = ""
    end: str = ""
    view: str = ""
    job: str = ""
    type: str = ""
    time_zone: str = ""
    interval: str = ""
    first: str = ""

    @classmethod
    def read(cls, given: Mapping[str, str]) -> Filters:
        """Take what the address says; what is not for the page is passed over."""
        found = {field: given.get(name, "").strip() for field, name in _NAMES.items()}
        return cls(**{field: text[:_VALUE_CHARS_MAX] for field, text in found.items()})

    @property
    def is_custom(self) -> bool:
        """Whether start or end is given, which then count instead of the range."""
        return bool(self.start or self.end)

    @property
    def chosen_range(self) -> str:
        """The range that is shown; empty when start or end are given."""
        if self.is_custom:
            return ""
        return self.range if self.range in RANGES else RANGE_DEFAULT

    @property
    def first_stage(self) -> str:
        """The stage that the drawn funnel begins with."""
        return self.first if self.first in FIRST_STAGES else FIRST_STAGES[0]

    @property
    def zone(self) -> ZoneInfo:
        """The time zone of the page; UTC when the address names none that exists."""
        try:
            return ZoneInfo(self.time_zone or "UTC")
        except (KeyError, OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
            return ZoneInfo("UTC")

    @property
    def narrowing_count(self) -> int:
        """Filters beside tenant and range that are set."""
        beside = (self.start, self.end, self.job, self.type, self.interval, self.time_zone)
        return sum(map(bool, beside)) + (self.view not in ("", "cohort"))

    def address(self, **changes: str) -> str:
        """Write the page's address with some filters changed; an empty text takes one out."""
        values = {**msgspec.structs.asdict(self), **changes}
        pairs = [(_NAMES[field], value) for field, value in values.items() if value]
        return f"/?{urlencode(pairs)}" if pairs else "/"

    def report_address(self, report: str, tenant_path: str, **changes: str) -> str:
        """Write the address of a report of the API with the same filters."""
        return f"/v1/{tenant_path}/reports/{report}?{urlencode(changes)}"

    def report_parameters(self, report: str, *, now: datetime) -> dict[str, str]:
        """Say the filters in the words of a report's parameters.

        Args:
            report: ``funnel`` or ``timeseries``.
            now: The instant that a range counts back from.
        """
        start = self.start
        days = RANGES[self.chosen_range] if self.chosen_range else 0
        if days:
            start = _start_of_range(now.astimezone(self.zone), days).isoformat()
        asked = {"start": start, "end": self.end, "job": self.job, "timeZone": self.time_zone}
        if report == "funnel":
            asked["view"] = self.view
        else:
            asked["type"] = self.type
            asked["interval"] = self.interval or _INTERVALS.get(self.chosen_range, "day")
        return {name: value for name, value in asked.items() if value}


def _start_of_range(now: datetime, days: int) -> datetime:
    """Begin at a whole bar of the chart, so that the first one is not shorter than the others."""
    if days == 1:
        hour = now.replace(minute=0, second=0, microsecond=0)
        return (hour.astimezone(UTC) - timedelta(hours=23)).astimezone(now.tzinfo)
    midnight = now.replace(hour=0, minute=0, second=0, microsecond=0)
    return midnight - timedelta(days=days - 1)
