"""Jobtrail as a service: ``jobtrail serve`` as anyone would start it."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

from bench.systems.service import START_TIMEOUT_S, free_port

_SETTLE_TIMEOUT_S = 120.0


class Jobtrail:
    """One ``jobtrail serve`` with its data in one folder."""

    name = "jobtrail"

    def __init__(self, folder: Path, environment: dict[str, str]) -> None:
        self._folder = folder
        kept = {k: v for k, v in os.environ.items() if not k.startswith("JOBTRAIL_")}
        self._environment = kept | environment
        self._process: subprocess.Popen[str] | None = None
        self.port = free_port()

    def start(self) -> None:
        """Start it and return once it says that it is ready."""
        self.launch()
        self.wait_until_ready()

    def launch(self) -> None:
        """Start it and return at once."""
        self._folder.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "jobtrail", "serve", "--data", str(self._folder / "data")]
        command += ["--port", str(self.port), "--log-level", "warning"]
        with (self._folder / "errors.txt").open("a") as errors:
            self._process = subprocess.Popen(
                command, stdout=subprocess.PIPE, stderr=errors, text=True, env=self._environment
            )

    def wait_until_ready(self) -> None:
        """Wait for the ready line."""
        assert self._process is not None
        assert self._process.stdout is not None
        if " is ready on " not in self._process.stdout.readline():
            raise RuntimeError((self._folder / "errors.txt").read_text()[-4000:])

    def stop(self) -> None:
        """Stop it as an operator would."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
            self._process.wait(60)

    def forget(self) -> None:
        """Stop it and delete its data."""
        self.stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def processes(self) -> list[int]:
        """Return the supervisor."""
        assert self._process is not None
        return [self._process.pid]

    def status(self) -> dict[str, Any]:
        """Return what ``/v1/status`` says."""
        url = f"http://127.0.0.1:{self.port}/v1/status"
        with urllib.request.urlopen(url, timeout=START_TIMEOUT_S) as answer:
            told: dict[str, Any] = json.load(answer)
            return told

    def recorded(self) -> int:
        """Return the end of its log: how many events it holds."""
        return int(self.status()["log"]["endOffset"])

    def settle(self) -> None:
        """Wait until all events of the log are in the tables that reports read."""
        deadline = time.monotonic() + _SETTLE_TIMEOUT_S
        while self.status()["store"]["lagEvents"] > 0:
            if time.monotonic() > deadline:
                raise RuntimeError(f"the store did not catch up: {self.status()}")
            time.sleep(0.1)

    def disk_bytes(self) -> dict[str, int]:
        """Return the sizes of the log and of the store."""
        data = self._folder / "data"
        return {
            part: sum(file.stat().st_size for file in (data / part).rglob("*") if file.is_file())
            for part in ("eventlog", "store")
        }
