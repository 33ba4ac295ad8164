"""One happening of the demo's market, and the trail that it is written on."""

from __future__ import annotations

import base64
import math
import random
import uuid

import msgspec

from jobtrail.clock import NS_PER_SECOND
from jobtrail.demo.market import Job, Seeker
from jobtrail.events import EventType


class Happening(msgspec.Struct, frozen=True):
    """What a client will send as one event."""

    event_id: str
    request_id: str
    type: EventType
    jobs: tuple[str, ...]
    create_time: int
    """Nanoseconds since 1970 on the clock of who wrote it."""
    true_time: int
    """Nanoseconds since 1970 on a right clock."""
    event_notes: str = ""


class Trail:
    """All that happens under one request_id; written step by step, in any order.

    Nothing that would happen after *until* is kept: it has not happened yet.
    """

    def __init__(
        self, rng: random.Random, seeker: Seeker, until: int, *, invented_id: bool = False
    ) -> None:
        self.rng = rng
        self.seeker = seeker
        self.until = until
        self.request_id = _invented_request_id(rng) if invented_id else _request_id(rng)
        self.happenings: list[Happening] = []

    def write(
        self,
        type: EventType,  # noqa: A002 - the wire's word
        jobs: tuple[Job, ...],
        time: int,
        *,
        event_notes: str = "",
        by_device: bool = True,
        has_request_id: bool = True,
        is_epoch: bool = False,
    ) -> None:
        """Add one event at *time*.

        Args:
            by_device: The seeker's device stamps it; otherwise a server does, whose clock is right.
            has_request_id: A page that was not reached from a search has none to send.
            is_epoch: The sender's time was lost, and 1970 is what arrives.
        """
        event_id = str(_uuid(self.rng))
        if time >= self.until:
            return
        create_time = 0 if is_epoch else time + (self.seeker.clock_skew if by_device else 0)
        self.happenings.append(
            Happening(
                event_id=event_id,
                request_id=self.request_id if has_request_id else "",
                type=type,
                jobs=tuple(job.name for job in jobs),
                create_time=create_time,
                true_time=time,
                event_notes=event_notes,
            )
        )


def seconds(count: float) -> int:
    """Write *count* seconds as nanoseconds."""
    return round(count * NS_PER_SECOND)


def lognormal(rng: random.Random, median: float, spread: float) -> float:
    """Draw a duration around *median*, in its unit; *spread* is the logarithm's deviation."""
    return median * rng.lognormvariate(0, spread)


def logistic(x: float) -> float:
    """Turn a score into a probability."""
    return 1 / (1 + math.exp(-x))


def _uuid(rng: random.Random) -> uuid.UUID:
    return uuid.UUID(int=rng.getrandbits(128), version=4)


def _request_id(rng: random.Random) -> str:
    """Make an id in the shape of Google's: a UUID, a colon, and 25 bytes in base64."""
    token = b"\x00\xf0\x1b" + rng.randbytes(22)
    return f"{_uuid(rng)}:{base64.b64encode(token).decode()}"


def _invented_request_id(rng: random.Random) -> str:
    """Make an id as clients do that never asked a search service for one."""
    return f"search-session-{_uuid(rng)}"
