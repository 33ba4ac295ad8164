"""``/v1/{parent}/clientEvents``: a page of events, or one with its receipt."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, cast

from starlette.requests import Request
from starlette.responses import Response

from jobtrail.engine.answers import json_answer
from jobtrail.engine.context import Context, context_of
from jobtrail.engine.event_pages import EventFilter, job_names, offset_of, read_events
from jobtrail.engine.page_tokens import decode_token, encode_token
from jobtrail.engine.parameters import OFFSET_MAX, one_of, parameters_of, whole_number
from jobtrail.engine.paths import segment, tenant_of
from jobtrail.engine.records import event_from_log
from jobtrail.engine.refusals import InvalidRequest, NotFound
from jobtrail.events import Check, EventType
from jobtrail.store.checks import checks_of

PAGE_SIZE_DEFAULT = 100
PAGE_SIZE_MAX = 1_000
FILTERS = ("requestId", "job", "type")
PARAMETERS = ("pageSize", "pageToken", "order", "after", *FILTERS)


async def list_events(request: Request) -> Response:
    """Answer with one page of a tenant's events, in the order of the log or against it."""
    context, tenant = context_of(request), tenant_of(request)
    given = parameters_of(request, known=PARAMETERS)
    which = event_filter(given, tenant)
    order = cast(Literal["asc", "desc"], one_of(given, "order", ("asc", "desc")))
    size = page_size(given)
    first = whole_number(given, "after", default=-1, least=0, most=OFFSET_MAX) + 1
    before = context.loaded_offset
    question = {name: text for name, text in given.items() if name not in ("pageSize", "pageToken")}
    question["tenant"] = tenant
    if "pageToken" in given:
        position = decode_token(given["pageToken"], question)
        first, before = (position, before) if order == "asc" else (first, min(before, position))
    # One more than asked for tells whether there is a next page.
    events = await context.queries.run(
        read_events,
        context.store,
        which,
        order=order,
        first=first,
        before=before,
        count_max=size + 1,
    )
    answer: dict[str, object] = {"clientEvents": events[:size]}
    if len(events) > size:
        last = offset_of(events[size - 1])
        answer["nextPageToken"] = encode_token(last + 1 if order == "asc" else last, question)
    return json_answer(answer)


async def get_event(request: Request) -> Response:
    """Answer with one event as the log has it, and with its receipt.

    It is there as soon as it is acknowledged; what its trail says about it follows with the load.
    """
    context, tenant = context_of(request), tenant_of(request)
    event_id = segment(request, "event_id")
    parameters_of(request, known=())
    event = await context.queries.run(_read_event, context, tenant, event_id)
    if event is None:
        raise NotFound(f"{tenant} has no event with this event_id")
    return json_answer(event)


def event_filter(given: Mapping[str, str], tenant: str) -> EventFilter:
    """Read the filters that lists and streams have in common.

    Raises:
        InvalidRequest: The type is none that can be recorded.
    """
    type_name = given.get("type", "")
    if type_name and (type_name not in EventType.__members__ or not EventType[type_name]):
        names = ", ".join(member.name for member in EventType if member)
        raise InvalidRequest("type", f"must be one of {names}")
    return EventFilter(
        tenant=tenant,
        request_id=given.get("requestId", ""),
        jobs=job_names(given.get("job", ""), tenant),
        type=type_name,
    )


def page_size(given: Mapping[str, str], *, most: int = PAGE_SIZE_MAX) -> int:
    """Read how many items a page has at most."""
    return whole_number(given, "pageSize", default=PAGE_SIZE_DEFAULT, least=1, most=most)


def _read_event(context: Context, tenant: str, event_id: str) -> dict[str, object] | None:
    found = context.reader.find(tenant, event_id)
    if found is None:
        return None
    offset, event = found
    # An event that is not loaded yet has the checks of its admission all the same.
    checks = {*event.checks, *checks_of(context.store, tenant, [offset])[offset]}
    return event_from_log(offset, event, [check for check in Check if check in checks])
