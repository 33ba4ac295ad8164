"""The command line of the benchmark; see ``script/bench --help``."""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import tempfile
import time
from pathlib import Path

from bench import documentation, machine
from bench.generators.run import LoadFailedError
from bench.plan import FULL, MEASURES, QUICK, Plan, Size
from bench.results import Results
from bench.slow_disk import CompilerMissingError, build
from bench.systems.postgres import PostgresMissingError, find_programs

PAGE = Path(__file__).parent.parent / "docs" / "benchmarks.md"
DISKS = ("plain", "slow")


def main() -> int:
    """Run the benchmark; return the exit code."""
    args = _parse()
    size = QUICK if args.quick else FULL
    if args.rounds:
        size = size._replace(rounds=args.rounds)
    measures = tuple(args.only) or MEASURES
    folder = Path(tempfile.mkdtemp(prefix="jobtrail-bench-", dir=args.folder))
    # PostgreSQL runs as another user when root starts it.
    folder.chmod(0o755)
    try:
        described = machine.describe(folder)
        disks = _run_all(args, size, measures, folder)
    except LoadFailedError as error:
        say(f"bench: {error}")
        return 1
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    told = f"{size.rounds} rounds of {size.seconds:g} s, {size.many:,} events for a full folder"
    print(documentation.markdown(described, disks, told))
    if args.json:
        whole = {"machine": described, "disks": {k: v.as_json() for k, v in disks.items()}}
        args.json.write_text(json.dumps(whole, indent=1), encoding="utf-8")
    is_whole = not (args.quick or args.only or args.disk or args.no_peer)
    if args.write or is_whole:
        documentation.write(PAGE, described, disks, told)
        say(f"written to {PAGE}")
    return 0


def _run_all(
    args: argparse.Namespace, size: Size, measures: tuple[str, ...], folder: Path
) -> dict[str, Results]:
    disks: dict[str, Results] = {}
    with_peer = not args.no_peer and _has_postgres()
    for disk in args.disk or DISKS:
        environment = {}
        if disk == "slow":
            try:
                environment = build(folder)
            except CompilerMissingError as missing:
                say(f"bench: LEFT OUT: {missing}")
                continue
        say(f"disk: {disk}")
        plan = Plan(folder, environment, size, measures=measures, with_peer=with_peer, say=say)
        disks[disk] = plan.run()
    return disks


def _has_postgres() -> bool:
    try:
        find_programs()
    except PostgresMissingError as missing:
        say(f"bench: LEFT OUT: {missing}")
        return False
    return True


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        prog="script/bench",
        description="Measure Jobtrail beside FastAPI, asyncpg and PostgreSQL on this machine.",
    )
    parser.add_argument("--quick", action="store_true", help="one short round, 100,000 events")
    parser.add_argument("--rounds", type=int, help="rounds of each measure")
    parser.add_argument(
        "--only", action="append", default=[], choices=MEASURES, help="may be given again"
    )
    parser.add_argument(
        "--disk", action="append", choices=DISKS, help="slow: fsync takes 2.6 ms more"
    )
    parser.add_argument("--no-peer", action="store_true", help="leave the peer out")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write every value to FILE")
    parser.add_argument(
        "--write",
        action="store_true",
        help=f"put the results into docs/{PAGE.name}, as a whole run does anyway",
    )
    parser.add_argument("--folder", type=Path, help="where data goes; default: the system's")
    return parser.parse_args()


_BEGIN = time.monotonic()


def say(message: str) -> None:
    """Tell how far it is."""
    print(f"[{time.monotonic() - _BEGIN:6.1f} s] {message}", file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
