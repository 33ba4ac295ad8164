"""The sending itself: over the wire, through Google's published client, as a user does it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import grpc
import msgspec
from google.api_core import exceptions
from google.cloud import talent_v4
from google.cloud.talent_v4.services.event_service import transports
from google.protobuf.timestamp_pb2 import Timestamp

from jobtrail.clock import NS_PER_SECOND
from jobtrail.demo.delivery import Plan, Sending
from jobtrail.demo.market import TENANT

CONCURRENCY = 32
"""Calls in flight; more is no faster, since the client is what takes the time."""

Progress = Callable[[int, int], None]
"""Told how many calls are answered, and of how many."""


class Recorded(msgspec.Struct):
    """What the server answered."""

    acknowledged: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    """By the reason that the error carries."""
    surprises: list[str] = msgspec.field(default_factory=list)
    """Answers that were not what the plan says, a line each."""


async def record(plan: Plan, target: str, progress: Progress) -> Recorded:
    """Send the whole plan to the server at *target* (``host:port``, plain text).

    Raises:
        google.api_core.exceptions.GoogleAPICallError: The server cannot be reached.
    """
    recorded = Recorded()
    total = len(plan.sendings) + len(plan.conflicts)
    async with grpc.aio.insecure_channel(target) as channel:
        transport = transports.EventServiceGrpcAsyncIOTransport(channel=channel)
        client = talent_v4.EventServiceAsyncClient(transport=transport)
        # The conflicts are what they are only once all they conflict with is there.
        for sendings in (plan.sendings, plan.conflicts):
            waiting = iter(sendings)
            workers = [
                _work(client, waiting, recorded, progress, total) for _ in range(CONCURRENCY)
            ]
            await asyncio.gather(*workers)
    return recorded


def expected_events(sendings: Iterable[Sending]) -> int:
    """Count the events that a correct server holds afterwards."""
    return sum(sending.expected == "admitted" for sending in sendings)


async def _work(
    client: Any, waiting: Iterator[Sending], recorded: Recorded, progress: Progress, total: int
) -> None:
    for sending in waiting:
        reason = await _send(client, sending)
        expected = "" if sending.expected in ("admitted", "duplicate") else sending.expected
        if reason != expected.upper():
            recorded.surprises.append(
                f"{sending.event_id}: {reason or 'acknowledged'}, expected {sending.expected}"
            )
        if reason:
            recorded.refused[reason.lower()] += 1
        else:
            recorded.acknowledged += 1
        progress(recorded.acknowledged + recorded.refused.total(), total)


async def _send(client: Any, sending: Sending) -> str:
    """Make one call; return the reason of its refusal, or nothing."""
    try:
        await client.create_client_event(parent=TENANT, client_event=_client_event(sending))
    except (exceptions.InvalidArgument, exceptions.AlreadyExists) as refusal:
        return str(refusal.reason)
    return ""


def _client_event(sending: Sending) -> talent_v4.ClientEvent:
    event = talent_v4.ClientEvent(
        request_id=sending.request_id,
        event_id=sending.event_id,
        job_event=talent_v4.JobEvent(type_=int(sending.type), jobs=sending.jobs),
        event_notes=sending.event_notes,
    )
    if sending.create_time is not None:
        seconds, nanos = divmod(sending.create_time, NS_PER_SECOND)
        event.create_time = Timestamp(seconds=seconds, nanos=nanos)
    return event
