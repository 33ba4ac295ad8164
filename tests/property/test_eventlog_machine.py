"""Append, repeat, refuse, archive, close and kill, in any order: the log agrees with a dict."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections import Counter
from pathlib import Path

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from jobtrail.errors import Reason, Rejected
from jobtrail.eventlog import EventLog, LogReader, Outcome, Receipt, Rejection
from jobtrail.eventlog.archive import archive
from jobtrail.eventlog.record import decode_line
from jobtrail.eventlog.verify import verify_log
from jobtrail.events import Event
from jobtrail.settings import Settings
from tests.eventlogs import DAY, NOON, append_all, make_event

TENANTS = ("projects/p/tenants/a", "projects/p/tenants/..", "projects/q/tenants/a")
QUARANTINE_ROWS = 5

# Few ids and few contents, so that repetitions and conflicts are common.
EVENTS = st.builds(
    make_event,
    st.sampled_from("abcdefgh"),
    tenant=st.sampled_from(TENANTS),
    event_notes=st.sampled_from(("", "n")),
    receive_time=st.integers(0, 4).map(lambda day: NOON + day * DAY),
)


class LogMachine(RuleBasedStateMachine):
    """The model: what is recorded in which order, and what became of everything."""

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.folder = Path(tempfile.mkdtemp())
        self.generation = 0
        self.data = self.folder / "0"
        self.recorded: list[Event] = []
        self.offsets: dict[tuple[str, str], int] = {}
        self.outcomes: Counter[str] = Counter()
        self.rejections: list[str] = []
        self.archived_end = 0

    @initialize(commit_events_max=st.sampled_from((1, 3, 100)), rows=st.just(QUARANTINE_ROWS))
    def open(self, commit_events_max: int, rows: int) -> None:
        self.settings = Settings(commit_events_max=commit_events_max, quarantine_events_max=rows)
        self._open()

    def _open(self) -> None:
        self.log = EventLog.open(self.data / "eventlog", self.settings)
        assert self.log.status().end_offset == len(self.recorded)

    @rule(events=st.lists(EVENTS, min_size=1, max_size=12))
    def append(self, events: list[Event]) -> None:
        answers = self.runner.run(append_all(self.log, events))
        for event, answer in zip(events, answers, strict=True):
            identity = (event.tenant, event.event_id)
            offset = self.offsets.setdefault(identity, len(self.recorded))
            if offset == len(self.recorded):
                self.recorded.append(event)
                assert answer == Receipt(Outcome.ADMITTED, offset, event.receive_time)
                self.outcomes["admitted"] += 1
            elif self.recorded[offset].event_notes == event.event_notes:
                assert answer == Receipt(Outcome.DUPLICATE, offset, event.receive_time)
                self.outcomes["duplicate"] += 1
            else:
                assert isinstance(answer, Rejected)
                assert answer.reason is Reason.EVENT_ID_REUSED
                assert answer.fields == ("client_event.event_notes",)

    @rule(count=st.integers(1, 7))
    def reject(self, count: int) -> None:
        async def run() -> list[bool]:
            return [await future for future in [self.log.reject(r) for r in rejections]]

        numbers = range(len(self.rejections), len(self.rejections) + count)
        rejections = [Rejection(Reason.TYPE_UNKNOWN, f"m{n}", NOON) for n in numbers]
        assert all(self.runner.run(run()))
        self.rejections += [rejection.message for rejection in rejections]
        self.outcomes["rejected"] += count

    @rule(loaded=st.floats(0, 1), days=st.integers(0, 6))
    def archive(self, loaded: float, days: int) -> None:
        done = archive(
            self.data,
            before=NOON + days * DAY,
            loaded_offset=int(loaded * len(self.recorded)),
            batch_events=5,
        )
        assert done.archived_end - done.events == self.archived_end
        self.archived_end = done.archived_end
        assert self.archived_end <= int(loaded * len(self.recorded)) or done.events == 0

    @rule()
    def close_and_reopen(self) -> None:
        self.runner.run(self.log.close())
        self._open()

    @rule()
    def kill_and_reopen(self) -> None:
        """Go on with the files as they lie there, as after kill -9."""
        self.generation += 1
        left = self.folder / str(self.generation)
        shutil.copytree(self.data, left, ignore=shutil.ignore_patterns("*-shm", "lock", "archiver"))
        self.runner.run(self.log.close())
        self.data = left
        self._open()

    @invariant()
    def reads_as_the_model(self) -> None:
        if not hasattr(self, "log"):
            return
        reader = LogReader(self.data / "eventlog")
        lines = [line for c in reader.commits(0, events_max=10**6) for line in c.lines]
        assert [decode_line(line) for line in lines] == self.recorded
        for (tenant, event_id), offset in self.offsets.items():
            assert reader.find(tenant, event_id) == (offset, self.recorded[offset])
        counted: Counter[str] = Counter()
        for row in reader.outcomes():
            counted[row.outcome] += row.count
        assert counted == self.outcomes
        kept = [(number, rejection.message) for number, rejection in reader.rejections(0, 100)]
        numbered = list(enumerate(self.rejections, 1))
        assert kept == numbered[-QUARANTINE_ROWS:]
        reader.close()

    def teardown(self) -> None:
        if hasattr(self, "log"):
            self.runner.run(self.log.close())
            found = verify_log(self.data)
            assert found.findings == []
            assert found.events == found.keys == len(self.recorded)
        self.runner.close()
        shutil.rmtree(self.folder)


TestLogMachine = LogMachine.TestCase
TestLogMachine.settings = settings(
    max_examples=60,
    stateful_step_count=12,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
