"""The report `funnel`: how many (seeker, job) pairs reached each stage.

docs/adr/0004-funnel-semantics.md says why it counts as it does.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from math import ceil

import msgspec

from jobtrail.analytics.intervals import wilson
from jobtrail.analytics.localtime import US_PER_HOUR
from jobtrail.analytics.parameters import (
    END,
    JOB,
    START,
    SURFACE,
    TIME_ZONE,
    TYPE,
    VIEW,
    Parsed,
    Surface,
    View,
)
from jobtrail.analytics.spec import Answer, Column, ReportSpec, Row, bounds, read_sql
from jobtrail.events import EventType
from jobtrail.settings import Settings
from jobtrail.store.fold import STAGES as STAGE_OF_TYPE
from jobtrail.store.store import Store

STAGES = (
    "impression",
    "view",
    "application_start",
    "application_finish",
    "interview",
    "hire",
)
"""In order; the store's numbers of them begin at 1."""

SLICE_INTERACTIONS = 1_000_000
"""Interactions that are folded at once, about: 125 MiB, and 0.4 s on two cores."""

_WINDOW_MAX_US = 400 * 366 * 24 * US_PER_HOUR
"""The store holds 400 years, so a longer window is no longer one; it keeps the sums in 64 bits."""


class Stage(msgspec.Struct, frozen=True):
    """One stage of a funnel, in pairs."""

    count: int
    """Pairs with an event of this very stage."""
    implied: int
    """Pairs without one, but with a later stage's."""

    @property
    def reached(self) -> int:
        """All pairs that got this far."""
        return self.count + self.implied


def close_upward(pairs: Mapping[tuple[int, ...], int]) -> list[Stage]:
    """Fold sets of stages into a funnel in which a later stage implies all earlier ones.

    Args:
        pairs: How many pairs have events of exactly these stages, numbered from 1, none empty.

    Returns:
        One for each of ``STAGES``, in order; ``reached`` never grows from one to the next.
    """
    return [
        Stage(
            count=sum(count for stages, count in pairs.items() if number in stages),
            implied=sum(
                count
                for stages, count in pairs.items()
                if number not in stages and number < max(stages)
            ),
        )
        for number in range(1, len(STAGES) + 1)
    ]


def compute(store: Store, tenant: str, parsed: Parsed, settings: Settings) -> Answer:
    """Count the pairs; see ``FUNNEL`` for what the numbers mean."""
    chosen: dict[str, object] = {
        "tenant": tenant,
        "types": [type_.name for type_ in parsed.types],
        "jobs": list(parsed.jobs),
        **bounds(parsed),
    }
    if parsed.view is View.COHORT:
        chosen |= _windows(settings)
    found = _ask(store, f"funnel_{parsed.view}", chosen)
    here = [row for row in found if row.surface is parsed.surface]
    pairs: Counter[tuple[int, ...]] = Counter()
    for row in here:
        pairs[row.stages] += row.pairs
    funnel = close_upward(pairs)
    elsewhere = sum(row.pairs for row in found) - sum(row.pairs for row in here)
    cut_off = sum(row.pairs_cut_off for row in here)
    notes = [
        *_notes_on_choice(parsed),
        *_notes_on_view(parsed, settings),
        *_notes_on_pairs(parsed, funnel, elsewhere=elsewhere, cut_off=cut_off),
    ]
    return Answer(_rows(funnel), notes)


class _Size(msgspec.Struct):
    """The row of sql/funnel_size.sql."""

    interactions: int
    end_offset: int


class _Found(msgspec.Struct):
    """One row of sql/funnel_cohort.sql and sql/funnel_period.sql."""

    surface: Surface
    stages: tuple[int, ...]
    pairs: int
    pairs_cut_off: int


def _ask(store: Store, query: str, chosen: Mapping[str, object]) -> list[_Found]:
    """Run a query slice by slice, all over what is loaded now, so that memory is bounded."""
    (row,) = store.query(read_sql("funnel_size"), {"tenant": chosen["tenant"]})
    size = msgspec.convert(row, _Size)
    slices = max(1, ceil(size.interactions / SLICE_INTERACTIONS))
    whole = {**chosen, "end_offset": size.end_offset, "slices": slices}
    return [
        found
        for slice_ in range(slices)
        for found in msgspec.convert(
            store.query(read_sql(query), {**whole, "slice": slice_}), list[_Found]
        )
    ]


def _windows(settings: Settings) -> dict[str, object]:
    hours = {
        "click": settings.click_window_hours,
        "application": settings.application_window_days * 24,
        "outcome": settings.outcome_window_days * 24,
    }
    return {
        name: min(round(window * US_PER_HOUR), _WINDOW_MAX_US) for name, window in hours.items()
    }


def _rows(funnel: Sequence[Stage]) -> list[Row]:
    rows: list[Row] = []
    before: Stage | None = None
    for name, stage in zip(STAGES, funnel, strict=True):
        bounds_ = wilson(stage.reached, before.reached) if before else None
        rows.append(
            {
                "stage": name,
                "count": stage.count,
                "implied": stage.implied,
                "rate": stage.reached / before.reached if before and bounds_ else None,
                "low": bounds_.low if bounds_ else None,
                "high": bounds_.high if bounds_ else None,
            }
        )
        before = stage
    return rows


def _notes_on_choice(parsed: Parsed) -> Iterator[str]:
    if parsed.start is None and parsed.end is None:
        yield "Neither start nor end was given: all events are considered."
    stageless = [type_.name for type_ in parsed.types if type_ not in STAGE_OF_TYPE]
    if stageless:
        yield f"Events of {', '.join(stageless)} show no stage and are in no funnel."
    if parsed.surface is Surface.SEARCH and EventType.NOTIFICATION in parsed.types:
        yield "Events of NOTIFICATION are in the funnel of surface=alert alone."


def _notes_on_view(parsed: Parsed, settings: Settings) -> Iterator[str]:
    if parsed.view is View.PERIOD:
        yield (
            "Counted is what happened in the period, whenever the pair began; windows do not "
            "matter. Stages that the pair went through before it are implied."
        )
        return
    yield (
        f"A view counts up to {settings.click_window_hours:g} h after the impression, an "
        f"application up to {settings.application_window_days:g} d after the view, an interview "
        f"or a hire up to {settings.outcome_window_days:g} d after the application; over a stage "
        "that is implied, windows add up."
    )


def _notes_on_pairs(
    parsed: Parsed, funnel: Sequence[Stage], *, elsewhere: int, cut_off: int
) -> Iterator[str]:
    if not funnel[0].reached:
        yield "No pair is in this funnel."
    if cut_off:
        yield (f"{_pairs(cut_off)} got further, but after the window; that stage is left out.")
    if elsewhere and parsed.surface is Surface.SEARCH:
        yield (
            f"{_pairs(elsewhere)} began with an alert (NOTIFICATION) and are counted by "
            "surface=alert alone."
        )


def _pairs(count: int) -> str:
    return f"{count} pair" if count == 1 else f"{count} pairs"


FUNNEL = ReportSpec(
    name="funnel",
    title="Funnel",
    description=(
        "Counts pairs of a seeker and a job by the stages that they reached, from impression to "
        "hire. The seeker is the `request_id`; an event without one is a seeker of its own. A "
        "later stage implies the earlier ones, so no stage is larger than the one before it; "
        "implied pairs are counted apart."
    ),
    row="One row is one stage, in order; there are always six.",
    columns=(
        Column("stage", "string", "", f"{', '.join(f'`{stage}`' for stage in STAGES)}."),
        Column("count", "integer", "pairs", "Pairs with an event of this very stage."),
        Column(
            "implied", "integer", "pairs", "Pairs without one, but with an event of a later stage."
        ),
        Column(
            "rate",
            "number",
            "ratio",
            "`count + implied` over that of the stage before, from 0 to 1; null for the first "
            "stage, and where no pair reached the stage before.",
            is_nullable=True,
        ),
        Column(
            "low",
            "number",
            "ratio",
            "Lower bound of the rate: Wilson's score interval at 95 %; null with the rate.",
            is_nullable=True,
        ),
        Column("high", "number", "ratio", "Upper bound, as `low`.", is_nullable=True),
    ),
    parameters=(START, END, TIME_ZONE, JOB, TYPE, VIEW, SURFACE),
    example={
        "start": "2026-11-01",
        "end": "2026-12-01",
        "timeZone": "Europe/Berlin",
        "view": "cohort",
    },
)
