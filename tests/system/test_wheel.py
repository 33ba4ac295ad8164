"""The built thing works: the wheel, installed and started elsewhere, asked from outside."""

from __future__ import annotations

import csv
import json
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import zipfile
from collections.abc import Iterator
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "jobtrail"
UV = Path(sys.executable).with_name("uv")
TENANT = "projects/wheel/tenants/t1"
EVENT = {
    "requestId": "search-1",
    "eventId": "event-1",
    "createTime": "2026-11-20T10:00:00Z",
    "jobEvent": {"type": "IMPRESSION", "jobs": [f"{TENANT}/jobs/j1", f"{TENANT}/jobs/j2"]},
}
# Ten times what starting (3 s) and counting (2 s) may take, for a busy machine: this is not where
# they are measured.
TIMEOUT_S = 30.0


def outside() -> dict[str, str]:
    """The environment of a user who has never seen the checkout."""
    ours = ("JOBTRAIL_", "PYTHON", "VIRTUAL_ENV", "UV_")
    return {name: value for name, value in os.environ.items() if not name.startswith(ours)}


def run(*command: str | Path, cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    done = subprocess.run(command, cwd=cwd, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command} said:\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("dist")
    environment = os.environ | {"VIRTUAL_ENV": str(Path(sys.executable).parent.parent)}
    options = ("--wheel", "--no-build-isolation", "--offline", "--out-dir")
    run(UV, "build", *options, folder, cwd=ROOT, env=environment)
    return next(folder.glob("jobtrail-*.whl"))


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """``jobtrail`` as installed from the wheel, beside the locked packages that it needs."""
    venv = tmp_path_factory.mktemp("installed") / "venv"
    run(ROOT / "script" / "setup", "needs", venv)
    run(UV, "pip", "install", "--offline", "--no-deps", "--python", venv, wheel)
    run(UV, "pip", "check", "--python", venv)
    return venv / "bin" / "jobtrail"


@pytest.fixture
def url(program: Path, tmp_path: Path) -> Iterator[str]:
    """A service started from an empty folder; at the end it must stop by SIGTERM, and cleanly."""
    process = subprocess.Popen(
        [program, "serve", "--port", "0"],
        cwd=tmp_path,
        env=outside(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert " is ready on http" in line, process.communicate()[1]
        yield line.split(" is ready on ")[1].split()[0]
        process.send_signal(signal.SIGTERM)
        assert process.wait(TIMEOUT_S) == 0
        assert process.stdout.read() == ""
    finally:
        process.kill()
        process.wait()


def ask(url: str, body: object = None) -> str:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(url, data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=TIMEOUT_S) as answer:
        assert answer.status == 200
        text: str = answer.read().decode()
        return text


def rows_of(url: str) -> list[dict[str, Any]]:
    """The report's rows once it shows what was acknowledged, asked again until then.

    While the engine starts, reports answer 503.
    """
    deadline = time.monotonic() + TIMEOUT_S
    pause = threading.Event()
    while time.monotonic() < deadline:
        try:
            rows: list[dict[str, Any]] = json.loads(ask(url))["rows"]
        except urllib.error.HTTPError as error:
            if error.code != 503:
                raise
            rows = []
        if any(row["count"] for row in rows):
            return rows
        pause.wait(0.1)
    raise AssertionError(f"nothing was counted within {TIMEOUT_S} s")


def test_the_wheel_holds_every_file_of_the_package(wheel: Path) -> None:
    made_by_running = {"__pycache__"}
    sources = {
        str(path.relative_to(PACKAGE.parent))
        for path in PACKAGE.rglob("*")
        if path.is_file() and not made_by_running & set(path.parts)
    }
    with zipfile.ZipFile(wheel) as archive:
        packed = {name for name in archive.namelist() if name.startswith("jobtrail/")}
    assert packed == sources
    kinds = {Path(name).suffix for name in packed}
    assert {".py", ".sql", ".html", ".js", ".binpb"} <= kinds
    assert "jobtrail/py.typed" in packed


def test_the_wheel_says_its_licence(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        folder = next(n for n in archive.namelist() if n.endswith(".dist-info/METADATA"))[:-8]
        metadata = HeaderParser().parsestr(archive.read(f"{folder}METADATA").decode())
        assert metadata["License-Expression"] == "Apache-2.0"
        assert archive.read(f"{folder}licenses/LICENSE") == (ROOT / "LICENSE").read_bytes()
        assert f"{folder}licenses/NOTICE" in archive.namelist()


def test_the_installed_program_says_its_version(program: Path, wheel: Path, tmp_path: Path) -> None:
    version = wheel.name.split("-")[1]
    assert run(program, "--version", cwd=tmp_path, env=outside()) == f"jobtrail {version}\n"


def test_without_googles_client_the_demo_says_what_to_install(
    program: Path, tmp_path: Path
) -> None:
    demo = subprocess.run(
        [program, "demo", "--once"],
        cwd=tmp_path,
        env=outside(),
        capture_output=True,
        text=True,
        check=False,
    )
    assert demo.returncode != 0
    assert "pip install 'jobtrail[demo]'" in demo.stderr
    assert "Traceback" not in demo.stderr


def test_the_installed_service_records_counts_and_shows(url: str) -> None:
    assert json.loads(ask(f"{url}/v4/{TENANT}/clientEvents", EVENT))["eventId"] == "event-1"
    rows = rows_of(f"{url}/v1/{TENANT}/reports/funnel?start=2026-11-01T00:00:00Z")
    assert {row["stage"]: row["count"] for row in rows}["impression"] == 2
    page = ask(f"{url}/")
    assert "<html" in page
    assert TENANT in page


def test_the_installed_command_line_reads_a_running_service(
    program: Path, url: str, tmp_path: Path
) -> None:
    ask(f"{url}/v4/{TENANT}/clientEvents", EVENT)
    rows_of(f"{url}/v1/{TENANT}/reports/timeseries?start=2026-11-01T00:00:00Z")
    options = ("--url", url, "--tenant", TENANT, "--start", "2026-11-01", "--format", "csv")
    printed = run(program, "report", "timeseries", *options, cwd=tmp_path, env=outside())
    counted = [row["count"] for row in csv.DictReader(printed.splitlines()) if row["count"] != "0"]
    assert counted == ["1"]
