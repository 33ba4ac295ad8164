"""JSON bodies, case by case: what protobuf's JSON form allows, and how all else is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from jobtrail.errors import Reason, Rejected
from jobtrail.events import Draft
from jobtrail.wire.decode import Decoded, decode_rest
from jobtrail.wire.encode import encode_rest
from jobtrail.wire.query import ResponseStyle
from jobtrail.wire.timestamps import format_timestamp, parse_timestamp

PARENT = "projects/p/tenants/t"
EVENT: dict[str, Any] = {
    "requestId": "8d2bdd5d-1361-42a5-a0fd-bd2b58b7d8fb:APAb7ISd4Sc5faibw2V5hTU/OoC2WAW5AA==",
    "eventId": "e1",
    "createTime": "2026-01-31T12:00:00.5Z",
    "jobEvent": {"type": "VIEW", "jobs": ["projects/p/tenants/t/jobs/1"]},
    "eventNotes": "seen",
}
DRAFT = Draft(
    event_id="e1",
    request_id=EVENT["requestId"],
    create_time=(1_769_860_800, 500_000_000),
    has_job_event=True,
    type=2,
    jobs=("projects/p/tenants/t/jobs/1",),
    event_notes="seen",
)


def decode(body: str | bytes | dict[str, Any], version: str = "v4") -> Decoded | Rejected:
    if isinstance(body, dict):
        body = json.dumps(body)
    if isinstance(body, str):
        body = body.encode()
    return decode_rest(version, body, parent=PARENT)


def read(body: str | bytes | dict[str, Any], version: str = "v4") -> Draft:
    decoded = decode(body, version)
    assert isinstance(decoded, Decoded), decoded
    assert decoded.parent == PARENT
    return decoded.draft


def refuse(body: str | bytes | dict[str, Any], version: str = "v4") -> Rejected:
    rejected = decode(body, version)
    assert isinstance(rejected, Rejected), rejected
    return rejected


def job_event(**changes: Any) -> dict[str, Any]:
    return EVENT | {"jobEvent": EVENT["jobEvent"] | changes}


# -- what is read ---------------------------------------------------------------------------


def test_the_body_of_v4_is_the_bare_event() -> None:
    assert read(EVENT) == DRAFT


def test_the_body_of_v4beta1_is_wrapped() -> None:
    assert read({"clientEvent": EVENT}, "v4beta1") == DRAFT
    assert read({"client_event": EVENT}, "v4beta1") == DRAFT


def test_v4beta1_has_a_profile() -> None:
    body = {"clientEvent": job_event(profile="projects/p/tenants/t/profiles/1")}
    assert read(body, "v4beta1").profile == "projects/p/tenants/t/profiles/1"
    assert refuse(job_event(profile="x")).reason is Reason.FIELD_UNKNOWN


def test_keys_may_be_snake_case() -> None:
    body = {
        "request_id": EVENT["requestId"],
        "event_id": "e1",
        "create_time": EVENT["createTime"],
        "job_event": EVENT["jobEvent"],
        "event_notes": "seen",
    }
    assert read(body) == DRAFT


def test_keys_may_be_escaped() -> None:
    assert read(json.dumps(EVENT).replace("eventId", "event\\u0049d")) == DRAFT


@pytest.mark.parametrize(
    ("value", "number"),
    [("VIEW", 2), (2, 2), ("2", 2), (2.0, 2), (0, 0), ("HIRED", 13), (None, 0), (99, 99),
     (-1, -1), (16, 16), ("99", 99)],
)  # fmt: skip
def test_an_enum_is_a_name_a_number_or_a_number_in_a_string(value: object, number: int) -> None:
    assert read(job_event(type=value)).type == number


def test_null_means_not_set() -> None:
    assert read(dict.fromkeys(EVENT)) == Draft()
    assert read(job_event(type=None, jobs=None)).jobs == ()
    assert read({"clientEvent": dict.fromkeys(EVENT)}, "v4beta1") == Draft()


def test_an_empty_event_is_an_event_that_lacks_everything() -> None:
    assert read("{}") == Draft()
    assert read(' {\n"jobEvent":{}} ') == Draft(has_job_event=True)


@pytest.mark.parametrize(
    ("text", "escaped"),
    [
        ('say "hi"', r"say \"hi\""),
        ("é東😀", r"\u00e9\u6771\ud83d\ude00"),
        ("a\\b/c\n", r"a\\b\/c\n"),
        ('"', r"\u0022"),
        ('{"eventId":"x"}', r"{\"eventId\":\"x\"}"),
        ("\0", r"\u0000"),
    ],
)
def test_texts_are_read_whatever_way_they_are_escaped(text: str, escaped: str) -> None:
    body = json.dumps(EVENT).replace('"seen"', f'"{escaped}"')
    assert read(body).event_notes == text
    assert read(EVENT | {"eventNotes": text}).event_notes == text


@pytest.mark.parametrize(
    ("text", "seconds", "nanos"),
    [
        ("1970-01-01T00:00:00Z", 0, 0),
        ("2026-01-31T12:00:00Z", 1_769_860_800, 0),
        ("2026-01-31T12:00:00.1Z", 1_769_860_800, 100_000_000),
        ("2026-01-31T12:00:00.123456789Z", 1_769_860_800, 123_456_789),
        ("2026-01-31T21:00:00+09:00", 1_769_860_800, 0),
        ("2026-01-31T08:30:00.000000001-03:30", 1_769_860_800, 1),
        ("0001-01-01T00:00:00Z", -62_135_596_800, 0),
        ("9999-12-31T23:59:59.999999999Z", 253_402_300_799, 999_999_999),
        ("1969-12-31T23:59:59.25Z", -1, 250_000_000),
    ],
)
def test_a_timestamp_is_read_to_the_nanosecond(text: str, seconds: int, nanos: int) -> None:
    assert read(EVENT | {"createTime": text}).create_time == (seconds, nanos)


# -- what is refused ------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "2026-01-31",
        "2026-01-31T12:00:00",
        "2026-01-31t12:00:00Z",
        "2026-01-31T12:00:00z",
        "2026-01-31 12:00:00Z",
        "2026-01-31T12:00Z",
        "2026-01-31T12:00:00.Z",
        "2026-01-31T12:00:00.1234567890Z",
        "2026-01-31T12:00:00,5Z",
        "2026-01-31T12:00:00+0900",
        "2026-01-31T12:00:00+24:00",
        "2026-01-31T12:00:00+09:60",
        "2026-01-31T12:00:60Z",
        "2026-01-31T24:00:00Z",
        "2026-02-29T12:00:00Z",
        "2026-13-01T12:00:00Z",
        "0000-01-01T00:00:00Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "2026-1-31T12:00:00Z",
        "\uff12026-01-31T12:00:00Z",
        "2026-01-31T12:00:00Z\n",
        "1769860800",
    ],
)
def test_a_timestamp_that_is_none_is_refused(text: str) -> None:
    assert parse_timestamp(text) is None
    rejected = refuse(EVENT | {"createTime": text})
    assert rejected.reason is Reason.CREATE_TIME_INVALID
    assert rejected.fields == ("client_event.create_time",)


@pytest.mark.parametrize("value", [2.5, "2.5", "VIEWED", "view", "", " 2", "+2", "2_0", 1e300,
                                   2**31, -(2**31) - 1, "99999999999"])  # fmt: skip
def test_a_type_that_cannot_be_one_is_refused(value: object) -> None:
    rejected = refuse(job_event(type=value))
    assert rejected.reason is Reason.TYPE_UNKNOWN
    assert rejected.fields == ("client_event.job_event.type",)


@pytest.mark.parametrize("number", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_refused(number: str) -> None:
    body = json.dumps(EVENT).replace('"VIEW"', number)
    assert refuse(body).fields == ("client_event.job_event.type",)


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (EVENT | {"eventId": 5}, "client_event.event_id"),
        (EVENT | {"eventNotes": ["a"]}, "client_event.event_notes"),
        (EVENT | {"requestId": {}}, "client_event.request_id"),
        (EVENT | {"createTime": 1769860800}, "client_event.create_time"),
        (EVENT | {"jobEvent": []}, "client_event.job_event"),
        (EVENT | {"jobEvent": "VIEW"}, "client_event.job_event"),
        (job_event(type=True), "client_event.job_event.type"),
        (job_event(type=[2]), "client_event.job_event.type"),
        (job_event(jobs="a"), "client_event.job_event.jobs"),
        (job_event(jobs={"a": 1}), "client_event.job_event.jobs"),
        (job_event(jobs=["a", None]), "client_event.job_event.jobs[1]"),
        (job_event(jobs=[["a"]]), "client_event.job_event.jobs[0]"),
    ],
)
def test_a_value_of_another_type_is_refused_by_its_field(body: dict[str, Any], field: str) -> None:
    rejected = refuse(body)
    assert rejected.reason is Reason.BODY_UNREADABLE
    assert rejected.fields == (field,)
    assert rejected.message.startswith(field)


@pytest.mark.parametrize(
    ("body", "version", "message", "fields"),
    [
        (
            EVENT | {"colour": "red"},
            "v4",
            (
                "Invalid JSON payload received. Unknown name \"colour\" at 'client_event':"
                " Cannot find field."
            ),
            ("client_event",),
        ),
        (
            job_event(type_="VIEW"),
            "v4",
            (
                "Invalid JSON payload received. Unknown name \"type_\" at 'client_event.job_event':"
                " Cannot find field."
            ),
            ("client_event.job_event",),
        ),
        (
            {"clientEvent": EVENT},
            "v4",
            (
                "Invalid JSON payload received. Unknown name \"clientEvent\" at 'client_event':"
                " Cannot find field. In v4 the body is the ClientEvent itself: send what is inside"
                " clientEvent."
            ),
            ("client_event",),
        ),
        (
            {"clientEvent": EVENT, "colour": "red"},
            "v4beta1",
            'Invalid JSON payload received. Unknown name "colour": Cannot find field.',
            (),
        ),
        (
            EVENT,
            "v4beta1",
            (
                'Invalid JSON payload received. Unknown name "requestId": Cannot find field.'
                ' In v4beta1 the body is {"clientEvent": {...}}: wrap the event.'
            ),
            (),
        ),
    ],
)
def test_an_unknown_key_is_refused_in_googles_words(
    body: dict[str, Any], version: str, message: str, fields: tuple[str, ...]
) -> None:
    assert refuse(body, version) == Rejected(Reason.FIELD_UNKNOWN, message, fields)


def test_only_the_beginning_of_an_unknown_key_is_repeated() -> None:
    message = refuse(EVENT | {"k" * 5_000: 1}).message
    assert "k" * 50 in message
    assert "k" * 70 not in message


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ('{"eventId":"a","eventId":"b"}', "client_event.event_id"),
        ('{"eventId":"a","eventId":"a"}', "client_event.event_id"),
        ('{"eventId":"a","event_id":"a"}', "client_event.event_id"),
        ('{"eventId":null,"eventId":"a"}', "client_event.event_id"),
        ('{"jobEvent":{},"jobEvent":{}}', "client_event.job_event"),
        ('{"jobEvent":{"jobs":[],"jobs":["a"]}}', "client_event.job_event.jobs"),
    ],
)
def test_a_key_that_comes_twice_is_refused(body: str, field: str) -> None:
    rejected = refuse(body)
    assert rejected.reason is Reason.BODY_UNREADABLE
    assert rejected.message.startswith(f"{field} is there twice")


@pytest.mark.parametrize(
    "again",
    [
        '"eventNotes":"seen"',
        '"eventNotes":""',
        '"jobEvent":{"type":2,"jobs":[]}',
        '"event\\u0049d":"\\"\\""',
        '"createTime":"2026-01-31T12:00:00Z"',
    ],
)
def test_a_second_key_in_a_complete_event_is_never_overlooked(again: str) -> None:
    complete = json.dumps(EVENT)
    assert refuse(f"{{{again},{complete[1:]}").reason is Reason.BODY_UNREADABLE
    assert refuse(f"{complete[:-1]},{again}}}").reason is Reason.BODY_UNREADABLE


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"", "not JSON"),
        (b"   ", "not JSON"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"[]", "not an object"),
        (b"[{}]", "not an object"),
        (b"null", "not an object"),
        (b'"a"', "not an object"),
        (b"1", "not an object"),
        (b"{}{}", "not JSON"),
        (b"{'eventId':'a'}", "not JSON"),
        (b'{"eventId":"a",}', "not JSON"),
        (b'{"eventId":"a\tb"}', "not JSON"),
        (b'{"eventId":"a', "not JSON"),
        (b"\xff\xfe{\x00}\x00", "not valid UTF-8"),
        (b'{"eventId":"\xff"}', "not valid UTF-8"),
        (b'{"eventId":"\xed\xa0\x80"}', "not valid UTF-8"),
        (b'{"x":' + b"9" * 5_000 + b"}", "too many digits"),
    ],
)
@pytest.mark.parametrize("version", ["v4", "v4beta1"])
def test_a_body_that_is_no_json_object_is_refused(body: bytes, why: str, version: str) -> None:
    rejected = refuse(body, version)
    assert rejected.reason is Reason.BODY_UNREADABLE
    assert why in rejected.message


@pytest.mark.parametrize("opening", ["[", '{"a":', '{"jobEvent":{"jobs":[', '{"clientEvent":'])
@pytest.mark.parametrize("version", ["v4", "v4beta1"])
def test_a_body_a_hundred_thousand_levels_deep_is_refused(opening: str, version: str) -> None:
    assert refuse(opening * 100_000, version).reason is Reason.BODY_UNREADABLE
    closed = opening * 100_000 + "1" + {"[": "]", "{": "}"}[opening[0]] * 100_000
    assert refuse(closed, version).reason is Reason.BODY_UNREADABLE
    assert read(EVENT) == DRAFT


@pytest.mark.parametrize("text", [r"\ud800", r"\udc00 and more", r"\udc00\ud800"])
def test_an_unpaired_surrogate_is_refused_by_its_field(text: str) -> None:
    body = json.dumps(EVENT).replace("seen", text)
    assert refuse(body).reason is Reason.TEXT_UNSTORABLE
    assert refuse(body).fields == ("client_event.event_notes",)
    in_job = json.dumps(EVENT).replace("jobs/1", text)
    assert refuse(in_job).fields == ("client_event.job_event.jobs[0]",)
    assert refuse(f'{{"{text}":1}}').reason is Reason.FIELD_UNKNOWN


@pytest.mark.parametrize("body", ["{}", '{"clientEvent":null}', f'{{"parent":"{PARENT}"}}'])
def test_a_wrapped_body_without_an_event_is_refused(body: str) -> None:
    assert refuse(body, "v4beta1").reason is Reason.EVENT_MISSING


def test_a_wrapped_body_may_repeat_the_parent_but_not_contradict_it() -> None:
    assert read({"parent": PARENT, "clientEvent": EVENT}, "v4beta1") == DRAFT
    assert read({"parent": None, "clientEvent": EVENT}, "v4beta1") == DRAFT
    other = {"parent": "projects/q/tenants/t", "clientEvent": EVENT}
    assert refuse(other, "v4beta1").reason is Reason.PARENT_MALFORMED
    assert refuse({"parent": 1, "clientEvent": EVENT}, "v4beta1").fields == ("parent",)


def test_no_refusal_repeats_what_was_sent() -> None:
    secret = "s3cret"
    for body in (
        EVENT | {"createTime": secret},
        EVENT | {"eventId": [secret]},
        EVENT | {"eventNotes": f"{secret}\ud800"},
        job_event(type=secret),
        f'{{"eventId":"{secret}",}}',
    ):
        assert secret not in refuse(body).message


# -- the answer -----------------------------------------------------------------------------


def test_the_answer_is_camel_case_without_nulls_or_defaults() -> None:
    assert json.loads(encode_rest(DRAFT)) == EVENT | {"createTime": "2026-01-31T12:00:00.500Z"}
    assert encode_rest(Draft()) == b"{}"
    assert encode_rest(Draft(has_job_event=True)) == b'{"jobEvent":{}}'


def test_the_answer_has_the_type_as_a_number_when_asked() -> None:
    answer = json.loads(encode_rest(DRAFT, ResponseStyle(enums_as_ints=True)))
    assert answer["jobEvent"]["type"] == 2


def test_the_answer_is_indented_when_asked() -> None:
    answer = encode_rest(DRAFT, ResponseStyle(pretty=True))
    assert b'\n  "eventId": "e1"' in answer
    assert json.loads(answer) == json.loads(encode_rest(DRAFT))


@pytest.mark.parametrize(
    ("seconds", "nanos", "text"),
    [
        (0, 0, "1970-01-01T00:00:00Z"),
        (-1, 5_000_000, "1969-12-31T23:59:59.005Z"),
        (1_769_860_800, 120_000, "2026-01-31T12:00:00.000120Z"),
        (1_769_860_800, 1, "2026-01-31T12:00:00.000000001Z"),
        (-62_135_596_800, 0, "0001-01-01T00:00:00Z"),
        (253_402_300_799, 999_999_999, "9999-12-31T23:59:59.999999999Z"),
    ],
)
def test_a_timestamp_is_written_with_three_six_or_nine_digits(
    seconds: int, nanos: int, text: str
) -> None:
    assert format_timestamp(seconds, nanos) == text
