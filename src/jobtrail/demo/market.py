"""Jobs, companies and people who look for work: all that stands still while events happen."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

import msgspec

from jobtrail.clock import NS_PER_SECOND
from jobtrail.demo.professions import (
    AGENCY_TAIL,
    CITIES,
    COMPANY_STEMS,
    COMPANY_TAILS,
    LEVELS,
    PROFESSIONS,
    Profession,
)

TENANT = "projects/demo/tenants/demo"
DAYS = 90
"""How far back the demo's events reach."""
NS_PER_DAY = 86_400 * NS_PER_SECOND
JOB_COUNT = 1_500
"""Enough that each profession has some forty open jobs at any moment, over all places."""
COMPANY_COUNT = 60

T = TypeVar("T")


class Company(msgspec.Struct, frozen=True):
    """An employer, or an agency that hires for others."""

    name: str
    is_agency: bool
    takes_quick_applications: bool
    applies_elsewhere: bool
    """Whether an application leaves the job board for the company's own system."""


class Job(msgspec.Struct, frozen=True):
    """One posting. Times are nanoseconds since 1970."""

    name: str
    title: str
    profession: str
    level: int
    """Index into ``LEVELS``."""
    city: str
    salary: int
    company: Company
    appeal: float
    """What makes people look at it whoever they are, around 0, in standard deviations."""
    posted_time: int
    expiry_time: int

    def is_open(self, time: int) -> bool:
        """Tell whether a search at *time* can find it."""
        return self.posted_time <= time < self.expiry_time


class Seeker(msgspec.Struct, frozen=True):
    """Somebody who looks for work, or a bot that reads everything."""

    number: int
    profession: str
    city: str
    level: int
    salary_wish: int
    eagerness: float
    """What makes this person apply, around 0, in standard deviations."""
    is_bot: bool
    has_alert: bool
    blocks_trackers: bool
    """The browser's views are lost; what the job board's own server sends is not."""
    clock_skew: int
    """Nanoseconds that the device's clock is ahead."""


class Market(msgspec.Struct, frozen=True):
    """All jobs, by profession too, in a fixed order."""

    jobs: tuple[Job, ...]
    by_profession: dict[str, tuple[Job, ...]]


def build_market(seed: int, until: int) -> Market:
    """Make the market whose last *DAYS* days end at *until*; same arguments, same market."""
    rng = random.Random(f"jobtrail demo market {seed} {until}")  # noqa: S311 - a simulation
    companies = _companies(rng)
    jobs = tuple(_job(rng, number, companies, until) for number in range(JOB_COUNT))
    return Market(
        jobs=jobs,
        by_profession={
            p.key: tuple(job for job in jobs if job.profession == p.key) for p in PROFESSIONS
        },
    )


def build_seeker(rng: random.Random, number: int) -> Seeker:
    """Draw one person (or bot) from *rng*."""
    profession = pick(rng, PROFESSIONS, [p.share for p in PROFESSIONS])
    level = pick(rng, range(len(LEVELS)), [share for _, share, _ in LEVELS])
    return Seeker(
        number=number,
        profession=profession.key,
        city=pick(rng, CITIES, [share for _, share in CITIES])[0],
        level=level,
        salary_wish=round(profession.salary * LEVELS[level][2] * rng.uniform(0.85, 1.15)),
        eagerness=rng.gauss(0, 1),
        is_bot=rng.random() < 0.003,
        has_alert=rng.random() < 0.15,
        blocks_trackers=rng.random() < 0.04,
        clock_skew=_clock_skew(rng),
    )


def pick(rng: random.Random, items: Sequence[T], weights: Sequence[float]) -> T:
    """Draw one item with odds by *weights*."""
    return rng.choices(items, weights)[0]


def _companies(rng: random.Random) -> list[Company]:
    names = [f"{stem} {tail}" for stem in COMPANY_STEMS for tail in (*COMPANY_TAILS, AGENCY_TAIL)]
    rng.shuffle(names)
    return [
        Company(
            name=name,
            is_agency=name.endswith(AGENCY_TAIL),
            # Fixed shares: with sixty companies, drawn ones would move every rate by the seed.
            takes_quick_applications=number % 5 == 0,
            applies_elsewhere=number % 5 == 1,
        )
        for number, name in enumerate(names[:COMPANY_COUNT])
    ]


def _job(rng: random.Random, number: int, companies: list[Company], until: int) -> Job:
    profession: Profession = pick(rng, PROFESSIONS, [p.share for p in PROFESSIONS])
    level = pick(rng, range(len(LEVELS)), [share for _, share, _ in LEVELS])
    city = pick(rng, CITIES, [share for _, share in CITIES])[0]
    title = f"{LEVELS[level][0]} {rng.choice(profession.titles)}".strip()
    # Postings live three to nine weeks, and some were there before the first event.
    posted = until - round(rng.uniform(0, DAYS + 40) * NS_PER_DAY)
    slug = f"{title} {city}".lower().replace(" ", "-")
    return Job(
        name=f"{TENANT}/jobs/{slug}-{number:04d}",
        title=title,
        profession=profession.key,
        level=level,
        city=city,
        salary=round(profession.salary * LEVELS[level][2] * rng.uniform(0.85, 1.2)),
        company=rng.choice(companies),
        appeal=rng.gauss(0, 1),
        posted_time=posted,
        expiry_time=posted + round(rng.uniform(21, 63) * NS_PER_DAY),
    )


def _clock_skew(rng: random.Random) -> int:
    """Draw how far a device's clock is off.

    Most are right to a second, some to minutes. One in fifty runs a tracker that writes local time
    as if it were UTC, which is off by whole hours; one in a thousand is two to nine days ahead.
    """
    kind = rng.random()
    if kind < 0.90:
        return round(rng.gauss(0, 0.5) * NS_PER_SECOND)
    if kind < 0.979:
        return round(rng.gauss(0, 120) * NS_PER_SECOND)
    if kind < 0.999:
        return rng.choice((-9, -8, -5, 1, 2, 3)) * 3_600 * NS_PER_SECOND
    return round(rng.uniform(2, 9) * NS_PER_DAY)
