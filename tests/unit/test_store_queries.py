from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from jobtrail.errors import (
    Closing,
    DeadlinePassed,
    QueryTooLarge,
    StoreTooNew,
    StoreUnavailable,
)
from jobtrail.settings import Settings
from jobtrail.store import checkpoint as checkpoints
from jobtrail.store.migrations import migrations, split_statements
from jobtrail.store.store import QUERIES_MAX, Store
from tests.folding import open_store

SLEEP = "SELECT sum(sleepEachRow(0.2)) FROM numbers(50) SETTINGS max_block_size = 1"


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    with open_store(tmp_path / "store") as opened:
        yield opened


@pytest.mark.parametrize(
    "text",
    ["", "it's", "back\\slash", "tab\tline\nend", "\\N", "[a, 'b']", "null \0", "é😀", "{x}"],
)
def test_any_text_comes_back_as_it_was_bound(store: Store, text: str) -> None:
    rows = store.query(
        "SELECT {text:String} AS text, {texts:Array(String)} AS texts",
        {"text": text, "texts": [text, "other"]},
    )
    assert rows == [{"text": text, "texts": [text, "other"]}]


def test_instants_keep_their_microseconds_and_their_zone(store: Store) -> None:
    instant = datetime(2024, 2, 29, 23, 59, 59, 123_456, tzinfo=UTC)
    assert store.query("SELECT {t:DateTime64(6, 'UTC')} AS t", {"t": instant}) == [{"t": instant}]


def test_a_query_past_its_time_is_a_passed_deadline(tmp_path: Path) -> None:
    with (
        open_store(tmp_path / "store", Settings(query_timeout_ms=300)) as store,
        pytest.raises(DeadlinePassed),
    ):
        store.query(SLEEP)


def test_a_query_past_its_memory_is_refused_and_the_store_goes_on(tmp_path: Path) -> None:
    with open_store(tmp_path / "store", Settings(query_memory_bytes_max=50_000_000)) as store:
        with pytest.raises(QueryTooLarge):
            store.query("SELECT groupArray(number) FROM numbers(100000000)")
        assert store.query("SELECT 1 AS one") == [{"one": 1}]


def test_sql_that_is_wrong_is_a_failure_of_the_store(store: Store) -> None:
    with pytest.raises(StoreUnavailable, match="nothing_like_it"):
        store.query("SELECT nothing_like_it")


def test_a_query_waits_for_a_handle_but_not_for_ever(tmp_path: Path) -> None:
    with (
        open_store(tmp_path / "store", Settings(query_timeout_ms=200)) as store,
        ExitStack() as held,
    ):
        for _ in range(QUERIES_MAX):
            held.enter_context(store.handle())
        with pytest.raises(DeadlinePassed, match=str(QUERIES_MAX)):
            store.query("SELECT 1")
        threading.Timer(0.05, held.close).start()
        assert store.query("SELECT 1 AS one") == [{"one": 1}]


def test_a_closed_store_says_so(tmp_path: Path) -> None:
    store = Store.open(tmp_path / "store", Settings())
    store.close()
    with pytest.raises(Closing):
        store.query("SELECT 1")


def test_tables_stay_when_the_store_is_opened_again(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        first = store.query("SELECT version, name, applied_time FROM migrations ORDER BY version")
    with open_store(tmp_path / "store") as store:
        assert store.query("SELECT version, name, applied_time FROM migrations") == first
    assert [row["version"] for row in first] == [step.version for step in migrations()]


def test_a_store_of_a_later_version_is_not_touched(tmp_path: Path) -> None:
    with open_store(tmp_path / "store") as store:
        store.query("INSERT INTO migrations VALUES (9999, '9999_later.sql', now64(6))")
    with pytest.raises(StoreTooNew, match="9999"):
        Store.open(tmp_path / "store", Settings())
    with open_store(tmp_path / "other") as store:  # the engine was let go of
        assert store.query("SELECT 1 AS one") == [{"one": 1}]


def test_a_checkpoint_of_a_later_version_is_not_believed(tmp_path: Path) -> None:
    (tmp_path / checkpoints.FILE).write_text('{"format": 2, "offset": 5}')
    with pytest.raises(StoreTooNew, match="format 2"):
        checkpoints.read_checkpoint(tmp_path)


def test_a_checkpoint_that_makes_no_sense_is_not_taken_for_none(tmp_path: Path) -> None:
    (tmp_path / checkpoints.FILE).write_text('{"offset": ')
    with pytest.raises(StoreUnavailable, match="rebuild"):
        checkpoints.read_checkpoint(tmp_path)


def test_a_checkpoint_comes_back_as_it_was_written(tmp_path: Path) -> None:
    written = checkpoints.Checkpoint(offset=7, interactions=9, last_line="ab", rejection_id=3)
    checkpoints.write_checkpoint(tmp_path, written)
    assert checkpoints.read_checkpoint(tmp_path) == written


def test_statements_end_at_the_end_of_a_line_only() -> None:
    script = "-- a; comment\nSELECT ';' AS a; -- end;\n\n-- nothing\n;\nSELECT 2;\n"
    assert split_statements(script) == ("-- a; comment\nSELECT ';' AS a", "SELECT 2")


def test_opening_the_store_loads_no_frames_and_no_arrow() -> None:
    """They cost 41 MB and more, and reports need none of them."""
    program = (
        "import sys, tempfile, pathlib\n"
        "from jobtrail.settings import Settings\n"
        "from jobtrail.store.store import Store\n"
        "store = Store.open(pathlib.Path(tempfile.mkdtemp()), Settings())\n"
        "assert store.query('SELECT [1, 2] AS a') == [{'a': [1, 2]}]\n"
        "store.close()\n"
        "print([m for m in ('numpy', 'pandas', 'pyarrow') if m in sys.modules])\n"
        "import pyarrow.parquet\n"
        "print(pyarrow.array([1]).type)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert ran.stdout.split("\n") == ["[]", "int64", ""]
