"""What can go wrong, in one place.

refusal   a value, ``Rejected``: the client must change something; never raised
failure   an exception below ``Failure``: the event was not recorded, or we cannot say
bug       an assertion

Failure                     is_retryable   code
|- QueueFull                yes            RESOURCE_EXHAUSTED   too many events are waiting
|- LogFull                  yes            RESOURCE_EXHAUSTED   no space where the log lives
|- LogUnavailable           yes            UNAVAILABLE          the log cannot be written
|  `- LogInUse              yes            UNAVAILABLE          another process has the log
|- DeadlinePassed           yes            DEADLINE_EXCEEDED    the client's time ran out
|- Closing                  yes            UNAVAILABLE          the service is stopping
|- LogDamaged               no             DATA_LOSS            what we read is not what we wrote
|- EngineBusy               yes            RESOURCE_EXHAUSTED   too many reports or streams at once
`- StoreUnavailable         yes            UNAVAILABLE          reports cannot be computed now
   |- QueryTooLarge         no             RESOURCE_EXHAUSTED   one report needs too much memory
   `- StoreTooNew           no             FAILED_PRECONDITION  a later version wrote the store
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import NamedTuple

import msgspec


class Code(IntEnum):
    """Canonical codes of ``google.rpc.Code``."""

    OK = 0
    CANCELLED = 1
    UNKNOWN = 2
    INVALID_ARGUMENT = 3
    DEADLINE_EXCEEDED = 4
    NOT_FOUND = 5
    ALREADY_EXISTS = 6
    PERMISSION_DENIED = 7
    RESOURCE_EXHAUSTED = 8
    FAILED_PRECONDITION = 9
    ABORTED = 10
    OUT_OF_RANGE = 11
    UNIMPLEMENTED = 12
    INTERNAL = 13
    UNAVAILABLE = 14
    DATA_LOSS = 15
    UNAUTHENTICATED = 16


class Reason(StrEnum):
    """Why an event was rejected. Each is counted, documented and kept in the quarantine."""

    BODY_UNREADABLE = "body_unreadable"
    BODY_TOO_LARGE = "body_too_large"
    FIELD_UNKNOWN = "field_unknown"
    PARENT_MALFORMED = "parent_malformed"
    EVENT_MISSING = "event_missing"
    EVENT_ID_MISSING = "event_id_missing"
    EVENT_ID_TOO_LONG = "event_id_too_long"
    EVENT_ID_REUSED = "event_id_reused"
    REQUEST_ID_TOO_LONG = "request_id_too_long"
    CREATE_TIME_MISSING = "create_time_missing"
    CREATE_TIME_INVALID = "create_time_invalid"
    JOB_EVENT_MISSING = "job_event_missing"
    TYPE_UNSPECIFIED = "type_unspecified"
    TYPE_UNKNOWN = "type_unknown"
    JOBS_MISSING = "jobs_missing"
    JOBS_TOO_MANY = "jobs_too_many"
    JOB_NAME_MALFORMED = "job_name_malformed"
    JOB_NAME_TOO_LONG = "job_name_too_long"
    NOTES_TOO_LONG = "notes_too_long"
    PROFILE_TOO_LONG = "profile_too_long"
    TEXT_UNSTORABLE = "text_unstorable"


REASON_CODES: dict[Reason, Code] = dict.fromkeys(Reason, Code.INVALID_ARGUMENT) | {
    Reason.BODY_TOO_LARGE: Code.RESOURCE_EXHAUSTED,
    Reason.EVENT_ID_REUSED: Code.ALREADY_EXISTS,
}
"""The canonical code of each reason; the only place that says it."""


class ReasonHelp(NamedTuple):
    """What a reason means and what to do about it, one sentence each, without a final stop."""

    meaning: str
    remedy: str


REASON_HELP: dict[Reason, ReasonHelp] = {
    Reason.BODY_UNREADABLE: ReasonHelp(
        "the request is not well-formed: framing, compression, UTF-8, JSON or protobuf",
        "send what a published client sends; the message says where reading stopped",
    ),
    Reason.BODY_TOO_LARGE: ReasonHelp(
        "the request, as sent or after decompression, is larger than message_bytes_max",
        "send fewer or shorter fields",
    ),
    Reason.FIELD_UNKNOWN: ReasonHelp(
        "a JSON key names no field of the message",
        "spell it as the contract does; in v4 the body is the bare event, in v4beta1 it is wrapped",
    ),
    Reason.PARENT_MALFORMED: ReasonHelp(
        "parent is no tenant's name",
        "send projects/{project}/tenants/{tenant}; v4beta1 takes projects/{project} too",
    ),
    Reason.EVENT_MISSING: ReasonHelp("the request has no event", "send the event to record"),
    Reason.EVENT_ID_MISSING: ReasonHelp(
        "the event has no id, so it could not be counted exactly once",
        "give each event an id of its own and send the same id again when you retry",
    ),
    Reason.EVENT_ID_TOO_LONG: ReasonHelp(
        "event_id is longer than event_id_chars_max", "send a shorter id, such as a UUID"
    ),
    Reason.EVENT_ID_REUSED: ReasonHelp(
        "the tenant already has another event of this id",
        "send a new event under a new id; an event that was recorded cannot be changed",
    ),
    Reason.REQUEST_ID_TOO_LONG: ReasonHelp(
        "request_id is longer than request_id_chars_max",
        "send the id that the search response gave",
    ),
    Reason.CREATE_TIME_MISSING: ReasonHelp(
        "the event does not say when it happened", "send the time by the client's clock"
    ),
    Reason.CREATE_TIME_INVALID: ReasonHelp(
        "create_time is no instant of the years 1 to 9999",
        "send seconds and 0 to 999,999,999 nanoseconds, in JSON an RFC 3339 timestamp with a zone",
    ),
    Reason.JOB_EVENT_MISSING: ReasonHelp(
        "the event does not say what happened", "send job_event with its type and jobs"
    ),
    Reason.TYPE_UNSPECIFIED: ReasonHelp(
        "the type of the event is not set; clients also send this for a name they do not know",
        "send one of the event types, such as VIEW",
    ),
    Reason.TYPE_UNKNOWN: ReasonHelp(
        "the type of the event is none of those that the contract names",
        "send one of the event types, such as VIEW",
    ),
    Reason.JOBS_MISSING: ReasonHelp(
        "the event names no job", "send the names of the jobs that were shown or acted on"
    ),
    Reason.JOBS_TOO_MANY: ReasonHelp(
        "the event names more jobs than jobs_max",
        "send one IMPRESSION for each page of results that was shown",
    ),
    Reason.JOB_NAME_MALFORMED: ReasonHelp(
        "a job's name has another shape than the contract's",
        "send projects/{project}/tenants/{tenant}/jobs/{job}",
    ),
    Reason.JOB_NAME_TOO_LONG: ReasonHelp(
        "a job's name is longer than job_name_chars_max", "send the job's resource name alone"
    ),
    Reason.NOTES_TOO_LONG: ReasonHelp(
        "event_notes is longer than notes_chars_max", "send a shorter note"
    ),
    Reason.PROFILE_TOO_LONG: ReasonHelp(
        "job_event.profile is longer than job_name_chars_max",
        "send the profile's resource name alone",
    ),
    Reason.TEXT_UNSTORABLE: ReasonHelp(
        "a text has a NUL or an unpaired surrogate, which the store cannot keep",
        "send the text without that character",
    ),
}
"""Every reason, explained; messages and the documentation are made from it."""


class Rejected(msgspec.Struct, frozen=True):
    """An event that cannot be recorded as it is.

    *message* names the field, the limit and the remedy, and never repeats the payload. *fields* are
    the wire's snake_case paths (``client_event.job_event.jobs[3]``); the first is the main one.
    """

    reason: Reason
    message: str
    fields: tuple[str, ...] = ()

    @property
    def code(self) -> Code:
        """The canonical code to answer with."""
        return REASON_CODES[self.reason]


class Failure(Exception):  # noqa: N818 - "failure" is our word for it, see the tree above
    """The event was not acknowledged. Unless a subclass says otherwise a retry can help."""

    code = Code.UNAVAILABLE
    is_retryable = True
    retry_after_ms = 1_000

    def __init__(self, message: str, *, retry_after_ms: int | None = None) -> None:
        super().__init__(message)
        self.message = message
        if retry_after_ms is not None:
            self.retry_after_ms = retry_after_ms


class QueueFull(Failure):
    """More events wait for the log than the queue may hold; nothing was kept of this one."""

    code = Code.RESOURCE_EXHAUSTED


class LogFull(Failure):
    """The file system under the log has no space; nothing was kept of this event."""

    code = Code.RESOURCE_EXHAUSTED
    retry_after_ms = 5_000


class LogUnavailable(Failure):
    """The log could not be written or synced. Whether the event is there, the log alone decides."""


class LogInUse(LogUnavailable):
    """Another process holds the log; the message names it where it is known."""


class DeadlinePassed(Failure):
    """The client's deadline passed first. Whether the event is there, the log alone decides."""

    code = Code.DEADLINE_EXCEEDED


class Closing(Failure):
    """The service is stopping and takes nothing new."""


class LogDamaged(Failure):
    """A checksum or an order that we wrote does not hold any more; nothing is skipped over it."""

    code = Code.DATA_LOSS
    is_retryable = False


class EngineBusy(Failure):
    """As many queries or streams are open as may be; recording goes on."""

    code = Code.RESOURCE_EXHAUSTED


class StoreUnavailable(Failure):
    """The analytics side cannot answer now; recording goes on."""


class QueryTooLarge(StoreUnavailable):
    """One query would take more memory than it may; a shorter range of time can help."""

    code = Code.RESOURCE_EXHAUSTED
    is_retryable = False


class StoreTooNew(StoreUnavailable):
    """A later version of Jobtrail wrote the store; it can be read there, or built anew here."""

    code = Code.FAILED_PRECONDITION
    is_retryable = False
