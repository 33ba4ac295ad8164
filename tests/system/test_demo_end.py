"""How ``jobtrail demo`` ends: nothing that it started or made outlives it."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command_line import command, environment, jobtrail
from tests.service import Service, children_of, command_of, wait_until

Running = tuple["subprocess.Popen[str]", Path]


def start(*arguments: object, folder: Path) -> subprocess.Popen[str]:
    """Start a demo that makes its temporary folder in *folder*."""
    return subprocess.Popen(
        command("demo", "--port", 0, *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment() | {"TMPDIR": str(folder)},
    )


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Running]:
    """A demo that stays up, on a temporary folder of its own, and where it makes that folder."""
    process = start("--events", 60, folder=tmp_path)
    yield process, tmp_path
    if process.poll() is None:
        process.terminate()
    process.communicate(timeout=60)


def read_until(process: subprocess.Popen[str], start: str) -> None:
    """Read what the demo prints up to a line that begins with *start*."""
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith(start):
            return
    raise AssertionError(f"it ended without a line that begins with {start!r}")


def assert_nothing_is_left(demo: Running, service: int) -> None:
    process, folder = demo
    wait_until(
        lambda: "jobtrail" not in command_of(service), timeout=30, what="the service has ended"
    )
    assert not list(folder.glob("jobtrail-demo-*"))
    assert process.stderr is not None
    assert not has_traceback(process.stderr.read())


def has_traceback(errors: str) -> bool:
    """Look for one of the demo's own; the service writes its messages to the same place."""
    return any(line.startswith("Traceback") for line in errors.splitlines())


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_the_demo_takes_its_service_and_folder_along(demo: Running, number: int) -> None:
    process, _ = demo
    read_until(process, "page: ")
    (service,) = children_of(process.pid)
    process.send_signal(number)
    assert process.wait(60) == 0
    assert_nothing_is_left(demo, service)


def test_the_demo_can_be_ended_while_it_records(tmp_path: Path) -> None:
    process = start("--once", "--events", 30_000, folder=tmp_path)
    read_until(process, "Jobtrail ")
    (service,) = children_of(process.pid)
    threading.Event().wait(1.0)
    process.terminate()
    assert process.wait(60) == 130
    assert_nothing_is_left((process, tmp_path), service)


def test_the_demo_leaves_the_folder_of_another_service_alone(server: Service) -> None:
    started = time.monotonic()
    result = jobtrail("demo", "--once", "--events", 10, "--port", 0, "--data", server.data)
    assert result.returncode == 3
    assert f"process {server.pid} at {server.url}" in result.stderr
    # It does not wait for the other one to end.
    assert time.monotonic() - started < 20
    assert server.get("/v1/status")


def test_a_service_that_dies_under_the_demo_is_told(demo: Running) -> None:
    process, _ = demo
    read_until(process, "page: ")
    (service,) = children_of(process.pid)
    os.kill(service, signal.SIGTERM)
    assert process.wait(60) == 3
    assert_nothing_is_left(demo, service)


def test_a_service_that_dies_while_events_are_recorded_is_told(tmp_path: Path) -> None:
    process = start("--once", "--events", 30_000, folder=tmp_path)
    read_until(process, "Jobtrail ")
    (service,) = children_of(process.pid)
    # By now the client has begun: so many events take it several seconds.
    threading.Event().wait(1.0)
    os.kill(service, signal.SIGKILL)
    output, errors = process.communicate(timeout=100)
    assert process.returncode == 3, errors
    assert not has_traceback(errors)
    assert "jobtrail: the service did not take all events" in errors
    assert "stage" not in output
    assert not list(tmp_path.glob("jobtrail-demo-*"))
