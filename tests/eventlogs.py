"""Event logs for tests: events, a disk that fails on demand, and the ends of both."""

from __future__ import annotations

import asyncio
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import apsw

from jobtrail.eventlog import EventLog, LogReader
from jobtrail.eventlog.database import CHECKSUM_VFS, load_checksum_vfs
from jobtrail.events import Event
from jobtrail.settings import Settings

TENANT = "projects/p/tenants/t"
NS = 1_000_000_000
DAY = 86_400 * NS
NOON = 20_000 * DAY + DAY // 2
"""Some day at noon, so that a test can go hours back and forth in it."""

DEADLINE_S = 20.0


def make_event(event_id: object, **fields: object) -> Event:
    """Make an event with defaults for all that a test does not care about."""
    values: dict[str, object] = {
        "tenant": TENANT,
        "event_id": str(event_id),
        "type": 2,
        "jobs": (f"{TENANT}/jobs/1",),
        "create_seconds": 1_728_000_000,
        "create_nanos": 0,
        "receive_time": NOON,
        "api": "grpc/v4",
    }
    return Event(**(values | fields))  # type: ignore[arg-type]


async def append_all(log: EventLog, events: list[Event]) -> list[object]:
    """Append *events* at once and wait for all answers; failures are answers too."""
    return await asyncio.gather(*[log.append(event) for event in events], return_exceptions=True)


async def record_and_close(
    directory: Path, events: list[Event], settings: Settings | None = None
) -> list[object]:
    """Open a log, append *events* to it, close it, and return the answers."""
    log = EventLog.open(directory, settings or Settings())
    try:
        return await append_all(log, events)
    finally:
        await log.close()


def record(directory: Path, events: list[Event], settings: Settings | None = None) -> list[object]:
    """Do what `record_and_close` does, outside of a loop."""
    return asyncio.run(record_and_close(directory, events, settings))


def wal_bytes(directory: Path) -> int:
    """Size of the write-ahead log, 0 when there is none."""
    path = directory / "log.sqlite3-wal"
    return path.stat().st_size if path.exists() else 0


def read_lines(directory: Path) -> list[bytes]:
    """Read every line of a log in order, archived ones too."""
    reader = LogReader(directory)
    try:
        return [line for commit in reader.commits(0, events_max=10**9) for line in commit.lines]
    finally:
        reader.close()


async def wait_until(is_so: Callable[[], bool]) -> None:
    """Poll until *is_so*, and fail when that takes too long."""
    deadline = time.monotonic() + DEADLINE_S
    while not is_so():
        assert time.monotonic() < deadline, "it did not come to pass"
        await asyncio.sleep(0.005)


class Disk(apsw.VFS):
    """A disk that can be made to fail or to wait, below a real SQLite.

    ``fail(operation, error)`` makes every such operation fail until ``heal``: ``write`` and
    ``sync`` of the write-ahead log, ``db_write`` and ``db_sync`` of the database. ``hold`` makes
    syncs of the write-ahead log wait until ``release``. ``lose_power`` gives what a power cut would
    leave: each file as it was when it was last synced.
    """

    def __init__(self, name: str) -> None:
        load_checksum_vfs()
        super().__init__(name, CHECKSUM_VFS)
        self.name = name
        self.failing: dict[str, type[apsw.Error]] = {}
        self.counts: Counter[str] = Counter()
        self.synced_after_failure = 0
        self.durable: dict[str, bytes] = {}
        self.keeps_durable = False
        self.held = threading.Event()
        self._gate = threading.Event()
        self._gate.set()

    def xOpen(  # type: ignore[override]
        self, name: str | apsw.URIFilename | None, flags: list[int]
    ) -> apsw.VFSFile:
        return _DiskFile(self, name, flags)

    def fail(self, operation: str, error: type[apsw.Error] = apsw.IOError) -> None:
        self.failing[operation] = error

    def heal(self) -> None:
        self.failing.clear()

    def hold(self) -> None:
        self.held.clear()
        self._gate.clear()

    def release(self) -> None:
        self._gate.set()

    def lose_power(self, folder: Path, directory: Path) -> None:
        """Put into *directory* what of the log in *folder* a power cut leaves."""
        directory.mkdir()
        for path in folder.iterdir():
            if not path.name.endswith("-shm"):
                content = self.durable.get(str(path))
                if content is None and not path.name.endswith("-wal"):
                    content = path.read_bytes()
                if content is not None:
                    (directory / path.name).write_bytes(content)

    def does(self, operation: str) -> None:
        self.counts[operation] += 1
        error = self.failing.get(operation)
        if error is not None:
            raise error(f"{operation} fails because the test says so")
        if operation == "sync" and not self._gate.is_set():
            self.held.set()
            assert self._gate.wait(DEADLINE_S)


class _DiskFile(apsw.VFSFile):
    def __init__(self, disk: Disk, name: str | apsw.URIFilename | None, flags: list[int]) -> None:
        self._disk = disk
        self._path = name.filename() if isinstance(name, apsw.URIFilename) else str(name)
        self._prefix = "" if flags[0] & apsw.SQLITE_OPEN_WAL else "db_"
        self._has_failed = False
        super().__init__(CHECKSUM_VFS, name, flags)

    def xWrite(self, data: bytes, offset: int) -> None:
        self._disk.does(f"{self._prefix}write")
        super().xWrite(data, offset)

    def xSync(self, flags: int) -> None:
        self._disk.synced_after_failure += self._has_failed
        self._has_failed = True
        self._disk.does(f"{self._prefix}sync")
        super().xSync(flags)
        self._has_failed = False
        if self._disk.keeps_durable:
            self._disk.durable[self._path] = Path(self._path).read_bytes()
