"""A disk with a slower fsync, the same for every service: a library that is loaded before libc."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

SOURCE = Path(__file__).with_name("slow_fsync.c")
DELAY_US = 2_600
"""What is added to each fsync: about what a network disk of a cloud takes."""

# Several, so that one lucky call decides nothing.
_TRIALS = 5
_TIMED = f"""
import os, sys, tempfile, time
with tempfile.TemporaryFile() as file:
    for sync in (os.fsync, os.fdatasync):
        begin = time.perf_counter()
        for _ in range({_TRIALS}):
            sync(file.fileno())
        if (time.perf_counter() - begin) / {_TRIALS} < {DELAY_US} / 1e6:
            sys.exit(f"{{sync.__name__}} was not slowed down")
"""


class CompilerMissingError(Exception):
    """There is no C compiler; the message says how to get one."""


def build(folder: Path) -> dict[str, str]:
    """Compile the library into *folder*; return the environment that puts it into a process.

    Raises:
        CompilerMissingError: If there is none.
        RuntimeError: If it does not do what it should.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if compiler is None:
        raise CompilerMissingError(
            "no C compiler, so a slower disk cannot be simulated; on Debian: apt-get install gcc"
        )
    library = folder / "slow_fsync.so"
    command = [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"]
    subprocess.run(command, check=True)
    library.chmod(0o755)
    environment = {"LD_PRELOAD": str(library), "BENCH_FSYNC_DELAY_US": str(DELAY_US)}
    check = [sys.executable, "-c", _TIMED]
    done = subprocess.run(
        check, env=os.environ | environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise RuntimeError(f"{SOURCE.name} does not work here: {done.stderr.strip()}")
    return environment


def is_loaded(pid: int, environment: dict[str, str]) -> bool:
    """Tell whether the process runs with the library of *environment*, when that names one."""
    library = environment.get("LD_PRELOAD")
    return library is None or library in Path(f"/proc/{pid}/maps").read_text()
