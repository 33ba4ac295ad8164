"""``/v1/{parent}/trails``: all that was recorded under one request_id, as it happened."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from jobtrail.engine.answers import json_answer
from jobtrail.engine.context import context_of
from jobtrail.engine.event_pages import read_trail
from jobtrail.engine.page_tokens import decode_token, encode_token
from jobtrail.engine.parameters import parameters_of
from jobtrail.engine.paths import tenant_of
from jobtrail.engine.refusals import InvalidRequest, NotFound
from jobtrail.engine.routes.events import page_size

PARAMETERS = ("requestId", "pageSize", "pageToken")


async def get_trail(request: Request) -> Response:
    """Answer with one page of a trail, by the clients' clocks."""
    context, tenant = context_of(request), tenant_of(request)
    given = parameters_of(request, known=PARAMETERS)
    request_id = given.get("requestId", "")
    if not request_id:
        raise InvalidRequest("requestId", "is missing: name the trail to read")
    size = page_size(given)
    question = {"tenant": tenant, "requestId": request_id}
    skip = decode_token(given["pageToken"], question) if "pageToken" in given else 0
    events = await context.queries.run(
        read_trail,
        context.store,
        tenant,
        request_id,
        before=context.loaded_offset,
        skip=skip,
        count_max=size + 1,
    )
    if not events and not skip:
        raise NotFound(f"{tenant} has no events with this request_id")
    answer: dict[str, object] = {"requestId": request_id, "clientEvents": events[:size]}
    if len(events) > size:
        answer["nextPageToken"] = encode_token(skip + size, question)
    return json_answer(answer)
