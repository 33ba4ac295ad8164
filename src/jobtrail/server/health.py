"""Is it up, may it take events, and the numbers behind that: over HTTP and ``grpc.health.v1``."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec

from jobtrail.eventlog import EventLog
from jobtrail.server.body import Scope, Send
from jobtrail.server.grpc import Answer, Stream, Unary
from jobtrail.server.recording import Caller
from jobtrail.server.rest import send_body
from jobtrail.telemetry import Counters, render
from jobtrail.wire import health as messages

_ENGINE_TIMEOUT_S = 0.5
_WATCH_INTERVAL_S = 1.0

# What Prometheus calls its text format.
_METRICS_TYPE = b"text/plain; version=0.0.4; charset=utf-8"

Page = Callable[[Scope, Send], Awaitable[None]]


class Health:
    """Answers probes and scrapes; none of them waits for the log or the engine for long."""

    def __init__(self, log: EventLog, counters: Counters, engine_socket: Path) -> None:
        self._log = log
        self._counters = counters
        self._engine_socket = engine_socket
        self.pages: dict[str, Page] = {
            "/healthz": self._healthz,
            "/readyz": self._readyz,
            "/metrics": self._metrics,
        }
        self.unary: dict[str, Unary] = {
            "/grpc.health.v1.Health/Check": self._check,
            "/grpc.health.v1.Health/List": self._list,
        }
        self.streams: dict[str, Stream] = {"/grpc.health.v1.Health/Watch": self._watch}

    def is_ready(self) -> bool:
        """Tell whether an event that came now could be acknowledged."""
        return self._log.status().is_writable

    # -- HTTP -------------------------------------------------------------------------------

    async def _healthz(self, scope: Scope, send: Send) -> None:
        await _send_json(send, 200, {"status": "ok"})

    async def _readyz(self, scope: Scope, send: Send) -> None:
        if self.is_ready():
            await _send_json(send, 200, {"status": "ready"})
        else:
            reason = self._log.status().last_failure
            await _send_json(send, 503, {"status": "not ready", "reason": reason})

    async def _metrics(self, scope: Scope, send: Send) -> None:
        engine = await self._engine_metrics()
        status = self._log.status()
        gauges = {
            "jobtrail_log_end_offset": status.end_offset,
            "jobtrail_log_queued_events": status.queued_events,
            "jobtrail_log_queued_bytes": status.queued_bytes,
            "jobtrail_log_commits": status.commits,
            "jobtrail_log_is_writable": int(status.is_writable),
            "jobtrail_engine_is_up": int(engine is not None),
        }
        body = render(self._counters, gauges) + (engine or b"")
        await send_body(send, 200, [(b"content-type", _METRICS_TYPE)], body)

    async def _engine_metrics(self) -> bytes | None:
        """Return the engine's own metrics, or ``None`` when it does not answer at once."""
        try:
            return await asyncio.wait_for(
                _get(self._engine_socket, "/internal/metrics"), _ENGINE_TIMEOUT_S
            )
        except (OSError, TimeoutError, asyncio.IncompleteReadError):
            return None

    # -- grpc.health.v1 ---------------------------------------------------------------------

    async def _check(self, message: bytes, caller: Caller) -> Answer:
        return messages.check(message, is_serving=self.is_ready())

    async def _list(self, message: bytes, caller: Caller) -> Answer:
        return messages.list_all(is_serving=self.is_ready())

    async def _watch(self, requests: AsyncIterator[bytes]) -> AsyncIterator[Answer]:
        async for message in requests:
            last: Answer | None = None
            while True:
                answer = messages.watch(message, is_serving=self.is_ready())
                if answer != last:
                    yield answer
                last = answer
                await asyncio.sleep(_WATCH_INTERVAL_S)


async def _send_json(send: Send, status: int, body: dict[str, str | None]) -> None:
    headers = [(b"content-type", b"application/json; charset=UTF-8")]
    await send_body(send, status, headers, msgspec.json.encode(body))


async def _get(socket: Path, path: str) -> bytes | None:
    """Ask the engine over its socket with HTTP/1.0, where the end of the answer is its end."""
    reader, writer = await asyncio.open_unix_connection(str(socket))
    try:
        writer.write(f"GET {path} HTTP/1.0\r\nhost: engine\r\n\r\n".encode())
        head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
    finally:
        writer.close()
    return body if b" 200 " in head.split(b"\r\n", 1)[0] else None
