"""Google's published Python client, pointed at a service in each way that it can be."""

from __future__ import annotations

from typing import Any

import grpc
from google.auth.credentials import AnonymousCredentials
from google.cloud import talent_v4 as talent
from google.cloud.talent_v4.services.event_service import transports
from google.protobuf.timestamp_pb2 import Timestamp

from jobtrail.wire.messages import CreateClientEventRequest
from tests.service import Service, event_json

WAYS = ("grpc", "rest")


def over_grpc(service: Service) -> talent.EventServiceClient:
    """Make the synchronous client over gRPC, in plain text."""
    channel = grpc.insecure_channel(f"localhost:{service.port}")
    return talent.EventServiceClient(
        transport=transports.EventServiceGrpcTransport(channel=channel)
    )


def over_asyncio(service: Service) -> talent.EventServiceAsyncClient:
    """Make the asyncio client; must be called inside the event loop that uses it."""
    channel = grpc.aio.insecure_channel(f"localhost:{service.port}")
    transport = transports.EventServiceGrpcAsyncIOTransport(channel=channel)
    return talent.EventServiceAsyncClient(transport=transport)


def over_rest(service: Service) -> talent.EventServiceClient:
    """Make the client over REST."""
    return talent.EventServiceClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": service.url},
    )


def over(way: str, service: Service) -> talent.EventServiceClient:
    """Make the synchronous client of a way in ``WAYS``."""
    return over_grpc(service) if way == "grpc" else over_rest(service)


def client_event(tenant: str, **changes: Any) -> talent.ClientEvent:
    """Make one valid event; *changes* replace its fields."""
    json = event_json(tenant)
    fields: dict[str, Any] = {
        "request_id": json["requestId"],
        "event_id": json["eventId"],
        "create_time": Timestamp(seconds=1_795_000_000, nanos=123_456_789),
        "job_event": talent.JobEvent(type_=2, jobs=json["jobEvent"]["jobs"]),
    }
    return talent.ClientEvent(**(fields | changes))


def raw_stub(service: Service, method: str) -> Any:
    """Return a call that sends and gets bytes, for what no client would send."""
    channel = grpc.insecure_channel(f"localhost:{service.port}")
    return channel.unary_unary(method)


CREATE_V4 = "/google.cloud.talent.v4.EventService/CreateClientEvent"
CREATE_V4BETA1 = "/google.cloud.talent.v4beta1.EventService/CreateClientEvent"


def raw_request(tenant: str, **changes: Any) -> Any:
    """Make a CreateClientEventRequest of our own, with nothing in a client's way."""
    request = CreateClientEventRequest["v4"](parent=tenant)
    event = request.client_event
    event.event_id = changes.get("event_id", event_json(tenant)["eventId"])
    event.create_time.seconds = changes.get("seconds", 1_795_000_000)
    event.create_time.nanos = changes.get("nanos", 0)
    event.job_event.type = changes.get("type", 2)
    event.job_event.jobs.append(f"{tenant}/jobs/1")
    return request
