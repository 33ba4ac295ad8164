"""``grpc.health.v1``: every service of ours is as well as the server."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from jobtrail.errors import Code, Reason, Rejected
from jobtrail.wire.messages import (
    SERVICES,
    HealthCheckRequest,
    HealthCheckResponse,
    HealthListResponse,
)
from jobtrail.wire.status import Status

_SERVING = HealthCheckResponse(status=HealthCheckResponse.SERVING)
_NOT_SERVING = HealthCheckResponse(status=HealthCheckResponse.NOT_SERVING)
_UNKNOWN = HealthCheckResponse(status=HealthCheckResponse.SERVICE_UNKNOWN)
# The empty name stands for the whole server.
_NAMES = ("", *SERVICES)


def check(message: bytes, *, is_serving: bool) -> bytes | Rejected | Status:
    """Answer ``Check``; a service that is not ours is NOT_FOUND."""
    name = _service(message)
    if isinstance(name, Rejected):
        return name
    if name not in _NAMES:
        return Status(Code.NOT_FOUND, "service is not one that is served here")
    return _write(is_serving)


def watch(message: bytes, *, is_serving: bool) -> bytes | Rejected:
    """Give the current answer of ``Watch``; to be sent at once and whenever it differs.

    A service that is not ours is SERVICE_UNKNOWN here, as the standard has it.
    """
    name = _service(message)
    if isinstance(name, Rejected):
        return name
    if name not in _NAMES:
        unknown: bytes = _UNKNOWN.SerializeToString()
        return unknown
    return _write(is_serving)


def list_all(*, is_serving: bool) -> bytes:
    """Answer ``List``."""
    status = _SERVING if is_serving else _NOT_SERVING
    answer: bytes = HealthListResponse(statuses=dict.fromkeys(_NAMES, status)).SerializeToString()
    return answer


def _write(is_serving: bool) -> bytes:
    answer: bytes = (_SERVING if is_serving else _NOT_SERVING).SerializeToString()
    return answer


def _service(message: bytes) -> str | Rejected:
    try:
        name: str = HealthCheckRequest.FromString(message).service
    except DecodeError:
        return Rejected(Reason.BODY_UNREADABLE, "The request is not a HealthCheckRequest")
    return name
