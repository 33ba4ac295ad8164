"""The archive: what moves, what stays, where it goes, and that nobody notices."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from jobtrail.errors import LogInUse
from jobtrail.eventlog import EventLog, LogReader
from jobtrail.eventlog.archive import LOCK, archive
from jobtrail.eventlog.archive_files import relative_path
from jobtrail.eventlog.database import connect_to_read, fetch
from jobtrail.eventlog.holder import HolderLock
from jobtrail.eventlog.record import decode_line, encode_line
from jobtrail.eventlog.verify import verify_log
from jobtrail.events import Event
from jobtrail.settings import Settings
from tests.eventlogs import DAY, NOON, append_all, make_event, read_lines, record

FAR = NOON + 1_000 * DAY
ONE_EACH = Settings(commit_events_max=1)


def files(data: Path) -> list[str]:
    return sorted(
        path.relative_to(data / "archive").as_posix()
        for path in (data / "archive").rglob("*")
        if path.is_file()
    )


def commits_left(data: Path) -> int:
    connection = connect_to_read(data / "eventlog")
    [(count,)] = fetch(connection, "SELECT count(*) FROM commits")
    connection.close()
    return int(count)


def test_there_is_nothing_to_archive_where_there_is_no_log(tmp_path: Path) -> None:
    assert archive(tmp_path, before=FAR, loaded_offset=10).events == 0
    assert not (tmp_path / "eventlog").exists()


def test_one_file_holds_the_events_of_one_tenant_and_day(tmp_path: Path) -> None:
    events = [
        make_event("0", tenant="projects/p/tenants/a"),
        make_event("1", tenant="projects/p/tenants/b"),
        make_event("2", tenant="projects/p/tenants/a", receive_time=NOON + DAY),
        make_event("3", tenant="projects/p/tenants/a"),
    ]
    record(tmp_path / "eventlog", events)
    done = archive(tmp_path, before=FAR, loaded_offset=4)
    assert (done.events, done.files, done.archived_end) == (4, 3, 4)
    # Day 20,000 since 1970 is 2024-10-04.
    assert files(tmp_path) == [
        "p/a/2024-10-04/0-3.parquet",
        "p/a/2024-10-05/2-2.parquet",
        "p/b/2024-10-04/1-1.parquet",
    ]
    assert read_lines(tmp_path / "eventlog") == [encode_line(event) for event in events]
    assert commits_left(tmp_path) == 0


def test_a_file_has_the_fields_as_columns_and_the_exact_line(tmp_path: Path) -> None:
    event = make_event(
        "e",
        create_seconds=-62_135_596_800,  # year 1
        create_nanos=123_456_789,
        request_id="r",
        jobs=("projects/p/tenants/t/jobs/1", "projects/p/tenants/t/jobs/2"),
        checks=("create_time_old",),
        client="curl/8",
        event_notes="n",
    )
    record(tmp_path / "eventlog", [event])
    archive(tmp_path, before=FAR, loaded_offset=1)
    table = pq.read_table(tmp_path / "archive" / files(tmp_path)[0], partitioning=None)
    assert table["receive_time"].cast("int64").to_pylist() == [NOON]
    [row] = table.drop_columns("receive_time").to_pylist()
    assert row.pop("create_time") == datetime(1, 1, 1, 0, 0, 0, 123_456, tzinfo=UTC)
    assert row == {
        "offset": 0,
        "tenant": "projects/p/tenants/t",
        "event_id": "e",
        "request_id": "r",
        "type": "VIEW",
        "jobs": ["projects/p/tenants/t/jobs/1", "projects/p/tenants/t/jobs/2"],
        "event_notes": "n",
        "checks": ["create_time_old"],
        "api": "grpc/v4",
        "client": "curl/8",
        "line": encode_line(event),
    }


@pytest.mark.parametrize(
    ("project", "tenant", "folder"),
    [
        ("p", "..", "p/%2E."),
        (".", "a/b".replace("/", "\\"), "%2E/a%5Cb"),
        ("[Project ID]", "ü%2F", "%5BProject%20ID%5D/%C3%BC%252F"),
        ("..", ".hidden", "%2E./%2Ehidden"),
    ],
)
def test_no_name_leaves_the_archive(project: str, tenant: str, folder: str) -> None:
    path = relative_path(f"projects/{project}/tenants/{tenant}", "2024-10-04", 1, 2)
    assert path == f"{folder}/2024-10-04/1-2.parquet"


def test_long_names_fit_a_file_system_and_stay_apart(tmp_path: Path) -> None:
    # 128 characters of four bytes each, as long as an id may be.
    first, second = "\N{GRINNING FACE}" * 127 + "a", "\N{GRINNING FACE}" * 127 + "b"
    events = [make_event(n, tenant=f"projects/{first}/tenants/{n}") for n in (first, second)]
    record(tmp_path / "eventlog", events)
    assert archive(tmp_path, before=FAR, loaded_offset=2).files == 2
    assert read_lines(tmp_path / "eventlog") == [encode_line(event) for event in events]


@pytest.mark.parametrize(
    ("before", "loaded_offset", "expected_end"),
    [
        (NOON, 4, 0),  # the day itself is not over
        (NOON + DAY, 4, 2),
        (NOON + DAY - DAY // 2, 4, 2),  # the very beginning of the next day
        (NOON + DAY - DAY // 2 - 1, 4, 0),
        (NOON + 2 * DAY, 4, 4),
        (FAR, 3, 3),  # what is not loaded stays
        (FAR, 0, 0),
    ],
)
def test_only_whole_days_that_are_loaded_move(
    tmp_path: Path, before: int, loaded_offset: int, expected_end: int
) -> None:
    events = [make_event(n, receive_time=NOON + n // 2 * DAY) for n in range(4)]
    record(tmp_path / "eventlog", events, ONE_EACH)
    done = archive(tmp_path, before=before, loaded_offset=loaded_offset)
    assert done.archived_end == expected_end
    assert commits_left(tmp_path) == 4 - expected_end
    assert read_lines(tmp_path / "eventlog") == [encode_line(event) for event in events]


def test_a_commit_moves_whole_or_not_at_all(tmp_path: Path) -> None:
    record(tmp_path / "eventlog", [make_event(n) for n in range(4)], Settings(commit_events_max=4))
    ends = [commit.first_offset for commit in commits(tmp_path)]
    assert archive(tmp_path, before=FAR, loaded_offset=3).archived_end in {0, *ends}


def commits(data: Path) -> list[object]:
    return list(LogReader(data / "eventlog").commits(0, events_max=100))


def test_a_clock_that_ran_ahead_does_not_keep_what_follows_in_the_log(tmp_path: Path) -> None:
    events = [make_event(0), make_event(1, receive_time=FAR + DAY), make_event(2)]
    record(tmp_path / "eventlog", events, ONE_EACH)
    assert archive(tmp_path, before=NOON + 2 * DAY, loaded_offset=3).archived_end == 3
    assert read_lines(tmp_path / "eventlog") == [encode_line(event) for event in events]


def test_batches_follow_each_other_until_all_is_moved(tmp_path: Path) -> None:
    events = [make_event(n, tenant=f"projects/p/tenants/{n % 2}") for n in range(20)]
    record(tmp_path / "eventlog", events, ONE_EACH)
    done = archive(tmp_path, before=FAR, loaded_offset=20, batch_events=6)
    assert (done.events, done.files) == (20, 8)
    assert read_lines(tmp_path / "eventlog") == [encode_line(event) for event in events]
    assert archive(tmp_path, before=FAR, loaded_offset=20).events == 0


async def test_appending_goes_on_while_events_are_archived(tmp_path: Path) -> None:
    log = EventLog.open(tmp_path / "eventlog", Settings())
    sent: list[Event] = []
    for start in range(0, 300, 30):
        batch = [make_event(n) for n in range(start, start + 30)]
        await append_all(log, batch)
        sent += batch
        archive(tmp_path, before=FAR, loaded_offset=len(sent) - 10, batch_events=7)
    assert [decode_line(line) for line in read_lines(tmp_path / "eventlog")] == sent
    await log.close()
    assert verify_log(tmp_path).findings == []
    log = EventLog.open(tmp_path / "eventlog", Settings())
    assert log.status().end_offset == 300
    await log.close()


def test_one_archiver_works_at_a_time(tmp_path: Path) -> None:
    record(tmp_path / "eventlog", [make_event(1)])
    lock = HolderLock(tmp_path / "eventlog" / LOCK)
    with pytest.raises(LogInUse, match="held by process"):
        archive(tmp_path, before=FAR, loaded_offset=1)
    lock.release()
    assert archive(tmp_path, before=FAR, loaded_offset=1).events == 1
