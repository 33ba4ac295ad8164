"""The engine's process: opens log and store, starts the loader, answers on a Unix socket.

The supervisor starts it and says by environment variables what it needs to know; it is not meant to
be started by hand.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import msgspec
import structlog
import uvicorn

from jobtrail.datafolder import DataFolder
from jobtrail.engine.app import create_app
from jobtrail.engine.context import Context
from jobtrail.engine.leaving import leave_if_busy, leave_with_parent
from jobtrail.engine.loading import LoaderThread
from jobtrail.engine.queries import Queries
from jobtrail.errors import Failure
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store.store import QUERIES_MAX, Store
from jobtrail.telemetry import configure_logging

SETTINGS_VARIABLE = "JOBTRAIL_SETTINGS_JSON"
SOCKET_VARIABLE = "JOBTRAIL_ENGINE_SOCKET"
PARENT_PIPE_VARIABLE = "JOBTRAIL_PARENT_PIPE"

EXIT_OK, EXIT_FAILED = 0, 1

_BACKLOG = 128
_LOG_POLL_S = 0.02
_LOG_WAIT_S = 20.0
"""How long the collector may take to make the log of a new data folder."""


def main() -> int:
    """Run the engine until SIGTERM, or until the supervisor is gone; return the exit code."""
    settings = msgspec.json.decode(os.environ[SETTINGS_VARIABLE], type=Settings)
    configure_logging(settings, process="engine")
    log = structlog.get_logger(__name__)
    parent = os.environ.get(PARENT_PIPE_VARIABLE)
    if parent:
        leave_with_parent(int(parent), grace_s=settings.shutdown_timeout_ms / 1000)
    try:
        asyncio.run(_serve(settings, Path(os.environ[SOCKET_VARIABLE])))
    except Failure as failure:
        log.error("engine_failed", code=failure.code.name, message=failure.message)
        return EXIT_FAILED
    return EXIT_OK


async def _serve(settings: Settings, socket_path: Path) -> None:
    folder = DataFolder(Path(settings.data))
    queries = Queries(running_max=QUERIES_MAX, waiting_max=settings.queries_waiting_max)
    with contextlib.ExitStack() as stack:
        stack.callback(queries.close)
        store = Store.open(folder.store, settings)
        stack.callback(store.close)
        reader = await _open_reader(folder)
        stack.callback(reader.close)
        loader = LoaderThread(store, reader, settings)
        context = Context(
            settings=settings,
            store=store,
            reader=reader,
            loading=loader,
            queries=queries,
            loaded_before=store.checkpoint(),
        )
        stack.callback(leave_if_busy, queries, context.slow)
        loader.start()
        stack.callback(loader.stop)
        await _Server(context).serve(sockets=[stack.enter_context(_bound(socket_path))])


async def _open_reader(folder: DataFolder) -> LogReader:
    """Open the log, which the collector makes when the data folder is new."""
    deadline = asyncio.get_running_loop().time() + _LOG_WAIT_S
    while True:
        try:
            return LogReader(folder.eventlog)
        except Failure:
            if asyncio.get_running_loop().time() > deadline:
                raise
        await asyncio.sleep(_LOG_POLL_S)


@contextlib.contextmanager
def _bound(path: Path) -> Iterator[socket.socket]:
    """Listen at *path* for this user alone; whoever sees the file there can connect at once."""
    path.unlink(missing_ok=True)
    made = path.with_suffix(".new")
    made.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o177)
    try:
        listener.bind(str(made))
    finally:
        os.umask(before)
    listener.listen(_BACKLOG)
    # Between its binding and its listening a socket refuses, so it gets its name after both.
    made.rename(path)
    try:
        yield listener
    finally:
        listener.close()
        path.unlink(missing_ok=True)


class _Server(uvicorn.Server):
    """Uvicorn that ends event streams before it waits for requests in flight."""

    def __init__(self, context: Context) -> None:
        # A second before the supervisor loses its patience.
        grace_s = max(1, context.settings.shutdown_timeout_ms // 1000 - 1)
        config = uvicorn.Config(
            create_app(context),
            loop="none",
            http="h11",
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,
            backlog=_BACKLOG,
            timeout_graceful_shutdown=grace_s,
        )
        super().__init__(config)
        self._closing = context.closing
        self._loop = asyncio.get_running_loop()
        # Asked of the engine before the front door drains, which waits for streams as for requests.
        self._loop.add_signal_handler(signal.SIGUSR1, self._closing.set)

    def handle_exit(self, sig: int, frame: object) -> None:
        """Begin to stop, on SIGTERM or SIGINT; a second one does not wait for requests in flight.

        Uvicorn would raise the signal again at its end, before what it stands on is closed.
        """
        self._loop.call_soon_threadsafe(self._closing.set)
        self.force_exit = self.should_exit
        self.should_exit = True
