"""The careful reading of a client event's JSON.

Everything that protobuf's JSON form allows is read, and everything else is refused precisely.

Keys may be camelCase or snake_case, null means not set, an enum is a name, a number or a number
in a string. A key that we do not know, or that comes twice, is refused.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from jobtrail.errors import Reason, Rejected
from jobtrail.events import Draft
from jobtrail.wire.messages import V4
from jobtrail.wire.quick_json import INT32_MAX, INT32_MIN, TYPE_NUMBERS
from jobtrail.wire.status import cut
from jobtrail.wire.timestamps import parse_timestamp


class _Object(tuple[tuple[str, Any], ...]):
    """A JSON object as its pairs, so that a key that comes twice is still there twice."""

    __slots__ = ()


def _both_cases(*names: str) -> dict[str, str]:
    """Map each field's camelCase and snake_case key to its name in the contract."""
    camel = {re.sub(r"_(.)", lambda match: match[1].upper(), name): name for name in names}
    return camel | {name: name for name in names}


_REQUEST_KEYS = _both_cases("parent", "client_event")
_CLIENT_EVENT_KEYS = _both_cases(
    "request_id", "event_id", "create_time", "job_event", "event_notes"
)
_JOB_EVENT_KEYS = {
    "v4": _both_cases("type", "jobs"),
    "v4beta1": _both_cases("type", "jobs", "profile"),
}

_EVENT = "client_event"
_JOB_EVENT = "client_event.job_event"
_UNPAIRED = re.compile("[\ud800-\udfff]")
_NUMBER = re.compile(r"-?[0-9]{1,10}")
# What is repeated of a key that we do not know; the contract's longest key has twelve characters.
_KEY_BYTES_MAX = 64


def read_carefully(version: str, body: bytes, *, parent: str) -> Draft | Rejected:
    """Return the event in *body*, or say what is wrong with it.

    Args:
        version: In v4 the body is the event; in v4beta1 it is the request, less what the path says.
        body: As received, decompressed.
        parent: From the path. A v4beta1 body may repeat it but not contradict it.
    """
    value = _parse(body)
    if isinstance(value, Rejected):
        return value
    reading = _Reading(version)
    if version != V4:
        value = reading.event_of_request(value, parent)
    draft = reading.client_event(value) if reading.refused is None else Draft()
    return reading.refused or draft


def _parse(body: bytes) -> _Object | Rejected:
    try:
        value = json.loads(body.decode(), object_pairs_hook=_Object)
    except UnicodeDecodeError:
        why = "it is not valid UTF-8"
    except json.JSONDecodeError as error:
        why = f"it is not JSON at line {error.lineno}, column {error.colno}"
    except RecursionError:
        why = "it is nested too deeply"
    except ValueError:
        # The only other one: an integer past the interpreter's bound of digits.
        why = "it has a number with too many digits"
    else:
        if isinstance(value, _Object):
            return value
        why = "it is JSON, but not an object"
    return Rejected(Reason.BODY_UNREADABLE, f"The body cannot be read: {why}")


class _Reading:
    """One pass over one body. The first mistake is kept in ``refused``; what is read after it is
    of no use."""

    def __init__(self, version: str) -> None:
        self.version = version
        self.refused: Rejected | None = None

    def event_of_request(self, value: _Object, parent: str) -> Any:
        """Return the value of ``clientEvent`` in a wrapped body."""
        found = self._object(value, "", _REQUEST_KEYS)
        sent = self._text(found, "parent", "parent")
        if sent and sent != parent:
            self._refuse(
                Reason.PARENT_MALFORMED,
                "parent in the body is another one than in the path: leave it out of the body",
                "parent",
            )
        if found.get(_EVENT) is None:
            self._refuse(
                Reason.EVENT_MISSING,
                'client_event is missing: send {"clientEvent": {...}}',
                _EVENT,
            )
        return found.get(_EVENT)

    def client_event(self, value: Any) -> Draft:
        found = self._object(value, _EVENT, _CLIENT_EVENT_KEYS)
        job_event = found.get("job_event")
        inner: Mapping[str, Any] = {}
        if job_event is not None:
            inner = self._object(job_event, _JOB_EVENT, _JOB_EVENT_KEYS[self.version])
        return Draft(
            event_id=self._text(found, "event_id"),
            request_id=self._text(found, "request_id"),
            create_time=self._time(found.get("create_time")),
            has_job_event=job_event is not None,
            type=self._type(inner.get("type")),
            jobs=self._jobs(inner.get("jobs")),
            event_notes=self._text(found, "event_notes"),
            profile=self._text(inner, "profile", f"{_JOB_EVENT}.profile"),
        )

    def _refuse(self, reason: Reason, message: str, *fields: str) -> None:
        if self.refused is None:
            self.refused = Rejected(reason, message, fields)

    def _object(self, value: Any, path: str, keys: Mapping[str, str]) -> dict[str, Any]:
        """Return an object's values by field name, refusing unknown and repeated keys."""
        if not isinstance(value, _Object):
            self._refuse(Reason.BODY_UNREADABLE, f"{path} must be a JSON object", path)
            return {}
        found: dict[str, Any] = {}
        for key, item in value:
            name = keys.get(key)
            if name is None:
                self._refuse_unknown(key, path)
                break
            if name in found:
                field = f"{path}.{name}" if path else name
                self._refuse(
                    Reason.BODY_UNREADABLE, f"{field} is there twice: send each field once", field
                )
                break
            found[name] = item
        return found

    def _refuse_unknown(self, key: str, path: str) -> None:
        """Refuse in Google's wording, and add what a mistaken version would want to hear."""
        place = f" at '{path}'" if path else ""
        message = (
            f'Invalid JSON payload received. Unknown name "{cut(key, _KEY_BYTES_MAX)}"{place}:'
            " Cannot find field."
        )
        if path == _EVENT and self.version == V4 and _REQUEST_KEYS.get(key) == _EVENT:
            message += " In v4 the body is the ClientEvent itself: send what is inside clientEvent."
        elif not path and key in _CLIENT_EVENT_KEYS:
            message += ' In v4beta1 the body is {"clientEvent": {...}}: wrap the event.'
        self._refuse(Reason.FIELD_UNKNOWN, message, *([path] if path else []))

    def _text(self, found: Mapping[str, Any], name: str, path: str = "") -> str:
        value = found.get(name)
        return "" if value is None else self._checked(value, path or f"{_EVENT}.{name}")

    def _checked(self, value: Any, path: str) -> str:
        if not isinstance(value, str):
            self._refuse(Reason.BODY_UNREADABLE, f"{path} must be a JSON string", path)
            return ""
        if _UNPAIRED.search(value):
            self._refuse(
                Reason.TEXT_UNSTORABLE,
                f"{path} has an unpaired surrogate, which UTF-8 has not: send whole characters",
                path,
            )
        return value

    def _time(self, value: Any) -> tuple[int, int] | None:
        if value is None:
            return None
        path = f"{_EVENT}.create_time"
        moment = parse_timestamp(self._checked(value, path))
        if moment is None:
            self._refuse(
                Reason.CREATE_TIME_INVALID,
                f"{path} is not an RFC 3339 timestamp of the years 1 to 9999: send one such as"
                " 2026-01-31T12:00:00.5Z, with Z or an offset and at most nine digits of fraction",
                path,
            )
        return moment

    def _type(self, value: Any) -> int:
        path = f"{_JOB_EVENT}.type"
        if value is None:
            return 0
        if isinstance(value, bool) or not isinstance(value, str | int | float):
            self._refuse(Reason.BODY_UNREADABLE, f"{path} must be a name or a number", path)
            return 0
        number = _enum_number(value)
        if number is None:
            self._refuse(
                Reason.TYPE_UNKNOWN,
                f"{path} is none of the event types: send a name such as VIEW, or its number",
                path,
            )
            return 0
        return number

    def _jobs(self, value: Any) -> tuple[str, ...]:
        path = f"{_JOB_EVENT}.jobs"
        if value is None:
            return ()
        if not isinstance(value, list):
            self._refuse(Reason.BODY_UNREADABLE, f"{path} must be a JSON array of strings", path)
            return ()
        for index, job in enumerate(value):
            if not isinstance(job, str) or _UNPAIRED.search(job):
                self._checked(job, f"{path}[{index}]")
                return ()
        return tuple(value)


def _enum_number(value: str | float) -> int | None:
    """Return the number that an enum's JSON value stands for; it may be one without a name."""
    number: int | None = None
    if isinstance(value, str):
        number = TYPE_NUMBERS.get(value)
        if number is None and _NUMBER.fullmatch(value):
            number = int(value)
    elif isinstance(value, int):
        number = value
    elif value.is_integer():
        number = int(value)  # JSON has one kind of number: 2.0 is 2
    return number if number is not None and INT32_MIN <= number <= INT32_MAX else None
