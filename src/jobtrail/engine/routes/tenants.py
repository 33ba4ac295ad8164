"""``/v1/tenants``: who has events here."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from jobtrail.engine.answers import json_answer
from jobtrail.engine.context import context_of
from jobtrail.engine.parameters import parameters_of
from jobtrail.engine.records import instant
from jobtrail.engine.refusals import InvalidRequest
from jobtrail.engine.routes.events import page_size
from jobtrail.engine.tenants import Tenant, read_tenants
from jobtrail.names import is_tenant

PARAMETERS = ("pageSize", "pageToken")


async def list_tenants(request: Request) -> Response:
    """Answer with one page of the tenants that have events, by name."""
    context = context_of(request)
    given = parameters_of(request, known=PARAMETERS)
    size = page_size(given)
    after = given.get("pageToken", "")
    if after and not is_tenant(after):
        raise InvalidRequest("pageToken", "is not a token from an earlier answer")
    tenants = await context.queries.run(
        read_tenants,
        context.store,
        after=after,
        before=context.loaded_offset,
        count_max=size + 1,
    )
    answer: dict[str, object] = {"tenants": [_described(tenant) for tenant in tenants[:size]]}
    if len(tenants) > size:
        # Names are the order, so the last name is where the next page begins.
        answer["nextPageToken"] = tenants[size - 1].name
    return json_answer(answer)


def _described(tenant: Tenant) -> dict[str, object]:
    return {
        "name": tenant.name,
        "events": tenant.events,
        "lastReceiveTime": instant(tenant.last_receive_micros),
    }
