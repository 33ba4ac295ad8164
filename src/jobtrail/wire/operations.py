"""``google.longrunning.Operations``, which published clients have a method for: there are none."""

from __future__ import annotations

from google.protobuf.message import DecodeError

from jobtrail.errors import Code, Reason, Rejected
from jobtrail.wire.messages import GetOperationRequest
from jobtrail.wire.status import Status

OPERATION_NOT_FOUND = Status(
    Code.NOT_FOUND, "Operation not found: recording an event is complete when it is answered."
)
"""The answer about any operation, over gRPC and REST."""


def get_operation(message: bytes) -> Rejected | Status:
    """Answer ``GetOperation``."""
    try:
        GetOperationRequest.FromString(message)
    except DecodeError:
        return Rejected(Reason.BODY_UNREADABLE, "The request is not a GetOperationRequest")
    return OPERATION_NOT_FOUND
