"""What an empty page offers to copy: a first event, by curl and by Google's client."""

from __future__ import annotations

import shlex
from urllib.parse import quote, urlsplit


def curl_example(base_url: str, tenant: str, create_time: str) -> str:
    """Write a command that records one event of *tenant*, for a POSIX shell."""
    path = "/".join(quote(segment, safe="") for segment in tenant.split("/"))
    body = (
        '{"requestId": "search-1", "eventId": "event-1", "createTime": "'
        + create_time
        + '",\n  "jobEvent": {"type": "IMPRESSION", "jobs": ["'
        + _json_text(tenant)
        + '/jobs/job-1"]}}'
    )
    address = shlex.quote(f"{base_url}/v4/{path}/clientEvents")
    return f"curl {address} \\\n  -H 'content-type: application/json' \\\n  -d {shlex.quote(body)}"


def python_example(base_url: str, tenant: str) -> str:
    """Write a program that records one event of *tenant* with Google's published client."""
    parts = urlsplit(base_url)
    return f"""# pip install google-cloud-talent
import datetime

import grpc
from google.cloud import talent_v4 as talent
from google.cloud.talent_v4.services.event_service.transports import EventServiceGrpcTransport

channel = {_channel(parts.scheme, parts.netloc)}
client = talent.EventServiceClient(transport=EventServiceGrpcTransport(channel=channel))
tenant = {tenant!r}
client.create_client_event(
    parent=tenant,
    client_event={{
        "request_id": "search-1",
        "event_id": "event-2",
        "create_time": datetime.datetime.now(datetime.timezone.utc),
        "job_event": {{"type_": "VIEW", "jobs": [f"{{tenant}}/jobs/job-1"]}},
    }},
)"""


def _channel(scheme: str, netloc: str) -> str:
    if scheme == "https":
        return f"grpc.secure_channel({netloc!r}, grpc.ssl_channel_credentials())"
    return f"grpc.insecure_channel({netloc!r})"


def _json_text(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
