"""What the processes of a service use: CPU and memory, as the kernel counts them."""

from __future__ import annotations

import os
from pathlib import Path
from typing import NamedTuple

_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1024


class Process(NamedTuple):
    """One process as it was at one moment."""

    pid: int
    name: str
    """Its part in the service."""
    cpu_seconds: float
    pss_mib: float
    """Proportional share: a page that n processes map counts as 1/n page for each."""
    rss_mib: float


def tree(pid: int) -> list[int]:
    """List *pid* and all that came from it."""
    found = [pid]
    for parent in found:
        try:
            for task in Path(f"/proc/{parent}/task").iterdir():
                found += [int(child) for child in (task / "children").read_text().split()]
        except OSError:
            continue
    return found


def observe(roots: list[int], *, memory: bool = False) -> list[Process]:
    """Look at all processes below *roots*; one that ends meanwhile is left out."""
    seen = []
    for root in roots:
        for pid in tree(root):
            try:
                pss, rss = _memory_mib(pid) if memory else (0.0, 0.0)
                seen.append(Process(pid, _name(pid), _cpu_seconds(pid), pss, rss))
            except OSError:
                continue
    return seen


def cpu_by_name(processes: list[Process]) -> dict[str, float]:
    """Sum the CPU seconds of processes of the same name."""
    return _sum(processes, "cpu_seconds")


def memory_by_name(processes: list[Process]) -> dict[str, float]:
    """Sum the proportional memory of processes of the same name, in MiB."""
    return _sum(processes, "pss_mib")


def threads_cpu(pid: int) -> dict[tuple[str, str], float]:
    """Return the CPU seconds of each thread of *pid*, by thread id and name."""
    seconds: dict[tuple[str, str], float] = {}
    for task in Path(f"/proc/{pid}/task").iterdir():
        try:
            text = (task / "stat").read_text()
        except OSError:
            continue
        name = text[text.index("(") + 1 : text.rindex(")")]
        seconds[task.name, name] = _cpu_of_stat(text)
    return seconds


def busy_seconds() -> float:
    """Return the CPU seconds that the whole machine has worked since it started."""
    fields = Path("/proc/stat").read_text().splitlines()[0].split()[1:]
    user, nice, system, _idle, _iowait, irq, softirq, steal = (int(f) for f in fields[:8])
    return (user + nice + system + irq + softirq + steal) / _TICKS


def _sum(processes: list[Process], field: str) -> dict[str, float]:
    sums: dict[str, float] = {}
    for process in processes:
        sums[process.name] = sums.get(process.name, 0.0) + getattr(process, field)
    return sums


def _name(pid: int) -> str:
    words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    line = b" ".join(words)
    for mark, name in (
        (b"jobtrail.engine", "engine"),
        (b"envoy", "collector"),
        (b"-m jobtrail", "supervisor"),
        (b"peer_app", "uvicorn"),
        (b"multiprocessing", "uvicorn"),
        (b"postgres", "postgres"),
    ):
        if mark in line:
            return name
    return Path(f"/proc/{pid}/comm").read_text().strip()


def _cpu_seconds(pid: int) -> float:
    return _cpu_of_stat(Path(f"/proc/{pid}/stat").read_text())


def _cpu_of_stat(text: str) -> float:
    # proc(5): after the name in parentheses come state and so on; utime and stime are 14 and 15.
    fields = text[text.rindex(")") + 2 :].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS


def _memory_mib(pid: int) -> tuple[float, float]:
    sizes = {}
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]:
        name, size, *_ = line.split()
        sizes[name] = int(size) / _MIB
    return sizes["Pss:"], sizes["Rss:"]
