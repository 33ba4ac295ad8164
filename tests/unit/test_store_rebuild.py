from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobtrail.datafolder import DataFolder
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store.compare import Difference, compare
from jobtrail.store.rebuild import rebuild
from jobtrail.store.store import Store
from tests.folding import hash_of
from tests.logs import COMMIT_EVENTS, fill, some_events, some_rejections

TABLES = ("events", "interactions", "rejected_events")
EVENTS = some_events(100)
SETTINGS = Settings(load_events_max=COMMIT_EVENTS)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[DataFolder]:
    folder = DataFolder(tmp_path / "data")
    folder.acquire()
    fill(folder.path, EVENTS, some_rejections(20))
    rebuild(folder, SETTINGS, lambda _done, _all: None)
    yield folder
    folder.release()


@contextmanager
def open_store(folder: DataFolder) -> Iterator[Store]:
    store = Store.open(folder.store, SETTINGS)
    try:
        yield store
    finally:
        store.close()


def hashes(folder: DataFolder) -> list[tuple[object, ...]]:
    with open_store(folder) as store:
        return [hash_of(store, table) for table in TABLES]


def differences(folder: DataFolder) -> list[Difference]:
    reader = LogReader(folder.eventlog)
    with open_store(folder) as store:
        found = compare(store, reader, store.read_checkpoint(), lambda _done, _all: None)
    reader.close()
    return found


def spoil(folder: DataFolder, *statements: str) -> None:
    with open_store(folder) as store, store.handle() as client:
        for statement in statements:
            client.command(statement, settings={"mutations_sync": 2})


def test_a_rebuilt_store_is_the_same_as_the_one_that_was_dropped(folder: DataFolder) -> None:
    before = hashes(folder)
    spoil(folder, "TRUNCATE TABLE events", "DROP TABLE interactions")
    told: list[tuple[int, int]] = []
    status = rebuild(folder, SETTINGS, lambda done, end: told.append((done, end)))
    assert hashes(folder) == before
    assert status.rows == {"events": 100, "interactions": before[1][0], "rejected_events": 20}
    assert told[-1] == (100, 100)
    assert [done for done, _ in told] == sorted(done for done, _ in told)
    assert sorted(path.name for path in folder.path.iterdir()) == ["eventlog", "lock", "store"]


def test_a_sound_store_differs_nowhere(folder: DataFolder) -> None:
    assert differences(folder) == []


def test_rows_past_the_checkpoint_are_no_difference(folder: DataFolder) -> None:
    """A service that was killed leaves them, and its next start deletes them."""
    spoil(
        folder,
        "INSERT INTO events SELECT * REPLACE(offset + 100 AS offset) FROM events WHERE offset = 1",
    )
    assert differences(folder) == []


@pytest.mark.parametrize(
    ("statement", "table", "offset", "message"),
    [
        ("ALTER TABLE events DELETE WHERE offset = 7", "events", 7, "0 rows where the log gives 1"),
        (
            "INSERT INTO events SELECT * FROM events WHERE offset = 99",
            "events",
            99,
            "2 rows where the log gives 1",
        ),
        (
            "ALTER TABLE events UPDATE event_notes = 'x' WHERE offset = 41",
            "events",
            41,
            "something else",
        ),
        (
            "ALTER TABLE interactions UPDATE position = 9 WHERE offset = 0 AND job_index = 0",
            "interactions",
            0,
            "something else",
        ),
        (
            "ALTER TABLE interactions DELETE WHERE offset = 80",
            "interactions",
            80,
            "0 rows where the log gives",
        ),
        (
            "ALTER TABLE rejected_events DELETE WHERE rejection_id = 3",
            "rejected_events",
            3,
            "0 rows where the log gives 1",
        ),
        (
            "ALTER TABLE rejected_events UPDATE payload = '' WHERE rejection_id = 20",
            "rejected_events",
            20,
            "something else",
        ),
    ],
)
def test_a_difference_is_named_by_table_offset_and_event(
    folder: DataFolder, statement: str, table: str, offset: int, message: str
) -> None:
    spoil(folder, statement)
    (found,) = differences(folder)
    event_id = f"x{offset - 1}" if table == "rejected_events" else EVENTS[offset].event_id
    assert (found.table, found.id, found.event_id) == (table, offset, event_id)
    assert message in found.message


def test_comparing_leaves_no_table_behind(folder: DataFolder) -> None:
    with open_store(folder) as store:
        before = store.query("SHOW TABLES")
    differences(folder)
    with open_store(folder) as store:
        assert store.query("SHOW TABLES") == before
