"""Each check flags one oddity of an admitted event; none of them refuses it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec
import pytest

from jobtrail.errors import Reason, Rejected
from jobtrail.events import CHECK_HELP, CHECKS_AT_ADMISSION, Check, Draft, Event
from jobtrail.ingest.checks import CHECKS
from jobtrail.ingest.pipeline import admit
from jobtrail.settings import Settings

TENANT = "projects/p/tenants/t"
ISSUED = "8d2bdd5d-1361-42a5-a0fd-bd2b58b7d8fb:APAb7ISd4Sc5faibw2V5hTU/OoC2WAW5AA=="
NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
RECEIVE_TIME = int(NOW.timestamp()) * 10**9
RIGHT = Draft(
    event_id="e1",
    request_id=ISSUED,
    create_time=(int(NOW.timestamp()) - 1, 999_999_999),
    has_job_event=True,
    type=2,
    jobs=(f"{TENANT}/jobs/1",),
    event_notes="seen",
)


def admitted(
    draft: Draft = RIGHT,
    parent: str = TENANT,
    *,
    api: str = "grpc/v4",
    client: str = "c",
    **settings: float,
) -> Event:
    event = admit(
        parent,
        draft,
        settings=msgspec.structs.replace(Settings(), **settings),
        receive_time=RECEIVE_TIME,
        api=api,
        client=client,
    )
    assert isinstance(event, Event), event
    return event


def checks(parent: str = TENANT, **changes: Any) -> list[str]:
    return list(admitted(msgspec.structs.replace(RIGHT, **changes), parent).checks)


def at(moment: datetime) -> tuple[int, int]:
    return int(moment.timestamp()), 0


def test_an_ordinary_event_has_no_checks() -> None:
    assert checks() == []


@pytest.mark.parametrize(
    ("moment", "is_flagged"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), True),
        (datetime(1970, 1, 1, 0, 0, 3, tzinfo=UTC), True),
        (datetime(1970, 12, 31, 23, 59, 59, tzinfo=UTC), True),
        (datetime(1971, 1, 1, tzinfo=UTC), False),
        (datetime(1969, 12, 31, 23, 59, 59, tzinfo=UTC), False),
    ],
)
def test_1970_is_flagged_and_is_old_too(moment: datetime, is_flagged: bool) -> None:
    found = checks(create_time=at(moment))
    assert (Check.CREATE_TIME_1970 in found) is is_flagged
    assert Check.CREATE_TIME_OLD in found


@pytest.mark.parametrize(
    ("ahead", "is_flagged"),
    [
        (timedelta(hours=14), False),  # a local time sent as UTC, at most
        (timedelta(hours=26), False),
        (timedelta(hours=26, seconds=1), True),
        (timedelta(days=3_000), True),
    ],
)
def test_the_far_future_is_flagged(ahead: timedelta, is_flagged: bool) -> None:
    assert (Check.CREATE_TIME_FUTURE in checks(create_time=at(NOW + ahead))) is is_flagged


@pytest.mark.parametrize(
    ("ago", "is_flagged"),
    [
        (timedelta(days=1_095), False),
        (timedelta(days=1_095, seconds=1), True),
        (timedelta(days=700_000), True),
    ],
)
def test_what_is_older_than_the_retention_is_flagged(ago: timedelta, is_flagged: bool) -> None:
    assert (Check.CREATE_TIME_OLD in checks(create_time=at(NOW - ago))) is is_flagged


def test_the_windows_are_settings() -> None:
    early = msgspec.structs.replace(RIGHT, create_time=at(NOW + timedelta(hours=2)))
    assert admitted(early, future_hours_max=1).checks == (Check.CREATE_TIME_FUTURE,)
    late = msgspec.structs.replace(RIGHT, create_time=at(NOW - timedelta(hours=2)))
    assert admitted(late, retention_days=1 / 24).checks == (Check.CREATE_TIME_OLD,)


@pytest.mark.parametrize(
    ("parent", "jobs", "is_flagged"),
    [
        (TENANT, [f"{TENANT}/jobs/1", f"{TENANT}/jobs/2"], False),
        (TENANT, [f"{TENANT}/jobs/1", "projects/p/tenants/u/jobs/1"], True),
        (TENANT, ["projects/p/tenants/t2/jobs/1"], True),
        (TENANT, ["projects/p/jobs/1"], True),
        ("projects/p/tenants/default", ["projects/p/jobs/1"], False),
        ("projects/p/tenants/default", ["projects/q/jobs/1"], True),
        (TENANT, ["projects/[Project ID]/tenants/[Tenant ID]/jobs/[Job ID]"], True),
    ],
)
def test_a_job_of_another_tenant_is_flagged(parent: str, jobs: list[str], is_flagged: bool) -> None:
    assert (Check.JOB_OF_OTHER_TENANT in checks(parent, jobs=tuple(jobs))) is is_flagged


@pytest.mark.parametrize(
    ("request_id", "expected"),
    [
        ("", [Check.REQUEST_ID_MISSING]),
        (ISSUED, []),
        (ISSUED.upper(), []),
        ("8d2bdd5d-1361-42a5-a0fd-bd2b58b7d8fb:AA-_", []),
        ("search-session-123", [Check.REQUEST_ID_INVENTED]),
        ("8d2bdd5d-1361-42a5-a0fd-bd2b58b7d8fb", [Check.REQUEST_ID_INVENTED]),
        ("8d2bdd5d-1361-42a5-a0fd-bd2b58b7d8fb:", [Check.REQUEST_ID_INVENTED]),
        ("8d2bdd5d136142a5a0fdbd2b58b7d8fb:AA==", [Check.REQUEST_ID_INVENTED]),
        (ISSUED + "\n", [Check.REQUEST_ID_INVENTED]),
        ("x" + ISSUED, [Check.REQUEST_ID_INVENTED]),
    ],
)
def test_a_missing_and_an_invented_request_id_are_flagged(
    request_id: str, expected: list[Check]
) -> None:
    assert checks(request_id=request_id) == expected


def test_all_that_is_odd_is_kept_in_the_order_of_the_enum() -> None:
    found = checks(create_time=(3, 0), request_id="", jobs=("projects/q/jobs/1",))
    assert found == [
        "create_time_1970",
        "create_time_old",
        "job_of_other_tenant",
        "request_id_missing",
    ]


def test_every_check_of_admission_is_made_and_explained() -> None:
    assert tuple(check for check, _ in CHECKS) == CHECKS_AT_ADMISSION
    assert list(CHECK_HELP) == list(Check)


# -- the pipeline -----------------------------------------------------------------------------


def test_an_event_is_the_draft_and_how_it_came() -> None:
    draft = msgspec.structs.replace(RIGHT, profile="pr", unknown_fields=b"\x7a\x00")
    assert admitted(draft, api="rest/v4beta1", client="curl/8") == Event(
        tenant=TENANT,
        event_id="e1",
        type=2,
        jobs=(f"{TENANT}/jobs/1",),
        create_seconds=RIGHT.create_time[0] if RIGHT.create_time else 0,
        create_nanos=999_999_999,
        receive_time=RECEIVE_TIME,
        api="rest/v4beta1",
        request_id=ISSUED,
        event_notes="seen",
        profile="pr",
        unknown_fields=b"\x7a\x00",
        checks=(),
        client="curl/8",
    )


def test_what_a_client_calls_itself_is_cut() -> None:
    assert admitted(client="c" * 1_000).client == "c" * 200


@pytest.mark.parametrize("api", ["grpc/v4beta1", "rest/v4beta1"])
def test_a_project_alone_is_its_default_tenant_in_v4beta1(api: str) -> None:
    assert admitted(parent="projects/p", api=api).tenant == "projects/p/tenants/default"
    assert admitted(parent=TENANT, api=api).tenant == TENANT


@pytest.mark.parametrize("api", ["grpc/v4", "rest/v4"])
def test_a_project_alone_is_no_tenant_in_v4(api: str) -> None:
    rejected = admit(
        "projects/p", RIGHT, settings=Settings(), receive_time=RECEIVE_TIME, api=api, client="c"
    )
    assert isinstance(rejected, Rejected)
    assert rejected.reason is Reason.PARENT_MALFORMED


def test_the_first_refusal_is_the_answer() -> None:
    rejected = admit(
        "parent_value",
        Draft(),
        settings=Settings(),
        receive_time=RECEIVE_TIME,
        api="grpc/v4",
        client="c",
    )
    assert isinstance(rejected, Rejected)
    assert rejected.fields == ("parent",)
