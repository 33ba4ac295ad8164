"""What a request may say: parameters, page tokens, paths."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.requests import Request

from jobtrail.engine.page_tokens import decode_token, encode_token
from jobtrail.engine.parameters import one_of, parameters_of, whole_number
from jobtrail.engine.paths import tenant_of
from jobtrail.engine.refusals import InvalidRequest


def request(query: bytes = b"", **path_params: str) -> Request:
    return Request(
        {
            "type": "http",
            "method": "GET",
            "path": "/",
            "headers": [],
            "query_string": query,
            "path_params": path_params,
        }
    )


def test_parameters_are_read_by_name_and_empty_ones_count_as_not_given() -> None:
    assert parameters_of(request(b"a=1&b="), known=("a", "b")) == {"a": "1"}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        (b"pagesize=3", "pagesize"),
        (b"a=1&a=2", "a"),
        (b"a=%00", "a"),
        (b"a=" + b"x" * 2_001, "a"),
    ],
)
def test_a_parameter_that_is_unknown_or_unusable_is_refused_by_name(
    query: bytes, field: str
) -> None:
    with pytest.raises(InvalidRequest) as refused:
        parameters_of(request(query), known=("a",))
    assert refused.value.field == field


@pytest.mark.parametrize("text", ["0", "11", "-1", "+5", "1_0", "5.0", "\u0665", "", "9" * 30, "x"])
def test_what_is_no_whole_number_in_bounds_is_refused(text: str) -> None:
    with pytest.raises(InvalidRequest, match="from 1 to 10"):
        whole_number({"n": text}, "n", default=5, least=1, most=10)


def test_a_whole_number_has_a_default_and_includes_its_bounds() -> None:
    assert whole_number({}, "n", default=5, least=1, most=10) == 5
    assert whole_number({"n": "1"}, "n", default=5, least=1, most=10) == 1
    assert whole_number({"n": "10"}, "n", default=5, least=1, most=10) == 10


def test_a_choice_defaults_to_the_first_and_names_all_when_it_is_none() -> None:
    assert one_of({}, "order", ("asc", "desc")) == "asc"
    assert one_of({"order": "desc"}, "order", ("asc", "desc")) == "desc"
    with pytest.raises(InvalidRequest, match="asc, desc"):
        one_of({"order": "up"}, "order", ("asc", "desc"))


@given(
    st.integers(min_value=0, max_value=2**63 - 1), st.dictionaries(st.text(), st.text(), max_size=4)
)
def test_a_page_token_gives_back_its_position_to_the_same_question(
    position: int, question: dict[str, str]
) -> None:
    token = encode_token(position, question)
    assert decode_token(token, question) == position
    with pytest.raises(InvalidRequest, match="other filters"):
        decode_token(token, {**question, "more": "x"})


@given(st.text(max_size=80))
def test_no_text_that_is_not_a_token_is_taken_for_one(text: str) -> None:
    with pytest.raises(InvalidRequest) as refused:
        decode_token(text, {})
    assert refused.value.field == "pageToken"


def test_a_tenant_is_decoded_segment_by_segment() -> None:
    name = tenant_of(request(project="a%20b%25", tenant="%C3%A9"))
    assert name == "projects/a b%/tenants/é"


@pytest.mark.parametrize("tenant", ["a%2Fb", "a%00", "a%0a", "%ff", "", "%2e%2e", "."])
def test_a_tenant_with_a_slash_a_control_character_dots_alone_or_no_utf8_is_refused(
    tenant: str,
) -> None:
    with pytest.raises(InvalidRequest):
        tenant_of(request(project="p", tenant=tenant))
