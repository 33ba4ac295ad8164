"""The engine's process: who may reach it, and how it ends."""

from __future__ import annotations

import signal
import stat
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobtrail.settings import Settings
from tests.engine_process import EngineProcess, write_log
from tests.events import an_event
from tests.service import wait_until

TENANT = "projects/p/tenants/t"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[EngineProcess]:
    settings = Settings(data=str(tmp_path))
    write_log(settings, [an_event(tenant=TENANT)])
    engine = EngineProcess(settings)
    yield engine
    engine.stop()


def test_only_its_own_user_can_reach_the_socket(engine: EngineProcess) -> None:
    engine.wait_until_it_answers()
    mode = engine.socket.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


def test_it_stops_cleanly_and_at_once_while_a_stream_is_open(engine: EngineProcess) -> None:
    engine.wait_until_loaded(1)
    ended = threading.Event()
    began = threading.Event()

    def follow() -> None:
        with engine.client.stream("GET", f"/v1/{TENANT}/clientEvents:stream?after=0") as answer:
            began.set()
            for _ in answer.iter_bytes():
                pass
        ended.set()

    reader = threading.Thread(target=follow, daemon=True)
    reader.start()
    assert began.wait(10)
    engine.process.terminate()
    assert engine.process.wait(5) == 0
    assert ended.wait(5)
    assert not engine.socket.exists()


def test_streams_end_when_it_is_asked_to_drain_and_it_goes_on_answering(
    engine: EngineProcess,
) -> None:
    engine.wait_until_loaded(1)
    path = f"/v1/{TENANT}/clientEvents:stream"
    with engine.client.stream("GET", path, params={"after": 0}) as answer:
        lines = answer.iter_lines()
        next(lines)
        engine.process.send_signal(signal.SIGUSR1)
        assert "" in list(lines)  # it ends, without an error
    assert engine.refused(path)[:2] == (503, "UNAVAILABLE")
    assert engine.get("/v1/status")["state"] == "good"


def test_it_leaves_when_its_supervisor_is_gone(engine: EngineProcess) -> None:
    engine.wait_until_it_answers()
    engine.leave_alone()
    assert engine.process.wait(10) == 0


def test_it_waits_for_the_log_of_a_new_data_folder(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path))
    engine = EngineProcess(settings)
    try:
        write_log(settings, [an_event(tenant=TENANT)])
        engine.wait_until_loaded(1)
        assert engine.get("/v1/tenants")["tenants"][0]["name"] == TENANT
    finally:
        assert engine.stop() == 0


def test_a_store_that_was_folded_before_is_continued(tmp_path: Path) -> None:
    settings = Settings(data=str(tmp_path))
    for count in (1, 2):
        write_log(settings, [an_event(tenant=TENANT)])
        engine = EngineProcess(settings)
        engine.wait_until_loaded(count)
        assert engine.get("/v1/tenants")["tenants"][0]["events"] == count
        assert engine.stop() == 0


def test_charts_and_arrow_are_not_in_memory_before_they_are_needed(engine: EngineProcess) -> None:
    engine.wait_until_loaded(1)
    maps = Path(f"/proc/{engine.process.pid}/maps").read_text()
    assert "libarrow" not in maps
    metrics = engine.client.get("/internal/metrics").text
    (line,) = [each for each in metrics.splitlines() if each.startswith("jobtrail_engine_memory")]
    # A bound on what an idle engine takes; 450 MB is what all processes together may take.
    assert 30e6 < float(line.split()[1]) < 300e6


def test_metrics_say_how_far_the_store_is(engine: EngineProcess) -> None:
    engine.wait_until_loaded(1)

    def is_told() -> bool:
        text = engine.client.get("/internal/metrics").text
        return (
            "jobtrail_store_loaded_offset 1.0" in text and "jobtrail_store_lag_events 0.0" in text
        )

    wait_until(is_told)
    assert 'jobtrail_engine_requests_total{route="get_status",status="200"}' in (
        engine.client.get("/internal/metrics").text
    )
