"""A running Jobtrail, from outside: started as a command, asked over its port."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx

START_TIMEOUT_S = 30.0
VISIBLE_TIMEOUT_S = 20.0


def wait_until(condition: Callable[[], Any], *, timeout: float = 10.0, what: str = "") -> Any:
    """Return the first true value of *condition*; fail when *timeout* seconds pass without one."""
    deadline = time.monotonic() + timeout
    pause = threading.Event()
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {timeout} s: {what or condition}")
        pause.wait(0.02)


def new_tenant() -> str:
    """Name a tenant that no other test uses."""
    return f"projects/test/tenants/t-{uuid.uuid4().hex[:12]}"


def event_json(tenant: str, **changes: Any) -> dict[str, Any]:
    """Make one valid ClientEvent as JSON; *changes* replace its fields, ``None`` removes one."""
    event: dict[str, Any] = {
        "requestId": f"{uuid.uuid4()}:APAb7ISd4Sc5faibw2V5hTU/OoC2WAW5AA==",
        "eventId": str(uuid.uuid4()),
        "createTime": "2026-11-20T10:00:00.5Z",
        "jobEvent": {"type": "VIEW", "jobs": [f"{tenant}/jobs/j1"]},
    }
    event |= changes
    return {key: value for key, value in event.items() if value is not None}


class Service:
    """One ``jobtrail serve`` on a free port of loopback."""

    def __init__(
        self, data: Path, *, env: dict[str, str] | None = None, **settings: object
    ) -> None:
        self.data = data
        self.url = ""
        self.port = 0
        self._env = env or {}
        self._settings = {"port": 0} | settings
        self._process: subprocess.Popen[str] | None = None
        self._errors: tempfile._TemporaryFileWrapper[str] | None = None

    # -- its life ---------------------------------------------------------------------------

    def start(self) -> Service:
        """Start it and wait for its ready line."""
        command = [sys.executable, "-m", "jobtrail", "serve", "--data", str(self.data)]
        for name, value in self._settings.items():
            flag = f"--{name.replace('_', '-')}"
            command += [flag] if value is True else [flag, str(value)]
        environment = {k: v for k, v in os.environ.items() if not k.startswith("JOBTRAIL_")}
        self._errors = tempfile.NamedTemporaryFile("w+", suffix=".err")  # noqa: SIM115
        self._process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            text=True,
            env=environment | self._env,
        )
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if " is ready on " not in line:
            self.kill()
            raise AssertionError(f"no ready line but {line!r}; it said:\n{self.errors()}")
        self.url = line.split(" is ready on ")[1].split()[0]
        self.port = int(self.url.rsplit(":", 1)[1])
        return self

    def __enter__(self) -> Service:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        assert self._process is not None
        return self._process.pid

    def child(self, name: str) -> int:
        """Process id of the ``collector`` or the ``engine`` as it is now."""
        mark = "envoy" if name == "collector" else "jobtrail.engine"

        def find() -> int:
            for pid in children_of(self.pid):
                if mark in command_of(pid):
                    return pid
            return 0

        return int(wait_until(find, what=f"the {name} runs"))

    def stop(self) -> int:
        """Stop it as an operator would, and return the exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(30)
        except subprocess.TimeoutExpired:
            self.kill()
            raise

    def kill(self) -> None:
        """Kill the supervisor at once; its children leave by themselves."""
        if self._process is not None and self._process.poll() is None:
            self._process.kill()
            self._process.wait(10)

    def errors(self) -> str:
        """Return what the service has written to standard error."""
        return Path(self._errors.name).read_text() if self._errors else ""

    # -- what one does with it --------------------------------------------------------------

    def record(self, tenant: str, event: dict[str, Any], **kwargs: Any) -> httpx.Response:
        """Send one event over v4 REST."""
        return httpx.post(f"{self.url}/v4/{tenant}/clientEvents", json=event, timeout=30, **kwargs)

    def get(self, path: str, **parameters: Any) -> Any:
        """Get JSON from the service; an error status fails the test with its body."""
        response = httpx.get(f"{self.url}{path}", params=parameters, timeout=30)
        assert response.status_code == 200, f"{response.status_code}: {response.text}"
        return response.json()

    def report(self, tenant: str, name: str, **parameters: Any) -> list[dict[str, Any]]:
        """Return the rows of a report."""
        rows: list[dict[str, Any]] = self.get(f"/v1/{tenant}/reports/{name}", **parameters)["rows"]
        return rows

    def total(self, tenant: str) -> int:
        """Count the tenant's events as the time series reports them."""
        return sum(row["count"] for row in self.report(tenant, "timeseries"))

    def wait_until_counted(self, tenant: str, count: int) -> None:
        """Wait until the engine answers and its reports show *count* events of the tenant."""
        wait_until(self.engine_answers, timeout=START_TIMEOUT_S, what="the engine answers")
        wait_until(
            lambda: self.total(tenant) == count, timeout=VISIBLE_TIMEOUT_S, what=f"{count} counted"
        )

    def engine_answers(self) -> bool:
        """Tell whether reports can be had; right after the start, recording alone is promised."""
        try:
            return httpx.get(f"{self.url}/v1/status", timeout=5).status_code == 200
        except httpx.HTTPError:
            return False

    def event(self, tenant: str, event_id: str) -> dict[str, Any]:
        """Return one event with its receipt."""
        found: dict[str, Any] = self.get(f"/v1/{tenant}/clientEvents/{quote(event_id, safe='')}")
        return found


def children_of(pid: int) -> list[int]:
    """List the processes that *pid* started."""
    try:
        text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    except OSError:
        return []
    return [int(child) for child in text.split()]


def command_of(pid: int) -> str:
    """Return the command line of a process, its words apart by spaces."""
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
    except OSError:
        return ""


def as_text(value: Any) -> str:
    """Show JSON in a stable order, to compare two answers."""
    return json.dumps(value, sort_keys=True)
