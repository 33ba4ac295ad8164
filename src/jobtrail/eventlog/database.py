"""The SQLite file under the log: how it is made, opened and told from something else.

Every page ends in a checksum that SQLite's checksum VFS writes and verifies, so a page that rotted
is an error when it is read, not a wrong answer. Whatever writes this file must go through that VFS;
``connect_to_write`` and ``connect_to_read`` do.
"""

from __future__ import annotations

import errno
import os
import shutil
import struct
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any

import apsw
import apsw.sqlite_extra

from jobtrail.errors import Failure, LogDamaged, LogFull, LogUnavailable
from jobtrail.eventlog.record import FORMAT

DATABASE = "log.sqlite3"
CHECKSUM_VFS = "cksmvfs"

PAGE_BYTES = 2_048
"""Measured with 1 M ids and 50 events a commit: 14.1 us an event, against 17.6 with 4,096 (a commit
dirties one page of the unique index per event) and 14.9 with 1,024."""

CHECKSUM_BYTES = 8
"""At the end of each page; the VFS works with exactly this many."""

CACHE_KIB = 32 * 1024
APPLICATION_ID = 0x4A54524C
"""``JTRL``: what ``file`` and we know the file by."""

BUSY_TIMEOUT_MS = 5_000
"""How long one process waits for another's write; the archiver's longest takes some 50 ms."""

DISK_FULL_BYTES = 64 * 1024
"""With less space than this an unnamed I/O error counts as a full disk."""

_HEADER = struct.Struct(">16sHBBBBBB")
_MAGIC = b"SQLite format 3\0"


@cache
def load_checksum_vfs() -> None:
    """Register the checksum VFS in this process, once.

    Raises:
        LogUnavailable: If this build of apsw comes without it (those from PyPI have it).
    """
    connection = apsw.Connection(":memory:")
    try:
        apsw.sqlite_extra.load(connection, "cksumvfs")
    except (apsw.Error, apsw.sqlite_extra.NotAvailable, LookupError) as error:
        raise LogUnavailable(
            "apsw has no checksum VFS; install the wheel of apsw from PyPI"
        ) from error
    finally:
        connection.close()


def fetch(
    connection: apsw.Connection, sql: str, bindings: apsw.Bindings = ()
) -> list[tuple[Any, ...]]:
    """Run *sql* to its end and return all of its rows; the tables are STRICT, so types hold."""
    return connection.execute(sql, bindings).fetchall()


def fetch_one(
    connection: apsw.Connection, sql: str, bindings: apsw.Bindings = ()
) -> tuple[Any, ...] | None:
    """Run *sql* and return its first row, or ``None`` when there is none."""
    return connection.execute(sql, bindings).fetchone()


def create(directory: Path) -> None:
    """Make an empty log in *directory*, whole or not at all, and make it last."""
    load_checksum_vfs()
    directory.mkdir(parents=True, exist_ok=True)
    made, final = directory / f"{DATABASE}.new", directory / DATABASE
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{made}{suffix}").unlink(missing_ok=True)
    connection = apsw.Connection(str(made), vfs=CHECKSUM_VFS)
    try:
        connection.pragma("page_size", PAGE_BYTES)
        connection.reserve_bytes("main", CHECKSUM_BYTES)
        connection.pragma("journal_mode", "wal")
        schema = resources.files("jobtrail.eventlog").joinpath("schema.sql").read_text("utf-8")
        with connection:
            connection.execute(schema)
        connection.pragma("application_id", APPLICATION_ID)
        connection.pragma("user_version", FORMAT)
    finally:
        connection.close()
    sync_file(made)
    made.rename(final)
    sync_directory(directory)
    sync_directory(directory.parent)


def connect_to_write(directory: Path, *, vfs: str = CHECKSUM_VFS) -> apsw.Connection:
    """Open the log to write; a COMMIT then returns after the fsync.

    Raises:
        LogDamaged: If the file is not what we made.
        apsw.Error: If SQLite cannot open it.
    """
    require_header(directory / DATABASE)
    connection = _connect(directory, apsw.SQLITE_OPEN_READWRITE, vfs)
    connection.pragma("synchronous", "full")
    connection.pragma("wal_autocheckpoint", 0)  # see checkpointer.py
    connection.pragma("foreign_keys", "off")
    return connection


def connect_to_read(directory: Path) -> apsw.Connection:
    """Open the log to read, in any process, while another one writes.

    Raises:
        LogDamaged: If the file is not what we made.
        apsw.Error: If SQLite cannot open it.
    """
    require_header(directory / DATABASE)
    return _connect(directory, apsw.SQLITE_OPEN_READONLY, CHECKSUM_VFS)


def _connect(directory: Path, flags: int, vfs: str) -> apsw.Connection:
    load_checksum_vfs()
    connection = apsw.Connection(str(directory / DATABASE), flags=flags, vfs=vfs)
    connection.set_busy_timeout(BUSY_TIMEOUT_MS)
    connection.pragma("cache_size", -CACHE_KIB)
    # A page fetched by mmap would pass the checksum by.
    connection.pragma("mmap_size", 0)
    if connection.pragma("user_version") != FORMAT:
        found = connection.pragma("user_version")
        connection.close()
        raise LogUnavailable(f"{DATABASE} has format {found}, this version reads {FORMAT}")
    return connection


def require_header(path: Path) -> None:
    """Check the part of the file header that SQLite believes before any checksum is verified.

    Raises:
        LogDamaged: If it is not as ``create`` made it.
    """
    with path.open("rb") as file:
        head = file.read(_HEADER.size)
    if len(head) < _HEADER.size:
        raise LogDamaged(f"{path.name} is cut: {len(head)} bytes are left")
    magic, page_bytes, written, read, reserved, *_ = _HEADER.unpack(head)
    if magic != _MAGIC or page_bytes != PAGE_BYTES or (written, read) != (2, 2):
        raise LogDamaged(f"{path.name}: page 1 is damaged: its header is not that of a log")
    if reserved != CHECKSUM_BYTES:
        raise LogDamaged(f"{path.name}: page 1 is damaged: it says that pages have no checksums")


def fold_wal(connection: apsw.Connection) -> None:
    """Move all that the write-ahead log holds into the file, synced, and empty it.

    Raises:
        LogUnavailable: If a reader kept it from happening; a later call can succeed.
        apsw.Error: If it failed.
    """
    row = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    if row is None or row[0] != 0:
        raise LogUnavailable("a reader keeps the write-ahead log from being folded")


def fold_wal_partly(connection: apsw.Connection) -> None:
    """Move what nobody reads any more from the write-ahead log into the file, synced.

    Waits for nobody, so some may stay.

    Raises:
        apsw.Error: If it failed.
    """
    connection.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()


def failure_of(error: Exception, directory: Path) -> Failure:
    """Say what *error*, raised by SQLite or the system, means to whoever waits for a record."""
    if isinstance(error, Failure):
        return error
    if isinstance(error, (apsw.CorruptError, apsw.NotADBError)) or is_rotten_page(error):
        return LogDamaged(f"the event log is damaged ({error}); run `jobtrail verify`")
    if _is_full(error, directory):
        return LogFull("the disk under the event log is full; free space, then send it again")
    return LogUnavailable(f"the event log cannot be written: {error}")


def is_rotten_page(error: Exception) -> bool:
    """Tell whether *error* says that a page does not match its checksum."""
    return getattr(error, "extendedresult", 0) == apsw.SQLITE_IOERR_DATA


def _is_full(error: Exception, directory: Path) -> bool:
    if isinstance(error, apsw.FullError):
        return True
    if isinstance(error, OSError):
        return error.errno in (errno.ENOSPC, errno.EDQUOT)
    # SQLite names a full disk when it writes, but not when it grows the shared memory file.
    try:
        return shutil.disk_usage(directory).free < DISK_FULL_BYTES
    except OSError:
        return False


def sync_file(path: Path) -> None:
    """Make the content of the file at *path* last."""
    _sync(path, os.O_RDONLY)


def sync_directory(path: Path) -> None:
    """Make the names in the folder at *path* last."""
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
