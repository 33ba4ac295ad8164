"""The results as a table: on the terminal, and in docs/benchmarks.md between two marks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import NamedTuple

from bench.results import Results

BEGIN, END = "<!-- results: begin -->", "<!-- results: end -->"
_DISKS = {"plain": "this disk", "slow": "fsync delayed by 2.6 ms"}


class Row(NamedTuple):
    """One line of the table."""

    label: str
    key: str
    unit: str
    target: float | None = None
    is_least: bool = False
    """Whether the target is what it should be at least, not at most."""
    peer_key: str | None = None
    """The peer's measure to compare with, when it is another one."""
    is_comparable: bool = True
    """Whether both were measured under the same circumstances."""


ROWS = (
    Row("single REST events", "rest.events_per_second", "/s", 15_000, is_least=True),
    Row(
        "single gRPC events, raw stubs (peer: its REST)",
        "grpc.events_per_second",
        "/s",
        8_000,
        is_least=True,
        peer_key="rest.events_per_second",
    ),
    Row("REST acknowledgement at half load: load", "rest.latency_rate", "/s", is_comparable=False),
    Row("REST acknowledgement at half load: p50", "rest.ack_ms.p50", "ms", is_comparable=False),
    Row("REST acknowledgement at half load: p99", "rest.ack_ms.p99", "ms", 25, is_comparable=False),
    Row("gRPC acknowledgement at half load: load", "grpc.latency_rate", "/s"),
    Row("gRPC acknowledgement at half load: p50", "grpc.ack_ms.p50", "ms"),
    Row("gRPC acknowledgement at half load: p99", "grpc.ack_ms.p99", "ms", 25),
    Row("acknowledged to visible, quiet: p50", "visible_ms.quiet.p50", "ms"),
    Row("acknowledged to visible, quiet: p99", "visible_ms.quiet.p99", "ms", 2_000),
    Row(
        "acknowledged to visible, half load: p50",
        "visible_ms.loaded.p50",
        "ms",
        is_comparable=False,
    ),
    Row(
        "acknowledged to visible, half load: p99",
        "visible_ms.loaded.p99",
        "ms",
        2_000,
        is_comparable=False,
    ),
    Row("first acknowledgement, new folder", "start_s.new", "s", 3),
    Row("first acknowledgement, full folder", "start_s.full", "s", 3),
    Row("memory, idle", "memory_mib.idle", "MiB", 450),
    Row("memory, full", "memory_mib.full", "MiB", 900),
    Row("memory, most while filling", "memory_mib.peak", "MiB"),
    Row("REST events while filling, last tenth", "fill.events_per_second.last_tenth", "/s"),
)


def write(path: Path, machine: dict[str, str], disks: dict[str, Results], size: str) -> None:
    """Put the results between the marks of the page at *path*."""
    text = path.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    path.write_text(
        f"{before}{BEGIN}\n\n{markdown(machine, disks, size)}\n{END}{after}", encoding="utf-8"
    )


def markdown(machine: dict[str, str], disks: dict[str, Results], size: str) -> str:
    """Write machine and results as Markdown."""
    lines = [f"- {name}: {value}" for name, value in machine.items()]
    lines += [f"- size of the run: {size}", ""]
    for disk, results in disks.items():
        lines += [f"### On {_DISKS[disk]}", "", *_main_table(results), ""]
        lines += ["CPU milliseconds for 1,000 events, by process:", "", *_cpu_table(results), ""]
        memory = _memory_table(results)
        if memory:
            lines += ["Memory by process, in MiB:", "", *memory, ""]
    return "\n".join(lines)


def _main_table(results: Results) -> list[str]:
    lines = [
        "| measure | target | Jobtrail | least to most | peer | ratio |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for row in ROWS:
        ours = results.median("jobtrail", row.key)
        if ours is None:
            continue
        low, high = results.spread("jobtrail", row.key) or (ours, ours)
        theirs = results.median("peer", row.peer_key or row.key)
        ratio = f"{ours / theirs:.2f}" if theirs and row.is_comparable else ""
        cells = (
            row.label,
            _target(row),
            f"{_number(ours)} {row.unit}{_verdict(row, ours)}",
            f"{_number(low)} to {_number(high)}",
            "" if theirs is None else f"{_number(theirs)} {row.unit}",
            ratio,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return lines


def _target(row: Row) -> str:
    if row.target is None:
        return ""
    return f"{'≥' if row.is_least else '≤'} {_number(row.target)} {row.unit}"


def _verdict(row: Row, value: float) -> str:
    if row.target is None:
        return ""
    is_met = value >= row.target if row.is_least else value <= row.target
    return "" if is_met else " **(missed)**"


def _number(value: float) -> str:
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def _cpu_table(results: Results) -> list[str]:
    """One line for each process, one column for each kind of load."""
    columns = ("rest.cpu", "grpc.cpu", "rest.latency_cpu", "grpc.latency_cpu")
    titles = ("REST, all it takes", "gRPC, all it takes", "REST, half load", "gRPC, half load")
    return _by_part(
        ((s, c) for s in ("jobtrail", "peer") for c in columns),
        titles,
        results,
        lambda part: f"{100 * part[1]:.0f} %" if part[0] == "foreign_share" else f"{part[1]:.1f}",
    )


def _memory_table(results: Results) -> list[str]:
    columns = ("memory_mib.idle", "memory_mib.full")
    return _by_part(
        ((s, c) for s in ("jobtrail", "peer") for c in columns),
        ("idle", "full"),
        results,
        lambda part: f"{part[1]:,.0f}",
    )


def _by_part(
    cells: Iterable[tuple[str, str]],
    titles: tuple[str, ...],
    results: Results,
    show: Callable[[tuple[str, float]], str],
) -> list[str]:
    rows: dict[tuple[str, str], dict[str, str]] = {}
    columns: list[str] = []
    for service, column in cells:
        if column not in columns:
            columns.append(column)
        for key in results.keys(service, f"{column}."):
            part = key.removeprefix(f"{column}.")
            value = results.median(service, key)
            if value is not None:
                rows.setdefault((service, part), {})[column] = show((part, value))
    if not rows:
        return []
    lines = [f"| service | part | {' | '.join(titles)} |", "|---|---|" + "---:|" * len(titles)]
    for (service, part), found in rows.items():
        shown = " | ".join(found.get(column, "") for column in columns)
        lines.append(f"| {service} | {part.replace('_', ' ')} | {shown} |")
    return lines
