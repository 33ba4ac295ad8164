"""Producer, killer and judge: is every acknowledged event there once, and nothing else?

The producer claims an id, sends a payload that follows from the id, and on an acknowledgement takes
down an obligation. The killer ends processes with SIGKILL at random moments. When the faults stop,
the judge asks the service itself: every obligation is present once with its very content, no id is
present that was never sent, and a fresh event still works.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx

from tests.service import Service, event_json, wait_until

PRODUCERS = 6
PAGE_SIZE = 1_000
RECOVERY_TIMEOUT_S = 60.0

# Sizes of event_notes around those at which buffers and pages turn.
NOTE_SIZES = (0, 1, 100, 499, 500, 999, 1_000)


@dataclass
class Journal:
    """What the producer knows: ids sent, ids acknowledged, answers it got."""

    sent: set[str] = field(default_factory=set)
    acknowledged: set[str] = field(default_factory=set)
    answers: Counter[str] = field(default_factory=Counter)


def payload(tenant: str, event_id: str) -> dict[str, Any]:
    """Make the event of an id; the same id always gives the same content."""
    seed = hashlib.sha256(event_id.encode()).digest()
    return event_json(
        tenant,
        eventId=event_id,
        requestId=f"r-{seed.hex()[:8]}",
        createTime="2026-11-20T10:00:00Z",
        jobEvent={"type": 1 + seed[0] % 15, "jobs": [f"{tenant}/jobs/{seed[1]}"]},
        eventNotes=seed.hex()[0] * NOTE_SIZES[seed[2] % len(NOTE_SIZES)],
    )


class Trial:
    """One service under load and under fire."""

    def __init__(self, data: Path, *, tenant: str, seed: int) -> None:
        self.service = Service(data)
        self.tenant = tenant
        self.journal = Journal()
        self._random = random.Random(seed)
        self._producing = True

    async def run(self, kills: int) -> None:
        """Start the service, kill parts of it *kills* times, and leave it running and settled."""
        await asyncio.to_thread(self.service.start)
        producers = [asyncio.create_task(self._produce(n)) for n in range(PRODUCERS)]
        for _ in range(kills):
            await self._wait_for_acknowledgements(self._random.randint(1, 40))
            await asyncio.sleep(self._random.uniform(0, 0.2))
            await asyncio.to_thread(self._kill_something)
        await self._wait_for_acknowledgements(1)
        self._producing = False
        await asyncio.gather(*producers)

    async def _wait_for_acknowledgements(self, count: int) -> None:
        """Wait until the service has come back and acknowledged *count* more events."""
        wanted = len(self.journal.acknowledged) + count
        deadline = time.monotonic() + RECOVERY_TIMEOUT_S
        while len(self.journal.acknowledged) < wanted:
            assert time.monotonic() < deadline, f"nothing acknowledged: {self.service.errors()}"
            await asyncio.sleep(0.005)

    def _kill_something(self) -> None:
        target = self._random.choice(("collector", "collector", "engine", "both", "all"))
        names = ("collector", "engine") if target == "both" else (target,)
        if target == "all":
            self.service.kill()
            self.service.start()
            return
        for name in names:
            os.kill(self.service.child(name), signal.SIGKILL)

    async def _produce(self, number: int) -> None:
        count = 0
        while self._producing:
            try:
                async with httpx.AsyncClient(timeout=10) as client:
                    while self._producing:
                        await self._send(client, f"{self.tenant[-6:]}-{number}-{count}")
                        count += 1
            except httpx.HTTPError as error:
                self.journal.answers[type(error).__name__] += 1
                await asyncio.sleep(0.02)  # the port is away; an acknowledgement may be lost

    async def _send(self, client: httpx.AsyncClient, event_id: str) -> None:
        self.journal.sent.add(event_id)
        url = f"{self.service.url}/v4/{self.tenant}/clientEvents"
        answer = await client.post(url, json=payload(self.tenant, event_id))
        self.journal.answers[str(answer.status_code)] += 1
        if answer.status_code == 200:
            self.journal.acknowledged.add(event_id)

    # -- the judge --------------------------------------------------------------------------

    def judge(self) -> None:
        """Fail when an obligation is not kept."""
        recorded = self._recorded()
        ids = Counter(event["eventId"] for event in recorded)
        doubled = [event_id for event_id, count in ids.items() if count > 1]
        assert not doubled, f"present more than once: {doubled[:5]}"
        lost = self.journal.acknowledged - ids.keys()
        assert not lost, f"acknowledged and lost: {sorted(lost)[:5]} ({len(lost)} in all)"
        unknown = ids.keys() - self.journal.sent
        assert not unknown, f"present and never sent: {sorted(unknown)[:5]}"
        for event in recorded:
            self._compare(event)
        self._retry_unacknowledged(ids)
        fresh = self.service.record(self.tenant, event_json(self.tenant))
        assert fresh.status_code == 200, fresh.text
        self.service.wait_until_counted(self.tenant, len(self.journal.sent) + 1)

    def _recorded(self) -> list[dict[str, Any]]:
        def settled() -> bool:
            status = self.service.get("/v1/status")
            return status["log"]["endOffset"] == status["store"]["loadedOffset"]

        wait_until(self.service.engine_answers, timeout=30, what="the engine answers")
        wait_until(settled, timeout=60, what="the store has all of the log")
        events: list[dict[str, Any]] = []
        token = ""
        while True:
            page = self.service.get(
                f"/v1/{self.tenant}/clientEvents", pageSize=PAGE_SIZE, pageToken=token
            )
            events += page["clientEvents"]
            token = page.get("nextPageToken", "")
            if not token:
                return events

    def _compare(self, event: dict[str, Any]) -> None:
        sent = payload(self.tenant, event["eventId"])
        assert event["requestId"] == sent["requestId"], event
        assert event.get("eventNotes", "") == sent["eventNotes"], event
        assert event["jobEvent"]["jobs"] == sent["jobEvent"]["jobs"], event

    def _retry_unacknowledged(self, ids: Counter[str]) -> None:
        """Send again what was never acknowledged: it is taken now, or is found to be there."""
        with httpx.Client(timeout=30) as client:
            for event_id in sorted(self.journal.sent - self.journal.acknowledged):
                url = f"{self.service.url}/v4/{self.tenant}/clientEvents"
                answer = client.post(url, json=payload(self.tenant, event_id))
                assert answer.status_code == 200, (event_id, event_id in ids, answer.text)
