"""Errors: the trailers fit whatever the texts are, and both transports say the same."""

from __future__ import annotations

import base64
import json
from typing import Any

from google.protobuf import json_format
from google.rpc import error_details_pb2
from google.rpc.status_pb2 import Status as StatusMessage
from hypothesis import given
from hypothesis import strategies as st

from jobtrail.errors import Code, Failure, QueueFull, Reason, Rejected
from jobtrail.wire.status import (
    HTTP_STATUS,
    Outcome,
    Status,
    grpc_trailers,
    http_status_of,
    percent_decode,
    percent_encode,
    rest_error,
)

# Surrogates and characters of four bytes included; the factor makes texts of tens of kilobytes.
TEXTS = st.builds(
    lambda text, times: text * times,
    st.text(st.characters(), max_size=40),
    st.sampled_from([1, 1, 30, 2_000]),
)
FAILURES = [QueueFull, *Failure.__subclasses__()]
OUTCOMES: st.SearchStrategy[Outcome] = st.one_of(
    st.builds(Rejected, st.sampled_from(Reason), TEXTS, st.lists(TEXTS, max_size=40).map(tuple)),
    st.builds(lambda kind, text: kind(text), st.sampled_from(FAILURES), TEXTS),
    st.builds(Status, st.sampled_from(sorted(set(Code) - {Code.OK})), TEXTS),
)


def status_of(trailers: list[tuple[bytes, bytes]]) -> StatusMessage:
    packed = dict(trailers)[b"grpc-status-details-bin"]
    return StatusMessage.FromString(base64.b64decode(packed + b"=" * (-len(packed) % 4)))


def details_of(status: StatusMessage) -> list[dict[str, Any]]:
    found = []
    for packed in status.details:
        name = packed.type_url.rpartition(".")[2]
        detail = getattr(error_details_pb2, name)()
        assert packed.Unpack(detail)
        found.append({"@type": packed.type_url} | json_format.MessageToDict(detail))
    return found


@given(OUTCOMES)
def test_trailers_stay_below_eight_kib_and_agree_with_each_other(outcome: Outcome) -> None:
    trailers = grpc_trailers(outcome)
    # HTTP/2 counts 32 bytes for each header beside its name and value.
    assert sum(len(name) + len(value) + 32 for name, value in trailers) < 8_192
    status = status_of(trailers)
    values = dict(trailers)
    assert int(values[b"grpc-status"]) == status.code == outcome.code
    message = values[b"grpc-message"]
    assert all(0x20 <= byte < 0x7F for byte in message)
    # HTTP drops blanks around a value, and the client compares what is left.
    assert percent_decode(message.strip()) == status.message


@given(OUTCOMES)
def test_rest_and_grpc_give_the_same_code_message_and_details(outcome: Outcome) -> None:
    status = status_of(grpc_trailers(outcome))
    error = rest_error(outcome)
    body = json.loads(error.body)["error"]
    assert body["code"] == error.http_status == http_status_of(outcome)
    assert body["status"] == outcome.code.name
    assert body["message"] == status.message
    assert body["details"] == details_of(status)


@given(st.text())
def test_percent_encoding_reads_back(text: str) -> None:
    assert percent_decode(percent_encode(text)) == text


def test_every_code_has_an_http_status() -> None:
    assert set(HTTP_STATUS) == set(Code)
