"""The contract: ours is Google's, is compiled freshly, and lives beside Google's own classes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from google.api.annotations_pb2 import http
from google.cloud import talent_v4, talent_v4beta1
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from grpc_health.v1 import health_pb2
from grpc_reflection.v1alpha import reflection_pb2

from jobtrail.wire.messages import FILES, POOL, SERVICES, message_class

ROOT = Path(__file__).parents[3]
GOOGLE = {"v4": talent_v4, "v4beta1": talent_v4beta1}


def shape(descriptor: Any) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """What the wire can tell of a message: its fields and its enums' values."""
    fields = [
        # proto-plus writes type_ for the field that the contract calls type.
        (
            f.name.rstrip("_"),
            f.number,
            f.type,
            f.is_repeated,
            f.json_name,
            f.containing_oneof is None,
        )
        for f in descriptor.fields
    ]
    values = [(e.name, [(v.name, v.number) for v in e.values]) for e in descriptor.enum_types]
    return sorted(fields), values


@pytest.mark.parametrize("version", ["v4", "v4beta1"])
@pytest.mark.parametrize("name", ["ClientEvent", "JobEvent", "CreateClientEventRequest"])
def test_messages_are_those_of_the_published_client(version: str, name: str) -> None:
    ours = message_class(f"google.cloud.talent.{version}.{name}").DESCRIPTOR
    theirs = getattr(GOOGLE[version], name).pb().DESCRIPTOR
    assert shape(ours)[0] == shape(theirs)[0]


@pytest.mark.parametrize("version", ["v4", "v4beta1"])
def test_event_types_are_those_of_the_published_client(version: str) -> None:
    ours = message_class(f"google.cloud.talent.{version}.JobEvent").DESCRIPTOR
    theirs = GOOGLE[version].JobEvent.JobEventType
    values = ours.enum_types_by_name["JobEventType"].values
    assert [(v.name, v.number) for v in values] == [(v.name, v.value) for v in theirs]


@pytest.mark.parametrize("file", [health_pb2.DESCRIPTOR, reflection_pb2.DESCRIPTOR])
def test_standard_services_are_those_of_grpc(file: Any) -> None:
    for name, descriptor in file.message_types_by_name.items():
        ours = message_class(f"{file.package}.{name}").DESCRIPTOR
        assert shape(ours) == shape(descriptor)
    for name, service in file.services_by_name.items():
        ours = POOL.FindServiceByName(f"{file.package}.{name}")
        assert {m.name: (m.input_type.name, m.server_streaming) for m in ours.methods} == {
            m.name: (m.input_type.name, m.server_streaming) for m in service.methods
        }


@pytest.mark.parametrize(
    ("version", "bindings"),
    [
        ("v4", [("/v4/{parent=projects/*/tenants/*}/clientEvents", "client_event")]),
        (
            "v4beta1",
            [
                ("/v4beta1/{parent=projects/*/tenants/*}/clientEvents", "*"),
                ("/v4beta1/{parent=projects/*}/clientEvents", "*"),
            ],
        ),
    ],
)
def test_rest_bindings_are_published(version: str, bindings: list[tuple[str, str]]) -> None:
    packed = FILES[f"google/cloud/talent/{version}/event_service.proto"]
    rule = FileDescriptorProto.FromString(packed).service[0].method[0].options.Extensions[http]
    assert [(r.post, r.body) for r in (rule, *rule.additional_bindings)] == bindings


def test_every_listed_service_is_in_the_pool() -> None:
    assert list(SERVICES) == sorted(SERVICES)
    declared = {
        f"{file.package}.{service.name}"
        for file in map(FileDescriptorProto.FromString, FILES.values())
        for service in file.service
    }
    assert declared == set(SERVICES)


def test_the_compiled_contract_is_fresh() -> None:
    result = subprocess.run(
        [ROOT / "script/generate", "--check"],
        env={"PATH": "/usr/bin:/bin", "PYTHON": sys.executable},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr


OURS = "import jobtrail.wire.decode, jobtrail.wire.status, jobtrail.wire.reflection"
THEIRS = "from google.cloud import talent_v4, talent_v4beta1"
BOTH_WORK = """
from jobtrail.wire.messages import ClientEvent
event = talent_v4.ClientEvent(event_id="a", job_event={"type_": "VIEW", "jobs": ["j"]})
ours = ClientEvent["v4"].FromString(talent_v4.ClientEvent.serialize(event))
assert (ours.event_id, ours.job_event.type) == ("a", 2)
"""


@pytest.mark.parametrize("order", [(OURS, THEIRS), (THEIRS, OURS)])
def test_ours_and_googles_classes_live_in_one_process(order: tuple[str, str]) -> None:
    program = "\n".join((*order, BOTH_WORK))
    result = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert result.returncode == 0, result.stderr
