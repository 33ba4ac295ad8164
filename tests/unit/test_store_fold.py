from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from jobtrail.errors import StoreUnavailable
from jobtrail.events import EventType
from jobtrail.store import fold
from jobtrail.store.store import Store
from tests.folding import NS, TENANT, empty_tables, fold_events, job, make_event, open_store

T = EventType


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with open_store(tmp_path_factory.mktemp("fold") / "store") as store:
        yield store


@pytest.fixture
def store(opened: Store) -> Store:
    empty_tables(opened)
    return opened


def test_all_fields_of_an_event_arrive_in_its_row(store: Store) -> None:
    event = make_event(
        'e-1\t"ü😀\\',
        T.BOOKMARK,
        jobs=(job("a\\b"), job('"c"')),
        create_nanos=123_456_789,
        receive_time=1_750_000_002 * NS + 987_654_321,
        request_id="r:1/=+",
        event_notes="two\nlines\tand 'quotes'",
        checks=("create_time_old", "request_id_invented"),
        client="gl-python/3.11",
        profile="kept in the log alone",
        unknown_fields=b"\x00\xff",
    )
    fold_events(store, [event], first=7)
    (row,) = store.query("SELECT * EXCEPT content_hash FROM events")
    assert row == {
        "offset": 7,
        "tenant": TENANT,
        "event_id": event.event_id,
        "request_id": "r:1/=+",
        "type": "BOOKMARK",
        "jobs": list(event.jobs),
        "create_time": datetime(2025, 6, 15, 15, 6, 40, 123_456, tzinfo=UTC),
        "create_seconds": 1_750_000_000,
        "create_nanos": 123_456_789,
        "receive_time": datetime(2025, 6, 15, 15, 6, 42, 987_654, tzinfo=UTC),
        "event_notes": event.event_notes,
        "checks": list(event.checks),
        "api": "grpc/v4",
        "client": "gl-python/3.11",
    }


def test_each_job_of_an_event_is_one_interaction_in_shown_order(store: Store) -> None:
    event = make_event("e", T.IMPRESSION, jobs=(job("a"), job("b"), job("a")), request_id="r")
    fold_events(store, [event], first=3)
    rows = store.query(
        "SELECT offset, job_index, seeker, job, type, stage, surface, position, position_source "
        "FROM interactions ORDER BY job_index"
    )
    assert [tuple(row.values()) for row in rows] == [
        (3, 0, "r", job("a"), "IMPRESSION", "impression", "search", 1, "order"),
        (3, 1, "r", job("b"), "IMPRESSION", "impression", "search", 2, "order"),
        (3, 2, "r", job("a"), "IMPRESSION", "impression", "search", 3, "order"),
    ]


def test_the_seeker_of_an_event_without_request_id_is_the_event(store: Store) -> None:
    fold_events(store, [make_event("e-9")])
    assert store.query("SELECT seeker FROM interactions") == [{"seeker": "event:e-9"}]


@pytest.mark.parametrize(
    ("kind", "jobs", "notes", "expected"),
    [
        (T.IMPRESSION, 1, "", (1, "order")),
        (T.IMPRESSION, 1, "shown at position 7", (7, "notes")),
        (T.IMPRESSION, 2, "position 7", (1, "order")),  # it does not say whose position
        (T.VIEW, 1, "", (0, "none")),
        (T.VIEW, 1, "Position: 12, second page", (12, "notes")),
        (T.VIEW, 1, "position=3", (3, "notes")),
        (T.VIEW, 2, "position 3", (0, "none")),
        (T.VIEW, 1, "composition 3", (0, "none")),
        (T.VIEW, 1, "position 0", (0, "none")),
        (T.VIEW, 1, "position 12345678901", (0, "none")),
        (T.NOTIFICATION, 2, "", (0, "none")),
    ],
)
def test_positions_come_from_notes_or_order(
    store: Store, kind: EventType, jobs: int, notes: str, expected: tuple[int, str]
) -> None:
    event = make_event("e", kind, jobs=tuple(job(n) for n in range(jobs)), event_notes=notes)
    fold_events(store, [event])
    rows = store.query("SELECT position, position_source FROM interactions WHERE job_index = 0")
    assert [tuple(row.values()) for row in rows] == [expected]


def test_every_type_has_its_name_and_stage(store: Store) -> None:
    kinds = [kind for kind in EventType if kind is not T.JOB_EVENT_TYPE_UNSPECIFIED]
    fold_events(store, [make_event(kind.name, kind) for kind in kinds])
    rows = store.query(
        "SELECT type, stage, surface, e.type = i.type AS agree "
        "FROM interactions AS i JOIN events AS e USING (offset) ORDER BY offset"
    )
    assert rows == [
        {
            "type": kind.name,
            "stage": fold.STAGES.get(kind, "none"),
            "surface": "alert" if kind is T.NOTIFICATION else "search",
            "agree": 1,
        }
        for kind in kinds
    ]


@pytest.mark.parametrize(
    ("seconds", "kept"),
    [
        (-62_135_596_800, datetime(1900, 1, 1, tzinfo=UTC)),
        (-2_208_988_801, datetime(1900, 1, 1, tzinfo=UTC)),
        (-1, datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (0, datetime(1970, 1, 1, tzinfo=UTC)),
        (10_413_792_000, datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)),
        (253_402_300_799, datetime(2299, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_times_beyond_what_the_column_holds_are_held_at_its_ends(
    store: Store, seconds: int, kept: datetime
) -> None:
    fold_events(store, [make_event("e", create_seconds=seconds)])
    both = store.query("SELECT create_time FROM events") + store.query(
        "SELECT create_time FROM interactions"
    )
    assert both == [{"create_time": kept}] * 2


@pytest.mark.parametrize("line", [b"{}", b"not json", b'{"type":99,"jobs":["j"]}'])
def test_a_line_that_is_no_event_fails_the_load(store: Store, line: bytes) -> None:
    with store.handle() as client:
        fold.put_lines(client, "incoming", 0, [line])
    with pytest.raises(StoreUnavailable), store.handle() as client:
        fold.fold_lines(client, "events", source="incoming")
    assert store.query("SELECT count() AS events FROM events") == [{"events": 0}]


def test_lines_that_differ_have_different_hashes(store: Store) -> None:
    fold_events(store, [make_event("e", profile="a"), make_event("e", profile="b")])
    assert store.query("SELECT uniqExact(content_hash) AS n FROM events") == [{"n": 2}]
