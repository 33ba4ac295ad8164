"""Start a generator and read what it measured."""

from __future__ import annotations

import subprocess
import sys
from typing import Literal

import msgspec

from bench.events import TENANT
from bench.generators.tally import Tally

Api = Literal["rest", "grpc"]
_MODULES = {"rest": "bench.generators.rest", "grpc": "bench.generators.grpc_load"}


class LoadFailedError(Exception):
    """A generator could not do its work, or a service refused part of it."""


class Load:
    """One generator at work."""

    def __init__(self, api: Api, port: int, *, tenant: str = TENANT, **options: float) -> None:
        command = [sys.executable, "-m", _MODULES[api], "--port", str(port), "--tenant", tenant]
        for name, value in options.items():
            command += [f"--{name}", str(value)]
        self._process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )

    def finish(self) -> Tally:
        """Wait for its end and return its tally.

        Raises:
            LoadFailedError: If it died, or not every request was acknowledged.
        """
        printed, errors = self._process.communicate()
        if self._process.returncode != 0:
            raise LoadFailedError(f"the generator died: {errors[-2000:]}")
        tally = msgspec.json.decode(printed, type=Tally)
        if tally.refused:
            raise LoadFailedError(f"{tally.refused} requests refused; one: {tally.first_refusal}")
        return tally

    def stop(self) -> None:
        """End it without asking what it measured."""
        self._process.kill()
        self._process.communicate()


def run_load(api: Api, port: int, *, tenant: str = TENANT, **options: float) -> Tally:
    """Run a generator to its end."""
    return Load(api, port, tenant=tenant, **options).finish()
