"""Checks the archive: each file against the manifest, and the batches against the log's offsets."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import apsw

from jobtrail.errors import LogDamaged
from jobtrail.eventlog import archive_files, chain
from jobtrail.eventlog.database import fetch
from jobtrail.eventlog.finding import Finding, damage, warning
from jobtrail.eventlog.keys_check import KeysCheck

MISSING_RANGES_MAX = 20
"""Ranges of missing offsets that are named for one batch."""


class ArchiveCheck:
    """Reads every archived record once, and hands it to *keys*."""

    def __init__(self, connection: apsw.Connection, archive: Path, keys: KeysCheck) -> None:
        self._connection = connection
        self._archive = archive
        self._keys = keys
        self.files = 0
        self.events = 0

    def check(self, archived_end: int) -> Iterator[Finding]:
        """Name damaged and missing files, offsets below *archived_end* that nothing holds, and
        files that the manifest does not know.
        """
        expected = 0
        for first, last in fetch(self._connection, _BATCHES):
            if first != expected:
                yield damage("archives", f"the manifest lacks offsets {expected} to {first - 1}")
            yield from self._check_batch(first, last)
            expected = last + 1
        if expected != archived_end:
            yield damage("archives", f"the manifest ends at {expected}, the log at {archived_end}")
        yield from self._check_strangers()

    def _check_batch(self, first: int, last: int) -> Iterator[Finding]:
        lines: dict[int, bytes] = {}
        are_sound = True
        for row in fetch(self._connection, _FILES, (first,)):
            findings = list(self._read(lines, row))
            are_sound = are_sound and not findings
            yield from findings
            self.files += 1
        # The offsets of a damaged file are named with it.
        if are_sound:
            for offset, count in _ranges(set(range(first, last + 1)) - lines.keys()):
                yield damage(chain.offsets(offset, count), "no file of the archive has it")
        for offset, count in _ranges(set(lines)):
            self.events += count
            yield from self._keys.check(offset, [lines[offset + i] for i in range(count)])

    def _read(
        self,
        lines: dict[int, bytes],
        row: tuple[Any, ...],
    ) -> Iterator[Finding]:
        path, first_offset, last_offset, record_count, sha256 = row
        where = f"archive/{path}"
        held = f"it holds {record_count} of offsets {first_offset} to {last_offset}"
        try:
            content = (self._archive / path).read_bytes()
        except FileNotFoundError:
            yield damage(where, f"the file is missing; {held}")
            return
        if hashlib.sha256(content).digest() != sha256:
            yield damage(where, f"its SHA-256 is not the manifest's; {held}")
            return
        try:
            records = archive_files.read_lines(path, content)
        except LogDamaged as error:
            yield damage(where, f"{error}; {held}")
            return
        numbers = [offset for offset, _ in records]
        if (numbers[0], numbers[-1], len(numbers)) != (first_offset, last_offset, record_count):
            yield damage(where, f"its offsets are not the manifest's; {held}")
        lines.update(records)

    def _check_strangers(self) -> Iterator[Finding]:
        known = {row[0] for row in fetch(self._connection, _KNOWN)}
        for path in sorted(self._archive.rglob("*")):
            name = path.relative_to(self._archive).as_posix()
            if path.is_file() and name not in known:
                yield warning(f"archive/{name}", "the manifest does not know this file")


def _ranges(numbers: set[int]) -> Iterator[tuple[int, int]]:
    """Yield the first of each run of *numbers*, and how many follow it with itself."""
    first = last = None
    for number in sorted(numbers):
        if last is None or number != last + 1:
            if first is not None and last is not None:
                yield first, last - first + 1
            first = number
        last = number
    if first is not None and last is not None:
        yield first, last - first + 1


_BATCHES = "SELECT DISTINCT batch_first, batch_last FROM archives ORDER BY batch_first"
_FILES = """
SELECT path, first_offset, last_offset, record_count, sha256
FROM archives WHERE batch_first = ? ORDER BY first_offset
"""
_KNOWN = "SELECT path FROM archives UNION ALL SELECT path FROM archiving"
