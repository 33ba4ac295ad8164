"""How the market's events reach a server: mostly in order, some late, some twice, a few broken."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Literal

import msgspec

from jobtrail.demo.behaviour import life
from jobtrail.demo.market import TENANT, Market, build_market, build_seeker
from jobtrail.demo.trail import Happening, seconds
from jobtrail.errors import Reason
from jobtrail.events import EventType

REPEATED_RATIO = 0.012
"""Events sent once more under the same id, as after an answer that got lost."""
BROKEN_RATIO = 0.0025
"""Broken events for each right one."""
LATE_RATIO = 0.04
"""Events that a phone kept for minutes to days because it had no network."""
NOTES_CHARS = 1_001
"""One more than the server's default limit."""


class Sending(msgspec.Struct, frozen=True):
    """One call to the server, and what it must answer."""

    event_id: str
    request_id: str
    type: EventType
    jobs: tuple[str, ...]
    create_time: int | None
    event_notes: str
    expected: Literal["admitted", "duplicate"] | Reason
    send_time: int
    """Where in the order it is sent; nanoseconds since 1970."""


class Plan(msgspec.Struct, frozen=True):
    """All that will be sent, in order, and the events that a correct server will hold.

    *conflicts* reuse ids of *sendings* with other content, so they must be sent after all of those
    were answered.
    """

    seed: int
    until: int
    happenings: tuple[Happening, ...]
    bots: frozenset[str]
    """The ``request_id`` of each trail that a bot made."""
    sendings: tuple[Sending, ...]
    conflicts: tuple[Sending, ...]


def make_plan(seed: int, until: int, events: int) -> Plan:
    """Draw a market and the lives of as many people as it takes to make *events* events.

    The same arguments give the same plan, and a larger *events* begins with the same people.
    """
    assert events >= 1
    market = build_market(seed, until)
    happenings: list[Happening] = []
    bots: set[str] = set()
    for lived, is_bot in _lives(market, seed, until):
        kept = lived[: events - len(happenings)]
        happenings += kept
        if is_bot:
            bots.update(happening.request_id for happening in kept)
        if len(happenings) >= events:
            break
    rng = random.Random(f"jobtrail demo delivery {seed} {until}")  # noqa: S311 - a simulation
    sendings = [sending for happening in happenings for sending in _deliveries(rng, happening)]
    sendings.sort(key=lambda sending: sending.send_time)
    return Plan(
        seed=seed,
        until=until,
        happenings=tuple(happenings),
        bots=frozenset(bots),
        sendings=tuple(sendings),
        conflicts=tuple(_conflicts(rng, happenings)),
    )


def _lives(market: Market, seed: int, until: int) -> Iterator[tuple[list[Happening], bool]]:
    number = 0
    while True:
        rng = random.Random(f"jobtrail demo seeker {seed} {until} {number}")  # noqa: S311
        seeker = build_seeker(rng, number)
        yield life(market, seeker, rng, until), seeker.is_bot
        number += 1


def _deliveries(rng: random.Random, happening: Happening) -> Iterator[Sending]:
    delay = seconds(rng.uniform(0.05, 2))
    if rng.random() < LATE_RATIO:
        delay = seconds(rng.lognormvariate(8, 2))
    sending = _sending(happening, happening.true_time + delay)
    yield sending
    if rng.random() < REPEATED_RATIO:
        again = sending.send_time + seconds(rng.uniform(1, 300))
        yield msgspec.structs.replace(sending, expected="duplicate", send_time=again)
    if rng.random() < BROKEN_RATIO:
        yield _broken(rng, sending)


def _sending(happening: Happening, send_time: int) -> Sending:
    return Sending(
        event_id=happening.event_id,
        request_id=happening.request_id,
        type=happening.type,
        jobs=happening.jobs,
        create_time=happening.create_time,
        event_notes=happening.event_notes,
        expected="admitted",
        send_time=send_time,
    )


def _broken(rng: random.Random, model: Sending) -> Sending:
    """Make an event with one mistake that real integrations make, under an id of its own."""
    reason, changes = rng.choice(
        (
            (Reason.EVENT_ID_MISSING, {"event_id": ""}),
            (Reason.CREATE_TIME_MISSING, {"create_time": None}),
            (Reason.TYPE_UNSPECIFIED, {"type": EventType.JOB_EVENT_TYPE_UNSPECIFIED}),
            (Reason.JOBS_MISSING, {"jobs": ()}),
            (Reason.JOB_NAME_MALFORMED, {"jobs": (model.jobs[0].rpartition("/")[2],)}),
            (Reason.NOTES_TOO_LONG, {"event_notes": "x" * NOTES_CHARS}),
        )
    )
    own_id = {"event_id": f"broken-{rng.getrandbits(64):016x}"}
    return msgspec.structs.replace(model, expected=reason, **(own_id | changes))


def _conflicts(rng: random.Random, happenings: list[Happening]) -> Iterator[Sending]:
    """Reuse a few ids for something else, as a counter does that starts again after a restart."""
    for happening in happenings[:: max(1, len(happenings) // 3)][:3]:
        sending = _sending(happening, happening.true_time)
        yield msgspec.structs.replace(
            sending,
            expected=Reason.EVENT_ID_REUSED,
            jobs=(f"{TENANT}/jobs/reused-{rng.randrange(1_000)}",),
        )
