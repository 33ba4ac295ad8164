"""Refusals and failures as ``google.rpc.Status``, the same over gRPC and REST.

Two traps of the published clients shape this file. ``Status.code`` and ``Status.message`` must
equal ``grpc-status`` and ``grpc-message``, or Python raises a bare ``ValueError``; and all trailers
must stay below 8 KiB, or its transport replaces the error by one of its own. So texts are cleaned
and cut once, before both are written, and violations are added only while there is room.
"""

from __future__ import annotations

import base64
import re
from typing import Any

import msgspec
from google.protobuf.json_format import MessageToDict
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo, QuotaFailure, RetryInfo
from google.rpc.status_pb2 import Status as StatusMessage

from jobtrail.errors import Code, Failure, QueueFull, Reason, Rejected

ERROR_DOMAIN = "jobtrail"
"""``ErrorInfo.domain`` of every error; together with its reason it names the error for programs."""

HTTP_STATUS: dict[Code, int] = {
    Code.OK: 200,
    Code.CANCELLED: 499,
    Code.UNKNOWN: 500,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.ALREADY_EXISTS: 409,
    Code.PERMISSION_DENIED: 403,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.ABORTED: 409,
    Code.OUT_OF_RANGE: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
    Code.UNAUTHENTICATED: 401,
}
"""The HTTP status of each canonical code. A body that is too large is 413 instead."""

# The budget of the trailers, in bytes: a message of 700 is at most 2,100 when percent-encoded, and
# details of 4,000 are 5,334 in base64, which together with the names stays below 8,192.
MESSAGE_BYTES_MAX = 700
DETAILS_BYTES_MAX = 4_000
FIELD_BYTES_MAX = 160
DESCRIPTION_BYTES_MAX = 300
VIOLATIONS_MAX = 20
TRAILERS_BYTES_MAX = 8_192


class Status(msgspec.Struct, frozen=True):
    """An answer that is no event's refusal and no failure: an unknown method, say."""

    code: Code
    message: str
    reason: str = ""
    """``ErrorInfo.reason``; the code's name when empty."""
    http_status: int = 0
    """0 means that of the code."""


Outcome = Rejected | Failure | Status
"""Everything that is answered with an error."""


class RestError(msgspec.Struct, frozen=True):
    """An error as an HTTP response. Header names are lower-case."""

    http_status: int
    headers: list[tuple[bytes, bytes]]
    body: bytes


def grpc_trailers(outcome: Outcome) -> list[tuple[bytes, bytes]]:
    """Return grpc-status, grpc-message and grpc-status-details-bin, below 8 KiB in all."""
    message, details = _parts(outcome)
    status = StatusMessage(code=int(outcome.code), message=message)
    for detail in details:
        status.details.add().Pack(detail)
    packed = base64.b64encode(status.SerializeToString()).rstrip(b"=")
    trailers = [
        (b"grpc-status", b"%d" % outcome.code),
        (b"grpc-message", percent_encode(message)),
        (b"grpc-status-details-bin", packed),
    ]
    assert sum(len(name) + len(value) + 32 for name, value in trailers) < TRAILERS_BYTES_MAX
    return trailers


def rest_error(outcome: Outcome) -> RestError:
    """Return the error in Google's JSON shape, with ``retry-after`` where a retry can help."""
    message, details = _parts(outcome)
    http_status = http_status_of(outcome)
    error = {
        "code": http_status,
        "message": message,
        "status": outcome.code.name,
        "details": [
            {"@type": f"type.googleapis.com/{detail.DESCRIPTOR.full_name}"} | MessageToDict(detail)
            for detail in details
        ],
    }
    headers = [(b"content-type", b"application/json; charset=UTF-8")]
    if isinstance(outcome, Failure) and outcome.is_retryable:
        headers.append((b"retry-after", b"%d" % -(-outcome.retry_after_ms // 1_000)))
    return RestError(http_status, headers, msgspec.json.encode({"error": error}))


def http_status_of(outcome: Outcome) -> int:
    """Return the HTTP status that goes with an outcome."""
    if isinstance(outcome, Status) and outcome.http_status:
        return outcome.http_status
    if isinstance(outcome, Rejected) and outcome.reason is Reason.BODY_TOO_LARGE:
        return 413
    return HTTP_STATUS[outcome.code]


def percent_encode(message: str) -> bytes:
    """Encode a text for ``grpc-message``: printable ASCII but ``%`` stays, other bytes are %XX."""
    return _NOT_PLAIN.sub(lambda match: b"%%%02X" % match[0][0], message.encode())


def percent_decode(value: bytes) -> str:
    """Undo ``percent_encode``; what is not valid is kept as it is, as gRPC asks of readers."""
    plain = _ENCODED.sub(lambda match: bytes((int(match[1], 16),)), value)
    return plain.decode(errors="replace")


def cut(text: str, bytes_max: int) -> str:
    """Make a text fit into *bytes_max* bytes of UTF-8, ending at a character and with an ellipsis.

    Unpaired surrogates become ``?``, and outer blanks go: HTTP drops them from a header, and the
    message in the details must equal the one in the header.
    """
    encoded = text.encode(errors="replace")
    if len(encoded) > bytes_max:
        # Three bytes are the ellipsis itself.
        return encoded[: bytes_max - 3].decode(errors="ignore").strip() + "…"
    return encoded.decode().strip()


_NOT_PLAIN = re.compile(rb"[^\x20-\x24\x26-\x7e]")
_ENCODED = re.compile(rb"%([0-9A-Fa-f]{2})")
_WORD = re.compile(r"(?<=[a-z])(?=[A-Z])")


def _parts(outcome: Outcome) -> tuple[str, list[Any]]:
    """Return the message and the details that both transports write."""
    message = cut(outcome.message, MESSAGE_BYTES_MAX)
    if isinstance(outcome, Rejected):
        return message, _rejected_details(outcome, message)
    if isinstance(outcome, Failure):
        return message, _failure_details(outcome, message)
    return message, [ErrorInfo(reason=outcome.reason or outcome.code.name, domain=ERROR_DOMAIN)]


def _rejected_details(rejected: Rejected, message: str) -> list[Any]:
    info = ErrorInfo(reason=rejected.reason.upper(), domain=ERROR_DOMAIN)
    fields = [cut(field, FIELD_BYTES_MAX) for field in rejected.fields[:VIOLATIONS_MAX]]
    if fields:
        info.metadata["field"] = fields[0]
    request = BadRequest()
    room = DETAILS_BYTES_MAX - info.ByteSize() - 2 * MESSAGE_BYTES_MAX
    # A body that cannot be read has no field to name; Google then gives the description alone.
    for field in fields or [""]:
        request.field_violations.add(field=field, description=cut(message, DESCRIPTION_BYTES_MAX))
        if request.ByteSize() > room:
            del request.field_violations[-1]
            break
    return [info, request]


def _failure_details(failure: Failure, message: str) -> list[Any]:
    name = _WORD.sub("_", type(failure).__name__).upper()
    details: list[Any] = [ErrorInfo(reason=name, domain=ERROR_DOMAIN)]
    if isinstance(failure, QueueFull):
        violation = QuotaFailure.Violation(
            subject="event log queue", description=cut(message, DESCRIPTION_BYTES_MAX)
        )
        details.append(QuotaFailure(violations=[violation]))
    if failure.is_retryable:
        retry = RetryInfo()
        retry.retry_delay.FromMilliseconds(failure.retry_after_ms)
        details.append(retry)
    return details
