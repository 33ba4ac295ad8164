"""``/v1/{parent}/clientEvents:stream``: events as they are loaded, as Server-Sent Events."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator

import msgspec
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from jobtrail.engine.context import Context, context_of
from jobtrail.engine.event_pages import EventFilter, offset_of, read_events
from jobtrail.engine.parameters import OFFSET_MAX, parameters_of, whole_number
from jobtrail.engine.paths import tenant_of
from jobtrail.engine.routes.events import FILTERS, event_filter
from jobtrail.errors import Closing, EngineBusy, Failure

PARAMETERS = ("after", *FILTERS)
BATCH_EVENTS_MAX = 500
KEEP_ALIVE_S = 10.0
"""Below the idle timeouts of proxies, of which 30 s is about the shortest."""
_POLL_S = 0.25
"""How often a stream looks whether more is loaded: a small part of the 2 s that it may lag."""
_RETRY_MS = 1_000

_HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-accel-buffering": "no",  # nginx would hold events back until its buffer is full
}


class EventStream(StreamingResponse):
    """A stream that is counted among the open ones until it has ended, however it ends."""

    media_type = "text/event-stream"

    def __init__(self, content: AsyncIterator[bytes], context: Context) -> None:
        super().__init__(content, headers=_HEADERS)
        self._context = context
        context.streams_open += 1

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send until the client goes away or the process stops."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._context.streams_open -= 1


async def stream_events(request: Request) -> Response:
    """Send the events past an offset, then new ones as they come; the id of each is its offset.

    The offset is that of ``Last-Event-ID`` (which browsers send when they connect again), else of
    ``after``, else that of the last event loaded now.
    """
    context, tenant = context_of(request), tenant_of(request)
    given = parameters_of(request, known=PARAMETERS)
    which = event_filter(given, tenant)
    last_id = request.headers.get("last-event-id")
    if last_id:
        given["after"] = last_id
    newest = context.loaded_offset - 1
    after = whole_number(given, "after", default=newest, least=0, most=OFFSET_MAX)
    if request.method == "HEAD":
        return Response(headers=_HEADERS, media_type=EventStream.media_type)
    if context.closing.is_set():
        raise Closing("the engine is stopping")
    if context.streams_open >= context.settings.streams_max:
        raise EngineBusy(
            f"{context.streams_open} event streams are open, which is as many as may "
            "(streams_max); close one or try again later"
        )
    return EventStream(_frames(context, which, after + 1), context)


async def _frames(context: Context, which: EventFilter, first: int) -> AsyncIterator[bytes]:
    """Yield what goes over the wire, beginning at the offset *first*."""
    clock = asyncio.get_running_loop().time
    yield f"retry: {_RETRY_MS}\n\n".encode()
    sent = clock()
    while not context.closing.is_set():
        loaded = context.loaded_offset
        events: list[dict[str, object]] = []
        if first < loaded:
            # A store that is busy or away is no reason to end: the next look finds all there is.
            with contextlib.suppress(Failure):
                events = await context.queries.run(
                    read_events,
                    context.store,
                    which,
                    order="asc",
                    first=first,
                    before=loaded,
                    count_max=BATCH_EVENTS_MAX,
                )
                first = offset_of(events[-1]) + 1 if len(events) == BATCH_EVENTS_MAX else loaded
        if events:
            yield b"".join(map(_frame, events))
            sent = clock()
            continue
        if clock() - sent >= KEEP_ALIVE_S:
            yield b": nothing new\n\n"
            sent = clock()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(context.closing.wait(), _POLL_S)


def _frame(event: dict[str, object]) -> bytes:
    # JSON has no line break outside its strings, and none inside them that is not escaped.
    return b"id: %d\ndata: %b\n\n" % (offset_of(event), msgspec.json.encode(event))
