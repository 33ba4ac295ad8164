"""What a generator measured, on its way to the benchmark as one line of JSON."""

from __future__ import annotations

import msgspec


class Tally(msgspec.Struct):
    """One run of a generator."""

    sent: int = 0
    """Requests sent in all, warming up included."""
    acknowledged: int = 0
    """Requests answered with success in all."""
    refused: int = 0
    """Requests answered with anything else, or never."""
    first_refusal: str = ""
    measured_seconds: float = 0.0
    measured_acknowledged: int = 0
    """Acknowledged inside the measured time."""
    latencies_ms: dict[str, float] = {}
    """Quantiles of answered - scheduled, of what was scheduled inside the measured time."""
    late_ms: dict[str, float] = {}
    """Quantiles of sent - scheduled: what the generator itself, or a want of connections, added."""
    by_second: list[int] = []
    """Acknowledged in each second since sending began (closed loop of the REST generator)."""
    client_cpu_seconds: float = 0.0

    @property
    def per_second(self) -> float:
        """Acknowledged per second of the measured time."""
        return self.measured_acknowledged / self.measured_seconds


QUANTILES = {"p50": 0.5, "p90": 0.9, "p99": 0.99, "p99.9": 0.999, "max": 1.0}


def quantiles_ms(seconds: list[float]) -> dict[str, float]:
    """Return quantiles (nearest rank) in milliseconds; nothing of nothing."""
    if not seconds:
        return {}
    ordered = sorted(seconds)
    last = len(ordered) - 1
    return {
        name: round(1e3 * ordered[min(last, int(share * len(ordered)))], 3)
        for name, share in QUANTILES.items()
    }
