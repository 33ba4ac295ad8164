"""The checks of admission: what is odd about an event that is admitted all the same.

Published samples send events of 1970 and job names of nobody's tenant, and programs written after
the specification make up their request ids, so none of this is a reason to refuse. Each check is
decided by the event and the time it came, and stays with it in the log.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from jobtrail.clock import NS_PER_SECOND
from jobtrail.events import Check, Draft
from jobtrail.names import job_belongs_to
from jobtrail.settings import Settings

IsOdd = Callable[[str, Draft, Settings, int], bool]
"""Takes the tenant, the draft, which passed all steps, the settings and the receive time in ns."""

_SECONDS_PER_HOUR = 3_600
_SECONDS_PER_DAY = 86_400
_SECONDS_OF_1970 = 365 * _SECONDS_PER_DAY
# What a search response's id looks like: <uuid>:<base64>, in either base64 alphabet.
_ISSUED_REQUEST_ID = re.compile(
    r"[0-9A-Fa-f]{8}(?:-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}:[0-9A-Za-z+/_-]+={0,2}"
)


def is_in_1970(tenant: str, draft: Draft, settings: Settings, receive_time: int) -> bool:
    """Tell whether create_time lies in 1970, UTC."""
    return 0 <= _create_seconds(draft) < _SECONDS_OF_1970


def is_in_future(tenant: str, draft: Draft, settings: Settings, receive_time: int) -> bool:
    """Tell whether create_time is too far ahead of our clock to be a matter of time zones."""
    ahead = _create_seconds(draft) - receive_time / NS_PER_SECOND
    return ahead > settings.future_hours_max * _SECONDS_PER_HOUR


def is_old(tenant: str, draft: Draft, settings: Settings, receive_time: int) -> bool:
    """Tell whether create_time lies before the retention."""
    age = receive_time / NS_PER_SECOND - _create_seconds(draft)
    return age > settings.retention_days * _SECONDS_PER_DAY


def has_foreign_job(tenant: str, draft: Draft, settings: Settings, receive_time: int) -> bool:
    """Tell whether a job is named under another tenant."""
    own = f"{tenant}/jobs/"
    return not all(job.startswith(own) or job_belongs_to(job, tenant) for job in draft.jobs)


def lacks_request_id(tenant: str, draft: Draft, settings: Settings, receive_time: int) -> bool:
    """Tell whether the event names no search."""
    return not draft.request_id


def has_invented_request_id(
    tenant: str, draft: Draft, settings: Settings, receive_time: int
) -> bool:
    """Tell whether request_id is none that a search response gave out."""
    return bool(draft.request_id) and _ISSUED_REQUEST_ID.fullmatch(draft.request_id) is None


CHECKS: tuple[tuple[Check, IsOdd], ...] = (
    (Check.CREATE_TIME_1970, is_in_1970),
    (Check.CREATE_TIME_FUTURE, is_in_future),
    (Check.CREATE_TIME_OLD, is_old),
    (Check.JOB_OF_OTHER_TENANT, has_foreign_job),
    (Check.REQUEST_ID_MISSING, lacks_request_id),
    (Check.REQUEST_ID_INVENTED, has_invented_request_id),
)
"""All checks, in the order of the enum, which is the order in which they are kept."""


def _create_seconds(draft: Draft) -> int:
    assert draft.create_time is not None, "a step requires it"
    return draft.create_time[0]
