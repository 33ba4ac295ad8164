"""How far a rate can be trusted."""

from __future__ import annotations

from math import sqrt
from typing import NamedTuple

Z_95 = 1.959963984540054
"""The 97.5th percentile of the standard normal distribution, for a two-sided 95 % interval."""


class Interval(NamedTuple):
    """The bounds of a ratio, both inside 0 to 1."""

    low: float
    high: float


def wilson(successes: int, trials: int, *, z: float = Z_95) -> Interval | None:
    """Bound the true rate behind *successes* out of *trials* by Wilson's score interval.

    With ``p = successes / trials`` and ``n = trials`` the bounds are::

        (p + z²/2n ± z·sqrt(p(1-p)/n + z²/4n²)) / (1 + z²/n)

    Source: E. B. Wilson, "Probable inference, the law of succession, and statistical inference",
    Journal of the American Statistical Association 22 (1927), 209-212; without a correction for
    continuity. Unlike ``p ± z·sqrt(p(1-p)/n)`` it stays inside 0 to 1 and has a width at p = 0.

    Args:
        successes: From 0 to *trials*.
        trials: At least 0.
        z: Quantile of the standard normal distribution; the default gives 95 %.

    Returns:
        ``None`` when there were no trials: nothing is known then, not even a wide interval.

    Raises:
        ValueError: If *successes* is outside 0 to *trials*.
    """
    if not 0 <= successes <= trials:
        raise ValueError(f"successes must be from 0 to {trials}, not {successes}")
    if trials == 0:
        return None
    rate = successes / trials
    square = z * z / trials
    middle = rate + square / 2
    reach = z * sqrt(rate * (1 - rate) / trials + square / (4 * trials))
    # The formula gives exactly 0 and 1 at the ends; floating point misses them by an ulp or two.
    low = 0.0 if successes == 0 else max(0.0, (middle - reach) / (1 + square))
    high = 1.0 if successes == trials else min(1.0, (middle + reach) / (1 + square))
    return Interval(low, high)
