"""Strategies: client events, and JSON texts that say them in every way JSON allows."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import strategies as st

TENANT = "projects/p1/tenants/t1"

# Quotes, backslashes, braces and colons are what a reader that counts could trip over.
CHARACTERS = st.one_of(
    st.sampled_from('"\\{}[]:,/ud\n\t0aZ'),
    st.characters(exclude_categories=("Cs",)),
)
TEXTS = st.text(CHARACTERS, max_size=12)
NAMES = st.sampled_from(["JOB_EVENT_TYPE_UNSPECIFIED", "IMPRESSION", "VIEW", "HIRED", "SENT_CV"])
TYPES: st.SearchStrategy[Any] = st.one_of(NAMES, st.integers(-2, 20))


@st.composite
def timestamps(draw: st.DrawFn) -> str:
    moment = draw(st.datetimes()).replace(microsecond=0).isoformat()
    fraction = draw(st.one_of(st.just(""), st.from_regex(r"\.[0-9]{1,9}", fullmatch=True)))
    zone = draw(st.one_of(st.just("Z"), st.from_regex(r"[+-][01][0-9]:[0-5][0-9]", fullmatch=True)))
    return moment + fraction + zone


def client_events(types: st.SearchStrategy[Any] = TYPES) -> st.SearchStrategy[dict[str, Any]]:
    """Complete or not, but each field well-typed."""
    return st.fixed_dictionaries(
        {},
        optional={
            "requestId": TEXTS,
            "eventId": TEXTS,
            "createTime": timestamps(),
            "jobEvent": st.fixed_dictionaries(
                {}, optional={"type": types, "jobs": st.lists(TEXTS, max_size=3)}
            ),
            "eventNotes": TEXTS,
        },
    )


COMPLETE = st.fixed_dictionaries(
    {
        "eventId": TEXTS,
        "createTime": timestamps(),
        "jobEvent": st.fixed_dictionaries({"type": TYPES, "jobs": st.lists(TEXTS, max_size=3)}),
    },
    optional={"requestId": TEXTS, "eventNotes": TEXTS},
)

ODD_VALUES: st.SearchStrategy[Any] = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    TEXTS,
    st.lists(TEXTS, max_size=2),
    st.dictionaries(TEXTS, TEXTS, max_size=2),
    st.sampled_from(["2", "02", "+2", " 2", "-1", "99", "2.0", "VIEWS", "view"]),
)
KEYS = st.sampled_from(
    ["requestId", "request_id", "eventId", "event_id", "createTime", "create_time", "jobEvent",
     "job_event", "eventNotes", "event_notes", "type", "type_", "jobs", "profile", "clientEvent",
     "client_event", "parent", "x"]
)  # fmt: skip


@st.composite
def pairs_of(draw: st.DrawFn, value: Any) -> list[tuple[str, Any]]:
    """An object's pairs, now and then with an odd one more: a second key, null, another type."""
    pairs = list(value.items())
    if draw(st.integers(0, 3)) == 0:
        odd = (draw(KEYS), draw(ODD_VALUES))
        pairs.insert(draw(st.integers(0, len(pairs))), odd)
    if pairs and draw(st.integers(0, 5)) == 0:
        again = draw(st.sampled_from(pairs))
        pairs.insert(draw(st.integers(0, len(pairs))), again)
    return pairs


@st.composite
def json_texts(draw: st.DrawFn, value: Any, *, odd: bool = False) -> str:
    """Write *value* with free white space and any escapes; *odd* adds pairs to objects."""
    blank = draw(st.sampled_from(["", "", " ", "\n\t"]))
    if isinstance(value, dict):
        pairs = draw(pairs_of(value)) if odd else list(value.items())
        members = [
            f"{draw(strings(key))}{blank}:{draw(json_texts(item, odd=odd))}" for key, item in pairs
        ]
        return f"{{{blank}{','.join(members)}}}{blank}"
    if isinstance(value, list):
        return f"[{blank}{','.join(draw(json_texts(item, odd=odd)) for item in value)}]"
    if isinstance(value, str):
        return draw(strings(value)) + blank
    return json.dumps(value) + blank


@st.composite
def strings(draw: st.DrawFn, text: str) -> str:
    """Write a text plainly, or with each character escaped in one of the ways that it may be."""
    plain = json.dumps(text, ensure_ascii=draw(st.booleans()))
    if draw(st.integers(0, 3)):
        return plain
    parts = [draw(st.sampled_from(_spellings(character))) for character in text]
    return f'"{"".join(parts)}"'


def _spellings(character: str) -> list[str]:
    units = character.encode("utf-16-be")
    numbers = [units[i : i + 2].hex() for i in range(0, len(units), 2)]
    escaped = "".join(f"\\u{number}" for number in numbers)
    spelled = [json.dumps(character, ensure_ascii=False)[1:-1], escaped, escaped.upper()]
    # Only the u of \u is lower-case for certain.
    spelled[2] = spelled[2].replace("\\U", "\\u")
    return spelled + (["\\/"] if character == "/" else [])
