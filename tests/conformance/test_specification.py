"""Every Python example of the source specification, run with Google's client against a service."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any

import pytest
from google.cloud import talent

from tests.conformance import clients
from tests.service import Service, new_tenant

EXAMPLES = Path(__file__).parent / "specification"

# What each example says in its text that it records.
RECORDED = {
    "create_event": {"VIEW": 1},
    "search_session": {"IMPRESSION": 3, "VIEW": 1, "APPLICATION_START": 1},
    "application_funnel": {"APPLICATION_START": 1, "APPLICATION_FINISH": 1, "SENT_CV": 1},
    "batcher": {"IMPRESSION": 1, "VIEW": 1, "APPLICATION_START": 1},
    "request_metadata": {"VIEW": 1},
    "event_notes": {"VIEW": 7},
    "error_handling": {"VIEW": 1},
    "dashboard_integration": {
        "IMPRESSION": 1,
        "VIEW": 1,
        "APPLICATION_START": 1,
        "APPLICATION_FINISH": 1,
    },
}


def run_example(
    name: str, service: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> tuple[str, dict[str, Any]]:
    """Run an example in a tenant of its own; return the tenant and the example's variables."""
    tenant = new_tenant()
    text = (EXAMPLES / f"{name}.py").read_text()
    program = tmp_path / f"{name}.py"
    program.write_text(text.replace("projects/my-project/tenants/my-tenant", tenant))
    monkeypatch.setattr(talent, "EventServiceClient", lambda: clients.over_grpc(service))
    return tenant, runpy.run_path(str(program))


def test_every_example_is_run() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(RECORDED)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # the examples use utcnow
@pytest.mark.parametrize("name", RECORDED)
def test_example_records_what_it_says(
    name: str, server: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tenant, _ = run_example(name, server, monkeypatch, tmp_path)
    server.wait_until_counted(tenant, sum(RECORDED[name].values()))
    rows = server.report(tenant, "timeseries")
    counted: dict[str, int] = {}
    for row in rows:
        counted[row["type"]] = counted.get(row["type"], 0) + row["count"]
    assert counted == RECORDED[name]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_positions_in_notes_are_read(
    server: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tenant, variables = run_example("search_session", server, monkeypatch, tmp_path)
    server.wait_until_counted(tenant, 5)
    funnel = {row["stage"]: row["count"] for row in server.report(tenant, "funnel")}
    assert funnel["impression"] == 3
    assert funnel["view"] == 1
    assert funnel["application_start"] == 1
    trail = server.get(f"/v1/{tenant}/trails", requestId=variables["session_id"])["clientEvents"]
    places = [place for event in trail for place in event["receipt"].get("positions", ())]
    assert sorted((place["position"], place["source"]) for place in places) == [
        (1, "notes"),
        (2, "notes"),
        (3, "notes"),
    ]


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_error_handling_tells_a_refusal_from_success(
    server: Service, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    _, variables = run_example("error_handling", server, monkeypatch, tmp_path)
    assert variables["tracked"] == variables["event"]
    assert variables["refused"] is None
