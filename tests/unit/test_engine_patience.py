"""Slow answers are waited for only so long, and do not keep the process from leaving."""

from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from jobtrail.engine.kept import Kept
from jobtrail.engine.patience import SlowAnswers
from tests.service import wait_until


def test_a_quick_answer_is_returned() -> None:
    slow = SlowAnswers(Kept())
    assert slow.get("q", 1, lambda: 7, patience_s=10) == 7
    wait_until(lambda: slow.making == 0)
    slow.close()


def test_a_slow_answer_is_there_later_and_is_made_once() -> None:
    slow = SlowAnswers(Kept())
    release = threading.Event()
    made: list[int] = []

    def make() -> int:
        assert release.wait(10)
        made.append(1)
        return len(made)

    assert slow.get("q", 1, make, patience_s=0.01) is None
    assert slow.get("q", 1, make, patience_s=0.01) is None
    release.set()
    assert slow.get("q", 1, make, patience_s=10) == 1
    assert made == [1]
    slow.close()


def test_while_a_new_answer_is_made_the_old_one_is_returned() -> None:
    time = [0.0]
    slow = SlowAnswers(Kept(lambda: time[0]))
    release = threading.Event()
    assert slow.get("q", 1, lambda: "old", patience_s=10) == "old"
    time[0] = 1.0
    assert slow.get("q", 2, lambda: release.wait(10) and "new", patience_s=0.01) == "old"
    release.set()
    assert slow.get("q", 2, lambda: "new", patience_s=10) == "new"
    slow.close()


def test_what_the_making_raises_is_raised_and_forgotten() -> None:
    slow = SlowAnswers(Kept())
    with pytest.raises(ZeroDivisionError):
        slow.get("q", 1, lambda: 1 / 0, patience_s=10)
    wait_until(lambda: slow.making == 0)
    assert slow.get("q", 1, lambda: 7, patience_s=10) == 7
    slow.close()


def test_a_process_with_a_query_that_does_not_end_leaves_all_the_same() -> None:
    program = """
import threading
from jobtrail.engine.kept import Kept
from jobtrail.engine.leaving import leave_if_busy
from jobtrail.engine.patience import SlowAnswers
from jobtrail.engine.queries import Queries
slow = SlowAnswers(Kept())
slow.get("q", 1, threading.Event().wait, patience_s=0.01)
leave_if_busy(Queries(running_max=1, waiting_max=0), slow)
raise SystemExit(9)
"""
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=30).returncode == 0
