"""One writer at a time: an advisory lock that ends with the process, and says whose it is."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import msgspec

from jobtrail.errors import LogInUse


class Holder(msgspec.Struct, frozen=True):
    """The process that holds a lock."""

    pid: int


class HolderLock:
    """Holds the lock file at *path* until ``release`` or the end of the process.

    Raises:
        LogInUse: If another process, or this one, holds it; names the process where it is known.
    """

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o640)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            os.close(descriptor)
            raise LogInUse(f"{path.parent} is held by {_name_holder(path)}") from error
        except OSError:
            os.close(descriptor)
            raise
        os.ftruncate(descriptor, 0)
        # On a full disk the lock holds all the same, it only cannot say whose it is.
        _write_quietly(descriptor, msgspec.json.encode(Holder(os.getpid())))
        self._descriptor: int | None = descriptor

    def release(self) -> None:
        """Let others have it; doing it twice does no harm."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None


def _write_quietly(descriptor: int, text: bytes) -> None:
    try:
        os.pwrite(descriptor, text, 0)
    except OSError:
        return


def _name_holder(path: Path) -> str:
    try:
        return f"process {msgspec.json.decode(path.read_bytes(), type=Holder).pid}"
    except (OSError, msgspec.DecodeError):
        return "another process"
