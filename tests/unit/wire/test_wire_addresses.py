"""Paths and queries: which call it is, about which resource, and how the answer is written."""

from __future__ import annotations

import pytest

from jobtrail.errors import Reason, Rejected
from jobtrail.names import is_tenant
from jobtrail.wire.paths import RestCall, parse_path
from jobtrail.wire.query import ResponseStyle, parse_query


@pytest.mark.parametrize(
    ("path", "version", "parent"),
    [
        (b"/v4/projects/p/tenants/t/clientEvents", "v4", "projects/p/tenants/t"),
        (b"/v4beta1/projects/p/tenants/t/clientEvents", "v4beta1", "projects/p/tenants/t"),
        (b"/v4beta1/projects/p/clientEvents", "v4beta1", "projects/p"),
        (b"/v4/projects/p%201/tenants/t%231/clientEvents", "v4", "projects/p 1/tenants/t#1"),
        (b"/v4/projects/p/tenants/t%252F1/clientEvents", "v4", "projects/p/tenants/t%2F1"),
        (b"/v4/projects/p/tenants/%C3%A9%E6%9D%B1/clientEvents", "v4", "projects/p/tenants/é東"),
        ("/v4/projects/p/tenants/é/clientEvents".encode(), "v4", "projects/p/tenants/é"),
        (b"/v4/projects/p/tenants/t/%63lientEvents", "v4", "projects/p/tenants/t"),
        (b"/v4/projects/p/tenants/a+b:c/clientEvents", "v4", "projects/p/tenants/a+b:c"),
        (b"/v4/projects/p/tenants/100%/clientEvents", "v4", "projects/p/tenants/100%"),
    ],
)
def test_an_events_parent_is_decoded_by_segment(path: bytes, version: str, parent: str) -> None:
    assert parse_path(path) == RestCall(version, "create_client_event", parent)


@pytest.mark.parametrize(
    "path",
    [
        b"/v4/projects/p/tenants/t%2Fjobs%2F1/clientEvents",
        b"/v4/projects/p%2ftenants%2ft/clientEvents",
        b"/v4/projects/p/tenants/%FF/clientEvents",
        b"/v4/projects/p/tenants/\xff/clientEvents",
        b"/v4/projects/p/tenants/%ED%A0%80/clientEvents",
    ],
)
def test_a_segment_cannot_forge_another_name(path: bytes) -> None:
    rejected = parse_path(path)
    assert isinstance(rejected, Rejected)
    assert (rejected.reason, rejected.fields) == (Reason.PARENT_MALFORMED, ("parent",))


@pytest.mark.parametrize(
    "path",
    [
        b"/v4/clientEvents/clientEvents",
        b"/v4/projects//tenants/t/clientEvents",
        b"/v4/projects/p/clientEvents",
        b"/v4/projects/p/tenants/t/extra/clientEvents",
        b"/v4/projects/p/tenants/%00/clientEvents",
        b"/v4/projects/p/tenants/%2E%2E/clientEvents",
        b"/v4/projects/p/tenants/" + b"t" * 129 + b"/clientEvents",
    ],
)
def test_a_malformed_parent_is_passed_on_for_admission_to_refuse(path: bytes) -> None:
    call = parse_path(path)
    assert isinstance(call, RestCall)
    assert not is_tenant(call.name)


def test_an_operation_is_recognised() -> None:
    name = "projects/p/operations/o 1"
    assert parse_path(b"/v4/projects/p/operations/o%201") == RestCall("v4", "get_operation", name)


@pytest.mark.parametrize(
    "path",
    [
        b"/",
        b"",
        b"/v4",
        b"/v4/",
        b"/v4/clientEvents",
        b"/v3/projects/p/clientEvents",
        b"/v4/projects/p/tenants/t/jobs",
        b"/v4/projects/p/tenants/t/clientEvents/",
        b"/v4/projects/p/tenants/t/clientEvents:batch",
        b"/v4/operations/o",
        b"/\xff/x/y",
    ],
)
def test_other_paths_are_none_of_the_contract(path: bytes) -> None:
    assert parse_path(path) is None


@pytest.mark.parametrize(
    "query",
    [
        b"%24alt=json%3Benum-encoding%3Dint",
        b"$alt=json;enum-encoding=int",
        b"alt=json;enum-encoding=int",
        b"key=K&%24alt=json%3Benum-encoding%3Dint&alt=json",
    ],
)
def test_both_spellings_ask_for_numbers(query: bytes) -> None:
    assert parse_query(query) == ResponseStyle(enums_as_ints=True)


@pytest.mark.parametrize("query", [b"prettyPrint=true", b"$prettyPrint=1", b"%24prettyPrint=True"])
def test_an_indented_answer_can_be_asked_for(query: bytes) -> None:
    assert parse_query(query) == ResponseStyle(pretty=True)


@pytest.mark.parametrize(
    "query",
    [
        b"",
        b"alt=json",
        b"alt=media",
        b"alt=proto",
        b"$prettyPrint=0&prettyPrint=false",
        b"fields=eventId&key=K&access_token=T&quotaUser=q&callback=f&$.xgafv=2",
        b"uploadType=media&upload_protocol=raw&oauth_token=T&unheardOf=1",
        b"&&==%zz%FF\xff;",
        b"key=" + b"k" * 10_000,
    ],
)
def test_common_parameters_and_nonsense_are_tolerated(query: bytes) -> None:
    assert parse_query(query) == ResponseStyle()
