"""An event on its way: what a client sent (draft), what we admitted (event), what we refused.

No I/O here, and nothing imported of ours but names: every stage shares these types.
"""

from __future__ import annotations

from enum import IntEnum, StrEnum

import msgspec


class EventType(IntEnum):
    """What happened between a person and a job; names and numbers are the wire's."""

    JOB_EVENT_TYPE_UNSPECIFIED = 0
    IMPRESSION = 1
    VIEW = 2
    VIEW_REDIRECT = 3
    APPLICATION_START = 4
    APPLICATION_FINISH = 5
    APPLICATION_QUICK_SUBMISSION = 6
    APPLICATION_REDIRECT = 7
    APPLICATION_START_FROM_SEARCH = 8
    APPLICATION_REDIRECT_FROM_SEARCH = 9
    APPLICATION_COMPANY_SUBMIT = 10
    BOOKMARK = 11
    NOTIFICATION = 12
    HIRED = 13
    SENT_CV = 14
    INTERVIEW_GRANTED = 15


class Check(StrEnum):
    """What is odd about an admitted event. It is kept and counted all the same.

    The first group is decided by the event alone, when it is admitted, and stays with it in the
    log. The second group depends on other events of the same trail, which may arrive in any order,
    so it is derived in the store, where it always speaks of all that has arrived.
    """

    CREATE_TIME_1970 = "create_time_1970"
    CREATE_TIME_FUTURE = "create_time_future"
    CREATE_TIME_OLD = "create_time_old"
    JOB_OF_OTHER_TENANT = "job_of_other_tenant"
    REQUEST_ID_MISSING = "request_id_missing"
    REQUEST_ID_INVENTED = "request_id_invented"

    IMPRESSION_REPEATED = "impression_repeated"
    FINISH_BEFORE_START = "finish_before_start"
    FINISH_WITHOUT_START = "finish_without_start"
    HIRE_WITHOUT_APPLICATION = "hire_without_application"
    QUICK_WITH_START = "quick_with_start"


CHECKS_AT_ADMISSION = (
    Check.CREATE_TIME_1970,
    Check.CREATE_TIME_FUTURE,
    Check.CREATE_TIME_OLD,
    Check.JOB_OF_OTHER_TENANT,
    Check.REQUEST_ID_MISSING,
    Check.REQUEST_ID_INVENTED,
)
CHECKS_IN_TRAILS = tuple(check for check in Check if check not in CHECKS_AT_ADMISSION)

CHECK_HELP: dict[Check, str] = {
    Check.CREATE_TIME_1970: "create_time lies in 1970 (UTC): the client probably never set it or"
    " passed a date object that its library cannot read",
    Check.CREATE_TIME_FUTURE: "create_time was further ahead of our clock than future_hours_max"
    " when the event came: a wrong clock or a local time sent as UTC",
    Check.CREATE_TIME_OLD: "create_time was longer ago than retention_days when the event came",
    Check.JOB_OF_OTHER_TENANT: "a job of the event is named under another tenant than its parent",
    Check.REQUEST_ID_MISSING: "the event has no request_id, so it belongs to no search",
    Check.REQUEST_ID_INVENTED: "request_id has not the shape of a search response's: the client"
    " made it up, and it is kept as the client's own grouping",
    Check.IMPRESSION_REPEATED: "the request has several IMPRESSION events; one that names all jobs"
    " is expected",
    Check.FINISH_BEFORE_START: "the application was finished earlier than it was started",
    Check.FINISH_WITHOUT_START: "the application was finished but never started",
    Check.HIRE_WITHOUT_APPLICATION: "the person was hired for a job without an application to it",
    Check.QUICK_WITH_START: "a quick submission came beside a start or a finish of the same"
    " application; it stands for both",
}
"""What each check says of an event, one sentence without a final stop."""


CREATE_SECONDS_MIN = -62_135_596_800
"""0001-01-01T00:00:00Z, the earliest instant of protobuf's Timestamp."""
CREATE_SECONDS_MAX = 253_402_300_799
"""9999-12-31T23:59:59Z, its latest second."""
CREATE_NANOS_MAX = 999_999_999


class Draft(msgspec.Struct, frozen=True, gc=False):
    """A client event as decoded, before anything about it is believed.

    ``None`` means that the client did not send the field; protobuf's default values count as sent
    only where the wire can tell (``create_time``, ``job_event``).
    """

    event_id: str = ""
    request_id: str = ""
    create_time: tuple[int, int] | None = None
    """Seconds since 1970 and nanoseconds, unchecked: both can be anything that fits in the wire."""
    has_job_event: bool = False
    type: int = 0
    jobs: tuple[str, ...] = ()
    event_notes: str = ""
    profile: str = ""
    """v4beta1's ``JobEvent.profile``; empty in v4."""
    unknown_fields: bytes = b""
    """Protobuf fields that our descriptor lacks, as sent: field bytes of ClientEvent, then one zero
    byte and those of JobEvent when there are any. Kept and compared, never read."""


class Event(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One admitted event; its JSON is one line of the log.

    The content (what makes a repeated ``event_id`` a duplicate or a conflict) is
    ``CONTENT_FIELDS``; the rest says how it came to us.
    """

    tenant: str
    event_id: str
    type: int
    jobs: tuple[str, ...]
    create_seconds: int
    """-62135596800 (year 1) to 253402300799 (year 9999)."""
    create_nanos: int
    """0 to 999,999,999."""
    receive_time: int
    """Our clock, nanoseconds since 1970."""
    api: str
    """How it came: ``grpc/v4``, ``rest/v4``, ``grpc/v4beta1``, ``rest/v4beta1``."""
    request_id: str = ""
    event_notes: str = ""
    profile: str = ""
    unknown_fields: bytes = b""
    checks: tuple[str, ...] = ()
    """Values of ``Check``, those of admission only, in the order of the enum."""
    client: str = ""
    """What the client says it is (``x-goog-api-client`` or user agent), at most 200 characters."""


CONTENT_FIELDS = (
    "request_id",
    "create_seconds",
    "create_nanos",
    "type",
    "jobs",
    "event_notes",
    "profile",
    "unknown_fields",
)
"""Fields that must be equal for a repeated ``event_id`` to be the same event."""

FIELD_PATHS = {
    "request_id": "client_event.request_id",
    "create_seconds": "client_event.create_time",
    "create_nanos": "client_event.create_time",
    "type": "client_event.job_event.type",
    "jobs": "client_event.job_event.jobs",
    "event_notes": "client_event.event_notes",
    "profile": "client_event.job_event.profile",
    "unknown_fields": "client_event",
}
"""What each content field is called in an error (Google writes snake_case paths)."""


def differing_fields(kept: Event, sent: Event) -> list[str]:
    """Name the wire's paths of the content fields in which two events differ, in content order."""
    paths = [FIELD_PATHS[f] for f in CONTENT_FIELDS if getattr(kept, f) != getattr(sent, f)]
    return list(dict.fromkeys(paths))
