"""Which call a REST path is, and the resource name in it.

A path is split at its slashes first and each segment is percent-decoded after, so that an encoded
slash cannot end a segment: ``t%2Fjobs%2F1`` is refused, not read as another resource.
"""

from __future__ import annotations

from typing import Literal
from urllib.parse import unquote_to_bytes

import msgspec

from jobtrail.errors import Reason, Rejected
from jobtrail.wire.messages import VERSIONS


class RestCall(msgspec.Struct, frozen=True):
    """One call of the published REST contract."""

    version: str
    method: Literal["create_client_event", "get_operation"]
    name: str
    """The parent of an event, which admission judges, or the operation's name."""


def parse_path(raw_path: bytes) -> RestCall | Rejected | None:
    """Read a path as received, without its query.

    Returns:
        The call; ``None`` when the contract has no such path; or PARENT_MALFORMED when a segment
        does not decode to UTF-8 or decodes to text with a slash in it.
    """
    version, *segments = raw_path.removeprefix(b"/").split(b"/")
    if version.decode("latin-1") not in VERSIONS or len(segments) < 2:
        return None
    decoded = [_decode_segment(segment) for segment in segments]
    is_event = decoded[-1] == "clientEvents"
    is_operation = decoded[-2] == "operations" and decoded[0] == "projects" and len(decoded) == 4
    if not is_event and not is_operation:
        return None
    names = [segment for segment in decoded if segment is not None]
    if len(names) < len(decoded):
        return Rejected(
            Reason.PARENT_MALFORMED,
            "parent has a segment that is not percent-encoded UTF-8 or has a slash in it:"
            " name tenants as projects/{project}/tenants/{tenant}, without slashes in either id",
            ("parent",),
        )
    if is_event:
        return RestCall(version.decode(), "create_client_event", "/".join(names[:-1]))
    return RestCall(version.decode(), "get_operation", "/".join(names))


def _decode_segment(segment: bytes) -> str | None:
    try:
        text = unquote_to_bytes(segment).decode()
    except UnicodeDecodeError:
        return None
    return None if "/" in text else text
