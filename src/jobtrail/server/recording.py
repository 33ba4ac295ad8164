"""The way of one event inside the collector: admitted, appended, acknowledged, counted."""

from __future__ import annotations

import time

from jobtrail.clock import Clock
from jobtrail.errors import DeadlinePassed, Failure, Rejected
from jobtrail.eventlog import EventLog, Outcome, Receipt, Rejection
from jobtrail.events import Event
from jobtrail.ingest.pipeline import admit
from jobtrail.server.deadlines import Deadlines
from jobtrail.settings import Settings
from jobtrail.telemetry import Counters
from jobtrail.wire.decode import Decoded


class Caller:
    """How a request came: api, what the client says it is, and until when it waits.

    *deadline* is a time of the monotonic clock, in seconds: the loop's own stands still in between.
    """

    __slots__ = ("api", "client", "deadline")

    def __init__(self, api: str, client: str, deadline: float) -> None:
        self.api = api
        self.client = client
        self.deadline = deadline


class Recorder:
    """Records events into the log; belongs to one event loop."""

    def __init__(
        self, log: EventLog, settings: Settings, counters: Counters, *, clock: Clock
    ) -> None:
        self._log = log
        self._settings = settings
        self._counters = counters
        self._clock = clock
        self._deadlines = Deadlines()

    async def record(self, decoded: Decoded, caller: Caller, payload: bytes) -> Rejected | None:
        """Record one decoded event; ``None`` means that it is on disk, now or from before.

        Args:
            decoded: What the client sent.
            caller: How it came.
            payload: The bytes it came in, for the quarantine.

        Raises:
            Failure: It is not acknowledged. Whether it was recorded, the log alone decides.
        """
        try:
            return await self._record(decoded, caller, payload)
        except Failure as failure:
            self._counters.add("jobtrail_failures", failure.code.name)
            raise

    async def reject(
        self, rejected: Rejected, caller: Caller, payload: bytes, decoded: Decoded | None = None
    ) -> Rejected:
        """Count a refusal and keep it in the quarantine, as far as the log can, and return it."""
        self._counters.add("jobtrail_requests", caller.api, "rejected")
        self._counters.add("jobtrail_rejections", rejected.reason)
        rejection = Rejection(
            receive_time=self._clock(),
            tenant=decoded.parent if decoded else "",
            reason=rejected.reason,
            fields=rejected.fields,
            message=rejected.message,
            event_id=decoded.draft.event_id if decoded else "",
            api=caller.api,
            client=caller.client,
            payload=payload,
        )
        try:
            await self._deadlines.wait(self._log.reject(rejection), caller.deadline)
        except Failure as failure:
            # The answer is the same with and without a copy in the quarantine.
            self._counters.add("jobtrail_failures", failure.code.name)
        return rejected

    async def _record(self, decoded: Decoded, caller: Caller, payload: bytes) -> Rejected | None:
        if time.monotonic() >= caller.deadline:
            raise DeadlinePassed("The deadline had passed when the request arrived.")
        event = admit(
            decoded.parent,
            decoded.draft,
            settings=self._settings,
            receive_time=self._clock(),
            api=caller.api,
            client=caller.client,
        )
        if isinstance(event, Rejected):
            return await self.reject(event, caller, payload, decoded)
        receipt = await self._deadlines.wait(self._log.append(event), caller.deadline)
        if isinstance(receipt, Rejected):
            return await self.reject(receipt, caller, payload, decoded)
        self._count(event, receipt)
        return None

    def _count(self, event: Event, receipt: Receipt) -> None:
        if receipt.outcome is Outcome.DUPLICATE:
            self._counters.add("jobtrail_requests", event.api, "duplicate")
            return
        self._counters.add("jobtrail_requests", event.api, "admitted")
        for check in event.checks:
            self._counters.add("jobtrail_checks", check)
