"""Would Google's own Python client notice that it does not talk to Google?"""

from __future__ import annotations

import subprocess
import sys

import grpc
import pytest
from google.api_core import exceptions
from google.api_core.retry import Retry
from google.cloud import talent_v4 as talent

from tests.conformance import clients
from tests.service import Service, event_json, new_tenant


@pytest.mark.parametrize("way", clients.WAYS)
def test_recorded_event_comes_back_as_sent_and_is_counted_once(server: Service, way: str) -> None:
    tenant = new_tenant()
    client = clients.over(way, server)
    event = clients.client_event(tenant, event_notes="Würze „quoted“ 日本")
    answer = client.create_client_event(parent=tenant, client_event=event)
    assert answer == event
    server.wait_until_counted(tenant, 1)
    receipt = server.event(tenant, event.event_id)["receipt"]
    assert receipt["api"] == f"{way}/v4"
    assert "gapic/" in receipt["client"]


async def test_asyncio_client_records(server: Service) -> None:
    tenant = new_tenant()
    client = clients.over_asyncio(server)
    event = clients.client_event(tenant)
    assert await client.create_client_event(parent=tenant, client_event=event) == event


@pytest.mark.parametrize("first", clients.WAYS)
@pytest.mark.parametrize("second", clients.WAYS)
def test_same_event_again_gets_the_same_answer(server: Service, first: str, second: str) -> None:
    tenant = new_tenant()
    event = clients.client_event(tenant)
    one = clients.over(first, server).create_client_event(parent=tenant, client_event=event)
    two = clients.over(second, server).create_client_event(parent=tenant, client_event=event)
    assert one == two == event
    server.wait_until_counted(tenant, 1)


def test_same_id_with_other_content_already_exists(server: Service) -> None:
    tenant = new_tenant()
    event = clients.client_event(tenant)
    client = clients.over_grpc(server)
    client.create_client_event(parent=tenant, client_event=event)
    event.event_notes = "other"
    with pytest.raises(exceptions.AlreadyExists) as caught:
        client.create_client_event(parent=tenant, client_event=event)
    assert "client_event.event_notes" in str(caught.value)
    assert caught.value.reason == "EVENT_ID_REUSED"
    with pytest.raises(exceptions.Conflict):
        clients.over_rest(server).create_client_event(parent=tenant, client_event=event)


def test_same_id_in_two_tenants_is_two_events(server: Service) -> None:
    first, second = new_tenant(), new_tenant()
    client = clients.over_grpc(server)
    for tenant in (first, second):
        event = clients.client_event(tenant, event_id="the-same")
        client.create_client_event(parent=tenant, client_event=event)
    server.wait_until_counted(first, 1)
    server.wait_until_counted(second, 1)


def test_refusal_has_typed_details_over_grpc(server: Service) -> None:
    tenant = new_tenant()
    event = clients.client_event(tenant, event_id="")
    with pytest.raises(exceptions.InvalidArgument) as caught:
        clients.over_grpc(server).create_client_event(parent=tenant, client_event=event)
    assert caught.value.reason == "EVENT_ID_MISSING"
    bad_request = next(d for d in caught.value.details if hasattr(d, "field_violations"))
    assert bad_request.field_violations[0].field == "client_event.event_id"


def test_refusal_has_the_same_details_over_rest(server: Service) -> None:
    tenant = new_tenant()
    event = clients.client_event(tenant, event_id="")
    with pytest.raises(exceptions.BadRequest) as caught:
        clients.over_rest(server).create_client_event(parent=tenant, client_event=event)
    assert caught.value.reason == "EVENT_ID_MISSING"
    bad_request = next(d for d in caught.value.details if d["@type"].endswith("BadRequest"))
    assert bad_request["fieldViolations"][0]["field"] == "client_event.event_id"


def test_expired_deadline_is_answered_as_such_and_the_log_decides(server: Service) -> None:
    tenant = new_tenant()
    event = clients.client_event(tenant)
    client = clients.over_grpc(server)
    with pytest.raises(exceptions.DeadlineExceeded):
        client.create_client_event(parent=tenant, client_event=event, timeout=1e-6)
    assert client.create_client_event(parent=tenant, client_event=event) == event
    server.wait_until_counted(tenant, 1)


def test_operations_are_not_found(server: Service) -> None:
    for way in clients.WAYS:
        with pytest.raises(exceptions.NotFound):
            clients.over(way, server).get_operation({"name": "projects/p/operations/o"})


def test_retry_of_the_client_works_and_counts_once(server: Service) -> None:
    tenant = new_tenant()
    event = clients.client_event(tenant)
    client = clients.over_grpc(server)
    for _ in range(3):
        client.create_client_event(parent=tenant, client_event=event, retry=Retry(timeout=5))
    server.wait_until_counted(tenant, 1)


def test_v4beta1_client_records_over_both(server: Service) -> None:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import talent_v4beta1 as beta
    from google.cloud.talent_v4beta1.services.event_service import transports

    tenant = new_tenant()
    channel = grpc.insecure_channel(f"localhost:{server.port}")
    over_grpc = beta.EventServiceClient(
        transport=transports.EventServiceGrpcTransport(channel=channel)
    )
    over_rest = beta.EventServiceClient(
        transport="rest",
        credentials=AnonymousCredentials(),
        client_options={"api_endpoint": server.url},
    )
    for client in (over_grpc, over_rest):
        json = event_json(tenant)
        event = beta.ClientEvent(
            event_id=json["eventId"],
            create_time="2026-11-20T10:00:00Z",
            job_event=beta.JobEvent(
                type_="VIEW", jobs=json["jobEvent"]["jobs"], profile=f"{tenant}/profiles/p"
            ),
        )
        assert client.create_client_event(parent=tenant, client_event=event) == event
    server.wait_until_counted(tenant, 2)


def test_all_event_types_are_taken_and_counted(server: Service) -> None:
    tenant = new_tenant()
    client = clients.over_grpc(server)
    types = [t for t in talent.JobEvent.JobEventType if t.value]
    for kind in types:
        event = clients.client_event(
            tenant, job_event=talent.JobEvent(type_=kind, jobs=[f"{tenant}/jobs/1"])
        )
        client.create_client_event(parent=tenant, client_event=event)
    server.wait_until_counted(tenant, len(types))
    counted = {row["type"] for row in server.report(tenant, "timeseries")}
    assert counted == {kind.name for kind in types}


@pytest.mark.parametrize(
    "imports",
    [
        "import jobtrail.wire.messages; import google.cloud.talent",
        "import google.cloud.talent; import jobtrail.wire.messages",
    ],
)
def test_both_packages_live_in_one_process(imports: str) -> None:
    code = f"{imports}; from google.cloud import talent; talent.ClientEvent(event_id='x')"
    subprocess.run([sys.executable, "-c", code], check=True)
