"""Where a naive server is incompatible: one test, or a few, for each trap we measured.

The numbers are those of the list of edge cases that the wire contract was written down with.
"""

from __future__ import annotations

import gzip
import http.client
import json
from collections.abc import Iterator
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)

from tests.conformance import clients
from tests.service import Service, event_json, new_tenant

ENUMS_AS_INTS = ("%24alt=json%3Benum-encoding%3Dint", "$alt=json%3Benum-encoding=int")


@pytest.fixture
def tenant() -> str:
    return new_tenant()


def post(server: Service, path: str, body: Any, **kwargs: Any) -> httpx.Response:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    return httpx.post(f"{server.url}{path}", content=content, timeout=30, **kwargs)


def violations(answer: httpx.Response) -> list[str]:
    """Return the fields that a refusal names."""
    return [
        violation.get("field", "")
        for detail in answer.json()["error"].get("details", [])
        for violation in detail.get("fieldViolations", [])
    ]


# -- 1, 2, 3: REST bodies, queries, answers -------------------------------------------------


def test_1_v4_takes_the_bare_event_and_refuses_a_wrapped_one(server: Service, tenant: str) -> None:
    assert server.record(tenant, event_json(tenant)).status_code == 200
    wrapped = server.record(tenant, {"clientEvent": event_json(tenant)})
    assert wrapped.status_code == 400
    assert wrapped.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert any("clientEvent" in text for text in [wrapped.text, *violations(wrapped)])


@pytest.mark.parametrize("parent", ["projects/p/tenants/{t}", "projects/{t}"])
def test_1_v4beta1_takes_the_wrapped_event_of_a_tenant_or_a_project(
    server: Service, tenant: str, parent: str
) -> None:
    parent = parent.replace("{t}", tenant.rsplit("/", 1)[1])
    event = event_json(parent)
    answer = post(server, f"/v4beta1/{parent}/clientEvents", {"clientEvent": event})
    assert answer.status_code == 200, answer.text
    assert answer.json()["eventId"] == event["eventId"]


@pytest.mark.parametrize("query", ENUMS_AS_INTS)
def test_2_enums_are_answered_as_asked(server: Service, tenant: str, query: str) -> None:
    path = f"/v4/{tenant}/clientEvents"
    as_int = post(server, f"{path}?{query}", event_json(tenant))
    assert as_int.json()["jobEvent"]["type"] == 2
    assert post(server, path, event_json(tenant)).json()["jobEvent"]["type"] == "VIEW"


def test_2_common_parameters_are_tolerated(server: Service, tenant: str) -> None:
    query = (
        "alt=json&prettyPrint=false&$prettyPrint=0&fields=eventId&key=k&access_token=t&quotaUser=q"
        "&callback=c&$.xgafv=2&uploadType=u&upload_protocol=p&oauth_token=o&unheardOf=1"
    )
    answer = post(server, f"/v4/{tenant}/clientEvents?{query}", event_json(tenant))
    assert answer.status_code == 200, answer.text


def test_3_answer_is_camel_case_without_nulls(server: Service, tenant: str) -> None:
    event = event_json(tenant, requestId=None, createTime="2026-11-20T10:00:00.500Z")
    answer = server.record(tenant, event)
    assert answer.json() == event
    assert "null" not in answer.text
    assert "_" not in "".join(answer.json())


# -- 4, 5, 6: JSON as sent ------------------------------------------------------------------


@pytest.mark.parametrize("kind", ["VIEW", 2, "2"])
def test_4_names_in_both_cases_and_enums_in_three_forms(
    server: Service, tenant: str, kind: Any
) -> None:
    event = event_json(tenant)
    snake = {
        "request_id": event["requestId"],
        "event_id": event["eventId"],
        "create_time": event["createTime"],
        "job_event": {"type": kind, "jobs": event["jobEvent"]["jobs"]},
    }
    answer = server.record(tenant, snake)
    assert answer.status_code == 200, answer.text
    assert answer.json()["jobEvent"]["type"] == "VIEW"


@pytest.mark.parametrize(
    "body",
    [
        b"[]",
        b"",
        b"null",
        b'"text"',
        b"{",
        b"\xef\xbb\xbf{}",
        b'{"eventId": "\xff"}',
        b'{"eventId": "a", "eventId": "b"}',
        b'{"eventId": "\\ud800"}',
        b'{"eventId": "a\\u0000b"}',
        b"[" * 100_000,
        b'{"jobEvent":' * 100_000,
    ],
)
def test_4_unreadable_bodies_are_refused_and_the_server_stays_well(
    server: Service, tenant: str, body: bytes
) -> None:
    answer = post(server, f"/v4/{tenant}/clientEvents", body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["status"] == "INVALID_ARGUMENT"
    assert httpx.get(f"{server.url}/readyz").status_code == 200


@pytest.mark.parametrize("kind", [99, -1, 16, 2.5, "NOPE", 0, "JOB_EVENT_TYPE_UNSPECIFIED"])
def test_4_unknown_types_are_refused(server: Service, tenant: str, kind: Any) -> None:
    event = event_json(tenant, jobEvent={"type": kind, "jobs": [f"{tenant}/jobs/1"]})
    answer = server.record(tenant, event)
    assert answer.status_code == 400, answer.text


@pytest.mark.parametrize("kind", [99, 16, -1])
def test_4_unknown_enum_number_over_grpc_is_invalid(
    server: Service, tenant: str, kind: int
) -> None:
    call = clients.raw_stub(server, clients.CREATE_V4)
    with pytest.raises(grpc.RpcError) as caught:
        call(clients.raw_request(tenant, type=kind).SerializeToString())
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_4_unknown_key_is_refused_in_googles_words(server: Service, tenant: str) -> None:
    answer = server.record(tenant, event_json(tenant, nonsense=1))
    assert answer.status_code == 400
    assert 'Unknown name "nonsense"' in answer.json()["error"]["message"]


def test_4_unknown_field_over_grpc_is_accepted_and_echoed(server: Service, tenant: str) -> None:
    unknown = bytes((0xFA, 0x3F, 3)) + b"abc"  # field 1023, three bytes
    request = clients.raw_request(tenant)
    event = request.client_event.SerializeToString() + unknown
    parent = tenant.encode()
    message = b"\x0a" + bytes((len(parent),)) + parent + b"\x12" + bytes((len(event),)) + event
    answer = clients.raw_stub(server, clients.CREATE_V4)(message)
    assert answer.endswith(unknown)


@pytest.mark.parametrize(
    ("text", "answered"),
    [
        ("2026-11-20T10:00:00Z", "2026-11-20T10:00:00Z"),
        ("2026-11-20T10:00:00.5Z", "2026-11-20T10:00:00.500Z"),
        ("2026-11-20T10:00:00.123456789Z", "2026-11-20T10:00:00.123456789Z"),
        ("2026-11-20T19:00:00+09:00", "2026-11-20T10:00:00Z"),
        ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_5_timestamps_are_taken_and_kept_to_the_nanosecond(
    server: Service, tenant: str, text: str, answered: str
) -> None:
    answer = server.record(tenant, event_json(tenant, createTime=text))
    assert answer.status_code == 200, answer.text
    assert answer.json()["createTime"] in (text, answered)


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-20T10:00:00",
        "2026-11-20t10:00:00z",
        "2026-11-20 10:00:00Z",
        "2026-11-20T10:00:00.1234567891Z",
        "2026-11-20T10:00:60Z",
        "2026-02-30T10:00:00Z",
        "10000-01-01T00:00:00Z",
        1_795_000_000,
    ],
)
def test_5_other_timestamps_are_refused(server: Service, tenant: str, text: Any) -> None:
    answer = server.record(tenant, event_json(tenant, createTime=text))
    assert answer.status_code == 400, answer.text


def test_5_presence_counts_not_value(server: Service, tenant: str) -> None:
    call = clients.raw_stub(server, clients.CREATE_V4)
    present = clients.raw_request(tenant, seconds=0)
    assert call(present.SerializeToString())
    absent = clients.raw_request(tenant)
    absent.client_event.ClearField("create_time")
    with pytest.raises(grpc.RpcError) as caught:
        call(absent.SerializeToString())
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "create_time" in caught.value.details()


@pytest.mark.parametrize(
    "wrong", [{"nanos": 2_000_000_000}, {"nanos": -1}, {"seconds": 10**15}, {"seconds": -(10**15)}]
)
def test_5_invalid_timestamp_over_grpc_is_refused(
    server: Service, tenant: str, wrong: dict[str, int]
) -> None:
    call = clients.raw_stub(server, clients.CREATE_V4)
    with pytest.raises(grpc.RpcError) as caught:
        call(clients.raw_request(tenant, **wrong).SerializeToString())
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT


def test_6_events_of_1970_are_kept_and_flagged(server: Service, tenant: str) -> None:
    event = event_json(tenant, createTime="1970-01-01T00:00:03Z")
    assert server.record(tenant, event).status_code == 200
    server.wait_until_counted(tenant, 1)
    assert "create_time_1970" in server.event(tenant, event["eventId"])["receipt"]["checks"]


# -- 8, 9: paths and headers ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "decoded"),
    [
        ("p%201/tenants/t", "p 1/tenants/t"),
        ("p/tenants/t%231", "p/tenants/t#1"),
        ("p/tenants/t%25x", "p/tenants/t%x"),
        ("p/tenants/%E6%97%A5%E6%9C%AC", "p/tenants/日本"),
    ],
)
def test_8_segments_are_decoded_after_splitting(server: Service, path: str, decoded: str) -> None:
    event = event_json(f"projects/{decoded}")
    answer = post(server, f"/v4/projects/{path}/clientEvents", event)
    assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    "path", ["p/tenants/t%2Fjobs", "p%2Ftenants%2Ft", "p/tenants/%FF", "%ED%A0%80/tenants/t", "p"]
)
def test_8_a_parent_that_is_no_tenant_is_refused(server: Service, path: str) -> None:
    answer = post(server, f"/v4/projects/{path}/clientEvents", event_json("projects/p/tenants/t"))
    assert answer.status_code in (400, 404), answer.text
    assert answer.json()["error"]["status"] in ("INVALID_ARGUMENT", "NOT_FOUND")


@pytest.mark.parametrize("parent", ["", "projects/p", "tenants/t", "projects/p/tenants/t/x"])
def test_8_parent_is_checked_over_grpc(server: Service, tenant: str, parent: str) -> None:
    request = clients.raw_request(tenant)
    request.parent = parent
    with pytest.raises(grpc.RpcError) as caught:
        clients.raw_stub(server, clients.CREATE_V4)(request.SerializeToString())
    assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert "parent" in caught.value.details()


def test_9_routing_header_is_not_needed_and_client_header_may_repeat(
    server: Service, tenant: str
) -> None:
    headers = [("x-goog-api-client", "gl-python/3 gapic/2"), ("x-goog-api-client", "cred-type/jwt")]
    event = event_json(tenant)
    answer = post(server, f"/v4/{tenant}/clientEvents", event, headers=headers)
    assert answer.status_code == 200
    server.wait_until_counted(tenant, 1)
    assert server.event(tenant, event["eventId"])["receipt"]["client"].startswith("gl-python/3")


# -- 10, 11: limits, compression, unknown calls ---------------------------------------------


def test_10_large_message_over_grpc_is_resource_exhausted(server: Service, tenant: str) -> None:
    call = clients.raw_stub(server, clients.CREATE_V4)
    with pytest.raises(grpc.RpcError) as caught:
        call(b"x" * (5 * 1024 * 1024))
    assert caught.value.code() is grpc.StatusCode.RESOURCE_EXHAUSTED
    assert "larger than max" in caught.value.details()


def test_10_large_body_over_rest_is_413(server: Service, tenant: str) -> None:
    answer = server.record(tenant, event_json(tenant, eventNotes="x" * (5 * 1024 * 1024)))
    assert answer.status_code == 413
    assert answer.json()["error"]["status"] == "RESOURCE_EXHAUSTED"


def test_10_compressed_requests_are_read(server: Service, tenant: str) -> None:
    body = gzip.compress(json.dumps(event_json(tenant)).encode())
    headers = {"content-encoding": "gzip"}
    assert post(server, f"/v4/{tenant}/clientEvents", body, headers=headers).status_code == 200
    channel = grpc.insecure_channel(f"localhost:{server.port}", compression=grpc.Compression.Gzip)
    request = clients.raw_request(tenant)
    assert channel.unary_unary(clients.CREATE_V4)(request.SerializeToString())
    server.wait_until_counted(tenant, 2)


@pytest.mark.parametrize(
    "body",
    [
        gzip.compress(b"{}" * 100)[:-10],
        b"not gzip at all",
        b"",
    ],
)
def test_10_broken_compression_is_refused(server: Service, tenant: str, body: bytes) -> None:
    path = f"/v4/{tenant}/clientEvents"
    answer = post(server, path, body, headers={"content-encoding": "gzip"})
    assert answer.status_code == 400, answer.text


def test_10_a_bomb_does_not_go_off(server: Service, tenant: str) -> None:
    bomb = gzip.compress(b"0" * (64 * 1024 * 1024))
    path = f"/v4/{tenant}/clientEvents"
    assert post(server, path, bomb, headers={"content-encoding": "gzip"}).status_code == 413


def test_10_garbage_over_grpc_is_refused_and_the_server_stays_well(server: Service) -> None:
    call = clients.raw_stub(server, clients.CREATE_V4)
    for garbage in (b"\xff" * 10, b"\x0a\xff\xff\xff\xff\x0f", b"\x12\x02\x0a\x05"):
        with pytest.raises(grpc.RpcError) as caught:
            call(garbage)
        assert caught.value.code() is grpc.StatusCode.INVALID_ARGUMENT
    assert httpx.get(f"{server.url}/readyz").status_code == 200


def test_10_unknown_method_is_unimplemented(server: Service) -> None:
    for method in ("/google.cloud.talent.v4.EventService/Nope", "/no.such.Service/Call"):
        with pytest.raises(grpc.RpcError) as caught:
            clients.raw_stub(server, method)(b"")
        assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v4/projects/p/operations/o", 404),
        ("GET", "/v4beta1/projects/p/operations/o", 404),
        ("GET", "/v4/projects/p/tenants/t/clientEvents", 405),
        ("PUT", "/v4/projects/p/tenants/t/clientEvents", 405),
        ("GET", "/v4/projects/p/tenants/t/jobs:search", 404),
        ("GET", "/nowhere", 404),
        ("POST", "/healthz/x", 404),
    ],
)
def test_11_every_error_is_json_in_googles_shape(
    server: Service, method: str, path: str, status: int
) -> None:
    answer = httpx.request(method, f"{server.url}{path}")
    assert answer.status_code == status, answer.text
    error = answer.json()["error"]
    assert error["code"] == status
    assert error["message"]
    assert error["status"]


# -- 12, 14: HTTP/2, health, reflection -----------------------------------------------------


def test_12_connections_are_kept_alive(server: Service, tenant: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.port)
    for _ in range(3):
        body = json.dumps(event_json(tenant))
        connection.request("POST", f"/v4/{tenant}/clientEvents", body)
        first_socket = connection.sock
        assert connection.getresponse().read()
        assert connection.sock is first_socket


def test_14_health_is_serving(server: Service) -> None:
    channel = grpc.insecure_channel(f"localhost:{server.port}")
    stub = health_pb2_grpc.HealthStub(channel)
    for name in ("", "google.cloud.talent.v4.EventService"):
        answer = stub.Check(health_pb2.HealthCheckRequest(service=name), timeout=5)
        assert answer.status == health_pb2.HealthCheckResponse.SERVING
    watched: Iterator[Any] = stub.Watch(health_pb2.HealthCheckRequest(), timeout=5)
    assert next(watched).status == health_pb2.HealthCheckResponse.SERVING
    with pytest.raises(grpc.RpcError) as caught:
        stub.Check(health_pb2.HealthCheckRequest(service="no.such"), timeout=5)
    assert caught.value.code() is grpc.StatusCode.NOT_FOUND


def test_14_reflection_tells_the_services_and_their_files(server: Service) -> None:
    channel = grpc.insecure_channel(f"localhost:{server.port}")
    database = ProtoReflectionDescriptorDatabase(channel)
    assert "google.cloud.talent.v4.EventService" in set(database.get_services())
    file = database.FindFileContainingSymbol("google.cloud.talent.v4.ClientEvent")
    assert "ClientEvent" in {message.name for message in file.message_type}


# -- 15, 16, 17: repeats, echoes, ids -------------------------------------------------------


def test_15_identical_repeat_is_success_and_counted_once(server: Service, tenant: str) -> None:
    event = event_json(tenant)
    answers = [server.record(tenant, event) for _ in range(3)]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1
    server.wait_until_counted(tenant, 1)


def test_16_echo_is_as_sent(server: Service, tenant: str) -> None:
    request = clients.raw_request(tenant, nanos=1)
    request.client_event.event_notes = "  spaces kept \t"
    answer = clients.raw_stub(server, clients.CREATE_V4)(request.SerializeToString())
    assert answer == request.client_event.SerializeToString()


def test_17_request_id_may_hold_anything_a_search_would_give(server: Service, tenant: str) -> None:
    request_id = "8d2bdd5d-1361-42a5-a0fd-bd2b58b7d8fb:APAb7ISd4Sc5faibw2V5hTU/OoC2WAW5AA=="
    event = event_json(tenant, requestId=request_id)
    assert server.record(tenant, event).json()["requestId"] == request_id
    server.wait_until_counted(tenant, 1)
    trail = server.get(f"/v1/{tenant}/trails", requestId=request_id)
    assert request_id in json.dumps(trail)
