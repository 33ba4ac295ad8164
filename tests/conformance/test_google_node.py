"""Would Google's own Node.js client notice that it does not talk to Google?"""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.service import Service, event_json, new_tenant

NODE = Path(__file__).parent / "node"
WAYS = ("grpc", "rest")

pytestmark = pytest.mark.node


def run(
    way: str, port: int, tenant: str, events: list[dict[str, Any]], *, ca: Path | None = None
) -> list[dict[str, Any]]:
    """Record events with the Node.js client and return what it saw of each."""
    given = {"way": way, "port": port, "tls": ca is not None, "parent": tenant, "events": events}
    # The gRPC part of the client reads one variable, its REST part the other.
    trust = {"GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(ca), "NODE_EXTRA_CA_CERTS": str(ca)}
    result = subprocess.run(
        ["node", str(NODE / "record.js")],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        env=os.environ | (trust if ca else {}),
    )
    assert result.returncode == 0, result.stderr
    answers: list[dict[str, Any]] = json.loads(result.stdout)
    return answers


def node_event(tenant: str, **changes: Any) -> dict[str, Any]:
    """Make one valid event as the Node.js client takes it: its time is a Timestamp object."""
    event = event_json(tenant, createTime={"seconds": 1_795_000_000, "nanos": 123_456_789})
    return event | changes


@pytest.mark.parametrize("way", WAYS)
def test_recorded_event_comes_back_as_sent_and_is_counted_once(server: Service, way: str) -> None:
    tenant = new_tenant()
    event = node_event(tenant, eventNotes="Würze 日本")
    first, second = run(way, server.port, tenant, [event, event])
    for seen in (first, second):
        assert "error" not in seen, seen
        assert seen["answer"]["eventId"] == event["eventId"]
        assert seen["answer"]["requestId"] == event["requestId"]
        assert seen["answer"]["jobEvent"]["jobs"] == event["jobEvent"]["jobs"]
        assert seen["answer"]["jobEvent"]["type"] in ("VIEW", 2)
        assert seen["answer"]["eventNotes"] == event["eventNotes"]
        assert seen["answer"]["createTime"]["nanos"] == 123_456_789
    server.wait_until_counted(tenant, 1)
    receipt = server.event(tenant, event["eventId"])["receipt"]
    assert receipt["api"] == f"{way}/v4"


def test_grpc_errors_are_typed(server: Service) -> None:
    tenant = new_tenant()
    (seen,) = run("grpc", server.port, tenant, [node_event(tenant, eventId="")])
    assert seen["error"]["code"] == 3
    assert seen["error"]["reason"] == "EVENT_ID_MISSING"
    assert seen["error"]["details"] >= 1


def test_rest_errors_carry_the_status(server: Service) -> None:
    tenant = new_tenant()
    (seen,) = run("rest", server.port, tenant, [node_event(tenant, eventId="")])
    assert "event_id" in seen["error"]["message"]


@pytest.mark.parametrize("way", WAYS)
def test_misspelt_type_and_wrong_date_are_not_lost_in_silence(server: Service, way: str) -> None:
    """The client drops both before it sends: the type arrives as 0, the time as 1970."""
    tenant = new_tenant()
    misspelt = node_event(tenant, jobEvent={"type": "VIEWS", "jobs": [f"{tenant}/jobs/1"]})
    undated = node_event(tenant, createTime={})
    first, second = run(way, server.port, tenant, [misspelt, undated])
    assert "error" in first
    assert "error" not in second, second
    server.wait_until_counted(tenant, 1)
    checks = server.event(tenant, undated["eventId"])["receipt"]["checks"]
    assert "create_time_1970" in checks
