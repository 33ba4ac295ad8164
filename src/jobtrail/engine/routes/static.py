"""``/static/{name}``: style, scripts and plotly.js, from this host alone."""

from __future__ import annotations

import asyncio

from starlette.requests import Request
from starlette.responses import Response

from jobtrail.engine.paths import segment
from jobtrail.engine.refusals import NotFound
from jobtrail.engine.static_files import static_file

_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"


async def get_static(request: Request) -> Response:
    """Answer with a static file; an address with its version may be kept for ever."""
    # Compressing plotly.js takes 0.2 s the first time.
    file = await asyncio.to_thread(static_file, segment(request, "name"))
    if file is None:
        raise NotFound("There is no static file of this name.")
    takes_gzip = "gzip" in request.headers.get("accept-encoding", "").lower()
    etag = f'"{file.version}{"-gzip" if takes_gzip else ""}"'
    headers = {
        "cache-control": _FOR_EVER if request.query_params.get("v") == file.version else _ASK_AGAIN,
        "cross-origin-resource-policy": "same-origin",
        "etag": etag,
        "vary": "accept-encoding",
        "x-content-type-options": "nosniff",
    }
    known = {
        tag.strip().removeprefix("W/")
        for tag in request.headers.get("if-none-match", "").split(",")
    }
    if etag in known or "*" in known:
        return Response(status_code=304, headers=headers)
    if takes_gzip:
        headers["content-encoding"] = "gzip"
    content = file.compressed if takes_gzip else file.plain
    return Response(content, media_type=file.media_type, headers=headers)
