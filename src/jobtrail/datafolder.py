"""The data folder: where each part of the service keeps its files, and who holds it.

One service at a time holds a folder, by an advisory lock (``flock``) on ``lock``. The supervisor's
children inherit the lock, so it lasts until the last of them is gone, even after ``kill -9``.
"""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

import msgspec

WAIT_FOR_ORPHANS_S = 10.0
"""How long a new holder waits for the children of a killed one to notice and leave."""

_POLL_S = 0.05


class Holder(msgspec.Struct, frozen=True):
    """Who holds a data folder: process id of its supervisor, and the address once it is ready."""

    pid: int
    url: str = ""


class FolderHeldError(Exception):
    """The data folder belongs to a running service."""

    def __init__(self, path: Path, holder: Holder | None) -> None:
        who = f"process {holder.pid}" if holder else "another process"
        where = f" at {holder.url}" if holder and holder.url else ""
        super().__init__(f"the data folder {path} is held by {who}{where}")
        self.holder = holder


class DataFolder:
    """Paths below one data folder, and its lock."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: int | None = None

    @property
    def eventlog(self) -> Path:
        """Folder of the event log."""
        return self.path / "eventlog"

    @property
    def archive(self) -> Path:
        """Folder of archived events."""
        return self.path / "archive"

    @property
    def store(self) -> Path:
        """Folder of the analytical store."""
        return self.path / "store"

    @property
    def lock_descriptor(self) -> int:
        """The descriptor that carries the lock; only while it is held."""
        assert self._lock is not None
        return self._lock

    def acquire(self) -> None:
        """Take the folder for this process, making it when it is not there.

        Waits up to ``WAIT_FOR_ORPHANS_S`` when the named holder is already dead.

        Raises:
            FolderHeldError: A running service holds it.
            OSError: The folder cannot be made or written.
        """
        self.path.mkdir(parents=True, exist_ok=True, mode=0o750)
        descriptor = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        deadline = time.monotonic() + WAIT_FOR_ORPHANS_S
        while not _try_lock(descriptor):
            holder = read_holder_text(self.path)
            if (holder and _is_alive(holder.pid)) or time.monotonic() > deadline:
                os.close(descriptor)
                raise FolderHeldError(self.path, holder)
            time.sleep(_POLL_S)
        self._lock = descriptor
        self.announce("")

    def announce(self, url: str) -> None:
        """Write who holds the folder and where it answers, for other programs to read."""
        text = msgspec.json.encode(Holder(pid=os.getpid(), url=url))
        os.ftruncate(self.lock_descriptor, 0)
        os.pwrite(self.lock_descriptor, text, 0)

    def release(self) -> None:
        """Give the folder back; also happens when the process ends."""
        if self._lock is not None:
            os.ftruncate(self._lock, 0)
            os.close(self._lock)
            self._lock = None


def read_holder(path: Path) -> Holder | None:
    """Say who holds the data folder at *path* now, or ``None`` when nobody does."""
    try:
        descriptor = os.open(path / "lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        if _try_lock(descriptor):
            return None
        return read_holder_text(path) or Holder(pid=0)
    finally:
        os.close(descriptor)


def read_holder_text(path: Path) -> Holder | None:
    """Read what the last holder wrote, whether it still holds the folder or not."""
    try:
        return msgspec.json.decode((path / "lock").read_bytes(), type=Holder)
    except (OSError, msgspec.DecodeError):
        return None


def _try_lock(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
