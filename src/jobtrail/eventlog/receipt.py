"""What the log says back about an event, and about itself."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """What became of an event. Only the first two are answered with a receipt."""

    ADMITTED = "admitted"
    DUPLICATE = "duplicate"
    REJECTED = "rejected"


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """The event is on disk, from now or from before."""

    outcome: Outcome
    offset: int
    """Where the log holds it; that of the first delivery when this one is a duplicate."""
    receive_time: int
    """Of this delivery, nanoseconds since 1970."""


class LogStatus(msgspec.Struct, frozen=True):
    """How the writer is doing, at one moment."""

    end_offset: int
    """Offset of the next event: how many events the log has, archived ones included."""
    queued_events: int
    queued_bytes: int
    commits: int
    """Since the log was opened; the same for the counts below."""
    committed_events: int
    committed_bytes: int
    """Of lines, before compression, and of rejections."""
    failures: int
    """Commits that failed, and tries to recover that did."""
    lost_rejections: int
    """Rejected events that were answered but could not be kept or counted."""
    drain_events_per_second: float
    """Events that leave the queue in a second, of late; 0 until something was committed."""
    is_writable: bool
    """Whether the last commit, or the last try to recover, went well."""
    last_failure: str | None
    """Why the log is not writable; ``None`` when it is."""
