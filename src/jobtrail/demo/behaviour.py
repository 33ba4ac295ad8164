"""What one person does in ninety days: come back, search, look, read, apply.

People examine a result list from the top and stop somewhere, and what they then open depends on how
well it suits them: position bias and attractiveness, multiplied (the position-based model of
Craswell et al., 2008). The search engine's order is good but not perfect, so that the two can be
told apart.
"""

from __future__ import annotations

import math
import random
from collections import Counter

from jobtrail.demo.application import apply_after_view, apply_from_search, send_by_recruiter
from jobtrail.demo.market import DAYS, NS_PER_DAY, Job, Market, Seeker
from jobtrail.demo.professions import PROFESSIONS
from jobtrail.demo.trail import Happening, Trail, logistic, lognormal, seconds
from jobtrail.events import EventType

EXAMINATION_SLOPE = 0.65
"""A result at position p is looked at with the odds p to the minus this."""
NEIGHBOURS = {profession.key: profession.neighbours for profession in PROFESSIONS}
# How busy each hour of the day is, from midnight on (UTC), and each day from Monday on.
HOURS = (1, 1, 0, 0, 0, 1, 3, 6, 9, 10, 9, 9, 11, 10, 9, 8, 8, 8, 9, 11, 12, 10, 6, 3)
WEEKDAYS = (1.0, 1.0, 0.95, 0.9, 0.75, 0.4, 0.6)


def life(market: Market, seeker: Seeker, rng: random.Random, until: int) -> list[Happening]:
    """Write all that *seeker* does in the *DAYS* days before *until*, in order of time."""
    person = _Person(market, seeker, rng, until)
    for time in _visits(rng, until):
        person.visit(time)
    if seeker.has_alert:
        person.follow_alerts()
    return sorted(person.happenings, key=lambda happening: happening.true_time)


class _Person:
    """One seeker at work: what was done so far, and which jobs are known already."""

    def __init__(self, market: Market, seeker: Seeker, rng: random.Random, until: int) -> None:
        self.market = market
        self.seeker = seeker
        self.rng = rng
        self.until = until
        self.happenings: list[Happening] = []
        self._times_read: Counter[str] = Counter()

    def visit(self, time: int) -> None:
        """Search once or a few times, each search a trail of its own."""
        for _ in range(1 + min(4, int(self.rng.expovariate(1.1)))):
            # A legacy career site makes up its ids and shows each result by an event of its own.
            is_legacy = self.rng.random() < 0.006
            trail = Trail(self.rng, self.seeker, self.until, invented_id=is_legacy)
            results = search(self.market, self.seeker, self.rng, time)
            if not results:
                return
            _show(trail, results, time, is_legacy=is_legacy)
            look = _read_all if self.seeker.is_bot else self._look
            time = look(trail, results, time)
            self.happenings += trail.happenings
            time += seconds(lognormal(self.rng, 25, 0.7))

    def follow_alerts(self) -> None:
        """Get the best new jobs by mail every week, and open some of them from there."""
        start = self.until - DAYS * NS_PER_DAY
        first = start + round(self.rng.uniform(0, 60) * NS_PER_DAY)
        for week in range(self.rng.randint(2, 5)):
            sent = first + week * 7 * NS_PER_DAY
            trail = Trail(self.rng, self.seeker, self.until)
            jobs = tuple(search(self.market, self.seeker, self.rng, sent)[:6])
            if not jobs:
                continue
            trail.write(EventType.NOTIFICATION, jobs, sent, by_device=False)
            time = sent + seconds(lognormal(self.rng, 4 * 3_600, 0.8))
            for job in jobs:
                if self.rng.random() < 0.05:
                    time = self._read(trail, job, time, "from an alert")
            self.happenings += trail.happenings

    def _look(self, trail: Trail, results: list[Job], time: int) -> int:
        """Go down a result list; return when the person is through with it."""
        for index, job in enumerate(results):
            time += seconds(self.rng.uniform(0.3, 1.5))
            suits = fit(job, self.seeker)
            # What was read before is rarely opened again.
            attractiveness = logistic(-1.75 + 0.8 * suits) * 0.3 ** self._times_read[job.name]
            if self.rng.random() >= (index + 1) ** -EXAMINATION_SLOPE * attractiveness:
                continue
            if self.rng.random() < 0.02:
                self._times_read[job.name] += 1
                apply_from_search(trail, job, suits, time)
            else:
                time = self._read(trail, job, time, f"position {index + 1}")
        return time

    def _read(self, trail: Trail, job: Job, time: int, event_notes: str) -> int:
        """Open one job, stay on it for a while, and perhaps do something about it."""
        self._times_read[job.name] += 1
        suits = fit(job, self.seeker)
        leaves_board = job.company.applies_elsewhere and self.rng.random() < 0.3
        if not self.seeker.blocks_trackers:
            type_ = EventType.VIEW_REDIRECT if leaves_board else EventType.VIEW
            trail.write(type_, (job,), time, event_notes=event_notes)
        time += seconds(lognormal(self.rng, 35 * math.exp(0.25 * suits), 0.7))
        if self.rng.random() < 0.06:
            _bookmark(trail, job, time)
        if leaves_board:
            return time
        if apply_after_view(trail, job, suits, time):
            self._times_read[job.name] = 9  # so often read that it is not opened again
            time += seconds(lognormal(self.rng, 300, 0.4))
        elif self.rng.random() < 0.01:
            send_by_recruiter(trail, job, suits, time)
        return time


def _visits(rng: random.Random, until: int) -> list[int]:
    """Draw when somebody comes: a first time anywhere, then again at growing distances."""
    start = until - DAYS * NS_PER_DAY
    day = rng.uniform(0, DAYS)
    times: list[int] = []
    while day < DAYS:
        time = _busy_time(rng, start + int(day) * NS_PER_DAY)
        if time < until:
            times.append(time)
        if rng.random() < 0.3:
            break
        day += max(1.0, rng.expovariate(1 / 4))
    return times


def _busy_time(rng: random.Random, day: int) -> int:
    """Draw a time of that day (or of the next one: weekends are quieter)."""
    midnight = day - day % NS_PER_DAY
    # The first of January 1970 was a Thursday.
    if rng.random() > WEEKDAYS[(midnight // NS_PER_DAY + 3) % 7]:
        midnight += NS_PER_DAY
    hour = rng.choices(range(24), HOURS)[0]
    return midnight + seconds((hour + rng.random()) * 3_600)


def search(market: Market, seeker: Seeker, rng: random.Random, time: int) -> list[Job]:
    """Answer a search as a decent engine does: 10 to 20 open jobs, the likely ones first."""
    found = [job for job in market.by_profession[seeker.profession] if job.is_open(time)]
    for neighbour in NEIGHBOURS[seeker.profession]:
        found += [job for job in market.by_profession[neighbour][::3] if job.is_open(time)]
    scored = sorted(
        ((_engine_score(job, seeker, time) + rng.gauss(0, 0.5), job.name, job) for job in found),
        reverse=True,
    )
    return [job for _, _, job in scored[: rng.choice((10, 15, 20))]]


def fit(job: Job, seeker: Seeker) -> float:
    """Say how well a job suits a person: about -3 to 3."""
    return (
        (0.6 if job.profession == seeker.profession else -1.2)
        + (0.7 if job.city == seeker.city else -0.4)
        - 0.5 * abs(job.level - seeker.level)
        + 1.2 * math.tanh((job.salary - seeker.salary_wish) / 15)
        + 0.5 * job.appeal
    )


def _engine_score(job: Job, seeker: Seeker, time: int) -> float:
    age_days = (time - job.posted_time) / NS_PER_DAY
    return (
        (1.5 if job.profession == seeker.profession else 0.0)
        + (1.0 if job.city == seeker.city else 0.0)
        - 0.2 * abs(job.level - seeker.level)
        + 0.5 * math.exp(-age_days / 10)
    )


def _show(trail: Trail, results: list[Job], time: int, *, is_legacy: bool) -> None:
    if is_legacy:
        for index, job in enumerate(results):
            notes = f"Job appeared in search results position {index + 1}"
            trail.write(
                EventType.IMPRESSION, (job,), time + seconds(index * 0.005), event_notes=notes
            )
        return
    notes = f"query: {trail.seeker.profession} in {trail.seeker.city}"
    trail.write(EventType.IMPRESSION, tuple(results), time, event_notes=notes)
    if trail.rng.random() < 0.01:
        # The page was loaded again, and said so again.
        again = time + seconds(trail.rng.uniform(3, 60))
        trail.write(EventType.IMPRESSION, tuple(results), again, event_notes=notes)


def _bookmark(trail: Trail, job: Job, time: int) -> None:
    """Keep a job. The list of kept jobs lives outside of searches; one old app lost its clock."""
    trail.write(
        EventType.BOOKMARK,
        (job,),
        time,
        has_request_id=trail.rng.random() < 0.9,
        is_epoch=trail.rng.random() < 0.03,
    )


def _read_all(trail: Trail, results: list[Job], time: int) -> int:
    """Open every result at the pace of a machine."""
    for index, job in enumerate(results):
        time += seconds(trail.rng.uniform(0.4, 0.9))
        trail.write(EventType.VIEW, (job,), time, event_notes=f"position {index + 1}")
    return time
