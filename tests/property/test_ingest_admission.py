"""Admission decides every draft, and what it admits can be stored."""

from __future__ import annotations

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from jobtrail.errors import Rejected
from jobtrail.events import Check, Draft, Event
from jobtrail.ingest.pipeline import admit
from jobtrail.names import is_tenant
from jobtrail.settings import Settings

TEXTS = st.text(st.characters(), max_size=10)
PARENTS = st.sampled_from(["projects/p", "projects/p/tenants/t", "projects/p/tenants/default"])
JOBS = st.sampled_from(["projects/p/jobs/1", "projects/p/tenants/t/jobs/[Job ID]", "jobs/1"])
DRAFTS = st.builds(
    Draft,
    event_id=TEXTS,
    request_id=TEXTS,
    create_time=st.none() | st.tuples(st.integers(-(2**63), 2**63), st.integers(-1, 2**31)),
    has_job_event=st.booleans(),
    type=st.integers(-1, 17),
    jobs=st.lists(JOBS | TEXTS, max_size=3).map(tuple),
    event_notes=TEXTS,
    profile=TEXTS,
    unknown_fields=st.binary(max_size=3),
)
# Most random drafts are refused; these differ from an admissible one in a field at most.
NEARLY_RIGHT = st.builds(
    Draft,
    event_id=st.just("e1") | TEXTS,
    request_id=TEXTS,
    create_time=st.tuples(st.integers(-62_135_596_800, 253_402_300_799), st.integers(0, 10**9 - 1)),
    has_job_event=st.just(True),
    type=st.integers(1, 15),
    jobs=st.lists(JOBS, min_size=1, max_size=3).map(tuple),
    event_notes=TEXTS,
)


@settings(max_examples=200)
@given(
    PARENTS | TEXTS,
    DRAFTS | NEARLY_RIGHT,
    st.sampled_from(["grpc/v4", "rest/v4beta1"]),
    st.integers(0, 2**62),
)
def test_every_draft_is_admitted_as_it_is_or_rejected_with_a_field(
    parent: str, draft: Draft, api: str, receive_time: int
) -> None:
    event = admit(
        parent, draft, settings=Settings(), receive_time=receive_time, api=api, client="c"
    )
    if isinstance(event, Rejected):
        assert event.fields
        assert event.message.startswith(event.fields[0])
        return
    assert is_tenant(event.tenant)
    assert draft.create_time == (event.create_seconds, event.create_nanos)
    for name in ("event_id", "request_id", "type", "jobs", "event_notes", "profile"):
        assert getattr(event, name) == getattr(draft, name)
    assert list(event.checks) == [check for check in Check if check in event.checks]
    assert msgspec.json.decode(msgspec.json.encode(event), type=Event) == event


@given(NEARLY_RIGHT)
def test_the_same_draft_at_the_same_time_is_decided_the_same(draft: Draft) -> None:
    first, second = (
        admit(
            "projects/p/tenants/t",
            draft,
            settings=Settings(),
            receive_time=1_790_000_000 * 10**9,
            api="grpc/v4",
            client="c",
        )
        for _ in range(2)
    )
    assert first == second
