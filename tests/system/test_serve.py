"""``jobtrail serve`` as an operator meets it: starting, refusing, dying in parts, stopping."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.service import Service, children_of, event_json, new_tenant, wait_until


def serve(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``jobtrail serve`` that is expected to end by itself."""
    return subprocess.run(
        [sys.executable, "-m", "jobtrail", "serve", *arguments],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | environment,
    )


def refuses_connections(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
    except OSError:
        return True
    return False


def test_a_second_service_on_the_same_folder_names_the_first(server: Service) -> None:
    result = serve("--data", str(server.data), "--port", "0")
    assert result.returncode == 1
    assert f"process {server.pid}" in result.stderr
    assert server.url in result.stderr


def test_an_open_address_needs_insecure_to_be_said(tmp_path: Path) -> None:
    result = serve("--data", str(tmp_path), "--host", "0.0.0.0", "--port", "0")
    assert result.returncode == 2
    assert "--insecure" in result.stderr


def test_an_open_address_is_served_when_insecure_is_said(
    start_server: Callable[..., Service],
) -> None:
    service = start_server(host="0.0.0.0", insecure=True)
    answer = httpx.get(f"http://127.0.0.1:{service.port}/readyz")
    assert answer.status_code == 200
    assert "everyone" in service.errors()


def test_a_used_port_is_named(tmp_path: Path, server: Service) -> None:
    result = serve("--data", str(tmp_path), "--port", str(server.port))
    assert result.returncode == 2
    assert str(server.port) in result.stderr


def test_mistakes_of_all_sources_are_reported_together(tmp_path: Path) -> None:
    config = tmp_path / "jobtrail.toml"
    config.write_text('jobs_max = "many"\nno_such = 1\n')
    result = serve("--config", str(config), "--port", "-1", JOBTRAIL_LOG_LEVEL="loud")
    assert result.returncode == 2
    for mistake in ("jobs_max", "no_such", "port", "log_level"):
        assert mistake in result.stderr.lower()


def test_flag_beats_environment_beats_file(
    tmp_path: Path, start_server: Callable[..., Service]
) -> None:
    config = tmp_path / "jobtrail.toml"
    config.write_text("notes_chars_max = 10\njobs_max = 1\nevent_id_chars_max = 40\n")
    service = start_server(
        env={"JOBTRAIL_CONFIG": str(config), "JOBTRAIL_JOBS_MAX": "2"}, event_id_chars_max=50
    )
    tenant = new_tenant()
    jobs = [f"{tenant}/jobs/{n}" for n in range(3)]

    def status(**changes: object) -> int:
        return service.record(tenant, event_json(tenant, **changes)).status_code

    assert status(eventNotes="x" * 11) == 400
    assert status(eventNotes="x" * 10) == 200
    assert status(jobEvent={"type": "IMPRESSION", "jobs": jobs[:2]}) == 200
    assert status(jobEvent={"type": "IMPRESSION", "jobs": jobs}) == 400
    assert status(eventId="x" * 50) == 200
    assert status(eventId="x" * 51) == 400


def test_stopping_answers_requests_in_flight_and_closes_the_log(
    start_server: Callable[..., Service],
) -> None:
    service = start_server()
    tenant = new_tenant()
    body = json.dumps(event_json(tenant)).encode()
    head = (
        f"POST /v4/{tenant}/clientEvents HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", service.port)) as peer:
        peer.sendall(head.encode() + body[:10])
        active = "the request is in flight"
        wait_until(lambda: _in_flight(service), what=active)
        os.kill(service.pid, signal.SIGTERM)
        wait_until(lambda: refuses_connections(service.port), what="no new connections")
        peer.sendall(body[10:])
        assert peer.recv(4096).startswith(b"HTTP/1.1 200")
    assert service.stop() == 0
    wal = service.data / "eventlog" / "log.sqlite3-wal"
    assert not wal.exists() or wal.stat().st_size == 0
    again = start_server(service.data)
    again.wait_until_counted(tenant, 1)


def _in_flight(service: Service) -> bool:
    """Tell whether Envoy has a request that is not answered, by its own count."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as admin:
        admin.connect(str(service.data / "run" / "admin.sock"))
        admin.sendall(
            b"GET /stats?filter=ingress_http.downstream_rq_active$ HTTP/1.1\r\n"
            b"host: x\r\nconnection: close\r\n\r\n"
        )
        answer = b""
        while chunk := admin.recv(4096):
            answer += chunk
    return b"rq_active: 1" in answer


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopping_leaves_no_process_behind(
    start_server: Callable[..., Service], number: signal.Signals
) -> None:
    service = start_server()
    children = children_of(service.pid)
    assert len(children) == 2
    os.kill(service.pid, number)
    assert service.stop() == 0
    assert not [pid for pid in children if Path(f"/proc/{pid}").exists()]


def test_a_killed_supervisor_takes_its_children_along_and_can_be_started_again(
    start_server: Callable[..., Service],
) -> None:
    service = start_server()
    tenant = new_tenant()
    assert service.record(tenant, event_json(tenant)).status_code == 200
    service.kill()
    again = start_server(service.data)
    assert again.record(tenant, event_json(tenant)).status_code == 200
    again.wait_until_counted(tenant, 2)


def test_recording_goes_on_while_the_engine_is_dead(
    start_server: Callable[..., Service],
) -> None:
    service = start_server()
    tenant = new_tenant()
    engine = service.child("engine")
    os.kill(engine, signal.SIGSTOP)  # alive, but it answers nothing
    for _ in range(10):
        assert service.record(tenant, event_json(tenant)).status_code == 200
    os.kill(engine, signal.SIGKILL)
    for _ in range(10):
        assert service.record(tenant, event_json(tenant)).status_code == 200
    wait_until(lambda: service.child("engine") != engine, what="the engine is started again")
    wait_until(
        lambda: httpx.get(f"{service.url}/v1/status", timeout=5).status_code == 200, timeout=30
    )
    service.wait_until_counted(tenant, 20)


def test_a_report_without_an_engine_is_unavailable_in_googles_shape(
    start_server: Callable[..., Service],
) -> None:
    service = start_server()
    os.kill(service.child("engine"), signal.SIGKILL)

    def refused() -> dict[str, object] | None:
        answer = httpx.get(f"{service.url}/v1/status", timeout=5)
        return answer.json() if answer.status_code == 503 else None

    error = wait_until(refused, what="the engine is away")["error"]
    assert error["status"] == "UNAVAILABLE"
    assert "recording goes on" in error["message"]


def test_metrics_tell_of_log_and_engine(server: Service) -> None:
    tenant = new_tenant()
    server.record(tenant, event_json(tenant))
    server.record(tenant, event_json(tenant, eventId=None))
    text = httpx.get(f"{server.url}/metrics").text
    assert 'jobtrail_requests_total{api="rest/v4",outcome="admitted"}' in text
    assert 'jobtrail_rejections_total{reason="event_id_missing"}' in text
    assert "jobtrail_engine_is_up 1.0" in text


def test_stopping_does_not_wait_for_live_streams(start_server: Callable[..., Service]) -> None:
    service = start_server(shutdown_timeout_ms=60_000)
    tenant = new_tenant()
    service.record(tenant, event_json(tenant))
    with httpx.stream("GET", f"{service.url}/v1/{tenant}/clientEvents:stream", timeout=30) as live:
        assert live.status_code == 200
        lines = live.iter_lines()
        os.kill(service.pid, signal.SIGTERM)
        for _ in lines:  # ends when the server ends it
            pass
    assert service.stop() == 0  # within 30 s, half of what a request in flight would get


def test_a_damaged_log_is_named_and_not_served(start_server: Callable[..., Service]) -> None:
    service = start_server()
    tenant = new_tenant()
    service.record(tenant, event_json(tenant))
    assert service.stop() == 0
    log = service.data / "eventlog" / "log.sqlite3"
    log.write_bytes(log.read_bytes()[:-1_000])
    result = serve("--data", str(service.data), "--port", "0")
    assert result.returncode == 1
    assert "log" in result.stderr
    assert "damage" in result.stderr.lower() or "cut" in result.stderr.lower()
