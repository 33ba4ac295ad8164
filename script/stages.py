"""Run the stages of script/test in order, all of them even when one fails, and sum them up.

The first stages fetch what only some tests need: Node.js packages and Chromium. They never fail.
Where those cannot be had, pytest leaves the tests out and says so (tests/plugins/groups.py).
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).resolve().parent.parent
BIN = ROOT / ".venv" / "bin"
NODE = ROOT / "tests" / "conformance" / "node"

sys.path.insert(0, str(ROOT))
from tests.plugins.groups import find_chromium  # noqa: E402 - the tests' own answer, not a second


class Stage(NamedTuple):
    """One line of the summary: its name, and what runs it and tells its exit status."""

    name: str
    run: Callable[[], int]


class Outcome(NamedTuple):
    """How one stage went."""

    name: str
    status: int
    seconds: float


def call(*command: str | Path) -> Callable[[], int]:
    """Make a stage of one command that is run in the root of the checkout."""
    return lambda: subprocess.run(command, cwd=ROOT, check=False).returncode


def fetch_node_packages() -> int:
    if shutil.which("node") is None or shutil.which("npm") is None:
        print("no Node.js with npm here: the tests of its client will be left out")
        return 0
    stamp = NODE / "node_modules" / ".lock-digest"
    digest = hashlib.sha256((NODE / "package-lock.json").read_bytes()).hexdigest()
    if stamp.is_file() and stamp.read_text(encoding="ascii") == digest:
        print("already there")
        return 0
    if subprocess.run(["npm", "ci", "--loglevel=error"], cwd=NODE, check=False).returncode == 0:
        stamp.write_text(digest, encoding="ascii")
    else:
        print("npm could not install the packages: the tests of Node.js's client will be left out")
    return 0


def fetch_chromium() -> int:
    found = find_chromium()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        install_chromium()
        found = find_chromium()
    print(f"using {found}" if found else "no Chromium here: tests in a browser will be left out")
    return 0


def install_chromium() -> None:
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    apt = ["apt-get", "--quiet", "--quiet", "--yes"]
    install = ["install", "--no-install-recommends", "chromium"]
    for command in ([*apt, "update"], [*apt, *install]):
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode != 0:
            print(f"`{' '.join(command)}` failed:\n{ran.stderr}")
            return


STAGES = (
    Stage("Node.js packages", fetch_node_packages),
    Stage("Chromium", fetch_chromium),
    Stage("ruff check", call(BIN / "ruff", "check", ".")),
    Stage("ruff format", call(BIN / "ruff", "format", "--check", ".")),
    Stage("mypy --strict", call(BIN / "mypy")),
    Stage("import order", call(BIN / "lint-imports", "--no-cache")),
    Stage("descriptors", call("script/generate", "--check")),
    Stage("reference", call("script/reference", "--check")),
    Stage("pytest", call(BIN / "pytest", "--durations=10")),
)


def run_stages(stages: Sequence[Stage]) -> list[Outcome]:
    outcomes = []
    for stage in stages:
        print(f"\n=== {stage.name}", flush=True)
        started = time.monotonic()
        status = stage.run()
        outcomes.append(Outcome(stage.name, status, time.monotonic() - started))
    return outcomes


def summary(outcomes: Sequence[Outcome]) -> str:
    lines = ["", "=== summary"]
    for outcome in outcomes:
        verdict = "ok" if outcome.status == 0 else f"FAILED (exit status {outcome.status})"
        lines.append(f"{outcome.seconds:8.1f} s  {outcome.name:<18}{verdict}")
    lines.append(f"{sum(outcome.seconds for outcome in outcomes):8.1f} s  in all")
    return "\n".join(lines)


def main(arguments: list[str]) -> int:
    if arguments:
        return subprocess.run([BIN / "pytest", *arguments], check=False).returncode
    outcomes = run_stages(STAGES)
    print(summary(outcomes), flush=True)
    return 0 if all(outcome.status == 0 for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
