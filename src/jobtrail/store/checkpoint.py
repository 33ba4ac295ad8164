"""How far the log is loaded: one small file beside the tables, replaced whole and fsynced."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec

from jobtrail.crash import crash_point
from jobtrail.errors import StoreTooNew, StoreUnavailable

FILE = "checkpoint.json"
FORMAT = 1


class Checkpoint(msgspec.Struct, frozen=True, kw_only=True):
    """All records before these are in the tables, each once; those after may be there in part."""

    format: int = FORMAT
    offset: int = 0
    """The next offset of the log to load; also the rows that `events` has."""
    interactions: int = 0
    """Rows that `interactions` has."""
    last_line: str = ""
    """Digest of the line before *offset*: tells that the store was made from this very log."""
    rejection_id: int = 0
    """The last rejection that was loaded; their ids begin at 1."""


def read_checkpoint(directory: Path) -> Checkpoint:
    """Read the checkpoint of the store in *directory*; a store without one has loaded nothing.

    Raises:
        StoreTooNew: It was written by a later version of Jobtrail.
        StoreUnavailable: It cannot be read or makes no sense.
    """
    path = directory / FILE
    try:
        checkpoint = msgspec.json.decode(path.read_bytes(), type=Checkpoint)
    except FileNotFoundError:
        return Checkpoint()
    except (OSError, msgspec.MsgspecError) as error:
        raise StoreUnavailable(
            f"{path} cannot be read ({error}); `jobtrail rebuild` makes the store anew"
        ) from error
    if checkpoint.format > FORMAT:
        raise StoreTooNew(
            f"{path} has format {checkpoint.format}, this version knows {FORMAT}: use the version "
            "that wrote it, or `jobtrail rebuild`"
        )
    return checkpoint


def write_checkpoint(directory: Path, checkpoint: Checkpoint) -> None:
    """Replace the checkpoint; when this returns the new one survives a loss of power.

    Raises:
        StoreUnavailable: It cannot be written; the old one stands.
    """
    path = directory / FILE
    temporary = path.with_suffix(".tmp")
    crash_point("load.before_checkpoint_write")
    try:
        _write_durably(temporary, msgspec.json.encode(checkpoint))
        crash_point("load.before_checkpoint_rename")
        temporary.replace(path)
        _sync_directory(directory)
    except OSError as error:
        raise StoreUnavailable(f"{path} cannot be written: {error}") from error
    crash_point("load.after_checkpoint_rename")


def _write_durably(path: Path, content: bytes) -> None:
    with path.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
