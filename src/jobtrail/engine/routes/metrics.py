"""``/internal/metrics``: the engine's numbers, which the collector puts under its own."""

from __future__ import annotations

import os
from pathlib import Path

from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from jobtrail.engine.context import Context, context_of
from jobtrail.telemetry import render

_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_NO_ROUTE = "none"


class CountedRequests:
    """Middleware that counts every answer by its route and status."""

    def __init__(self, app: ASGIApp, context: Context) -> None:
        self._app = app
        self._counters = context.counters

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count when the answer begins, so that a stream counts while it is open."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        async def send_counted(message: Message) -> None:
            if message["type"] == "http.response.start":
                # The router has put it into the scope by now, if any path matched.
                route = getattr(scope.get("endpoint"), "__name__", _NO_ROUTE)
                self._counters.add("jobtrail_engine_requests", route, str(message["status"]))
            await send(message)

        await self._app(scope, receive, send_counted)


async def get_metrics(request: Request) -> Response:
    """Answer with counters and gauges in Prometheus's text format; never waits for a query."""
    context = context_of(request)
    status = context.loading.status()
    gauges = {
        "jobtrail_engine_queries": context.queries.admitted,
        "jobtrail_engine_streams": context.streams_open,
        "jobtrail_engine_memory_bytes": resident_bytes(),
        "jobtrail_store_loaded_offset": status.loaded_offset,
        "jobtrail_store_lag_events": status.lag_events,
        "jobtrail_store_lag_ms": status.lag_ms,
    }
    return Response(render(context.counters, gauges), media_type=_MEDIA_TYPE)


def resident_bytes() -> int:
    """Return the memory of this process that is in RAM (``man 5 proc``, statm)."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
