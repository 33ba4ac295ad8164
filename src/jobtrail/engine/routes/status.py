"""``/v1/status``: how far the log is loaded, and what became of all events that were sent."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from jobtrail import __version__
from jobtrail.engine.answers import json_answer
from jobtrail.engine.context import context_of
from jobtrail.engine.health import read_health
from jobtrail.engine.parameters import parameters_of


async def get_status(request: Request) -> Response:
    """Answer with one look at the service, over all tenants."""
    context = context_of(request)
    parameters_of(request, known=())
    health = await context.queries.run(read_health, context)
    return json_answer(
        {
            "version": __version__,
            "state": health.state,
            "log": {"endOffset": health.end_offset, "silentMs": health.silent_ms},
            "store": {
                "loadedOffset": health.loaded_offset,
                "lagEvents": health.lag_events,
                "lagMs": health.lag_ms,
                "problem": health.problem,
            },
            "outcomes": dict(health.outcomes),
            "rejections": dict(health.rejections),
            "streamsOpen": context.streams_open,
        }
    )
