"""Groups of tests that need what a machine may lack: a browser, Node.js, or a root's rights.

A test says which by a marker (``browser``, ``node``, ``root``). Where the need is not met the tests
are left out, and the report says so at its end, loudly: which, how many, why, and the remedy. With
``CI=true`` leaving one out fails the run. Tests that nobody asked for (``-k``, paths) are not
complained about.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

NODE_FOLDER = Path(__file__).resolve().parent.parent / "conformance" / "node"

# Debian's name, its old one, and what the vendor's own packages are called.
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


def find_chromium() -> str | None:
    """Return the path of a Chromium: the one that ``CHROMIUM`` names, or one on the PATH."""
    named = os.environ.get("CHROMIUM")
    return named or next(filter(None, map(shutil.which, BROWSERS)), None)


def _browser_lacks() -> str:
    path = find_chromium()
    if path is None:
        return "no Chromium was found; install one, or name it: CHROMIUM=/path/to/chromium"
    return "" if os.access(path, os.X_OK) else f"CHROMIUM names {path}, which cannot be run"


def _node_lacks() -> str:
    if shutil.which("node") is None:
        return "no Node.js was found; install Node.js 18 or newer with npm"
    if not (NODE_FOLDER / "node_modules" / "@google-cloud" / "talent").is_dir():
        return f"its packages are not installed; run `npm ci` in {NODE_FOLDER}"
    return ""


def _root_lacks() -> str:
    if os.geteuid() != 0:
        return "small file systems are mounted to be filled; only root may do that"
    with tempfile.TemporaryDirectory() as folder:
        mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", folder]
        try:
            subprocess.run(mount, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            return f"root may not mount here: {getattr(error, 'stderr', '') or error}".strip()
        subprocess.run(["umount", folder], check=True)
    return ""


class Group(NamedTuple):
    """One marker: what its tests are, and what this machine lacks for them ('' for nothing)."""

    what: str
    lacks: Callable[[], str]


GROUPS = {
    "browser": Group("tests in a real browser", cache(_browser_lacks)),
    "node": Group("tests with Google's Node.js client", cache(_node_lacks)),
    "root": Group("tests that fill or break a file system", cache(_root_lacks)),
}

LEFT_OUT = pytest.StashKey[dict[str, int]]()


def is_ci() -> bool:
    """Tell whether leaving tests out is a failure."""
    return os.environ.get("CI", "").lower() in {"1", "true", "yes"}


def pytest_configure(config: pytest.Config) -> None:
    for name, group in GROUPS.items():
        config.addinivalue_line("markers", f"{name}: {group.what}; left out where it cannot run")
    config.stash[LEFT_OUT] = {}


@pytest.hookimpl(trylast=True)  # after -k and -m, so only what was asked for counts as left out
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    left_out = config.stash[LEFT_OUT]
    kept, dropped = [], []
    for item in items:
        lacking = next(
            (g for g in GROUPS if item.get_closest_marker(g) and GROUPS[g].lacks()), None
        )
        if lacking is None:
            kept.append(item)
        else:
            dropped.append(item)
            left_out[lacking] = left_out.get(lacking, 0) + 1
    if dropped:
        items[:] = kept
        config.hook.pytest_deselected(items=dropped)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    no_tests_is_fine = session.exitstatus == pytest.ExitCode.NO_TESTS_COLLECTED
    if session.config.stash[LEFT_OUT]:
        if is_ci():
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
        elif no_tests_is_fine:
            session.exitstatus = pytest.ExitCode.OK


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    left_out = config.stash[LEFT_OUT]
    if not left_out:
        return
    verdict = "with CI=true that is a failure" if is_ci() else "with CI=true it would be a failure"
    terminalreporter.section(f"LEFT OUT ({verdict})", sep="!", red=True, bold=True)
    for name, count in left_out.items():
        group = GROUPS[name]
        terminalreporter.write_line(
            f"{name}: {count} {group.what} did not run: {group.lacks()}", red=True
        )


@pytest.fixture(scope="session")
def chromium_path() -> str:
    """The browser to drive; a test that asks for it is marked ``browser``."""
    path = find_chromium()
    assert path is not None, "mark the test with pytest.mark.browser"
    return path


@pytest.fixture(scope="session")
def node_folder() -> Path:
    """The folder whose Node.js packages are installed; its tests are marked ``node``."""
    assert _node_lacks() == "", "mark the test with pytest.mark.node"
    return NODE_FOLDER
