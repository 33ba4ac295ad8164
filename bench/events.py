"""Events as bytes ready to be sent: unique ids, and as little work as can be for each.

Generator and service share the machine, so whatever a generator does for a request is taken from
the service it measures. All but the id is made before the clock starts.
"""

from __future__ import annotations

import json
import os
import random
from collections.abc import Iterator

TENANT = "projects/bench/tenants/load"
"""The tenant that load goes to."""

_JOBS = 5_000
_TEMPLATES = 4_096
_ID_CHARS = 36
_ID_PLACE = "00000000-0000-0000-0000-000000000000"
_IDS_AT_ONCE = 20_000
# Single events are what a program sends while a person reads on: mostly one job each.
_TYPES = ("VIEW", "APPLICATION_START", "APPLICATION_FINISH", "BOOKMARK")
_WEIGHTS = (70, 15, 10, 5)


def event_ids(seed: int | None = None) -> Iterator[bytes]:
    """Yield random UUIDs as text without end, made in blocks.

    Random, since that is what clients send and what an index of ids finds hardest.
    """
    rng = random.Random(seed)  # noqa: S311 - ids of a benchmark
    while True:
        block = (
            rng.randbytes(16 * _IDS_AT_ONCE) if seed is not None else os.urandom(16 * _IDS_AT_ONCE)
        )
        digits = block.hex().encode()
        for i in range(0, len(digits), 32):
            yield b"-".join(
                (
                    digits[i : i + 8],
                    digits[i + 8 : i + 12],
                    digits[i + 12 : i + 16],
                    digits[i + 16 : i + 20],
                    digits[i + 20 : i + 32],
                )
            )


def bodies(tenant: str = TENANT) -> list[tuple[bytes, bytes]]:
    """Make the JSON of some thousand different events, each cut in two where its id belongs."""
    return [_cut(json.dumps(event).encode()) for event in _events(tenant)]


def http_requests(port: int, tenant: str = TENANT) -> list[tuple[bytes, bytes]]:
    """Make whole HTTP/1.1 requests, each cut in two where the event's id belongs."""
    made = []
    for head, tail in bodies(tenant):
        length = len(head) + _ID_CHARS + len(tail)
        lines = (
            f"POST /v4/{tenant}/clientEvents HTTP/1.1\r\n"
            f"host: 127.0.0.1:{port}\r\n"
            "user-agent: jobtrail-bench/1\r\n"
            "content-type: application/json\r\n"
            f"content-length: {length}\r\n\r\n"
        )
        made.append((lines.encode() + head, tail))
    return made


def grpc_messages(tenant: str = TENANT) -> list[tuple[bytes, bytes]]:
    """Make serialized CreateClientEventRequests, each cut in two where the event's id belongs."""
    from google.cloud import talent_v4  # noqa: PLC0415 - only one generator needs it

    made = []
    for event in _events(tenant):
        request = talent_v4.CreateClientEventRequest.from_json(
            json.dumps({"parent": tenant, "clientEvent": event})
        )
        made.append(_cut(talent_v4.CreateClientEventRequest.serialize(request)))
    return made


def _cut(whole: bytes) -> tuple[bytes, bytes]:
    head, _, tail = whole.partition(_ID_PLACE.encode())
    return head, tail


def _events(tenant: str) -> Iterator[dict[str, object]]:
    rng = random.Random(20261124)  # noqa: S311 - the same events in every run
    for number in range(_TEMPLATES):
        name = rng.choices(_TYPES, _WEIGHTS)[0]
        trail = f"{rng.randrange(2**32):08x}-1361-42a5-a0fd-bd2b58b7d8fb"
        yield {
            "requestId": f"{trail}:APAb7ISd4Sc5faibw2V5hTU/OoC2WAW5AA==",
            "eventId": _ID_PLACE,
            "createTime": f"2026-11-20T{number % 24:02d}:{number % 60:02d}:07.{number:06d}Z",
            "jobEvent": {"type": name, "jobs": [f"{tenant}/jobs/{rng.randrange(_JOBS)}"]},
            "eventNotes": "opened from the list of results",
        }
