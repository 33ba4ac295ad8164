from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = """
import pytest

@pytest.mark.browser
def test_in_a_browser(): pass

@pytest.mark.browser
def test_in_a_browser_too(): pass

def test_anywhere(): pass
"""


def run_pytest(folder: Path, *options: str, **variables: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_some.py").write_text(TESTS, encoding="utf-8")
    root = Path(__file__).resolve().parents[2]
    environment = {k: v for k, v in os.environ.items() if k not in {"CI", "CHROMIUM"}}
    plugins = ["-p", "tests.plugins.groups", "-p", "no:cacheprovider", "--strict-markers"]
    place = [f"--rootdir={folder}", f"--config-file={os.devnull}", str(folder)]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *plugins, *options, *place],
        cwd=root,
        env=environment | variables,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_group_that_cannot_run_is_left_out_and_said_so(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, CHROMIUM="/nonexistent/chromium")
    assert run.returncode == 0
    assert "1 passed, 2 deselected" in run.stdout
    assert "LEFT OUT" in run.stdout
    assert "browser: 2 tests in a real browser did not run: CHROMIUM names" in run.stdout


def test_leaving_a_group_out_fails_in_ci(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, CHROMIUM="/nonexistent/chromium", CI="true")
    assert run.returncode == 1
    assert "1 passed, 2 deselected" in run.stdout
    assert "with CI=true that is a failure" in run.stdout


def test_a_group_that_nobody_asked_for_is_not_complained_about(tmp_path: Path) -> None:
    run = run_pytest(tmp_path, "-k", "anywhere", CHROMIUM="/nonexistent/chromium", CI="true")
    assert run.returncode == 0
    assert "LEFT OUT" not in run.stdout


@pytest.mark.parametrize("ci", ["", "true"])
def test_a_group_whose_need_is_met_runs(tmp_path: Path, ci: str) -> None:
    run = run_pytest(tmp_path, CHROMIUM=sys.executable, CI=ci)
    assert run.returncode == 0
    assert "3 passed" in run.stdout
