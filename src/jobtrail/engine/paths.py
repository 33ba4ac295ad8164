"""Paths as they were sent: matched while still percent-encoded, decoded one segment at a time.

A tenant, job or event id may hold an encoded slash. Decoding before matching would let it change
which route a request takes; decoding after keeps it what it is, a character in a name.
"""

from __future__ import annotations

from urllib.parse import unquote

from starlette.requests import Request
from starlette.types import ASGIApp, Receive, Scope, Send

from jobtrail import names
from jobtrail.engine.refusals import InvalidRequest

TENANT = "/v1/projects/{project}/tenants/{tenant}"
"""The start of every path that belongs to one tenant."""


class EncodedPaths:
    """Middleware that gives the routes the path as it was sent."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Replace the decoded path by the raw one."""
        raw = scope.get("raw_path")
        if scope["type"] == "http" and raw:
            # Uvicorn and Envoy let ASCII alone through; latin-1 cannot fail where they did not.
            scope = {**scope, "path": raw.split(b"?", 1)[0].decode("latin-1")}
        await self._app(scope, receive, send)


def segment(request: Request, name: str) -> str:
    """Decode one segment of the path.

    Raises:
        InvalidRequest: It is not UTF-8, or is empty once decoded.
    """
    encoded: str = request.path_params[name]
    try:
        return unquote(encoded, errors="strict")
    except UnicodeDecodeError:
        raise InvalidRequest(name, "is not valid percent-encoded UTF-8") from None


def tenant_of(request: Request) -> str:
    """Return the tenant that the path names.

    Raises:
        InvalidRequest: A segment holds a slash or a control character, or cannot be decoded.
    """
    tenant = f"projects/{segment(request, 'project')}/tenants/{segment(request, 'tenant')}"
    if not names.is_tenant(tenant):
        raise InvalidRequest(
            "parent",
            "must be projects/{project}/tenants/{tenant}, no slash or control character in either",
        )
    return tenant
