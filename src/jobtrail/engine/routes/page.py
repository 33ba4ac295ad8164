"""``/``: the page for people, and the parts of it that refresh by themselves."""

from __future__ import annotations

import re

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from jobtrail.engine.context import context_of
from jobtrail.engine.dashboard.filters import Filters
from jobtrail.engine.dashboard.page import PARTS, read_page
from jobtrail.engine.dashboard.rendering import render_page, render_part, render_trouble
from jobtrail.errors import Failure

CONTENT_SECURITY_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
HEADERS = {
    "cache-control": "no-store",
    "content-security-policy": CONTENT_SECURITY_POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
}

FIRST = "first"
"""The part that an empty page asks for: it answers with a reload once there is an event."""

# A host that a browser may send and a shell command may hold; anything else is not shown back.
_HOST = re.compile(r"[A-Za-z0-9.-]{1,253}(:\d{1,5})?|\[[0-9A-Fa-f:.]{2,45}\](:\d{1,5})?")


async def get_page(request: Request) -> Response:
    """Answer with the page, or with the one part of it that is asked for."""
    context = context_of(request)
    filters = Filters.read(request.query_params)
    part = request.query_params.get("part", "")
    try:
        page = await context.queries.run(
            read_page,
            context,
            filters,
            base_url=_base_url(request, tls=bool(context.settings.tls_cert)),
            part=part if part in PARTS else "",
        )
    except Failure as failure:
        html = render_trouble(
            "This page cannot be shown now", f"{failure.message} Recording goes on."
        )
        return HTMLResponse(html, status_code=503, headers={**HEADERS, "retry-after": "2"})
    if part == FIRST or (part in PARTS and not page.has_events):
        reload = {"hx-refresh": "true"} if page.has_events == (part == FIRST) else {}
        return Response(status_code=204, headers={**HEADERS, **reload})
    status = 400 if page.mistake else 200
    html = render_part(page, part) if part in PARTS and not page.mistake else render_page(page)
    return HTMLResponse(html, status_code=status, headers=HEADERS)


def _base_url(request: Request, *, tls: bool) -> str:
    host = request.headers.get("host", "")
    scheme = "https" if tls else "http"
    return f"{scheme}://{host}" if _HOST.fullmatch(host) else f"{scheme}://localhost"
