"""Each step of admission refuses one thing, with the field, the limit and the remedy."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from jobtrail.errors import REASON_HELP, Reason, Rejected
from jobtrail.events import Draft, EventType
from jobtrail.ingest import steps
from jobtrail.ingest.steps import STEPS
from jobtrail.settings import Settings

TENANT = "projects/p/tenants/t"
JOB = f"{TENANT}/jobs/1"
RIGHT = Draft(
    event_id="e1",
    request_id="r1",
    create_time=(1_790_000_000, 0),
    has_job_event=True,
    type=2,
    jobs=(JOB,),
    event_notes="seen",
)
SETTINGS = Settings()


def refusals(draft: Draft = RIGHT, tenant: str = TENANT, **limits: int) -> list[Rejected]:
    """What each step says of a draft, refusals alone."""
    settings = msgspec.structs.replace(SETTINGS, **limits)
    return [rejected for step in STEPS if (rejected := step(tenant, draft, settings))]


def changed(**changes: Any) -> Draft:
    return msgspec.structs.replace(RIGHT, **changes)


def test_a_right_draft_passes_every_step() -> None:
    assert refusals() == []


@pytest.mark.parametrize("type_", [member for member in EventType if member])
def test_every_type_of_the_contract_passes(type_: EventType) -> None:
    assert refusals(changed(type=int(type_))) == []


@pytest.mark.parametrize(
    ("changes", "reason", "field"),
    [
        ({"event_id": ""}, Reason.EVENT_ID_MISSING, "event_id"),
        ({"event_id": "x" * 256}, Reason.EVENT_ID_TOO_LONG, "event_id"),
        ({"request_id": "x" * 256}, Reason.REQUEST_ID_TOO_LONG, "request_id"),
        ({"create_time": None}, Reason.CREATE_TIME_MISSING, "create_time"),
        ({"create_time": (-62_135_596_801, 0)}, Reason.CREATE_TIME_INVALID, "create_time"),
        ({"create_time": (253_402_300_800, 0)}, Reason.CREATE_TIME_INVALID, "create_time"),
        ({"create_time": (10**15, 0)}, Reason.CREATE_TIME_INVALID, "create_time"),
        ({"create_time": (0, -1)}, Reason.CREATE_TIME_INVALID, "create_time"),
        ({"create_time": (0, 10**9)}, Reason.CREATE_TIME_INVALID, "create_time"),
        ({"create_time": (0, 2 * 10**9)}, Reason.CREATE_TIME_INVALID, "create_time"),
        ({"type": 16}, Reason.TYPE_UNKNOWN, "job_event.type"),
        ({"type": -1}, Reason.TYPE_UNKNOWN, "job_event.type"),
        ({"type": 99}, Reason.TYPE_UNKNOWN, "job_event.type"),
        ({"jobs": ()}, Reason.JOBS_MISSING, "job_event.jobs"),
        ({"jobs": (JOB,) * 501}, Reason.JOBS_TOO_MANY, "job_event.jobs"),
        ({"jobs": (JOB, JOB + "x" * 1_000)}, Reason.JOB_NAME_TOO_LONG, "job_event.jobs[1]"),
        ({"jobs": (JOB, "jobs/1")}, Reason.JOB_NAME_MALFORMED, "job_event.jobs[1]"),
        ({"jobs": ("",)}, Reason.JOB_NAME_MALFORMED, "job_event.jobs[0]"),
        ({"jobs": (JOB + "/x",)}, Reason.JOB_NAME_MALFORMED, "job_event.jobs[0]"),
        ({"jobs": (JOB + "\0",)}, Reason.JOB_NAME_MALFORMED, "job_event.jobs[0]"),
        ({"jobs": (JOB + "\n",)}, Reason.JOB_NAME_MALFORMED, "job_event.jobs[0]"),
        ({"jobs": ("jobs_value1",)}, Reason.JOB_NAME_MALFORMED, "job_event.jobs[0]"),
        ({"event_notes": "x" * 1_001}, Reason.NOTES_TOO_LONG, "event_notes"),
        ({"profile": "x" * 1_001}, Reason.PROFILE_TOO_LONG, "job_event.profile"),
        ({"event_id": "a\0b"}, Reason.TEXT_UNSTORABLE, "event_id"),
        ({"request_id": "\0"}, Reason.TEXT_UNSTORABLE, "request_id"),
        ({"event_notes": "é\0"}, Reason.TEXT_UNSTORABLE, "event_notes"),
        ({"profile": "\0"}, Reason.TEXT_UNSTORABLE, "job_event.profile"),
        ({"event_notes": "a\ud800"}, Reason.TEXT_UNSTORABLE, "event_notes"),
        ({"jobs": (JOB, JOB + "\udfff")}, Reason.TEXT_UNSTORABLE, "job_event.jobs[1]"),
    ],
)
def test_one_mistake_is_refused_by_one_step(
    changes: dict[str, Any], reason: Reason, field: str
) -> None:
    [rejected] = refusals(changed(**changes))
    assert (rejected.reason, rejected.fields) == (reason, (f"client_event.{field}",))
    assert rejected.message.startswith(f"client_event.{field} ")
    assert rejected.message.endswith(f": {REASON_HELP[reason].remedy}.")


def test_an_event_without_a_job_event_is_told_so_first() -> None:
    first = refusals(Draft(event_id="e1", create_time=(1, 0)))[0]
    assert (first.reason, first.fields) == (
        Reason.JOB_EVENT_MISSING,
        ("client_event.job_event",),
    )


def test_type_zero_is_unspecified() -> None:
    assert refusals(changed(type=0))[0].reason is Reason.TYPE_UNSPECIFIED


@pytest.mark.parametrize(
    "tenant",
    [
        "",
        "projects/p",
        "projects/p/tenants/",
        "projects//tenants/t",
        "projects/p/tenants/t/jobs/1",
        "tenants/t",
        "parent_value",
        "/projects/p/tenants/t",
        "projects/p/tenants/t/",
        "projects/p/tenants/..",
        "projects/./tenants/t",
        "projects/p/tenants/\0",
        "projects/p/tenants/t\n",
        "projects/p/tenants/" + "t" * 129,
        "projects/" + "p" * 129 + "/tenants/t",
    ],
)
def test_what_is_no_tenants_name_is_refused(tenant: str) -> None:
    [rejected] = refusals(tenant=tenant)
    assert (rejected.reason, rejected.fields) == (Reason.PARENT_MALFORMED, ("parent",))
    assert "projects/{project}/tenants/{tenant}" in rejected.message


@pytest.mark.parametrize(
    "tenant",
    ["projects/p 1/tenants/t#1", "projects/é/tenants/東", "projects/p/tenants/...",
     "projects/p/tenants/.t", "projects/p/tenants/t%2F1", "projects/p/tenants/" + "t" * 128],
)  # fmt: skip
def test_odd_tenants_are_tenants(tenant: str) -> None:
    assert refusals(tenant=tenant) == []


@pytest.mark.parametrize(
    "job",
    [
        "projects/[Project ID]/tenants/[Tenant ID]/jobs/[Job ID]",
        "projects/p/jobs/1",
        "projects/q/tenants/u/jobs/1",
        "projects/p/tenants/t/jobs/a b:c=d",
    ],
)
def test_job_names_are_judged_loosely(job: str) -> None:
    assert refusals(changed(jobs=(job,))) == []


@pytest.mark.parametrize(
    ("changes", "limits"),
    [
        ({"event_id": "é" * 255}, {}),
        ({"event_id": "x" * 300}, {"event_id_chars_max": 300}),
        ({"request_id": "x" * 255}, {}),
        ({"jobs": (JOB,) * 500}, {}),
        ({"jobs": (JOB + "x" * (1_000 - len(JOB)),)}, {}),
        ({"event_notes": "😀" * 1_000}, {}),
        ({"request_id": ""}, {}),
        ({"event_notes": "é 東 😀 \n\t"}, {}),
        ({"create_time": (0, 0)}, {}),
        ({"create_time": (-62_135_596_800, 0)}, {}),
        ({"create_time": (253_402_300_799, 999_999_999)}, {}),
    ],
)
def test_what_is_just_inside_a_limit_passes(
    changes: dict[str, Any], limits: dict[str, int]
) -> None:
    assert refusals(changed(**changes), **limits) == []


def test_the_message_gives_the_count_and_the_limit() -> None:
    [rejected] = refusals(changed(jobs=(JOB,) * 4), jobs_max=3)
    assert "4 jobs, the limit is 3" in rejected.message
    [rejected] = refusals(changed(event_notes="12345"), notes_chars_max=4)
    assert "5 characters, the limit is 4" in rejected.message


def test_several_malformed_jobs_are_named_up_to_twenty() -> None:
    [rejected] = refusals(changed(jobs=(JOB, *(f"x{n}" for n in range(30)))))
    assert rejected.fields == tuple(f"client_event.job_event.jobs[{n}]" for n in range(1, 21))


def test_no_step_repeats_what_was_sent() -> None:
    secret = "s3cret"
    for draft in (
        changed(event_id=secret * 100),
        changed(jobs=(secret,)),
        changed(event_notes=secret + "\0"),
        changed(event_notes=secret * 1_000),
    ):
        assert secret not in refusals(draft)[0].message
    assert secret not in refusals(tenant=secret)[0].message


def test_every_step_of_the_module_is_taken() -> None:
    defined = {
        value
        for name, value in vars(steps).items()
        if callable(value) and getattr(value, "__module__", "") == steps.__name__
        and not name.startswith("_")
    }  # fmt: skip
    assert defined == set(STEPS)
