"""Verification: silent about a sound log, and exact about one that is not."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from jobtrail.errors import Reason
from jobtrail.eventlog import EventLog, Rejection, chain
from jobtrail.eventlog.archive import archive
from jobtrail.eventlog.database import connect_to_write
from jobtrail.eventlog.verify import LogVerification, verify_log
from jobtrail.settings import Settings
from tests.eventlogs import DAY, NOON, append_all, make_event

FAR = NOON + 2 * DAY


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A closed log of 30 events, 15 of them archived in 4 files, and 2 rejections."""
    data = tmp_path_factory.mktemp("sound")

    async def build() -> None:
        log = EventLog.open(data / "eventlog", Settings(commit_events_max=5))
        for start in range(0, 30, 5):
            tenants = [f"projects/p/tenants/{n % 2}" for n in range(start, start + 5)]
            await append_all(log, [make_event(n, tenant=t) for n, t in enumerate(tenants, start)])
        for n in range(2):
            await log.reject(Rejection(Reason.TYPE_UNKNOWN, f"m{n}", NOON))
        await log.close()

    asyncio.run(build())
    assert archive(data, before=FAR, loaded_offset=15, batch_events=10).files == 4
    return data


@pytest.fixture
def data(sound: Path, tmp_path: Path) -> Path:
    shutil.copytree(sound, tmp_path / "data")
    return tmp_path / "data"


def change(data: Path, sql: str, *values: object) -> None:
    connection = connect_to_write(data / "eventlog")
    connection.execute(sql, values)  # type: ignore[arg-type]
    connection.close()


def named(found: LogVerification) -> list[tuple[str, str]]:
    return [(finding.where, finding.severity) for finding in found.findings]


def test_a_sound_log_is_counted_and_nothing_is_found(data: Path) -> None:
    progress: list[tuple[int, int]] = []
    found = verify_log(data, progress=lambda done, total: progress.append((done, total)))
    assert found.findings == []
    assert found.is_sound
    assert (found.events, found.archived_events, found.keys) == (30, 15, 30)
    assert (found.archive_files, found.rejections) == (4, 2)
    assert found.pages > 10
    assert progress[-1] == (30, 30)


def test_a_folder_without_a_log_is_sound_and_empty(tmp_path: Path) -> None:
    assert verify_log(tmp_path).findings == []


async def test_a_log_is_verified_while_it_is_written(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "eventlog", Settings())
    await append_all(log, [make_event(n) for n in range(100)])
    assert verify_log(tmp_path).findings == []
    assert verify_log(tmp_path).events == 100
    await log.close()


@pytest.mark.parametrize(
    ("sql", "where"),
    [
        ("UPDATE commits SET payload = zeroblob(5) WHERE first_offset <= 20", "20"),
        ("UPDATE commits SET receive_time_min = 5 WHERE first_offset <= 20", "20"),
        ("DELETE FROM commits WHERE first_offset <= 20", "15"),
        ('DELETE FROM event_keys WHERE "offset" = 3', "offset 3"),
        ('DELETE FROM event_keys WHERE "offset" = 22', "offset 22"),
        ('UPDATE event_keys SET "offset" = 23 WHERE "offset" = 22', "offset 22"),
        ('UPDATE event_keys SET fingerprint = zeroblob(8) WHERE "offset" = 22', "offset 22"),
        ("INSERT INTO event_keys VALUES (zeroblob(16), 22, zeroblob(8))", "offset 22"),
        (
            "INSERT INTO event_keys VALUES (zeroblob(16), 30, zeroblob(8))",
            "key 00000000000000000000000000000000",
        ),
        ("UPDATE rejections SET record = x'00' WHERE id = 2", "rejection 2"),
        ("UPDATE rejections SET bytes_ever = 1 WHERE id = 2", "rejection 2"),
        ("UPDATE archives SET sha256 = zeroblob(32) WHERE first_offset = 1", "archive/p/1/"),
        ("DELETE FROM archives WHERE first_offset = 1", "offset 1"),
        ("DELETE FROM archives WHERE batch_first = 0", "archives"),
        ("UPDATE meta SET value = zeroblob(16) WHERE name = 'archived_checksum'", "offset"),
    ],
)
def test_what_does_not_fit_together_is_named(data: Path, sql: str, where: str) -> None:
    change(data, sql)
    found = verify_log(data)
    assert not found.is_sound
    assert any(where in finding.where for finding in found.findings), found.findings


def test_a_line_that_is_no_event_is_named(tmp_path: Path) -> None:
    """Such a line can only come from a bug, since its checksum holds."""

    async def build() -> None:
        log = EventLog.open(tmp_path / "eventlog", Settings())
        await log.append(make_event(1))
        await log.close()

    asyncio.run(build())
    payload = chain.Packer().pack([b"{}"])
    checksum = chain.link(chain.GENESIS, 0, 1, NOON, NOON, payload)
    change(tmp_path, "UPDATE commits SET payload = ?, checksum = ?", payload, checksum)
    assert ("offset 0", "damage") in named(verify_log(tmp_path))


@pytest.mark.parametrize("action", ["flip", "cut", "remove"])
def test_a_damaged_archive_file_is_named_with_its_offsets(data: Path, action: str) -> None:
    path = data / "archive/p/1/2024-10-04/1-9.parquet"
    content = bytearray(path.read_bytes())
    if action == "remove":
        path.unlink()
    elif action == "cut":
        path.write_bytes(content[:-1])
    else:
        content[len(content) // 2] ^= 0x10
        path.write_bytes(content)
    [finding] = [
        finding for finding in verify_log(data).findings if finding.where.startswith("archive/")
    ]
    assert finding.where == "archive/p/1/2024-10-04/1-9.parquet"
    assert "5 of offsets 1 to 9" in finding.what


def test_an_unknown_file_in_the_archive_is_a_warning(data: Path) -> None:
    (data / "archive/p/1/stray.parquet").write_bytes(b"x")
    found = verify_log(data)
    assert named(found) == [("archive/p/1/stray.parquet", "warning")]
    assert found.is_sound


def test_missing_acknowledged_events_are_named(data: Path) -> None:
    change(data, "DELETE FROM commits WHERE first_offset >= 25")
    change(data, 'DELETE FROM event_keys WHERE "offset" >= 25')
    [finding] = verify_log(data).findings
    assert finding.where == "acknowledged"
    assert "offsets 25 to 29" in finding.what


def test_a_missing_witness_is_a_warning_and_a_damaged_one_is_damage(data: Path) -> None:
    witness = data / "eventlog/acknowledged"
    content = bytearray(witness.read_bytes())
    content[3] ^= 1
    witness.write_bytes(content)
    assert named(verify_log(data)) == [("acknowledged", "damage")]
    witness.unlink()
    assert named(verify_log(data)) == [("acknowledged", "warning")]


def test_a_database_that_is_gone_is_damage(data: Path) -> None:
    (data / "eventlog/log.sqlite3").unlink()
    [finding] = verify_log(data).findings
    assert finding.where == "log.sqlite3"
    assert "30 acknowledged" in finding.what
