"""Wilson's interval against published numbers."""

from __future__ import annotations

import pytest

from jobtrail.analytics.intervals import wilson


@pytest.mark.parametrize(
    ("successes", "trials", "low", "high"),
    [
        # R. G. Newcombe, "Two-sided confidence intervals for the single proportion", Statistics in
        # Medicine 17 (1998), table I, method 3.
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_bounds_are_those_that_newcombe_published(
    successes: int, trials: int, low: float, high: float
) -> None:
    assert wilson(successes, trials) == pytest.approx((low, high), abs=0.00005)


def test_bounds_worked_by_hand() -> None:
    # z² = 3.8415, p = 0.5, n = 10: middle 0.5 + 0.192073 = 0.692073; under the root
    # 0.025 + 0.0096037 = 0.0346037, times z 0.364594; both over 1.384146.
    assert wilson(5, 10) == pytest.approx((0.236593, 0.763407), abs=0.000001)


def test_bounds_end_exactly_at_0_and_1() -> None:
    for trials in (1, 3, 7, 49, 1_000_003):
        none, every = wilson(0, trials), wilson(trials, trials)
        assert none is not None
        assert every is not None
        assert none.low == 0.0
        assert every.high == 1.0
        assert none.high == pytest.approx(1 - every.low)


def test_nothing_is_known_without_trials() -> None:
    assert wilson(0, 0) is None


@pytest.mark.parametrize(("successes", "trials"), [(-1, 5), (6, 5), (1, 0)])
def test_more_successes_than_trials_are_refused(successes: int, trials: int) -> None:
    with pytest.raises(ValueError, match="successes must be from 0"):
        wilson(successes, trials)
