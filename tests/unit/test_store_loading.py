"""The loader's threads: they load what comes, outlive failures, stop at damage and when told."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobtrail.datafolder import DataFolder
from jobtrail.engine import loading
from jobtrail.engine.loading import LoaderThread
from jobtrail.eventlog.database import connect_to_write
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store.store import Store
from tests.logs import COMMIT_EVENTS, fill, some_events, some_rejections
from tests.service import wait_until


@contextmanager
def running(data: Path, **settings: object) -> Iterator[tuple[Store, LoaderThread]]:
    chosen = Settings(**({"data": str(data), "load_interval_ms": 20} | settings))  # type: ignore[arg-type]
    folder = DataFolder(data)
    store = Store.open(folder.store, chosen)
    reader = LogReader(folder.eventlog)
    thread = LoaderThread(store, reader, chosen)
    thread.start()
    try:
        yield store, thread
    finally:
        thread.stop()
        store.close()
        reader.close()


def events_in(store: Store) -> int:
    count = store.query("SELECT count() AS events FROM events")[0]["events"]
    assert isinstance(count, int)
    return count


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_what_is_recorded_meanwhile_is_loaded_without_being_asked(data: Path) -> None:
    with running(data) as (store, thread):
        for count in (30, 70):
            fill(data, some_events(count))  # the first 30 are duplicates the second time
            wait_until(lambda count=count: thread.status().loaded_offset == count)
            assert events_in(store) == count
        assert thread.status().lag_events == 0


def test_a_backlog_is_loaded_without_rests_between(data: Path) -> None:
    fill(data, some_events(4 * COMMIT_EVENTS))
    with running(data, load_interval_ms=60_000, load_events_max=COMMIT_EVENTS) as (store, thread):
        wait_until(lambda: thread.status().loaded_offset == 4 * COMMIT_EVENTS)
        assert events_in(store) == 4 * COMMIT_EVENTS


def test_a_failure_is_told_and_outlived(data: Path) -> None:
    fill(data, some_events(5))
    with running(data) as (store, thread):
        wait_until(lambda: thread.status().loaded_offset == 5)
        store.query("RENAME TABLE interactions TO away")
        fill(data, some_events(10))
        wait_until(lambda: "interactions" in thread.status().last_error)
        assert not thread.status().is_stopped
        store.query("RENAME TABLE away TO interactions")
        wait_until(lambda: thread.status().loaded_offset == 10)
        assert thread.status().last_error == ""
        assert events_in(store) == 10


def test_damage_is_told_and_ends_loading_while_queries_go_on(data: Path) -> None:
    fill(data, some_events(2 * COMMIT_EVENTS))
    connection = connect_to_write(data / "eventlog")
    connection.execute(
        "UPDATE commits SET payload = x'00' WHERE first_offset = ?", (COMMIT_EVENTS,)
    )
    connection.close()
    with running(data) as (store, thread):
        wait_until(lambda: thread.status().is_stopped)
        assert str(COMMIT_EVENTS) in thread.status().last_error
        assert events_in(store) == COMMIT_EVENTS


def test_loaded_events_that_are_old_are_archived(data: Path) -> None:
    fill(data, some_events(10))  # received in 2025
    with running(data, archive_interval_ms=50, archive_after_days=1) as (store, _):
        wait_until(lambda: list(data.glob("archive/**/*.parquet")))
        assert events_in(store) == 10


def test_memory_is_given_back_and_rejections_trimmed_now_and_then(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "RELEASE_INTERVAL_S", 0.01)
    monkeypatch.setattr(loading, "TRIM_INTERVAL_S", 0.01)
    ring = Settings(quarantine_events_max=3)
    fill(data, [], some_rejections(3), settings=ring)
    with running(data) as (store, _):

        def kept() -> list[object]:
            rows = store.query("SELECT event_id FROM rejected_events ORDER BY rejection_id")
            return [row["event_id"] for row in rows]

        wait_until(lambda: kept() == ["x0", "x1", "x2"])
        fill(data, [], some_rejections(2, first=3), settings=ring)
        wait_until(lambda: kept() == ["x2", "x3", "x4"])


def test_stopping_ends_the_threads_soon(data: Path) -> None:
    before = threading.active_count()
    with running(data, load_interval_ms=60_000) as (_, thread):
        wait_until(lambda: threading.active_count() > before)
        thread.stop(timeout_s=10)
        names = {running.name for running in threading.enumerate()}
        assert not names & {"loader", "archiver"}
