"""The engine's process alone, over a log that a test has written, asked over its own socket."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import httpx
import msgspec

from jobtrail.datafolder import DataFolder
from jobtrail.eventlog import EventLog
from jobtrail.eventlog.record import Rejection
from jobtrail.events import Event
from jobtrail.settings import Settings
from tests.service import wait_until

LOADED_TIMEOUT_S = 20.0


def write_log(
    settings: Settings, events: Iterable[Event], rejections: Iterable[Rejection] = ()
) -> None:
    """Append to the log of a data folder, as the collector does, and close it again."""

    async def write() -> None:
        log = EventLog.open(DataFolder(Path(settings.data)).eventlog, settings)
        try:
            await asyncio.gather(
                *map(log.append, events), *(log.reject(rejection) for rejection in rejections)
            )
        finally:
            await log.close()

    asyncio.run(write())


class EngineProcess:
    """``python -m jobtrail.engine`` as the supervisor starts it."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._folder = tempfile.TemporaryDirectory(prefix="jobtrail-test-")
        self.socket = Path(self._folder.name) / "engine.sock"
        self._errors = Path(self._folder.name) / "errors.txt"
        read, self._parent_end = os.pipe()
        with self._errors.open("wb") as errors:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "jobtrail.engine"],
                env={
                    **os.environ,
                    "JOBTRAIL_SETTINGS_JSON": msgspec.json.encode(settings).decode(),
                    "JOBTRAIL_ENGINE_SOCKET": str(self.socket),
                    "JOBTRAIL_PARENT_PIPE": str(read),
                },
                pass_fds=(read,),
                stderr=errors,
            )
        os.close(read)
        self.client = httpx.Client(
            transport=httpx.HTTPTransport(uds=str(self.socket)),
            base_url="http://engine",
            timeout=30,
        )

    def wait_until_it_answers(self) -> None:
        """Wait for the socket, which is there once the engine answers on it."""
        wait_until(
            lambda: self.socket.exists() or self.process.poll() is not None,
            timeout=LOADED_TIMEOUT_S,
            what="the engine answers",
        )
        assert self.process.poll() is None, self.errors()

    def wait_until_loaded(self, events: int) -> None:
        """Wait until *events* of the log are in the store."""
        self.wait_until_it_answers()
        wait_until(
            lambda: self.get("/v1/status")["store"]["loadedOffset"] >= events,
            timeout=LOADED_TIMEOUT_S,
            what=f"{events} events are loaded",
        )

    def get(self, path: str, **parameters: Any) -> Any:
        """Get JSON; an error status fails the test with its body."""
        response = self.client.get(path, params=parameters or None)
        assert response.status_code == 200, f"{response.status_code}: {response.text}"
        return response.json()

    def refused(self, path: str, **parameters: Any) -> tuple[int, str, list[str]]:
        """Get an error: its HTTP status, its canonical code, and the fields that it names."""
        response = self.client.get(path, params=parameters or None)
        error = response.json()["error"]
        assert error["code"] == response.status_code
        fields = [
            violation["field"]
            for detail in error["details"]
            for violation in detail.get("fieldViolations", [])
        ]
        return response.status_code, error["status"], fields

    def leave_alone(self) -> None:
        """Close the parent's end of the pipe, as a supervisor's death does."""
        os.close(self._parent_end)
        self._parent_end = -1

    def errors(self) -> str:
        """Return what the engine has written to standard error."""
        return self._errors.read_text()

    def stop(self) -> int:
        """Stop it as the supervisor would, and return the exit code."""
        self.client.close()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
        code = self.process.wait(20)
        if self._parent_end >= 0:
            self.leave_alone()
        self._folder.cleanup()
        return code
