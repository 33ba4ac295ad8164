"""The steps of admission. Reading ``STEPS`` is reading the stage.

A step looks at one thing and returns ``None`` or a refusal that names the field, the limit and the
remedy. The first refusal is the answer.
"""

from __future__ import annotations

from collections.abc import Callable

from jobtrail.errors import REASON_HELP, Reason, Rejected
from jobtrail.events import (
    CREATE_NANOS_MAX,
    CREATE_SECONDS_MAX,
    CREATE_SECONDS_MIN,
    Draft,
    EventType,
)
from jobtrail.names import ID_CHARS_MAX, is_job, is_tenant
from jobtrail.settings import Settings

Step = Callable[[str, Draft, Settings], Rejected | None]
"""Takes the tenant's name, the draft and the settings."""

_EVENT_ID = "client_event.event_id"
_REQUEST_ID = "client_event.request_id"
_CREATE_TIME = "client_event.create_time"
_JOB_EVENT = "client_event.job_event"
_TYPE = "client_event.job_event.type"
_JOBS = "client_event.job_event.jobs"
_PROFILE = "client_event.job_event.profile"
_NOTES = "client_event.event_notes"

# An error names at most so many fields (see wire/status.py), so no more are looked for.
_FIELDS_MAX = 20
_TYPES = frozenset(int(member) for member in EventType)


def require_parent(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse what is no tenant's name."""
    if is_tenant(parent):
        return None
    return _refuse(
        Reason.PARENT_MALFORMED,
        f"parent is not a tenant's name with ids of 1 to {ID_CHARS_MAX} characters",
        "parent",
    )


def require_event_id(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse an event without an id."""
    if draft.event_id:
        return None
    return _refuse(Reason.EVENT_ID_MISSING, f"{_EVENT_ID} is missing", _EVENT_ID)


def bound_event_id(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse an event_id over its limit."""
    return _bound(
        Reason.EVENT_ID_TOO_LONG, _EVENT_ID, len(draft.event_id), settings.event_id_chars_max
    )


def bound_request_id(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse a request_id over its limit."""
    return _bound(
        Reason.REQUEST_ID_TOO_LONG,
        _REQUEST_ID,
        len(draft.request_id),
        settings.request_id_chars_max,
    )


def require_create_time(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse an event that does not say when; a Timestamp of zero says 1970."""
    if draft.create_time is not None:
        return None
    return _refuse(Reason.CREATE_TIME_MISSING, f"{_CREATE_TIME} is missing", _CREATE_TIME)


def require_instant(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse a Timestamp that is no instant; over gRPC it can carry any two numbers."""
    if draft.create_time is None:
        return None
    seconds, nanos = draft.create_time
    if CREATE_SECONDS_MIN <= seconds <= CREATE_SECONDS_MAX and 0 <= nanos <= CREATE_NANOS_MAX:
        return None
    return _refuse(
        Reason.CREATE_TIME_INVALID,
        f"{_CREATE_TIME} is no instant of the years 1 to 9999",
        _CREATE_TIME,
    )


def require_job_event(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse an event that says nothing of what happened."""
    if draft.has_job_event:
        return None
    return _refuse(Reason.JOB_EVENT_MISSING, f"{_JOB_EVENT} is missing", _JOB_EVENT)


def require_type(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse type 0, which is also what a misspelt name becomes in some clients."""
    if draft.type:
        return None
    return _refuse(Reason.TYPE_UNSPECIFIED, f"{_TYPE} is not set", _TYPE)


def require_known_type(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse a type that the contract does not name; the wire carries any number."""
    if draft.type in _TYPES:
        return None
    return _refuse(Reason.TYPE_UNKNOWN, f"{_TYPE} is none of the event types", _TYPE)


def require_jobs(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse an event about no job."""
    if draft.jobs:
        return None
    return _refuse(Reason.JOBS_MISSING, f"{_JOBS} is empty", _JOBS)


def bound_jobs(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse an event about too many jobs."""
    if len(draft.jobs) <= settings.jobs_max:
        return None
    return _refuse(
        Reason.JOBS_TOO_MANY,
        f"{_JOBS} has {len(draft.jobs)} jobs, the limit is {settings.jobs_max}",
        _JOBS,
    )


def bound_job_names(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse job names over their limit."""
    limit = settings.job_name_chars_max
    for job in draft.jobs:
        if len(job) > limit:
            break
    else:
        return None
    fields = _fields_where(draft.jobs, lambda job: len(job) > limit)
    return _refuse(
        Reason.JOB_NAME_TOO_LONG,
        f"{fields[0]} is too long, the limit is {limit} characters",
        *fields,
    )


def require_job_names(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse what is no job's name; whether the job exists, or is the tenant's, does not matter."""
    if all(map(is_job, draft.jobs)):
        return None
    fields = _fields_where(draft.jobs, lambda job: not is_job(job))
    return _refuse(Reason.JOB_NAME_MALFORMED, f"{fields[0]} is not a job's name", *fields)


def bound_notes(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse notes over their limit."""
    return _bound(Reason.NOTES_TOO_LONG, _NOTES, len(draft.event_notes), settings.notes_chars_max)


def bound_profile(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse a profile name over the limit of resource names."""
    return _bound(
        Reason.PROFILE_TOO_LONG, _PROFILE, len(draft.profile), settings.job_name_chars_max
    )


def refuse_unstorable_text(parent: str, draft: Draft, settings: Settings) -> Rejected | None:
    """Refuse NUL and unpaired surrogates, which SQL texts and UTF-8 cannot carry."""
    for field, text in (
        (_EVENT_ID, draft.event_id),
        (_REQUEST_ID, draft.request_id),
        (_NOTES, draft.event_notes),
        (_PROFILE, draft.profile),
    ):
        if "\0" in text or not (text.isascii() or _has_utf8(text)):
            return _unstorable(field)
    # A job's name that got here has no control characters.
    for index, job in enumerate(draft.jobs):
        if not (job.isascii() or _has_utf8(job)):
            return _unstorable(f"{_JOBS}[{index}]")
    return None


STEPS: tuple[Step, ...] = (
    require_parent,
    require_event_id,
    bound_event_id,
    bound_request_id,
    require_create_time,
    require_instant,
    require_job_event,
    require_type,
    require_known_type,
    require_jobs,
    bound_jobs,
    bound_job_names,
    require_job_names,
    bound_notes,
    bound_profile,
    refuse_unstorable_text,
)
"""All steps, in the order in which they are taken."""


def _bound(reason: Reason, field: str, count: int, limit: int) -> Rejected | None:
    if count <= limit:
        return None
    return _refuse(reason, f"{field} has {count} characters, the limit is {limit}", field)


def _refuse(reason: Reason, what: str, *fields: str) -> Rejected:
    return Rejected(reason, f"{what}: {REASON_HELP[reason].remedy}.", fields)


def _unstorable(field: str) -> Rejected:
    return _refuse(Reason.TEXT_UNSTORABLE, f"{field} has a NUL or an unpaired surrogate", field)


def _fields_where(jobs: tuple[str, ...], is_wrong: Callable[[str], bool]) -> list[str]:
    wrong = [index for index, job in enumerate(jobs) if is_wrong(job)]
    return [f"{_JOBS}[{index}]" for index in wrong[:_FIELDS_MAX]]


def _has_utf8(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True
