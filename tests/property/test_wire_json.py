"""JSON: what is read is what was said, by the quick reading, the careful one and protobuf's own."""

from __future__ import annotations

import json
from typing import Any

from google.protobuf import json_format
from hypothesis import given, settings
from hypothesis import strategies as st

from jobtrail.errors import Rejected
from jobtrail.events import Draft
from jobtrail.wire.careful_json import read_carefully
from jobtrail.wire.decode import Decoded, decode_grpc, decode_rest
from jobtrail.wire.encode import encode_rest
from jobtrail.wire.messages import ClientEvent, CreateClientEventRequest
from jobtrail.wire.query import ResponseStyle
from jobtrail.wire.quick_json import read_quickly
from tests.property.wire_bodies import COMPLETE, TENANT, client_events, json_texts

ODD_TEXTS = st.one_of(COMPLETE, client_events()).flatmap(lambda e: json_texts(e, odd=True))
VERSIONS = st.sampled_from(["v4", "v4beta1"])


def draft_of(event: Any) -> Draft:
    """Decode protobuf's message with our gRPC decoder, which never sees JSON."""
    request = CreateClientEventRequest["v4"](parent=TENANT, client_event=event)
    decoded = decode_grpc("v4", request.SerializeToString())
    assert isinstance(decoded, Decoded)
    return decoded.draft


@settings(max_examples=400)
@given(ODD_TEXTS)
def test_what_we_accept_means_what_protobuf_says_it_means(text: str) -> None:
    decoded = decode_rest("v4", text.encode(), parent=TENANT)
    if isinstance(decoded, Decoded):
        assert decoded.draft == draft_of(json_format.Parse(text, ClientEvent["v4"]()))


@given(client_events().flatmap(json_texts))
def test_every_well_typed_event_is_accepted(text: str) -> None:
    decoded = decode_rest("v4", text.encode(), parent=TENANT)
    try:
        expected = draft_of(json_format.Parse(text, ClientEvent["v4"]()))
    except json_format.ParseError:
        # Only an offset that leads out of the years 1 to 9999 is left to be wrong.
        assert isinstance(decoded, Rejected)
        assert decoded.fields == ("client_event.create_time",)
    else:
        assert isinstance(decoded, Decoded)
        assert decoded.draft == expected


@settings(max_examples=400)
@given(ODD_TEXTS, VERSIONS, st.booleans())
def test_the_quick_reading_never_differs_from_the_careful_one(
    text: str, version: str, is_wrapped: bool
) -> None:
    body = (f'{{"clientEvent":{text}}}' if is_wrapped else text).encode()
    quick = read_quickly(version, body)
    if quick is not None:
        assert quick == read_carefully(version, body, parent=TENANT)


@given(COMPLETE, VERSIONS)
def test_an_ordinary_body_is_read_quickly(event: dict[str, Any], version: str) -> None:
    # Optional fields that are sent empty, and marks written by number, are for the careful reading.
    event = {key: value for key, value in event.items() if value != "" or key == "eventId"}
    body = json.dumps(event if version == "v4" else {"clientEvent": event}, ensure_ascii=False)
    careful = read_carefully(version, body.encode(), parent=TENANT)
    if isinstance(careful, Draft) and "u0022" not in body:
        assert read_quickly(version, body.encode()) == careful


@given(ODD_TEXTS, st.data())
def test_a_damaged_body_is_read_or_refused_but_never_raises(text: str, data: st.DataObject) -> None:
    body = bytearray(text.encode())
    for _ in range(data.draw(st.integers(1, 3))):
        at = data.draw(st.integers(0, len(body)))
        body[at : at + data.draw(st.integers(0, 2))] = data.draw(st.binary(max_size=2))
    for version in ("v4", "v4beta1"):
        quick = read_quickly(version, bytes(body))
        careful = read_carefully(version, bytes(body), parent=TENANT)
        assert isinstance(careful, Draft | Rejected)
        assert quick is None or quick == careful


@given(st.binary(max_size=60))
def test_garbage_is_read_or_refused_but_never_raises(body: bytes) -> None:
    for version in ("v4", "v4beta1"):
        assert isinstance(decode_rest(version, body, parent=TENANT), Decoded | Rejected)


@given(client_events(), st.booleans(), st.booleans())
def test_the_answer_is_protobufs_json_and_reads_back_as_the_same_event(
    event: dict[str, Any], enums_as_ints: bool, pretty: bool
) -> None:
    decoded = decode_rest("v4", json.dumps(event).encode(), parent=TENANT)
    if isinstance(decoded, Rejected):
        return
    answer = encode_rest(decoded.draft, ResponseStyle(enums_as_ints, pretty))
    message = json_format.Parse(json.dumps(event), ClientEvent["v4"]())
    expected = json_format.MessageToDict(message, use_integers_for_enums=enums_as_ints)
    assert json.loads(answer) == expected
    again = decode_rest("v4", answer, parent=TENANT)
    assert isinstance(again, Decoded)
    assert again.draft == decoded.draft
