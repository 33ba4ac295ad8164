"""The program as a shell runs it: its arguments, its standard streams, its exit code."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def command(*arguments: object) -> list[str]:
    """Write the command line of ``jobtrail`` with *arguments*."""
    return [sys.executable, "-m", "jobtrail", *map(str, arguments)]


def environment() -> dict[str, str]:
    """This process's environment without settings: a test says all that it wants."""
    return {k: v for k, v in os.environ.items() if not k.startswith("JOBTRAIL_")}


def jobtrail(
    *arguments: object,
    stdin: str = "",
    cwd: Path | None = None,
    env: dict[str, str] | None = None,
) -> subprocess.CompletedProcess[str]:
    """Run a command that ends by itself."""
    return subprocess.run(
        command(*arguments),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=110,
        check=False,
        cwd=cwd,
        env=environment() | (env or {}),
    )
