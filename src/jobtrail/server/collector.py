"""The collector's application: what answers on the port, apart from pages and reports.

Envoy loads ``app`` from here into its own process. The log is opened when the application starts
and closed, drained, when it stops; nothing else holds state.
"""

from __future__ import annotations

import asyncio
import gc
import os
import signal
from pathlib import Path

import msgspec
import structlog

from jobtrail.clock import system_clock
from jobtrail.datafolder import DataFolder
from jobtrail.eventlog import EventLog
from jobtrail.server.body import BodyReader, ClientGone, Receive, Scope, Send
from jobtrail.server.grpc import Grpc
from jobtrail.server.health import Health
from jobtrail.server.recording import Recorder
from jobtrail.server.reflection import STREAMS as REFLECTION
from jobtrail.server.rest import Rest, nothing_here, send_error
from jobtrail.settings import Settings
from jobtrail.telemetry import Counters, configure_logging
from jobtrail.wire.frames import PREFIX_BYTES


class Collector:
    """One ASGI application; everything in it runs on one event loop."""

    def __init__(self) -> None:
        self._log: EventLog | None = None
        self._logger = structlog.stdlib.get_logger()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or follow the application's life."""
        if scope["type"] == "lifespan":
            await self._live(receive, send)
            return
        try:
            await self._answer(scope, receive, send)
        except ClientGone:
            return
        except Exception as error:
            # The host's exception for an answer that nobody waits for has no name to import.
            if type(error).__name__ == "ClientDisconnectedError":
                return
            self._logger.exception("request_failed", path=scope["path"])
            raise

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        path: str = scope["path"]
        if path.startswith(("/v4/", "/v4beta1/")):
            await self._rest(scope, receive, send)
        elif path.startswith(("/google.", "/grpc.")) or _is_grpc(scope):
            await self._grpc(scope, receive, send)
        elif (page := self._health.pages.get(path)) is not None:
            await page(scope, send)
        else:
            await send_error(send, nothing_here(scope))

    # -- life -------------------------------------------------------------------------------

    async def _live(self, receive: Receive, send: Send) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    self._start()
                except Exception as error:
                    self._logger.exception("start_failed")
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            elif message["type"] == "lifespan.shutdown":
                await self._stop()
                await send({"type": "lifespan.shutdown.complete"})
                return

    def _start(self) -> None:
        settings = msgspec.json.decode(os.environ["JOBTRAIL_SETTINGS_JSON"], type=Settings)
        self._logger = configure_logging(settings, process="collector")
        _leave_with(int(os.environ["JOBTRAIL_PARENT_PIPE"]))
        log = EventLog.open(DataFolder(Path(settings.data)).eventlog, settings)
        counters = Counters()
        recorder = Recorder(log, settings, counters, clock=system_clock)
        bodies = BodyReader(
            body_bytes_max=settings.message_bytes_max + PREFIX_BYTES,
            all_bytes_max=settings.bodies_bytes_max,
        )
        self._log = log
        self._health = Health(log, counters, Path(os.environ["JOBTRAIL_ENGINE_SOCKET"]))
        self._rest = Rest(recorder, bodies, settings)
        self._grpc = Grpc(
            recorder,
            bodies,
            settings,
            unary=self._health.unary,
            streams={**self._health.streams, **REFLECTION},
        )
        # What is there now stays; looking at it again is most of what a collection would do.
        gc.collect()
        gc.freeze()
        self._logger.info("collector_started", end_offset=log.status().end_offset)

    async def _stop(self) -> None:
        if self._log is not None:
            await self._log.close()
            self._logger.info("collector_stopped")


def _is_grpc(scope: Scope) -> bool:
    return any(
        name == b"content-type" and value.startswith(b"application/grpc")
        for name, value in scope["headers"]
    )


def _leave_with(descriptor: int) -> None:
    """End this process when the supervisor is gone: its end of the pipe then reads as closed."""
    loop = asyncio.get_running_loop()

    def on_end() -> None:
        loop.remove_reader(descriptor)
        os.kill(os.getpid(), signal.SIGTERM)

    loop.add_reader(descriptor, on_end)


app = Collector()
