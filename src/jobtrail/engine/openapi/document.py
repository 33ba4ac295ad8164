"""``/v1/openapi.json``."""

from __future__ import annotations

from functools import cache
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from jobtrail import __version__
from jobtrail.engine.openapi.operations import paths
from jobtrail.engine.openapi.schemas import schemas

_HEADERS = {"cache-control": "no-cache", "x-content-type-options": "nosniff"}


def document() -> dict[str, Any]:
    """Build the whole document (OpenAPI 3.1.1)."""
    return {
        "openapi": "3.1.1",
        "info": {
            "title": "Jobtrail",
            "version": __version__,
            "summary": "Records how people meet jobs, and counts each event exactly once.",
            "description": "Events are recorded through the contract of Google Cloud Talent "
            "Solution's EventService; everything under `/v1` is Jobtrail's own. Errors have the "
            "shape of Google's: a canonical code, a message and `google.rpc` details.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "tags": [
            {"name": "Recording", "description": "Google's contract, over REST."},
            {"name": "Reading", "description": "Events and reports of one tenant."},
            {"name": "Service", "description": "About the service as a whole."},
        ],
        "paths": paths(),
        "components": {"schemas": schemas()},
    }


async def get_document(_request: Request) -> Response:
    """Answer with the document."""
    return Response(_encoded(), media_type="application/json", headers=_HEADERS)


@cache
def _encoded() -> bytes:
    return msgspec.json.encode(document())
