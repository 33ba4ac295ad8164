"""What the routes work with: opened once by the process, handed to the application."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Protocol, cast

from starlette.requests import HTTPConnection

from jobtrail.clock import Clock, system_clock
from jobtrail.engine.kept import Kept
from jobtrail.engine.patience import SlowAnswers
from jobtrail.engine.queries import Queries
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store.loader import LoaderStatus
from jobtrail.store.store import Store
from jobtrail.telemetry import Counters


class Loading(Protocol):
    """What the routes want to know of the loader's thread."""

    def status(self) -> LoaderStatus:
        """Say how far the store is; never blocks."""
        ...


@dataclass(slots=True, kw_only=True)
class Context:
    """One engine."""

    settings: Settings
    store: Store
    reader: LogReader
    loading: Loading
    queries: Queries
    kept: Kept = field(default_factory=Kept)
    slow: SlowAnswers = field(init=False)
    counters: Counters = field(default_factory=Counters)
    clock: Clock = system_clock
    closing: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the process is asked to stop; streams end then."""
    streams_open: int = 0
    loaded_before: int = 0
    """The checkpoint that the store was opened with."""

    def __post_init__(self) -> None:
        self.slow = SlowAnswers(self.kept)

    @property
    def loaded_offset(self) -> int:
        """The next offset to load; all events before it are complete in the tables."""
        # The loader knows its checkpoint only once it has put the tables in order.
        return self.loading.status().loaded_offset or self.loaded_before


def context_of(connection: HTTPConnection) -> Context:
    """Return the engine that serves this request."""
    return cast(Context, connection.app.state.context)
