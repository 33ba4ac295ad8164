"""RFC 3339 timestamps as protobuf's JSON form has them: to nanoseconds, years 1 to 9999."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from functools import lru_cache

from jobtrail.events import CREATE_SECONDS_MAX, CREATE_SECONDS_MIN

_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - the arithmetic here is on UTC without a zone object
# Upper-case T and Z alone, and a zone always: that is what Google's own parsers demand.
_RFC3339 = re.compile(
    r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})"
    r"(?:\.([0-9]{1,9}))?"
    r"(?:Z|([+-])([01][0-9]|2[0-3]):([0-5][0-9]))"
)


def parse_timestamp(text: str) -> tuple[int, int] | None:
    """Return seconds since 1970 and nanoseconds, or ``None`` for what is no such timestamp.

    A leap second (``:60``), a day that the month lacks, and an instant outside the years 1 to 9999
    in UTC are none.
    """
    match = _RFC3339.fullmatch(text)
    if match is None:
        return None
    local, fraction, sign, hours, minutes = match.groups()
    try:
        since = datetime.fromisoformat(local) - _EPOCH
    except ValueError:
        return None
    seconds = since.days * 86_400 + since.seconds
    if sign is not None:
        offset = int(hours) * 3_600 + int(minutes) * 60
        seconds += offset if sign == "-" else -offset
        if not CREATE_SECONDS_MIN <= seconds <= CREATE_SECONDS_MAX:
            return None
    return seconds, int(fraction.ljust(9, "0")) if fraction else 0


# Events of the present share their seconds: a thousand a second do this once, not a thousand times.
@lru_cache(maxsize=4_096)
def _whole_second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).isoformat()


def format_timestamp(seconds: int, nanos: int) -> str:
    """Write a valid instant in UTC with 0, 3, 6 or 9 digits of fraction, as protobuf does."""
    text = _whole_second(seconds)
    if nanos == 0:
        return f"{text}Z"
    if nanos % 1_000_000 == 0:
        return f"{text}.{nanos // 1_000_000:03d}Z"
    if nanos % 1_000 == 0:
        return f"{text}.{nanos // 1_000:06d}Z"
    return f"{text}.{nanos:09d}Z"
