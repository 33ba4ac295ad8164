"""What the numbers were measured on and with."""

from __future__ import annotations

import datetime
import importlib.metadata
import os
import platform
import statistics
import time
from pathlib import Path

from bench.systems.postgres import PostgresMissingError
from bench.systems.postgres import version as postgres_version

_PACKAGES = ("pyvoy", "apsw", "chdb-core-lite", "uvloop", "grpcio", "fastapi", "asyncpg", "uvicorn")


def describe(folder: Path) -> dict[str, str]:
    """Say what machine this is, and which versions run on it; *folder* is where data lies."""
    return {
        "date": datetime.datetime.now(datetime.UTC).strftime("%Y-%m-%d"),
        "processor": f"{_processor()}, {os.cpu_count()} cores",
        "memory": f"{_memory_gib():.0f} GiB",
        "kernel": platform.release(),
        "disk": f"{_filesystem(folder)}; {_fsync_ms(folder):.2f} ms for an fsync of 4 KiB",
        "python": platform.python_version(),
        "versions": ", ".join([*_packages(), _postgres()]),
    }


def _processor() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def _memory_gib() -> float:
    first = Path("/proc/meminfo").read_text().splitlines()[0]
    return int(first.split()[1]) / 1024**2


def _filesystem(folder: Path) -> str:
    """Name the file system; statfs cannot tell ext2, ext3 and ext4 apart."""
    device = folder.stat().st_dev
    wanted = f"{os.major(device)}:{os.minor(device)}"
    for line in Path("/proc/self/mountinfo").read_text().splitlines():
        # proc(5): the third field is the device; after the dash come type, source and options.
        fields, _, rest = line.partition(" - ")
        if fields.split()[2] == wanted:
            kind, source, _ = rest.split(maxsplit=2)
            journal = Path("/proc/fs/jbd2").glob(f"{Path(source).name}-*")
            return f"{kind} without a journal" if kind == "ext4" and not any(journal) else kind
    return "unknown"


def _fsync_ms(folder: Path) -> float:
    path = folder / "fsync-probe"
    descriptor = os.open(path, os.O_CREAT | os.O_WRONLY)
    try:
        taken = []
        for _ in range(200):
            os.write(descriptor, bytes(4096))
            begin = time.perf_counter()
            os.fdatasync(descriptor)
            taken.append(time.perf_counter() - begin)
        return 1e3 * statistics.median(taken)
    finally:
        os.close(descriptor)
        path.unlink()


def _packages() -> list[str]:
    return [f"{name} {importlib.metadata.version(name)}" for name in _PACKAGES]


def _postgres() -> str:
    try:
        return postgres_version().replace("postgres (PostgreSQL)", "PostgreSQL")
    except PostgresMissingError:
        return "no PostgreSQL"
