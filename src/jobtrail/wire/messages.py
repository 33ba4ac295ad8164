"""Message classes of the published contract, in a descriptor pool of our own.

``google.cloud.talent`` registers the same message names with other descriptors (it calls a field
``type_``), and one pool can hold one descriptor of a name. Ours lives apart, so both can be
imported into one process in either order. The pool is built from one descriptor set that
``script/generate`` writes; there is no generated Python.
"""

from __future__ import annotations

from importlib import resources
from typing import Any

from google.protobuf.descriptor_pb2 import FileDescriptorSet
from google.protobuf.descriptor_pool import DescriptorPool
from google.protobuf.message_factory import GetMessageClass

V4 = "v4"
V4BETA1 = "v4beta1"
VERSIONS = (V4, V4BETA1)

SERVICES = (
    "google.cloud.talent.v4.EventService",
    "google.cloud.talent.v4beta1.EventService",
    "google.longrunning.Operations",
    "grpc.health.v1.Health",
    "grpc.reflection.v1.ServerReflection",
    "grpc.reflection.v1alpha.ServerReflection",
)
"""Every gRPC service that the server speaks, by its full name, sorted."""


def _load() -> tuple[DescriptorPool, dict[str, bytes]]:
    packed = resources.files("jobtrail.wire").joinpath("_generated/descriptors.binpb").read_bytes()
    pool = DescriptorPool()
    files: dict[str, bytes] = {}
    # A file comes after all that it imports: protoc writes the set in that order.
    for file in FileDescriptorSet.FromString(packed).file:
        files[file.name] = file.SerializeToString()
        pool.AddSerializedFile(files[file.name])
    return pool, files


POOL, FILES = _load()
"""The private pool, and each file of it as a serialized ``FileDescriptorProto``."""


def message_class(full_name: str) -> Any:
    """Return the class of one message of the contract.

    Raises:
        KeyError: If the contract has no message of that name.
    """
    return GetMessageClass(POOL.FindMessageTypeByName(full_name))


CreateClientEventRequest: dict[str, Any] = {
    version: message_class(f"google.cloud.talent.{version}.CreateClientEventRequest")
    for version in VERSIONS
}
"""By version."""

ClientEvent: dict[str, Any] = {
    version: message_class(f"google.cloud.talent.{version}.ClientEvent") for version in VERSIONS
}
"""By version."""

JobEvent: dict[str, Any] = {
    version: message_class(f"google.cloud.talent.{version}.JobEvent") for version in VERSIONS
}
"""By version."""

GetOperationRequest = message_class("google.longrunning.GetOperationRequest")
HealthCheckRequest = message_class("grpc.health.v1.HealthCheckRequest")
HealthCheckResponse = message_class("grpc.health.v1.HealthCheckResponse")
HealthListResponse = message_class("grpc.health.v1.HealthListResponse")

ReflectionRequest: dict[str, Any] = {
    version: message_class(f"grpc.reflection.{version}.ServerReflectionRequest")
    for version in ("v1", "v1alpha")
}
"""By version of the reflection service."""

ReflectionResponse: dict[str, Any] = {
    version: message_class(f"grpc.reflection.{version}.ServerReflectionResponse")
    for version in ("v1", "v1alpha")
}
"""By version of the reflection service."""
