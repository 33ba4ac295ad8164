"""Kept answers: fresh where that is cheap, shared where it is not."""

from __future__ import annotations

import threading

import pytest

from jobtrail.engine.kept import ANSWERS_MAX, SHARE, Kept


class Time:
    """A clock that making an answer moves."""

    def __init__(self) -> None:
        self.now = 0.0
        self.made = 0

    def __call__(self) -> float:
        return self.now

    def make(self, seconds: float) -> int:
        self.now += seconds
        self.made += 1
        return self.made


def test_an_answer_is_used_again_for_a_multiple_of_what_it_cost() -> None:
    time = Time()
    kept = Kept(time)
    assert kept.get("q", None, lambda: time.make(2)) == 1
    time.now = 2 + 2 * SHARE - 0.1
    assert kept.get("q", None, lambda: time.make(2)) == 1
    time.now = 2 + 2 * SHARE
    assert kept.get("q", None, lambda: time.make(2)) == 2


def test_what_costs_nothing_is_made_each_time() -> None:
    time = Time()
    kept = Kept(time)
    assert [kept.get("q", None, lambda: time.make(0)) for _ in range(3)] == [1, 2, 3]


def test_an_answer_from_the_same_version_is_good_for_ever() -> None:
    time = Time()
    kept = Kept(time)
    assert kept.get("q", 7, lambda: time.make(1)) == 1
    time.now = 1e9
    assert kept.get("q", 7, lambda: time.make(1)) == 1
    assert kept.get("q", 8, lambda: time.make(1)) == 2


def test_questions_do_not_share_answers_and_the_oldest_make_room() -> None:
    time = Time()
    kept = Kept(time)
    for number in range(ANSWERS_MAX + 1):
        assert kept.get(number, 1, lambda: time.make(1)) == number + 1
    assert kept.get(ANSWERS_MAX, 1, lambda: time.make(1)) == ANSWERS_MAX + 1
    assert kept.get(0, 1, lambda: time.make(1)) == ANSWERS_MAX + 2


def test_a_failure_is_not_kept() -> None:
    time = Time()
    kept = Kept(time)
    with pytest.raises(ZeroDivisionError):
        kept.get("q", 1, lambda: 1 / 0)
    assert kept.get("q", 1, lambda: time.make(1)) == 1


def test_one_answer_is_made_for_all_who_ask_at_once() -> None:
    kept = Kept()
    begun, release = threading.Event(), threading.Event()
    made: list[int] = []
    answers: list[int] = []

    def make() -> int:
        begun.set()
        assert release.wait(10)
        made.append(1)
        return len(made)

    threads = [
        threading.Thread(target=lambda: answers.append(kept.get("q", 1, make))) for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    assert begun.wait(10)
    release.set()
    for thread in threads:
        thread.join(10)
    assert (made, answers) == ([1], [1, 1, 1, 1])
