"""What every answer of the engine's API looks like: JSON, and Google's shape for errors."""

from __future__ import annotations

import http
import re
from collections.abc import Mapping, Sequence

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from jobtrail.analytics.parameters import ReportError
from jobtrail.engine.refusals import InvalidRequest, NotFound
from jobtrail.errors import Code, Failure

_encoder = msgspec.json.Encoder()

ERROR_DOMAIN = "jobtrail"
HTTP_STATUS = {
    Code.CANCELLED: 499,
    Code.INVALID_ARGUMENT: 400,
    Code.DEADLINE_EXCEEDED: 504,
    Code.NOT_FOUND: 404,
    Code.RESOURCE_EXHAUSTED: 429,
    Code.FAILED_PRECONDITION: 400,
    Code.UNIMPLEMENTED: 501,
    Code.INTERNAL: 500,
    Code.UNAVAILABLE: 503,
    Code.DATA_LOSS: 500,
}
"""The HTTP status of each canonical code that the engine answers with.

The same as ``wire.status``, which would bring protobuf into this process for nothing else.
"""
_HEADERS = {"cache-control": "no-store", "x-content-type-options": "nosniff"}
_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_log = structlog.get_logger(__name__)


def json_answer(body: object) -> Response:
    """Answer 200 with *body* as JSON."""
    return Response(_encoder.encode(body), media_type="application/json", headers=_HEADERS)


def error_answer(
    code: Code,
    message: str,
    *,
    reason: str,
    http_status: int = 0,
    violations: Sequence[tuple[str, str]] = (),
    retry_after_ms: int | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Answer with an error as Google's APIs do.

    Args:
        code: Canonical code; decides the HTTP status unless *http_status* does.
        message: One sentence for a developer.
        reason: ``ErrorInfo.reason``, in capitals.
        http_status: For what HTTP tells apart and the canonical codes do not.
        violations: Pairs of field and what is wrong with it, for a ``BadRequest``.
        retry_after_ms: When a retry can help, the delay for a ``RetryInfo``.
        headers: Further headers.
    """
    details: list[dict[str, object]] = [
        {"@type": _type("ErrorInfo"), "reason": reason, "domain": ERROR_DOMAIN}
    ]
    if violations:
        listed = [{"field": field, "description": text} for field, text in violations]
        details.append({"@type": _type("BadRequest"), "fieldViolations": listed})
    all_headers = {**_HEADERS, **(headers or {})}
    if retry_after_ms is not None:
        delay = f"{retry_after_ms / 1000:g}s"
        details.append({"@type": _type("RetryInfo"), "retryDelay": delay})
        all_headers["retry-after"] = str(-(-retry_after_ms // 1000))
    status = http_status or HTTP_STATUS[code]
    error = {"code": status, "message": message, "status": code.name, "details": details}
    return Response(
        _encoder.encode({"error": error}),
        status_code=status,
        media_type="application/json",
        headers=all_headers,
    )


def _type(name: str) -> str:
    return f"type.googleapis.com/google.rpc.{name}"


async def answer_invalid(_request: Request, error: Exception) -> Response:
    """Answer a request that has a wrong field."""
    assert isinstance(error, InvalidRequest)
    return error_answer(
        error.code,
        str(error),
        reason="INVALID_PARAMETER",
        violations=[(error.field, error.message)],
    )


async def answer_report_error(_request: Request, error: Exception) -> Response:
    """Answer a request for a report that there is not, or not with these parameters."""
    assert isinstance(error, ReportError)
    return error_answer(
        error.code,
        str(error),
        reason="INVALID_PARAMETER" if error.code is Code.INVALID_ARGUMENT else error.code.name,
        violations=[(mistake.field, mistake.message) for mistake in error.mistakes],
    )


async def answer_not_found(_request: Request, error: Exception) -> Response:
    """Answer a request for something that is not there."""
    assert isinstance(error, NotFound)
    return error_answer(error.code, str(error), reason=error.code.name)


async def answer_failure(_request: Request, error: Exception) -> Response:
    """Answer when the log or the store could not do its part."""
    assert isinstance(error, Failure)
    _log.warning("query_failed", code=error.code.name, message=error.message)
    return error_answer(
        error.code,
        error.message,
        reason=_CAPITAL.sub("_", type(error).__name__).upper(),
        retry_after_ms=error.retry_after_ms if error.is_retryable else None,
    )


async def answer_http(_request: Request, error: Exception) -> Response:
    """Answer what the router itself found: no such path, or a method that is not served."""
    assert isinstance(error, HTTPException)
    if error.status_code == http.HTTPStatus.METHOD_NOT_ALLOWED:
        allowed = (error.headers or {}).get("Allow", "GET, HEAD")
        return error_answer(
            Code.UNIMPLEMENTED,
            f"This path takes {allowed} alone.",
            reason="METHOD_NOT_ALLOWED",
            http_status=error.status_code,
            headers={"allow": allowed},
        )
    return error_answer(
        Code.NOT_FOUND,
        "Nothing is served at this path; /v1/openapi.json lists what is.",
        reason="NOT_FOUND",
    )


async def answer_bug(request: Request, error: Exception) -> Response:
    """Answer when we made a mistake; the log has the details, the caller has none of them."""
    _log.error("request_crashed", path=request.url.path[:200], exc_info=error)
    return error_answer(
        Code.INTERNAL,
        "The engine met an error of its own; its log says which.",
        reason="INTERNAL",
    )
