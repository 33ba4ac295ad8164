"""``/v1/{parent}/rejectedEvents`` and ``/v1/rejectedEvents``: the quarantine, newest first."""

from __future__ import annotations

import base64
from typing import cast

from starlette.requests import Request
from starlette.responses import Response

from jobtrail.engine.answers import json_answer
from jobtrail.engine.context import context_of
from jobtrail.engine.page_tokens import decode_token, encode_token
from jobtrail.engine.parameters import OFFSET_MAX, parameters_of
from jobtrail.engine.paths import tenant_of
from jobtrail.engine.records import Row, instant
from jobtrail.engine.refusals import InvalidRequest
from jobtrail.engine.routes.events import page_size
from jobtrail.engine.statements import statement
from jobtrail.errors import Reason
from jobtrail.store.store import Store

PARAMETERS = ("reason", "pageSize", "pageToken")
PAGE_SIZE_MAX = 200
"""Less than elsewhere: each item may carry quarantine_payload_bytes_max of payload."""


async def list_tenant_rejections(request: Request) -> Response:
    """Answer with one page of the rejected events of a tenant."""
    return await _list(request, tenant_of(request))


async def list_all_rejections(request: Request) -> Response:
    """Answer with one page of all rejected events, also those that no tenant could be read from."""
    return await _list(request, "")


def read_rejections(
    store: Store, tenant: str, reason: str, *, before: int, count_max: int
) -> list[dict[str, object]]:
    """Read at most *count_max* rejected events with an id below *before*; blocks."""
    rows = store.query(
        statement("rejections"),
        {"tenant": tenant, "reason": reason, "before": before, "limit": count_max},
    )
    return [_described(row) for row in rows]


async def _list(request: Request, tenant: str) -> Response:
    context = context_of(request)
    given = parameters_of(request, known=PARAMETERS)
    reason = given.get("reason", "")
    if reason and reason not in list(Reason):
        raise InvalidRequest("reason", f"must be one of {', '.join(Reason)}")
    size = page_size(given, most=PAGE_SIZE_MAX)
    question = {"tenant": tenant, "reason": reason}
    before = decode_token(given["pageToken"], question) if "pageToken" in given else OFFSET_MAX
    rejected = await context.queries.run(
        read_rejections, context.store, tenant, reason, before=before, count_max=size + 1
    )
    answer: dict[str, object] = {"rejectedEvents": rejected[:size]}
    if len(rejected) > size:
        last = cast(int, rejected[size - 1]["rejectionId"])
        answer["nextPageToken"] = encode_token(last, question)
    return json_answer(answer)


def _described(row: Row) -> dict[str, object]:
    described: dict[str, object] = {
        "rejectionId": row["rejection_id"],
        "reason": row["reason"],
        "field": row["field"],
        "message": row["message"],
        "receiveTime": instant(cast(int, row["receive_micros"])),
        "tenant": row["tenant"],
        "eventId": row["event_id"],
        "api": row["api"],
        "client": row["client"],
    }
    payload = bytes.fromhex(cast(str, row["payload_hex"]))
    # JSON was sent as text and reads best so; protobuf rarely is valid UTF-8, and is exact so.
    try:
        described["payload"] = payload.decode()
    except UnicodeDecodeError:
        described["payloadBase64"] = base64.b64encode(payload).decode()
    return described
