"""Checks the database file byte by byte: each page against the checksum at its end."""

from __future__ import annotations

import struct
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import apsw

from jobtrail.eventlog.database import DATABASE, PAGE_BYTES, fetch, load_checksum_vfs
from jobtrail.eventlog.finding import Finding, damage

CHUNK_PAGES = 512

REREADS = 3
REREAD_AFTER_S = 0.005
"""A page that the writer is just replacing reads as torn; by the third look it has settled."""

_WAL_HEADER_BYTES = 32
_FRAME = struct.Struct(">IIII")
_FRAME_BYTES = 24
_PAGE_COUNT_AT = 28
_CHANGES_AT = 24
_CHANGES_AT_COUNT_AT = 92


def check_pages(directory: Path) -> Iterator[Finding]:
    """Name each page of the database that rotted, and whether the file was cut.

    A page that the write-ahead log holds in a newer form is not read by anyone, so it is passed by:
    a checkpoint that was interrupted may have left it half written.
    """
    path = directory / DATABASE
    if path.stat().st_size % PAGE_BYTES:
        yield damage(DATABASE, f"its size is not a multiple of {PAGE_BYTES} bytes: it was cut")
    newer = read_wal_pages(Path(f"{path}-wal"))
    if not newer:
        yield from _check_size(path)
    for number in _find_rotten(path):
        if number not in newer and not _settles(path, number):
            yield damage(f"{DATABASE} page {number}", "its checksum does not hold")


def count_pages(directory: Path) -> int:
    """Count the pages of the database file."""
    return (directory / DATABASE).stat().st_size // PAGE_BYTES


def read_wal_pages(path: Path) -> set[int]:
    """List the numbers of the pages that the write-ahead log at *path* holds."""
    try:
        with path.open("rb") as file:
            header = file.read(_WAL_HEADER_BYTES)
            salts = header[16:24]
            found = set()
            while len(frame := file.read(_FRAME_BYTES)) == _FRAME_BYTES and frame[8:16] == salts:
                found.add(_FRAME.unpack_from(frame)[0])
                file.seek(PAGE_BYTES, 1)
            return found
    except FileNotFoundError:
        return set()


def _check_size(path: Path) -> Iterator[Finding]:
    with path.open("rb") as file:
        head = file.read(100)
    # The count is only kept by writers that also note at which change they kept it.
    if head[_CHANGES_AT : _CHANGES_AT + 4] != head[_CHANGES_AT_COUNT_AT : _CHANGES_AT_COUNT_AT + 4]:
        return
    expected = int.from_bytes(head[_PAGE_COUNT_AT : _PAGE_COUNT_AT + 4], "big")
    found = path.stat().st_size // PAGE_BYTES
    if found < expected:
        yield damage(DATABASE, f"it was cut: pages {found + 1} to {expected} are missing")


def _find_rotten(path: Path) -> Iterator[int]:
    with _calculator() as calculator, path.open("rb") as file:
        first = 1
        while content := file.read(CHUNK_PAGES * PAGE_BYTES):
            for index in _rotten(calculator, content):
                yield first + index
            first += len(content) // PAGE_BYTES


def _settles(path: Path, number: int) -> bool:
    for _ in range(REREADS):
        threading.Event().wait(REREAD_AFTER_S)
        with _calculator() as calculator, path.open("rb") as file:
            file.seek((number - 1) * PAGE_BYTES)
            if not list(_rotten(calculator, file.read(PAGE_BYTES))):
                return True
    return False


def _rotten(calculator: apsw.Connection, content: bytes) -> Iterator[int]:
    """Yield the index of each page in *content* that does not match its checksum."""
    pages = tuple(
        content[at : at + PAGE_BYTES] for at in range(0, len(content) - PAGE_BYTES + 1, PAGE_BYTES)
    )
    if pages:
        sql = "SELECT rowid - 1 FROM carray(?) WHERE verify_checksum(value) IS NOT 1"
        for (index,) in fetch(calculator, sql, (apsw.carray(pages),)):
            yield index


@contextmanager
def _calculator() -> Iterator[apsw.Connection]:
    """Open a connection to nothing, for the function that the checksum VFS brings along."""
    load_checksum_vfs()
    connection = apsw.Connection(":memory:")
    try:
        yield connection
    finally:
        connection.close()
