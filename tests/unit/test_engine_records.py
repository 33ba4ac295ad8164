"""Events as the API shows them."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from google.protobuf.timestamp_pb2 import Timestamp
from hypothesis import given
from hypothesis import strategies as st

from jobtrail.engine.answers import HTTP_STATUS
from jobtrail.engine.records import event_from_log, timestamp
from jobtrail.events import Event
from jobtrail.wire import status


@given(
    st.integers(min_value=-62135596800, max_value=253402300799),
    st.sampled_from([0, 1, 1_000, 1_000_000, 120_000_000, 123_456_789, 999_999_999]),
)
def test_timestamps_are_written_as_protobuf_writes_them(seconds: int, nanos: int) -> None:
    assert timestamp(seconds, nanos) == Timestamp(seconds=seconds, nanos=nanos).ToJsonString()


@pytest.mark.parametrize(
    ("instant", "nanos", "text"),
    [
        (datetime(1, 1, 1, tzinfo=UTC), 0, "0001-01-01T00:00:00Z"),
        (datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC), 5, "9999-12-31T23:59:59.000000005Z"),
        (datetime(2026, 1, 31, 9, 30, tzinfo=UTC), 500_000_000, "2026-01-31T09:30:00.500Z"),
    ],
)
def test_timestamps_of_the_first_and_the_last_year_are_written(
    instant: datetime, nanos: int, text: str
) -> None:
    assert timestamp(int(instant.timestamp()), nanos) == text


def test_an_event_is_shown_in_googles_words_and_without_empty_fields() -> None:
    event = Event(
        tenant="projects/p/tenants/t",
        event_id="e",
        type=2,
        jobs=("projects/p/tenants/t/jobs/j",),
        create_seconds=0,
        create_nanos=1,
        receive_time=1_500_000_000,
        api="grpc/v4",
    )
    assert event_from_log(7, event, ["request_id_missing"]) == {
        "eventId": "e",
        "createTime": "1970-01-01T00:00:00.000000001Z",
        "jobEvent": {"type": "VIEW", "jobs": ["projects/p/tenants/t/jobs/j"]},
        "receipt": {
            "offset": 7,
            "receiveTime": "1970-01-01T00:00:01.500Z",
            "api": "grpc/v4",
            "client": "",
            "checks": ["request_id_missing"],
        },
    }


def test_codes_have_the_same_http_status_as_where_events_are_recorded() -> None:
    assert HTTP_STATUS.items() <= status.HTTP_STATUS.items()
