"""``jobtrail serve``: one command, two processes that may die and come back apart.

The collector (front door, admission, event log) and the engine (store, reports, pages) are children
of this process. Either is started again when it dies; recording never waits for the engine. The
supervisor itself does nothing that can fail: it holds the data folder and watches.
"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import os
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from jobtrail import __version__
from jobtrail.datafolder import DataFolder, FolderHeldError
from jobtrail.server import front
from jobtrail.server.admin import EnvoyAdmin
from jobtrail.settings import Settings

EXIT_OK, EXIT_FAILED, EXIT_USAGE = 0, 1, 2

# Unix sockets have at most 107 characters of path on Linux; the longest name we add has 12.
_SOCKET_FOLDER_CHARS_MAX = 90
_START_TIMEOUT_S = 30.0
_ENGINE_WAIT_S = 1.5
_BACKOFF_FIRST_S, _BACKOFF_MAX_S = 0.1, 5.0
_STEADY_AFTER_S = 1.0
_POLL_S = 0.02
_ENGINE_NICENESS = 5

# A collector that ends this often before it was ever ready will not get ready.
_FIRST_STARTS_MAX = 3


def serve(settings: Settings) -> int:
    """Run the service until SIGTERM or SIGINT; return the exit code of the command."""
    refusal = _refuse_open_address(settings) or _refuse_used_port(settings)
    if refusal:
        _say(refusal)
        return EXIT_USAGE
    folder = DataFolder(Path(settings.data).absolute())
    try:
        folder.acquire()
    except FolderHeldError as error:
        _say(f"jobtrail: {error}; stop it first or give another folder with --data")
        return EXIT_FAILED
    except OSError as error:
        _say(f"jobtrail: the data folder {folder.path} cannot be used: {error.strerror}")
        return EXIT_FAILED
    runtime = _make_runtime_folder(folder.path)
    try:
        return asyncio.run(_Supervisor(settings, folder, runtime).run())
    finally:
        shutil.rmtree(runtime, ignore_errors=True)
        folder.release()


def _refuse_open_address(settings: Settings) -> str | None:
    if settings.insecure or _is_loopback(settings.host):
        return None
    return (
        f"jobtrail: {settings.host} can be reached by others and there is no authentication yet; "
        "listen on 127.0.0.1, or say --insecure if a proxy in front of it checks who calls"
    )


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refuse_used_port(settings: Settings) -> str | None:
    """Find out before Envoy does, whose own message for it is long and unclear."""
    try:
        family = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family[0], socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(family[4])
    except OSError as error:
        return (
            f"jobtrail: cannot listen on {settings.host}:{settings.port}: {error.strerror}; "
            "choose another with --port (0 takes a free one)"
        )
    return None


def _make_runtime_folder(data: Path) -> Path:
    """Make a private folder for sockets: inside the data folder where its path is short enough."""
    inside = data / "run"
    if len(str(inside)) > _SOCKET_FOLDER_CHARS_MAX:
        return Path(tempfile.mkdtemp(prefix="jobtrail-"))
    shutil.rmtree(inside, ignore_errors=True)
    inside.mkdir(mode=0o700)
    return inside


class _Supervisor:
    """Starts the two children, watches them, and stops them in order."""

    def __init__(self, settings: Settings, folder: DataFolder, runtime: Path) -> None:
        self._settings = msgspec.structs.replace(settings, data=str(folder.path))
        self._folder = folder
        self._port = settings.port
        self._engine_socket = runtime / "engine.sock"
        self._admin = EnvoyAdmin(runtime / "admin.sock")
        self._stopping = asyncio.Event()
        self._children: dict[str, asyncio.subprocess.Process] = {}
        self._is_ready = False
        # A child holds the read end of its pipe and leaves when the write end, ours, is closed.
        # Each has one of its own: one's event loop makes its end non-blocking, which both would
        # see.
        self._pipes = {name: os.pipe() for name in ("collector", "engine")}

    async def run(self) -> int:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stopping.set)
        engine = asyncio.create_task(self._keep_running("engine", self._start_engine))
        collector = asyncio.create_task(self._keep_running("collector", self._start_collector))
        try:
            if not await self._wait_until_ready(collector):
                return EXIT_OK if self._stopping.is_set() else EXIT_FAILED
            self._announce()
            await self._stopping.wait()
            return EXIT_OK
        finally:
            self._stopping.set()
            await self._stop_collector()
            await self._stop("engine")
            await asyncio.gather(engine, collector, return_exceptions=True)

    # -- starting ---------------------------------------------------------------------------

    async def _start_collector(self) -> asyncio.subprocess.Process:
        command, extra = front.envoy_command(
            self._settings,
            port=self._port,
            admin_socket=self._admin.socket,
            engine_socket=self._engine_socket,
        )
        return await self._spawn("collector", command, extra)

    async def _start_engine(self) -> asyncio.subprocess.Process:
        engine = await self._spawn("engine", [sys.executable, "-m", "jobtrail.engine"], {})
        # Counting yields to recording where both want the processor.
        with contextlib.suppress(OSError):
            os.setpriority(os.PRIO_PROCESS, engine.pid, _ENGINE_NICENESS)
        return engine

    async def _spawn(
        self, name: str, command: list[str], extra: dict[str, str]
    ) -> asyncio.subprocess.Process:
        pipe = self._pipes[name][0]
        environment = {
            **os.environ,
            **extra,
            "JOBTRAIL_SETTINGS_JSON": msgspec.json.encode(self._settings).decode(),
            "JOBTRAIL_ENGINE_SOCKET": str(self._engine_socket),
            "JOBTRAIL_PARENT_PIPE": str(pipe),
        }
        return await asyncio.create_subprocess_exec(
            *command,
            env=environment,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=sys.stderr.fileno(),
            pass_fds=(pipe, self._folder.lock_descriptor),
            # A terminal's Ctrl-C goes to the whole group; the children are stopped in order by us.
            start_new_session=True,
        )

    async def _wait_until_ready(self, collector: asyncio.Task[None]) -> bool:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while time.monotonic() < deadline and not self._stopping.is_set():
            if collector.done():
                return False
            port = await self._admin.listening_port()
            if port and await _answers_ready(self._settings, port):
                self._port = port
                self._is_ready = True
                await self._wait_for_engine()
                return True
            await asyncio.sleep(_POLL_S)
        if not self._stopping.is_set():
            _say("jobtrail: the collector did not get ready; its messages are above")
        return False

    async def _wait_for_engine(self) -> None:
        """Wait a moment for pages and reports; recording does not need them."""
        deadline = time.monotonic() + _ENGINE_WAIT_S
        while not self._engine_socket.exists() and time.monotonic() < deadline:
            await asyncio.sleep(_POLL_S)

    def _announce(self) -> None:
        scheme = "https" if self._settings.tls_cert else "http"
        host = f"[{self._settings.host}]" if ":" in self._settings.host else self._settings.host
        url = f"{scheme}://{host}:{self._port}"
        self._folder.announce(url)
        print(  # noqa: T201 - the ready line is what a script waits for
            f"Jobtrail {__version__} is ready on {url} (data in {self._folder.path})", flush=True
        )
        if self._settings.insecure and not _is_loopback(self._settings.host):
            _say("jobtrail: --insecure: everyone who reaches this address can read and write")

    # -- watching ---------------------------------------------------------------------------

    async def _keep_running(
        self, name: str, start: Callable[[], Awaitable[asyncio.subprocess.Process]]
    ) -> None:
        backoff = _BACKOFF_FIRST_S
        starts = 0
        while not self._stopping.is_set():
            started = time.monotonic()
            starts += 1
            process = await start()
            self._children[name] = process
            code = await process.wait()
            if self._stopping.is_set():
                return
            if time.monotonic() - started > _STEADY_AFTER_S:
                backoff = _BACKOFF_FIRST_S
            if name == "collector" and not self._is_ready and starts >= _FIRST_STARTS_MAX:
                _say(f"jobtrail: the collector ended with code {code}; its messages are above")
                return
            _say(f"jobtrail: the {name} ended with code {code}; starting it again")
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._stopping.wait(), backoff)
            backoff = min(backoff * 2, _BACKOFF_MAX_S)

    # -- stopping ---------------------------------------------------------------------------

    async def _stop_collector(self) -> None:
        """Take no new connection, let requests in flight finish, then close the log."""
        process = self._children.get("collector")
        if process is None or process.returncode is not None:
            return
        self._end_streams()
        await self._admin.drain()
        deadline = time.monotonic() + self._settings.shutdown_timeout_ms / 1000
        while time.monotonic() < deadline and await self._admin.active_requests():
            await asyncio.sleep(_POLL_S)
        await self._stop("collector")

    def _end_streams(self) -> None:
        """Have the engine end its live streams, which would be in flight for ever."""
        engine = self._children.get("engine")
        if engine is not None and engine.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                engine.send_signal(signal.SIGUSR1)

    async def _stop(self, name: str) -> None:
        process = self._children.get(name)
        if process is None or process.returncode is not None:
            return
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        try:
            await asyncio.wait_for(process.wait(), self._settings.shutdown_timeout_ms / 1000)
        except TimeoutError:
            _say(f"jobtrail: the {name} did not stop in time and is killed")
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()


async def _answers_ready(settings: Settings, port: int) -> bool:
    """Ask ``/readyz`` over the port itself, past TLS verification: it is our own certificate."""
    import ssl  # noqa: PLC0415 - only a service with TLS needs it

    context: ssl.SSLContext | None = None
    if settings.tls_cert:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)  # noqa: S104
    try:
        reader, writer = await asyncio.open_connection(host, port, ssl=context)
    except OSError:
        return False
    try:
        writer.write(b"GET /readyz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        status = await asyncio.wait_for(reader.readline(), 2.0)
        return b" 200 " in status
    except (OSError, TimeoutError):
        return False
    finally:
        writer.close()


def _say(message: str) -> None:
    print(message, file=sys.stderr, flush=True)  # noqa: T201 - the supervisor has no logger
