"""How the service is: how far the log is loaded, and what became of what was sent."""

from __future__ import annotations

from collections import Counter

import msgspec

from jobtrail.clock import NS_PER_SECOND
from jobtrail.engine.context import Context

OUTCOMES = ("admitted", "duplicate", "rejected")

LAG_MS_MAX = 2_000
"""Past this an event that was acknowledged is not in reports as soon as promised."""

_NS_PER_MS = NS_PER_SECOND // 1_000


class Health(msgspec.Struct, frozen=True, kw_only=True):
    """One look at the service."""

    end_offset: int
    """Events in the log."""
    loaded_offset: int
    """Events of the log that are in the tables."""
    silent_ms: int | None
    """Since the last event was received; ``None`` when there is none."""
    lag_ms: int
    """Since the first event that is not loaded was received; 0 when all are loaded."""
    problem: str
    """Why nothing is loaded now; empty while all is well."""
    outcomes: list[tuple[str, int]]
    """Events sent by what became of them."""
    rejections: list[tuple[str, int]]
    """Rejected events by reason, the most frequent first."""

    @property
    def lag_events(self) -> int:
        """Events that are in the log and not in the tables yet."""
        return self.end_offset - self.loaded_offset

    @property
    def state(self) -> str:
        """``good``, ``late`` or ``stuck``."""
        if self.problem:
            return "stuck"
        return "late" if self.lag_ms > LAG_MS_MAX else "good"

    @property
    def summary(self) -> str:
        """The state in a sentence."""
        match self.state:
            case "stuck":
                return f"Nothing is loaded now: {self.problem}"
            case "late":
                return "Reports are behind and catching up; nothing is lost"
            case _:
                return "All that was acknowledged is in the reports"


def read_health(context: Context, tenant: str = "") -> Health:
    """Look at log and store; blocks.

    Args:
        context: The engine.
        tenant: Whose outcomes are counted, along with those that no tenant could be read from;
            empty counts all.

    Raises:
        Failure: The log cannot be read.
    """
    # Loaded first: the log only grows, so what is loaded cannot seem to be past its end.
    status = context.loading.status()
    loaded = context.loaded_offset
    end = max(context.reader.end_offset(), loaded)
    outcomes, rejections = _outcomes(context, tenant)
    last = _age_ms(context, end - 1) if end else None
    return Health(
        end_offset=end,
        loaded_offset=loaded,
        silent_ms=last,
        lag_ms=_age_ms(context, loaded) if loaded < end else 0,
        problem=status.last_error,
        outcomes=[(outcome, outcomes[outcome]) for outcome in OUTCOMES],
        rejections=rejections.most_common(),
    )


def _age_ms(context: Context, offset: int) -> int:
    """Tell how long ago the event at *offset* was received, by our clock."""
    # Kept, for an event of the archive costs reading a whole file.
    received = context.kept.get(
        ("received", offset), offset, lambda: context.reader.event(offset).receive_time
    )
    return max(0, (context.clock() - received) // _NS_PER_MS)


def _outcomes(context: Context, tenant: str) -> tuple[Counter[str], Counter[str]]:
    outcomes: Counter[str] = Counter()
    rejections: Counter[str] = Counter()
    for counted in context.kept.get("outcomes", None, context.reader.outcomes):
        if tenant and counted.tenant not in (tenant, ""):
            continue
        outcomes[counted.outcome] += counted.count
        if counted.reason:
            rejections[counted.reason] += counted.count
    return outcomes, rejections
