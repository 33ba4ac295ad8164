"""Errors are the same over gRPC and REST, small, and cost nothing to a peer's neighbours."""

from __future__ import annotations

import socket
from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2

from tests.conformance import clients
from tests.service import Service, event_json, new_tenant


@pytest.fixture
def tenant() -> str:
    return new_tenant()


@pytest.mark.parametrize(
    "changes",
    [
        {"event_id": ""},
        {"event_id": "x" * 1_000},
        {"type": 0},
        {"nanos": -1},
    ],
)
def test_errors_are_equal_over_grpc_and_rest(
    server: Service, tenant: str, changes: dict[str, Any]
) -> None:
    request = clients.raw_request(tenant, **changes)
    with pytest.raises(grpc.RpcError) as caught:
        clients.raw_stub(server, clients.CREATE_V4)(request.SerializeToString())
    trailers = dict(caught.value.trailing_metadata())
    status = status_pb2.Status.FromString(trailers["grpc-status-details-bin"])
    assert status.code == caught.value.code().value[0]
    assert status.message == caught.value.details()
    if "nanos" in changes:
        return  # JSON cannot say it
    event = request.client_event
    body = {
        "eventId": event.event_id,
        "createTime": "2026-11-20T10:00:00Z",
        "jobEvent": {"type": event.job_event.type, "jobs": list(event.job_event.jobs)},
    }
    over_rest = server.record(tenant, body).json()["error"]
    assert over_rest["message"] == status.message
    info = error_details_pb2.ErrorInfo()
    assert status.details[0].Unpack(info)
    assert over_rest["details"][0]["reason"] == info.reason


def test_trailers_stay_small_whatever_is_wrong(server: Service, tenant: str) -> None:
    request = clients.raw_request(tenant)
    del request.client_event.job_event.jobs[:]
    request.client_event.job_event.jobs.extend(["bad name " + "x" * 900] * 400)
    with pytest.raises(grpc.RpcError) as caught:
        clients.raw_stub(server, clients.CREATE_V4)(request.SerializeToString())
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    size = sum(len(name) + len(value) for name, value in caught.value.trailing_metadata())
    assert size < 8_192


def test_peers_that_stop_in_the_middle_cost_nothing(server: Service, tenant: str) -> None:
    head = f"POST /v4/{tenant}/clientEvents HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n\r\n"
    for part in (b"PO", b"POST / HT", head.encode(), head.encode() + b"{", b"\x00" * 100):
        with socket.create_connection(("127.0.0.1", server.port)) as peer:
            peer.sendall(part)
    assert server.record(tenant, event_json(tenant)).status_code == 200
