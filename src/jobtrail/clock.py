"""Time is handed in, so that a replay and a test give the same answer twice."""

from __future__ import annotations

import time
from collections.abc import Callable

Clock = Callable[[], int]
"""Returns now as nanoseconds since 1970-01-01T00:00:00Z."""

NS_PER_SECOND = 1_000_000_000
NS_PER_MICROSECOND = 1_000

system_clock: Clock = time.time_ns
