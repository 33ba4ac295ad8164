from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from jobtrail.datafolder import DataFolder
from jobtrail.eventlog.archive import archive
from jobtrail.eventlog.database import connect_to_write
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store import compare as comparing
from jobtrail.store.compare import Difference, compare
from jobtrail.store.rebuild import rebuild
from jobtrail.store.store import Store
from jobtrail.store.verify import verify
from tests.folding import NS, hash_of
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


def test_every_offset_is_compared_however_the_log_is_cut_into_batches(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    spoil(folder, "ALTER TABLE events DELETE WHERE offset IN (0, 39, 40, 79, 80, 99)")
    for batch_events in (1, 41, 1_000):
        monkeypatch.setattr(comparing, "_BATCH_EVENTS", batch_events)
        assert [found.id for found in differences(folder)] == [0, 39, 40, 79, 80, 99]


def test_a_damaged_log_is_compared_up_to_the_damage(folder: DataFolder) -> None:
    spoil(folder, "ALTER TABLE events DELETE WHERE offset = 3")
    connection = connect_to_write(folder.eventlog)
    connection.execute("UPDATE commits SET payload = x'00' WHERE first_offset = 80")
    connection.close()
    found = verify(folder, SETTINGS, progress=lambda _what, _done, _all: None)
    assert not found.is_sound
    assert [finding.where for finding in found.findings if finding.where.startswith("store")] == [
        "store events offset 3 event e3",
        "store events offset 80",
    ]
    assert any("80" in finding.where for finding in found.findings)


def test_verifying_a_sound_folder_finds_nothing(folder: DataFolder) -> None:
    told: list[tuple[str, int, int]] = []
    found = verify(folder, SETTINGS, progress=lambda *done: told.append(done))
    assert found.is_sound
    assert found.findings == []
    assert (found.log.events, found.compared_events) == (100, 100)
    assert told[-1] == ("store", 100, 100)


def test_verifying_names_table_offset_and_event(folder: DataFolder) -> None:
    spoil(folder, "ALTER TABLE events UPDATE request_id = 'x' WHERE offset = 17")
    (finding,) = verify(folder, SETTINGS, progress=lambda *_: None).findings
    assert finding.where == f"store events offset 17 event {EVENTS[17].event_id}"
    assert "rebuild" in finding.what


def test_a_folder_without_a_store_has_a_log_that_can_be_verified(folder: DataFolder) -> None:
    shutil.rmtree(folder.store)
    found = verify(folder, SETTINGS, progress=lambda *_: None)
    assert found.is_sound
    assert [finding.severity for finding in found.findings] == ["warning"]


def test_a_store_that_cannot_be_opened_is_a_finding(folder: DataFolder) -> None:
    (folder.store / "checkpoint.json").write_text("{")
    found = verify(folder, SETTINGS, progress=lambda *_: None)
    assert not found.is_sound
    assert "checkpoint.json" in found.findings[0].what


def test_a_rebuild_reads_what_was_archived(folder: DataFolder) -> None:
    before = hashes(folder)
    moved = archive(folder.path, before=2_000_000_000 * NS, loaded_offset=100)
    assert moved.events == 100
    rebuild(folder, SETTINGS, lambda _done, _all: None)
    assert hashes(folder) == before
    assert differences(folder) == []


def test_comparing_leaves_no_table_behind(folder: DataFolder) -> None:
    with open_store(folder) as store:
        before = store.query("SHOW TABLES")
    differences(folder)
    with open_store(folder) as store:
        assert store.query("SHOW TABLES") == before
