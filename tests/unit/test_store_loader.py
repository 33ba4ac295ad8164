from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobtrail.datafolder import DataFolder
from jobtrail.errors import LogDamaged, StoreUnavailable
from jobtrail.eventlog.database import connect_to_write
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store.checkpoint import FILE, read_checkpoint
from jobtrail.store.loader import Loader
from jobtrail.store.quarantine import LOAD_MAX
from jobtrail.store.store import Store
from tests.folding import hash_of
from tests.logs import COMMIT_EVENTS, fill, some_events, some_rejections

SMALL_LOADS = Settings(load_events_max=COMMIT_EVENTS)


@contextmanager
def open_loader(data: Path, settings: Settings = SMALL_LOADS) -> Iterator[tuple[Store, Loader]]:
    folder = DataFolder(data)
    store = Store.open(folder.store, settings)
    reader = LogReader(folder.eventlog)
    try:
        yield store, Loader(store, reader, settings)
    finally:
        store.close()
        reader.close()


def load_all(loader: Loader) -> int:
    total = 0
    while count := loader.step():
        total += count
    return total


def offsets(store: Store) -> list[object]:
    return [row["offset"] for row in store.query("SELECT offset FROM events ORDER BY offset")]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


def test_what_is_appended_later_is_loaded_later_and_once(data: Path) -> None:
    events = some_events(100)
    fill(data, events[:70])
    with open_loader(data) as (store, loader):
        assert load_all(loader) == 70
        assert loader.step() == 0
        fill(data, events[70:])
        assert load_all(loader) == 30
        assert offsets(store) == list(range(100))
        assert store.checkpoint() == 100
    with open_loader(data) as (store, loader):
        assert loader.step() == 0
        assert offsets(store) == list(range(100))


def test_how_the_log_is_cut_into_loads_does_not_show(tmp_path: Path) -> None:
    hashes = []
    for load_events_max in (1, 1_000):
        data = tmp_path / str(load_events_max)
        fill(data, some_events(90), some_rejections(5))
        with open_loader(data, Settings(load_events_max=load_events_max)) as (store, loader):
            load_all(loader)
            tables = ("events", "interactions", "rejected_events")
            hashes.append([hash_of(store, table) for table in tables])
    assert hashes[0] == hashes[1]


def test_status_tells_how_far_the_store_is_behind(data: Path) -> None:
    now = [1_000_000_000]
    fill(data, some_events(2 * COMMIT_EVENTS))
    folder = DataFolder(data)
    with open_loader(data) as (store, _):
        reader = LogReader(folder.eventlog)
        loader = Loader(store, reader, SMALL_LOADS, clock=lambda: now[0])
        loader.step()
        now[0] += 2_500_000_000
        status = loader.status()
        assert (status.loaded_offset, status.log_end) == (COMMIT_EVENTS, 2 * COMMIT_EVENTS)
        assert (status.lag_events, status.lag_ms) == (COMMIT_EVENTS, 2_500)
        loader.step()
        status = loader.status()
        assert (status.lag_events, status.lag_ms, status.last_error) == (0, 0, "")
        assert status.rows["events"] == 2 * COMMIT_EVENTS
        reader.close()


def test_an_empty_log_is_an_empty_store(data: Path) -> None:
    fill(data, [])
    with open_loader(data) as (store, loader):
        assert loader.step() == 0
        assert offsets(store) == []


def test_rejected_events_are_loaded_once_with_every_byte(data: Path) -> None:
    rejections = some_rejections(50)
    fill(data, [], rejections)
    with open_loader(data) as (_, loader):
        assert load_all(loader) == 50
    with open_loader(data) as (store, loader):
        fill(data, [], some_rejections(5, first=50))
        assert load_all(loader) == 5
        rows = store.query(
            "SELECT event_id, reason, field, message, hex(payload) AS payload, "
            "toUnixTimestamp64Micro(receive_time) AS received "
            "FROM rejected_events ORDER BY rejection_id"
        )
        assert rows == [
            {
                "event_id": rejection.event_id,
                "reason": "jobs_missing",
                "field": "client_event.job_event.jobs",
                "message": rejection.message,
                "payload": rejection.payload.hex().upper(),
                "received": rejection.receive_time // 1_000,
            }
            for rejection in some_rejections(55)
        ]


def test_rejected_events_that_left_the_quarantine_are_trimmed(data: Path) -> None:
    settings = Settings(quarantine_events_max=10)
    fill(data, [], some_rejections(10), settings=settings)
    with open_loader(data) as (store, loader):
        load_all(loader)
        fill(data, [], some_rejections(4, first=10), settings=settings)
        load_all(loader)
        loader.trim_rejections()
        kept = store.query("SELECT event_id FROM rejected_events ORDER BY rejection_id")
        assert [row["event_id"] for row in kept] == [f"x{n}" for n in range(4, 14)]


def test_a_failed_load_is_undone_before_the_next_one(data: Path) -> None:
    with open_loader(data) as (store, loader):
        assert loader.step() == 0
        fill(data, some_events(COMMIT_EVENTS))
        store.query("RENAME TABLE interactions TO away")
        with pytest.raises(StoreUnavailable):
            loader.step()
        assert len(offsets(store)) == COMMIT_EVENTS  # events went in, interactions could not
        assert "interactions" in loader.status().last_error
        assert not loader.status().is_stopped
        store.query("RENAME TABLE away TO interactions")
        assert load_all(loader) == COMMIT_EVENTS
        assert offsets(store) == list(range(COMMIT_EVENTS))
        assert loader.status().last_error == ""


def test_a_checkpoint_that_cannot_be_written_leaves_no_doubles(data: Path) -> None:
    fill(data, some_events(COMMIT_EVENTS))
    with open_loader(data) as (store, loader):
        obstacle = data / "store" / "checkpoint.tmp"
        obstacle.mkdir()
        with pytest.raises(StoreUnavailable):
            loader.step()
        obstacle.rmdir()
        load_all(loader)
        assert offsets(store) == list(range(COMMIT_EVENTS))


def test_a_block_that_cannot_be_handed_over_is_tried_again(data: Path) -> None:
    fill(data, some_events(COMMIT_EVENTS))
    with open_loader(data) as (store, loader):
        obstacle = data / "store" / "blocks"
        obstacle.write_text("a file where the folder should be")
        with pytest.raises(StoreUnavailable, match="cannot be written"):
            loader.step()
        obstacle.unlink()
        load_all(loader)
        assert offsets(store) == list(range(COMMIT_EVENTS))


def test_a_step_says_when_it_left_something(data: Path) -> None:
    fill(data, some_events(2 * COMMIT_EVENTS), some_rejections(LOAD_MAX + 1))
    with open_loader(data) as (_, loader):
        left = []
        while loader.step():
            left.append(loader.status().has_more)
        assert left == [True, False]


def test_a_lost_checkpoint_means_loading_anew(data: Path) -> None:
    fill(data, some_events(90))
    with open_loader(data) as (_, loader):
        load_all(loader)
    (data / "store" / FILE).unlink()
    with open_loader(data) as (store, loader):
        assert load_all(loader) == 90
        assert offsets(store) == list(range(90))


def test_lost_rows_are_noticed_and_loaded_anew(data: Path) -> None:
    """ClickHouse sets a damaged part aside when it starts and says nothing to us."""
    fill(data, some_events(90), some_rejections(3))
    with open_loader(data) as (store, loader):
        load_all(loader)
        before = [hash_of(store, table) for table in ("interactions", "rejected_events")]
        part = store.query(
            "SELECT path FROM system.parts WHERE table = 'interactions' AND active LIMIT 1"
        )[0]["path"]
    shutil.rmtree(str(part))
    with open_loader(data) as (store, loader):
        assert load_all(loader) == 93
        assert loader.status().times_begun_anew == 1
        assert [hash_of(store, table) for table in ("interactions", "rejected_events")] == before


def test_a_log_that_lost_its_end_stops_the_loader(data: Path) -> None:
    events = some_events(2 * COMMIT_EVENTS)
    fill(data, events)
    with open_loader(data) as (_, loader):
        load_all(loader)
    shutil.rmtree(data / "eventlog")
    fill(data, events[:COMMIT_EVENTS])
    with open_loader(data) as (store, loader):
        with pytest.raises(LogDamaged, match=f"ends at offset {COMMIT_EVENTS}"):
            loader.step()
        assert loader.status().is_stopped
        assert "rebuild" in loader.status().last_error
        assert offsets(store) == list(range(2 * COMMIT_EVENTS))  # reports go on with what there is


def test_another_log_stops_the_loader(data: Path) -> None:
    fill(data, some_events(COMMIT_EVENTS))
    with open_loader(data) as (_, loader):
        load_all(loader)
    shutil.rmtree(data / "eventlog")
    fill(data, some_events(3 * COMMIT_EVENTS, prefix="other"))
    with open_loader(data) as (store, loader):
        with pytest.raises(LogDamaged, match="another log"):
            loader.step()
        assert offsets(store) == list(range(COMMIT_EVENTS))


def test_damage_stops_the_loader_there_and_nothing_after_it_is_loaded(data: Path) -> None:
    fill(data, some_events(4 * COMMIT_EVENTS))
    connection = connect_to_write(data / "eventlog")
    connection.execute(
        "UPDATE commits SET payload = zeroblob(9) WHERE first_offset = ?", (2 * COMMIT_EVENTS,)
    )
    connection.close()
    with open_loader(data, Settings()) as (store, loader):
        for _ in range(2):
            with pytest.raises(LogDamaged, match=str(2 * COMMIT_EVENTS)):
                load_all(loader)
        assert loader.status().is_stopped
        assert offsets(store) == list(range(2 * COMMIT_EVENTS))
        assert read_checkpoint(data / "store").offset == 2 * COMMIT_EVENTS
