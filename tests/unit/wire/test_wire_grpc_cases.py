"""gRPC messages, case by case, and the small standard services."""

from __future__ import annotations

from typing import Any

import pytest
from google.cloud import talent_v4
from google.protobuf.descriptor_pb2 import FileDescriptorProto
from google.protobuf.timestamp_pb2 import Timestamp

from jobtrail.errors import Code, Reason, Rejected
from jobtrail.events import Draft
from jobtrail.wire import health, operations, reflection
from jobtrail.wire.decode import Decoded, decode_grpc
from jobtrail.wire.messages import (
    SERVICES,
    CreateClientEventRequest,
    GetOperationRequest,
    HealthCheckRequest,
    HealthCheckResponse,
    HealthListResponse,
    ReflectionRequest,
    ReflectionResponse,
)
from jobtrail.wire.status import Status

PARENT = "projects/p/tenants/t"


def read(message: bytes, version: str = "v4") -> Decoded:
    decoded = decode_grpc(version, message)
    assert isinstance(decoded, Decoded), decoded
    return decoded


def test_what_the_published_client_sends_is_read() -> None:
    event = talent_v4.ClientEvent(
        request_id="r1",
        event_id="e1",
        create_time=Timestamp(seconds=1_769_860_800, nanos=5),
        job_event=talent_v4.JobEvent(type_="HIRED", jobs=["projects/p/tenants/t/jobs/1", "b"]),
        event_notes="seen",
    )
    request = talent_v4.CreateClientEventRequest(parent=PARENT, client_event=event)
    decoded = read(talent_v4.CreateClientEventRequest.serialize(request))
    assert decoded.parent == PARENT
    assert decoded.draft == Draft(
        event_id="e1",
        request_id="r1",
        create_time=(1_769_860_800, 5),
        has_job_event=True,
        type=13,
        jobs=("projects/p/tenants/t/jobs/1", "b"),
        event_notes="seen",
    )
    assert talent_v4.ClientEvent.deserialize(decoded.echo) == event


def test_a_missing_event_is_told_from_an_empty_one() -> None:
    missing = decode_grpc("v4", CreateClientEventRequest["v4"](parent=PARENT).SerializeToString())
    assert isinstance(missing, Rejected)
    assert (missing.reason, missing.fields) == (Reason.EVENT_MISSING, ("client_event",))
    # Field 2 with no bytes: there, and empty.
    assert read(b"\x12\x00").draft == Draft()


def test_an_empty_timestamp_is_1970_and_not_absent() -> None:
    # Field 4 of the event with no bytes.
    assert read(b"\x12\x02\x22\x00").draft.create_time == (0, 0)


def test_an_empty_job_event_is_there() -> None:
    assert read(b"\x12\x02\x2a\x00").draft == Draft(has_job_event=True)


def test_an_impossible_timestamp_is_passed_on_for_admission_to_refuse() -> None:
    request = CreateClientEventRequest["v4"]()
    request.client_event.create_time.seconds = 10**15
    request.client_event.create_time.nanos = 2 * 10**9
    draft = read(request.SerializeToString()).draft
    assert draft.create_time == (10**15, 2 * 10**9)


def test_an_unknown_type_is_passed_on_and_echoed() -> None:
    request = CreateClientEventRequest["v4"]()
    request.client_event.job_event.type = 99
    decoded = read(request.SerializeToString())
    assert decoded.draft.type == 99
    assert decoded.echo == b"\x2a\x02\x08\x63"


def test_profile_is_a_field_of_v4beta1_and_unknown_to_v4() -> None:
    request = CreateClientEventRequest["v4beta1"]()
    request.client_event.job_event.profile = "pr"
    message = request.SerializeToString()
    assert read(message, "v4beta1").draft.profile == "pr"
    assert read(message, "v4beta1").draft.unknown_fields == b""
    draft = read(message, "v4").draft
    assert (draft.profile, draft.unknown_fields) == ("", b"\0\x1a\x02pr")


@pytest.mark.parametrize(
    "message",
    [
        b"\xff\xff\xff",
        b"\x12\x05\x12",  # a length past the end
        b"\x0a\x02\xff\xfe",  # parent is not UTF-8
        b"\x12\x04\x12\x02\xc3\x28",  # event_id is not UTF-8
        b"\x12\x05\x12\x03\xed\xa0\x80",  # event_id is a surrogate
        b"\x12\x07\x2a\x05\x12\x03\xed\xa0\x80",  # a job is a surrogate
        b"\x0b" * 200,  # groups without an end
    ],
)
def test_bytes_that_are_no_request_are_refused(message: bytes) -> None:
    rejected = decode_grpc("v4", message)
    assert isinstance(rejected, Rejected)
    assert rejected.reason is Reason.BODY_UNREADABLE


def test_a_field_sent_in_two_pieces_is_merged_as_protobuf_has_it() -> None:
    # event_id "a", then a second client_event with event_notes "n".
    decoded = read(b"\x12\x03\x12\x01a" + b"\x12\x03\x4a\x01n")
    assert (decoded.draft.event_id, decoded.draft.event_notes) == ("a", "n")


@pytest.mark.parametrize("notes", ["", "n" * 20_000])
@pytest.mark.parametrize("unknown", [b"", b"\x78\x01", b"\x78\x01" * 10_000])
def test_unknown_fields_are_found_in_small_and_in_large_messages(
    notes: str, unknown: bytes
) -> None:
    request = CreateClientEventRequest["v4"]()
    request.client_event.event_notes = notes
    request.client_event.job_event.type = 2
    request.client_event.MergeFromString(unknown)
    decoded = read(request.SerializeToString())
    assert decoded.draft == Draft(
        has_job_event=True, type=2, event_notes=notes, unknown_fields=unknown
    )


# -- health -----------------------------------------------------------------------------------


@pytest.mark.parametrize("service", ["", *SERVICES])
@pytest.mark.parametrize("is_serving", [True, False])
def test_each_service_is_as_well_as_the_server(service: str, is_serving: bool) -> None:
    message = HealthCheckRequest(service=service).SerializeToString()
    for answer in (
        health.check(message, is_serving=is_serving),
        health.watch(message, is_serving=is_serving),
    ):
        assert isinstance(answer, bytes)
        assert HealthCheckResponse.FromString(answer).status == (1 if is_serving else 2)


def test_an_unknown_service_is_not_found_by_check_and_unknown_to_watch() -> None:
    message = HealthCheckRequest(service="x.Y").SerializeToString()
    checked = health.check(message, is_serving=True)
    assert isinstance(checked, Status)
    assert checked.code is Code.NOT_FOUND
    watched = health.watch(message, is_serving=True)
    assert isinstance(watched, bytes)
    assert HealthCheckResponse.FromString(watched).status == 3


def test_all_services_are_listed() -> None:
    answer = HealthListResponse.FromString(health.list_all(is_serving=True))
    assert {name: status.status for name, status in answer.statuses.items()} == dict.fromkeys(
        ("", *SERVICES), 1
    )


def test_garbage_to_a_standard_service_is_refused() -> None:
    for answer in (
        health.check(b"\xff", is_serving=True),
        health.watch(b"\xff", is_serving=True),
        operations.get_operation(b"\xff"),
        reflection.answer("v1", b"\xff"),
    ):
        assert isinstance(answer, Rejected)
        assert answer.reason is Reason.BODY_UNREADABLE


def test_every_operation_is_not_found() -> None:
    message = GetOperationRequest(name="projects/p/operations/o").SerializeToString()
    status = operations.get_operation(message)
    assert isinstance(status, Status)
    assert status.code is Code.NOT_FOUND


# -- reflection -------------------------------------------------------------------------------


def ask(version: str = "v1", **question: object) -> Any:
    request = ReflectionRequest[version](host="h", **question)
    answer = reflection.answer(version, request.SerializeToString())
    assert isinstance(answer, bytes)
    response = ReflectionResponse[version].FromString(answer)
    assert response.original_request == request
    return response


@pytest.mark.parametrize("version", ["v1", "v1alpha"])
def test_reflection_lists_the_services(version: str) -> None:
    response = ask(version, list_services="*")
    assert [s.name for s in response.list_services_response.service] == list(SERVICES)


@pytest.mark.parametrize(
    "question",
    [
        {"file_containing_symbol": "google.cloud.talent.v4.EventService"},
        {"file_containing_symbol": "google.cloud.talent.v4.EventService.CreateClientEvent"},
        {"file_containing_symbol": "google.cloud.talent.v4.CreateClientEventRequest"},
        {"file_by_filename": "google/cloud/talent/v4/event_service.proto"},
    ],
)
def test_reflection_gives_a_file_and_all_that_it_imports(question: dict[str, str]) -> None:
    response = ask(**question)
    packed = response.file_descriptor_response.file_descriptor_proto
    files = [FileDescriptorProto.FromString(file) for file in packed]
    names = [file.name for file in files]
    assert names[0] == "google/cloud/talent/v4/event_service.proto"
    assert len(names) == len(set(names))
    assert {name for file in files for name in file.dependency} <= set(names)


def test_reflection_knows_extensions() -> None:
    # google.api.http extends MethodOptions as number 72295728.
    extension = {
        "containing_type": "google.protobuf.MethodOptions",
        "extension_number": 72_295_728,
    }
    response = ask(file_containing_extension=extension)
    packed = response.file_descriptor_response.file_descriptor_proto
    assert FileDescriptorProto.FromString(packed[0]).name == "google/api/annotations.proto"
    response = ask(all_extension_numbers_of_type="google.protobuf.MethodOptions")
    numbers = response.all_extension_numbers_response.extension_number
    assert 72_295_728 in numbers


@pytest.mark.parametrize(
    "question",
    [
        {"file_containing_symbol": "x.Y"},
        {"file_by_filename": "x.proto"},
        {"all_extension_numbers_of_type": "x.Y"},
        {"file_containing_extension": {"containing_type": "x.Y", "extension_number": 1}},
        {
            "file_containing_extension": {
                "containing_type": "google.protobuf.MethodOptions",
                "extension_number": 1,
            }
        },
    ],
)
def test_reflection_says_what_it_does_not_know(question: dict[str, object]) -> None:
    response = ask(**question)
    assert response.error_response.error_code == Code.NOT_FOUND


def test_reflection_without_a_question_is_an_invalid_argument() -> None:
    assert ask().error_response.error_code == Code.INVALID_ARGUMENT
