"""Reports worked out the slow way, from their definitions in docs/reference/reports.md.

Nothing here reads SQL or calls what it judges: types, stages, windows, time zones and intervals are
told again, in plain Python, one pair and one event at a time.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import pairwise
from typing import NamedTuple
from zoneinfo import ZoneInfo

from jobtrail.events import Event

STAGES = ["impression", "view", "application_start", "application_finish", "interview", "hire"]
STAGE_OF = {
    "IMPRESSION": "impression",
    "NOTIFICATION": "impression",
    "VIEW": "view",
    "VIEW_REDIRECT": "view",
    "APPLICATION_START": "application_start",
    "APPLICATION_REDIRECT": "application_start",
    "APPLICATION_START_FROM_SEARCH": "application_start",
    "APPLICATION_REDIRECT_FROM_SEARCH": "application_start",
    "APPLICATION_FINISH": "application_finish",
    "APPLICATION_QUICK_SUBMISSION": "application_finish",
    "INTERVIEW_GRANTED": "interview",
    "HIRED": "hire",
}
GROUPS = [
    ["impression"],
    ["view"],
    ["application_start", "application_finish"],
    ["interview", "hire"],
]
NAMES = [
    "JOB_EVENT_TYPE_UNSPECIFIED",
    "IMPRESSION",
    "VIEW",
    "VIEW_REDIRECT",
    "APPLICATION_START",
    "APPLICATION_FINISH",
    "APPLICATION_QUICK_SUBMISSION",
    "APPLICATION_REDIRECT",
    "APPLICATION_START_FROM_SEARCH",
    "APPLICATION_REDIRECT_FROM_SEARCH",
    "APPLICATION_COMPANY_SUBMIT",
    "BOOKMARK",
    "NOTIFICATION",
    "HIRED",
    "SENT_CV",
    "INTERVIEW_GRANTED",
]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class Touch(NamedTuple):
    """One event, seen from one job that it names."""

    at: int
    type: str

    @property
    def stage(self) -> str:
        return STAGE_OF[self.type]

    @property
    def group(self) -> int:
        return next(i for i, stages in enumerate(GROUPS) if self.stage in stages)


class Question(NamedTuple):
    """What a funnel or a time series is asked; empty and ``None`` restrict nothing."""

    start: int | None = None
    end: int | None = None
    types: Sequence[str] = ()
    jobs: Sequence[str] = ()
    view: str = "cohort"
    surface: str = "search"

    def takes(self, at: int) -> bool:
        return (self.start is None or at >= self.start) and (self.end is None or at < self.end)

    def chooses(self, type_: str) -> bool:
        return not self.types or type_ in self.types


def microseconds(event: Event) -> int:
    """When it happened, as the store keeps it: whole microseconds from 1900 to 2299."""
    seconds = min(max(event.create_seconds, -2208988800), 10413791999)
    return seconds * 1_000_000 + event.create_nanos // 1_000


def funnel(
    events: Iterable[Event],
    tenant: str,
    question: Question,
    windows: tuple[int, int, int],
) -> list[dict[str, object]]:
    """Answer the rows of the report; *windows* are microseconds from each group to the next."""
    reached = [
        stages
        for (_, _, job), touches in _pairs(events, tenant).items()
        if (not question.jobs or job in question.jobs)
        if (stages := _stages_of(touches, question, windows))
    ]
    rows: list[dict[str, object]] = []
    before: int | None = None
    for number, stage in enumerate(STAGES):
        later = set(STAGES[number + 1 :])
        count = sum(stage in stages for stages in reached)
        implied = sum(stage not in stages and bool(later & stages) for stages in reached)
        rate, low, high = (
            (None, None, None) if before in (None, 0) else wilson(count + implied, before)
        )
        rows.append(
            {
                "stage": stage,
                "count": count,
                "implied": implied,
                "rate": rate,
                "low": low,
                "high": high,
            }
        )
        before = count + implied
    return rows


def wilson(successes: int, trials: int) -> tuple[float, float, float]:
    """The rate, and the two p at which (rate - p)² = z² p (1 - p) / n: a quadratic equation."""
    z = Fraction("1.959963984540054")
    rate, n = Fraction(successes, trials), Fraction(trials)
    a, b, c = 1 + z**2 / n, -(2 * rate + z**2 / n), rate**2
    # 40 digits of the root, so that the division below is exact to the last bit of a float.
    scale = 10**40
    root = Fraction(math.isqrt(int((b * b - 4 * a * c) * scale**2)), scale)
    return float(rate), float((-b - root) / (2 * a)), float((-b + root) / (2 * a))


def _pairs(events: Iterable[Event], tenant: str) -> dict[tuple[str, str, str], list[Touch]]:
    pairs = defaultdict(list)
    for event in events:
        name = NAMES[event.type]
        if event.tenant == tenant and name in STAGE_OF:
            seeker = (
                ("request", event.request_id) if event.request_id else ("event", event.event_id)
            )
            for job in event.jobs:
                pairs[(*seeker, job)].append(Touch(microseconds(event), name))
    return pairs


def _stages_of(touches: list[Touch], question: Question, windows: tuple[int, int, int]) -> set[str]:
    surface = _surface(touches)
    if surface != question.surface:
        return set()
    chosen = [
        touch
        for touch in touches
        if question.chooses(touch.type) and (surface == "alert" or touch.type != "NOTIFICATION")
    ]
    if question.view == "period":
        return {touch.stage for touch in chosen if question.takes(touch.at)}
    if not chosen or not question.takes(min(touch.at for touch in chosen)):
        return set()
    return {touch.stage for touch in chosen if _is_in_time(touch, chosen, windows)}


def _surface(touches: list[Touch]) -> str:
    sent = [touch.at for touch in touches if touch.type == "NOTIFICATION"]
    others = [touch for touch in touches if touch.type != "NOTIFICATION"]
    if not sent or any(touch.type == "IMPRESSION" for touch in others):
        return "search"
    return "search" if any(touch.at < min(sent) for touch in others) else "alert"


def _is_in_time(touch: Touch, touches: list[Touch], windows: tuple[int, int, int]) -> bool:
    earlier = [other for other in touches if other.group < touch.group and other.at <= touch.at]
    if earlier:
        return any(
            touch.at - other.at <= sum(windows[other.group : touch.group])
            and _is_in_time(other, touches, windows)
            for other in earlier
        )
    begun = {"application_finish": "application_start", "hire": "interview"}.get(touch.stage)
    begins = [other for other in touches if other.stage == begun and other.at <= touch.at]
    return not begins or any(touch.at - other.at <= windows[touch.group - 1] for other in begins)


def timeseries(
    events: Iterable[Event], tenant: str, question: Question, interval: str, zone: ZoneInfo
) -> list[tuple[datetime, str, int]]:
    """Answer the rows of the report as (first instant of the interval, type, count)."""
    counts: Counter[tuple[datetime, int]] = Counter()
    for event in events:
        if (
            event.tenant == tenant
            and question.takes(microseconds(event))
            and question.chooses(NAMES[event.type])
            and (not question.jobs or set(question.jobs) & set(event.jobs))
        ):
            moment = EPOCH + timedelta(microseconds=microseconds(event))
            counts[_begin(moment, interval, zone), event.type] += 1
    return [(begin, NAMES[type_], count) for (begin, type_), count in sorted(counts.items())]


def _begin(moment: datetime, interval: str, zone: ZoneInfo) -> datetime:
    local = moment.astimezone(zone)
    if interval == "hour":
        past = timedelta(minutes=local.minute, seconds=local.second, microseconds=local.microsecond)
        return _first(moment - past, moment, lambda at: at.utcoffset() == local.utcoffset(), zone)
    date = local.date()
    if interval == "week":
        date -= timedelta(days=date.weekday())
    midnight = datetime(date.year, date.month, date.day, tzinfo=zone).astimezone(UTC)
    if midnight.astimezone(zone).time() == datetime.min.time():
        return midnight
    day = timedelta(days=1)
    return _first(midnight - day, midnight + day, lambda at: at.date() >= date, zone)


def _first(low: datetime, high: datetime, holds, zone: ZoneInfo) -> datetime:
    """The first whole second from *low* on from which *holds* is true up to *high*."""
    if holds(low.astimezone(zone)):
        return low
    while high - low > timedelta(seconds=1):
        middle = (low + (high - low) / 2).replace(microsecond=0)
        if middle <= low:
            break
        low, high = (low, middle) if holds(middle.astimezone(zone)) else (middle, high)
    return high.replace(microsecond=0)


def never_grows(rows: Sequence[dict[str, object]]) -> bool:
    """Tell whether no stage of a funnel has more pairs than the one before."""
    reached = [int(str(row["count"])) + int(str(row["implied"])) for row in rows]
    return all(more >= fewer for more, fewer in pairwise(reached))
