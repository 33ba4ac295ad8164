"""``grpc-timeout``: how long the client will wait."""

from __future__ import annotations

import re

from jobtrail.errors import Code
from jobtrail.wire.status import Status

# Up to eight digits and a unit, by gRPC's protocol description.
_TIMEOUT = re.compile(r"([0-9]{1,8})([HMSmun])")
_UNIT_NS = {
    "H": 3_600_000_000_000,
    "M": 60_000_000_000,
    "S": 1_000_000_000,
    "m": 1_000_000,
    "u": 1_000,
    "n": 1,
}


def parse_timeout(value: str) -> int | Status:
    """Return the timeout in nanoseconds, or INVALID_ARGUMENT when it cannot be read.

    Zero is a timeout that has passed already.
    """
    match = _TIMEOUT.fullmatch(value)
    if match is None:
        return Status(
            Code.INVALID_ARGUMENT,
            "grpc-timeout is not up to eight digits and one of the units H, M, S, m, u, n",
        )
    return int(match[1]) * _UNIT_NS[match[2]]
