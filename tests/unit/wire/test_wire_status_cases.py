"""Errors as clients see them: codes, HTTP statuses, headers and details."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from google.rpc.error_details_pb2 import BadRequest
from google.rpc.status_pb2 import Status as StatusMessage

from jobtrail.errors import (
    REASON_HELP,
    Closing,
    Code,
    DeadlinePassed,
    Failure,
    LogDamaged,
    LogFull,
    LogUnavailable,
    QueueFull,
    Reason,
    Rejected,
)
from jobtrail.wire.status import (
    ERROR_DOMAIN,
    Outcome,
    Status,
    cut,
    grpc_trailers,
    percent_decode,
    percent_encode,
    rest_error,
)


def body_of(outcome: Outcome) -> dict[str, Any]:
    error: dict[str, Any] = json.loads(rest_error(outcome).body)["error"]
    return error


def test_a_refusal_names_reason_field_and_remedy() -> None:
    rejected = Rejected(
        Reason.EVENT_ID_MISSING, "client_event.event_id is missing", ("client_event.event_id",)
    )
    assert body_of(rejected) == {
        "code": 400,
        "message": "client_event.event_id is missing",
        "status": "INVALID_ARGUMENT",
        "details": [
            {
                "@type": "type.googleapis.com/google.rpc.ErrorInfo",
                "reason": "EVENT_ID_MISSING",
                "domain": ERROR_DOMAIN,
                "metadata": {"field": "client_event.event_id"},
            },
            {
                "@type": "type.googleapis.com/google.rpc.BadRequest",
                "fieldViolations": [
                    {
                        "field": "client_event.event_id",
                        "description": "client_event.event_id is missing",
                    }
                ],
            },
        ],
    }


def test_a_body_without_a_field_to_name_has_a_violation_all_the_same() -> None:
    details = body_of(Rejected(Reason.BODY_UNREADABLE, "not JSON"))["details"]
    assert details[1]["fieldViolations"] == [{"description": "not JSON"}]


@pytest.mark.parametrize(
    ("outcome", "http_status", "status", "retry_after"),
    [
        (Rejected(Reason.NOTES_TOO_LONG, "m"), 400, "INVALID_ARGUMENT", None),
        (Rejected(Reason.BODY_TOO_LARGE, "m"), 413, "RESOURCE_EXHAUSTED", None),
        (Rejected(Reason.EVENT_ID_REUSED, "m"), 409, "ALREADY_EXISTS", None),
        (QueueFull("m"), 429, "RESOURCE_EXHAUSTED", b"1"),
        (QueueFull("m", retry_after_ms=1_001), 429, "RESOURCE_EXHAUSTED", b"2"),
        (LogFull("m"), 429, "RESOURCE_EXHAUSTED", b"5"),
        (LogUnavailable("m"), 503, "UNAVAILABLE", b"1"),
        (Closing("m"), 503, "UNAVAILABLE", b"1"),
        (DeadlinePassed("m"), 504, "DEADLINE_EXCEEDED", b"1"),
        (LogDamaged("m"), 500, "DATA_LOSS", None),
        (Status(Code.NOT_FOUND, "m"), 404, "NOT_FOUND", None),
        (Status(Code.UNIMPLEMENTED, "m"), 501, "UNIMPLEMENTED", None),
        (Status(Code.UNIMPLEMENTED, "m", "X", 405), 405, "UNIMPLEMENTED", None),
        (Status(Code.UNAUTHENTICATED, "m"), 401, "UNAUTHENTICATED", None),
    ],
)
def test_each_outcome_has_its_http_status_and_retry_after(
    outcome: Outcome, http_status: int, status: str, retry_after: bytes | None
) -> None:
    error = rest_error(outcome)
    assert (error.http_status, body_of(outcome)["status"]) == (http_status, status)
    headers = dict(error.headers)
    assert headers[b"content-type"] == b"application/json; charset=UTF-8"
    assert headers.get(b"retry-after") == retry_after


def test_a_full_queue_says_which_quota_and_when_to_retry() -> None:
    details = body_of(QueueFull("20,000 events wait for the log", retry_after_ms=1_500))["details"]
    assert [d["@type"].rpartition(".")[2] for d in details] == [
        "ErrorInfo",
        "QuotaFailure",
        "RetryInfo",
    ]
    assert details[0]["reason"] == "QUEUE_FULL"
    assert details[1]["violations"][0]["description"] == "20,000 events wait for the log"
    assert details[2]["retryDelay"] == "1.500s"


def test_a_failure_that_no_retry_can_help_has_no_retry_info() -> None:
    assert [d["reason"] for d in body_of(LogDamaged("m"))["details"]] == ["LOG_DAMAGED"]


def test_an_answer_may_have_a_reason_of_its_own() -> None:
    assert body_of(Status(Code.NOT_FOUND, "m"))["details"][0]["reason"] == "NOT_FOUND"
    assert body_of(Status(Code.NOT_FOUND, "m", "JOB_GONE"))["details"][0]["reason"] == "JOB_GONE"


def test_at_most_twenty_violations_are_named() -> None:
    rejected = Rejected(Reason.JOB_NAME_MALFORMED, "m", tuple(f"f{n}" for n in range(500)))
    violations = body_of(rejected)["details"][1]["fieldViolations"]
    assert [v["field"] for v in violations] == [f"f{n}" for n in range(20)]


def test_violations_give_way_when_texts_are_long() -> None:
    rejected = Rejected(Reason.JOB_NAME_MALFORMED, "m" * 5_000, ("f" * 5_000,) * 20)
    packed = dict(grpc_trailers(rejected))[b"grpc-status-details-bin"]
    status = StatusMessage.FromString(base64.b64decode(packed + b"=="))
    request = BadRequest()
    assert status.details[1].Unpack(request)
    assert 1 <= len(request.field_violations) < 20
    assert len(status.message.encode()) <= 700


def test_texts_are_cut_at_a_character() -> None:
    assert cut("abcdef", 6) == "abcdef"
    assert cut("abcdefg", 6) == "abc…"
    assert cut("é" * 10, 8) == "éé…"
    assert cut("😀" * 10, 10) == "😀…"
    assert cut("a\ud800b", 10) == "a?b"
    assert cut(" a ", 10) == "a"


@pytest.mark.parametrize(
    ("message", "encoded"),
    [
        ("plain, with blanks", b"plain, with blanks"),
        ("100%", b"100%25"),
        ("é", b"%C3%A9"),
        ("a\nb\x7f", b"a%0Ab%7F"),
    ],
)
def test_a_grpc_message_is_percent_encoded(message: str, encoded: bytes) -> None:
    assert percent_encode(message) == encoded
    assert percent_decode(encoded) == message


def test_a_damaged_percent_encoding_is_kept_as_it_is() -> None:
    assert percent_decode(b"100% %zz %C3") == "100% %zz \ufffd"


def test_every_reason_is_explained() -> None:
    assert list(REASON_HELP) == list(Reason)
    for reason_help in REASON_HELP.values():
        for sentence in reason_help:
            assert sentence
            assert not sentence.endswith(".")


def test_every_failure_has_an_answer() -> None:
    kinds = Failure.__subclasses__()
    for kind in kinds:
        body = body_of(kind("what happened"))
        assert body["message"] == "what happened"
        assert body["status"] == kind.code.name
