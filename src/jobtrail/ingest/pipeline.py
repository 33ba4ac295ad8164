"""Admission as a whole: a draft becomes an event, or is rejected."""

from __future__ import annotations

from jobtrail.errors import Rejected
from jobtrail.events import Draft, Event
from jobtrail.ingest.checks import CHECKS
from jobtrail.ingest.steps import STEPS
from jobtrail.names import default_tenant, is_project
from jobtrail.settings import Settings

CLIENT_CHARS_MAX = 200
"""What is kept of a client's own name for itself."""


def admit(
    parent: str,
    draft: Draft,
    *,
    settings: Settings,
    receive_time: int,
    api: str,
    client: str,
) -> Event | Rejected:
    """Admit a draft or reject it, by its content and the time alone.

    Args:
        parent: As sent. ``projects/{project}`` is its default tenant in v4beta1, and malformed in
            v4.
        draft: As decoded.
        settings: Limits and windows.
        receive_time: Our clock, nanoseconds since 1970.
        api: How it came, see ``Event.api``.
        client: What the client calls itself; cut at 200 characters.
    """
    tenant = parent
    if api.endswith("v4beta1") and is_project(parent):
        tenant = default_tenant(parent)
    for step in STEPS:
        rejected = step(tenant, draft, settings)
        if rejected is not None:
            return rejected
    assert draft.create_time is not None, "a step requires it"
    create_seconds, create_nanos = draft.create_time
    return Event(
        tenant,
        draft.event_id,
        draft.type,
        draft.jobs,
        create_seconds,
        create_nanos,
        receive_time,
        api,
        draft.request_id,
        draft.event_notes,
        draft.profile,
        draft.unknown_fields,
        tuple(
            [
                check.value
                for check, is_odd in CHECKS
                if is_odd(tenant, draft, settings, receive_time)
            ]
        ),
        client[:CLIENT_CHARS_MAX],
    )
