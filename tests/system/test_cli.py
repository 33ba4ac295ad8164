"""The commands against a running service, and against the folder that it left behind."""

from __future__ import annotations

import csv
import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.command_line import command, environment, jobtrail
from tests.service import Service, event_json, new_tenant, wait_until

REQUEST = "0f5d3cbb-9dd4-44f0-9f4a-3f1d9bb7a3c1:APAb7ISd4Sc5faibw2V5hTU/OoC2WAW5AA=="


def run(*arguments: object, stdin: str = "") -> str:
    """Run a command that must succeed and return what it printed."""
    result = jobtrail(*arguments, stdin=stdin)
    assert result.returncode == 0, result.stderr
    return result.stdout


def job_event(type_: str, tenant: str, *jobs: str) -> dict[str, Any]:
    return {"type": type_, "jobs": [f"{tenant}/jobs/{job}" for job in jobs]}


def step(tenant: str, minute: int, type_: str, *jobs: str, **fields: Any) -> dict[str, Any]:
    """Make an event of one trail at a minute of its hour."""
    return event_json(
        tenant,
        requestId=REQUEST,
        createTime=f"2026-11-20T10:{minute:02}:00Z",
        jobEvent=job_event(type_, tenant, *jobs),
        **fields,
    )


def record_all(service: Service, tenant: str, events: list[dict[str, Any]]) -> None:
    # Recording needs no engine, and a service is ready before its engine is.
    status = f"{service.url}/v1/status"
    wait_until(lambda: httpx.get(status).is_success, timeout=60, what="the engine answers")
    for event in events:
        assert service.record(tenant, event).status_code == 200
    service.wait_until_counted(tenant, len(events))


def report_lines(tenant: str) -> list[dict[str, Any]]:
    """Make a short trail whose funnel differs from stage to stage."""
    return [
        step(tenant, 0, "IMPRESSION", "j1", "j2", "j3"),
        step(tenant, 1, "VIEW", "j1"),
        step(tenant, 2, "VIEW", "j2"),
        step(tenant, 5, "APPLICATION_START", "j2"),
    ]


def test_what_was_sent_is_in_the_funnel_as_table_json_and_csv(server: Service) -> None:
    tenant = new_tenant()
    here = ("--tenant", tenant, "--url", server.url)
    moments = (
        ("IMPRESSION", "2026-11-20T10:00:00Z", ("j1", "j2")),
        ("VIEW", "2026-11-20T10:01:00Z", ("j1",)),
    )
    for type_, time, jobs in moments:
        flags = [flag for job in jobs for flag in ("--job", job)]
        answer = run(
            *("send", *here, "--type", type_, *flags, "--request-id", REQUEST),
            *("--create-time", time, "--notes", "by hand"),
        )
        sent = json.loads(answer)
        assert sent["jobEvent"] == job_event(type_, tenant, *jobs)
        assert (sent["requestId"], sent["eventNotes"]) == (REQUEST, "by hand")
    server.wait_until_counted(tenant, 2)

    answer = json.loads(run("report", "funnel", *here, "--format", "json"))
    rows = answer["rows"]
    assert [(row["stage"], row["count"]) for row in rows[:3]] == [
        *(("impression", 2), ("view", 1), ("application_start", 0))
    ]
    assert rows == server.report(tenant, "funnel")
    assert json.loads(run("report", "funnel", *here, "--json")) == answer

    from_csv = list(csv.DictReader(io.StringIO(run("report", "funnel", *here, "--format", "csv"))))
    assert len(from_csv) == len(rows)
    for row, cells in zip(rows, from_csv, strict=True):
        assert list(cells) == list(row)
        assert cells["stage"] == row["stage"]
        for name in ("count", "implied", "rate", "low", "high"):
            assert (float(cells[name]) if cells[name] else None) == row[name]

    table = run("report", "funnel", *here)
    lines = [line.split() for line in table.splitlines()]
    assert lines[0] == list(rows[0])
    for row, cells_shown in zip(rows, lines[1:], strict=False):
        rates = [
            "-" if row[name] is None else f"{row[name]:.1%}" for name in ("rate", "low", "high")
        ]
        assert cells_shown == [row["stage"], str(row["count"]), str(row["implied"]), *rates]
    for note in answer["notes"]:
        assert " ".join(note.split()) in " ".join(table.split())


def test_options_of_a_report_reach_the_server(server: Service) -> None:
    tenant = new_tenant()
    record_all(server, tenant, report_lines(tenant))
    here = ("--tenant", tenant, "--url", server.url, "--json")
    rows = json.loads(
        run(
            *("report", "timeseries", *here, "--interval", "hour", "--time-zone", "Asia/Kolkata"),
            *("--type", "VIEW", "--type", "APPLICATION_START", "--job", "j2"),
            *("--start", "2026-11-20", "--end", "2026-11-21"),
        )
    )["rows"]
    hour = "2026-11-20T15:00:00+05:30"
    assert rows == [
        {"time": hour, "type": "VIEW", "count": 1},
        {"time": hour, "type": "APPLICATION_START", "count": 1},
    ]
    refused = jobtrail("report", "timeseries", *here, "--interval", "eon")
    assert refused.returncode == 2
    assert "interval" in refused.stderr


def test_a_folder_that_a_server_holds_is_answered_for_by_that_server(server: Service) -> None:
    tenant = new_tenant()
    record_all(server, tenant, report_lines(tenant))
    answer = run("report", "funnel", "--tenant", tenant, "--data", server.data, "--json")
    assert json.loads(answer)["rows"] == server.report(tenant, "funnel")
    sent = run("send", "--tenant", tenant, "--type", "VIEW", "--job", "j3", "--data", server.data)
    assert json.loads(sent)["jobEvent"] == job_event("VIEW", tenant, "j3")


def test_tail_shows_the_last_events_in_the_order_they_were_recorded(server: Service) -> None:
    tenant = new_tenant()
    events = report_lines(tenant)
    record_all(server, tenant, events)
    here = ("--tenant", tenant, "--url", server.url, "--no-follow")

    lines = run("tail", *here, "-n", 2).splitlines()
    assert [line.split()[2] for line in lines] == ["VIEW", "APPLICATION_START"]
    assert lines[1].startswith("2026-11-20 10:05:00  APPLICATION_START ")
    assert REQUEST in lines[1]

    shown = [json.loads(line) for line in run("tail", *here, "--json").splitlines()]
    assert [event["eventId"] for event in shown] == [event["eventId"] for event in events]
    offsets = [event["receipt"]["offset"] for event in shown]
    assert offsets == sorted(offsets)

    views = run("tail", *here, "--type", "VIEW", "--json").splitlines()
    assert [json.loads(line)["eventId"] for line in views] == [e["eventId"] for e in events[1:3]]
    assert run("tail", *here, "-n", 0) == ""


def test_tail_follows_what_is_recorded_next(server: Service) -> None:
    tenant = new_tenant()
    first, second = event_json(tenant), event_json(tenant)
    record_all(server, tenant, [first])
    process = subprocess.Popen(
        command("tail", "-n", 1, "--json", "--tenant", tenant, "--url", server.url),
        stdout=subprocess.PIPE,
        text=True,
        env=environment(),
    )
    try:
        assert process.stdout is not None
        assert json.loads(process.stdout.readline())["eventId"] == first["eventId"]
        assert server.record(tenant, second).status_code == 200
        assert json.loads(process.stdout.readline())["eventId"] == second["eventId"]
        assert process.poll() is None
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_a_trail_is_in_order_of_time_and_says_where_the_job_stood(server: Service) -> None:
    tenant = new_tenant()
    notes = "Job appeared in search results position 4"
    in_order = [
        step(tenant, 0, "IMPRESSION", "j1", eventNotes=notes),
        step(tenant, 3, "VIEW", "j1"),
        step(tenant, 9, "APPLICATION_START", "j1"),
    ]
    record_all(server, tenant, [*reversed(in_order), event_json(tenant)])
    here = ("--tenant", tenant, "--url", server.url)

    answer = json.loads(run("trail", REQUEST, *here, "--json"))
    assert answer["requestId"] == REQUEST
    found = answer["clientEvents"]
    assert [event["eventId"] for event in found] == [event["eventId"] for event in in_order]
    assert [place["position"] for place in found[0]["receipt"]["positions"]] == [4]

    header, *lines = run("trail", REQUEST, *here).splitlines()
    position = slice(header.index("position"), header.index("notes"))
    assert [line[position].strip() for line in lines] == ["4", "4", "4"]
    after = slice(header.index("after"), header.index("type"))
    assert [line[after].strip() for line in lines] == ["", "+3 min 0 s", "+6 min 0 s"]
    assert notes in lines[0]


def test_a_trail_says_where_jobs_stood_in_a_list(server: Service) -> None:
    tenant = new_tenant()
    record_all(server, tenant, report_lines(tenant))
    header, *lines = run("trail", REQUEST, "--tenant", tenant, "--url", server.url).splitlines()
    position = slice(header.index("position"), header.index("notes"))
    assert [line[position].strip() for line in lines] == ["1 to 3", "1", "2", "2"]


def test_a_bad_line_is_refused_and_the_others_are_recorded(server: Service) -> None:
    tenant = new_tenant()
    good, late = event_json(tenant), event_json(tenant)
    lines = [json.dumps(good), "{not json", "", json.dumps(event_json(tenant, createTime=None))]
    result = jobtrail(
        *("send", "--stdin", "--tenant", tenant, "--url", server.url),
        stdin="\n".join([*lines, json.dumps(late)]),
    )
    assert result.returncode == 1
    assert [json.loads(line)["eventId"] for line in result.stdout.splitlines()] == [
        *(good["eventId"], late["eventId"])
    ]
    said = result.stderr.splitlines()
    assert said[0].startswith("line 2: ")
    # The line in the file, so that an editor finds it: empty ones count.
    assert said[1].startswith("line 4: ")
    assert "create_time" in said[1] or "createTime" in said[1]
    assert said[-1] == "jobtrail: 2 refused"
    server.wait_until_counted(tenant, 2)


def test_an_event_id_used_for_something_else_ends_send_with_1(server: Service) -> None:
    tenant = new_tenant()
    send = ("send", "--tenant", tenant, "--url", server.url, "--event-id", "e", "--type", "VIEW")
    once = (*send, "--create-time", "2026-11-20T10:00:00Z", "--job")
    assert json.loads(run(*once, "j1")) == json.loads(run(*once, "j1"))
    refused = jobtrail(*once, "j2")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "event_id" in refused.stderr


@pytest.mark.parametrize("name", ["verify", "rebuild"])
def test_the_folder_of_a_running_service_is_left_alone(server: Service, name: str) -> None:
    result = jobtrail(name, "--data", server.data)
    assert result.returncode == 3
    assert f"process {server.pid}" in result.stderr
    assert server.url in result.stderr


@pytest.fixture(scope="module")
def left(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """A data folder that a service has left, and the tenant in it."""
    data, tenant = tmp_path_factory.mktemp("left") / "data", new_tenant()
    with Service(data) as service:
        record_all(service, tenant, report_lines(tenant))
        assert service.stop() == 0
    return data, tenant


@pytest.fixture
def copy(left: tuple[Path, str], tmp_path: Path) -> Path:
    """A copy of that folder, to be changed."""
    # The engine's own links lead to places in its folder.
    shutil.copytree(left[0], tmp_path / "data", symlinks=True)
    return tmp_path / "data"


def test_a_report_needs_no_server(
    left: tuple[Path, str], start_server: Callable[..., Service], copy: Path
) -> None:
    data, tenant = left
    # The only tenant need not be named.
    offline = json.loads(run("report", "funnel", "--data", data, "--json"))
    assert offline["rows"] == start_server(copy).report(tenant, "funnel")
    assert [row["count"] for row in offline["rows"][:3]] == [3, 2, 1]
    trail = json.loads(run("trail", REQUEST, "--data", data, "--json"))
    assert len(trail["clientEvents"]) == 4


def test_there_is_nothing_to_follow_without_a_server(left: tuple[Path, str]) -> None:
    result = jobtrail("tail", "-n", 1, "--data", left[0])
    assert result.returncode == 0
    assert "APPLICATION_START" in result.stdout
    assert "nothing to follow" in result.stderr


def test_sound_data_is_found_sound(left: tuple[Path, str]) -> None:
    found = json.loads(run("verify", "--data", left[0], "--json"))
    assert (found["is_sound"], found["log"]["events"], found["compared_events"]) == (True, 4, 4)
    assert "sound: all that was recorded is there" in run("verify", "--data", left[0])


def test_a_rebuilt_store_gives_the_same_reports(copy: Path) -> None:
    reports = [("report", name, "--data", copy, "--json") for name in ("funnel", "timeseries")]
    before = [run(*report) for report in reports]
    assert re.match("rebuilt from 4 events: ", run("rebuild", "--data", copy))
    assert [run(*report) for report in reports] == before
    assert json.loads(run("verify", "--data", copy, "--json"))["is_sound"]


def test_a_flipped_byte_of_the_log_is_found(copy: Path) -> None:
    log = copy / "eventlog" / "log.sqlite3"
    content = bytearray(log.read_bytes())
    content[len(content) // 2] ^= 0xFF
    log.write_bytes(content)
    result = jobtrail("verify", "--data", copy)
    assert result.returncode == 1, result.stderr
    assert re.search(r"^damage: .*page", result.stdout, re.MULTILINE)
    assert "sound" not in result.stdout
    as_json = jobtrail("verify", "--data", copy, "--json")
    assert as_json.returncode == 1
    assert json.loads(as_json.stdout)["is_sound"] is False
    # Looking mends nothing and breaks nothing.
    assert log.read_bytes() == content
