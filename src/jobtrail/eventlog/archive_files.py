"""The Parquet files of the archive: how one is written, and how a batch of them reads as the log.

A batch is a run of offsets that was archived together, one file per tenant and day. ``pyarrow`` is
imported where it is needed and nowhere else: it costs 40 MB, and the collector can do without.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import apsw
import msgspec

from jobtrail.clock import NS_PER_SECOND
from jobtrail.errors import LogDamaged
from jobtrail.eventlog.database import fetch
from jobtrail.events import Event, EventType

if TYPE_CHECKING:
    import pyarrow as pa

ROW_GROUP_ROWS = 10_000
"""Rows that are read together to find a single event: some 3 MB of lines."""


SEGMENT_CHARS_MAX = 200
"""Of one folder's name; file systems end at 255 bytes, and 128 characters can encode to 1,536."""


_TYPES = frozenset(EventType)


class ArchivedRecord(msgspec.Struct, frozen=True, gc=False):
    """One record on its way to the archive."""

    offset: int
    event: Event
    line: bytes


class BatchLines(msgspec.Struct, frozen=True):
    """All lines of one batch in the order of the log."""

    first_offset: int
    lines: list[bytes]

    def holds(self, offset: int) -> bool:
        """Tell whether the line at *offset* is one of these."""
        return self.first_offset <= offset < self.first_offset + len(self.lines)

    def lines_from(self, offset: int, count_max: int) -> list[bytes]:
        """Return up to *count_max* lines from *offset* on."""
        start = offset - self.first_offset
        return self.lines[start : start + count_max]


def relative_path(tenant: str, day: str, first_offset: int, last_offset: int) -> str:
    """Name the file of some records: ``{project}/{tenant}/{YYYY-MM-DD}/{first}-{last}.parquet``.

    Segments are percent-encoded, leading dots too, so no name leaves the folder or hides in it.
    What would be too long for a file system ends in a hash instead.
    """
    _, project, _, name = tenant.split("/")
    return f"{_segment(project)}/{_segment(name)}/{day}/{first_offset}-{last_offset}.parquet"


def _segment(name: str) -> str:
    encoded = quote(name, safe="")
    if encoded.startswith("."):
        encoded = "%2E" + encoded[1:]
    if len(encoded) > SEGMENT_CHARS_MAX:
        digest = hashlib.blake2b(name.encode(), digest_size=16).hexdigest()
        return f"{encoded[: SEGMENT_CHARS_MAX - len(digest) - 1]}~{digest}"
    return encoded


def write_file(path: Path, records: Sequence[ArchivedRecord]) -> None:
    """Write *records*, in the order of their offsets, to a new file at *path*; does not sync it."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - see above

    pq.write_table(
        _table(records),
        path,
        row_group_size=ROW_GROUP_ROWS,
        compression="zstd",
        write_page_checksum=True,
    )


def _table(records: Sequence[ArchivedRecord]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - see above

    events = [record.event for record in records]
    word = pa.dictionary(pa.int32(), pa.string())
    columns: dict[str, tuple[Any, list[Any]]] = {
        "offset": (pa.int64(), [record.offset for record in records]),
        "tenant": (word, [event.tenant for event in events]),
        "event_id": (pa.string(), [event.event_id for event in events]),
        "request_id": (pa.string(), [event.request_id for event in events]),
        "type": (word, [_type_name(event.type) for event in events]),
        # Microseconds, since years 1 to 9999 do not fit in nanoseconds; the line has them all.
        "create_time": (pa.timestamp("us", "UTC"), [_create_us(event) for event in events]),
        "receive_time": (pa.timestamp("ns", "UTC"), [event.receive_time for event in events]),
        "jobs": (pa.list_(pa.string()), [event.jobs for event in events]),
        "event_notes": (pa.string(), [event.event_notes for event in events]),
        "checks": (pa.list_(word), [event.checks for event in events]),
        "api": (word, [event.api for event in events]),
        "client": (word, [event.client for event in events]),
        "line": (pa.binary(), [record.line for record in records]),
    }
    arrays = [pa.array(values, type=kind) for kind, values in columns.values()]
    return pa.Table.from_arrays(arrays, names=list(columns))


def _type_name(number: int) -> str:
    return EventType(number).name if number in _TYPES else str(number)


def _create_us(event: Event) -> int:
    return (event.create_seconds * NS_PER_SECOND + event.create_nanos) // 1_000


def read_batch(connection: apsw.Connection, archive: Path, offset: int) -> BatchLines:
    """Read the batch that holds *offset*, each file verified against the manifest.

    Raises:
        LogDamaged: If a file is missing or damaged, or the files do not hold every offset once.
    """
    files = fetch(connection, _FILES_OF_BATCH, (offset,))
    if not files or files[0][3] < offset:
        raise LogDamaged(f"offset {offset} is neither in the log nor in the archive's manifest")
    first, last = files[0][2], files[0][3]
    by_offset: dict[int, bytes] = {}
    for path, sha256, *_ in files:
        content = _read_verified(archive, path, sha256)
        by_offset.update(read_lines(path, content))
    try:
        lines = [by_offset[number] for number in range(first, last + 1)]
    except KeyError as missing:
        raise LogDamaged(f"the archive lacks offset {missing}") from missing
    return BatchLines(first, lines)


def read_line(connection: apsw.Connection, archive: Path, offset: int) -> bytes:
    """Read the line at *offset* alone; only its own pages are verified.

    Raises:
        LogDamaged: If it cannot be found or read.
    """
    import pyarrow as pa  # noqa: PLC0415 - see above
    import pyarrow.parquet as pq  # noqa: PLC0415

    for (path,) in fetch(connection, _FILES_AROUND, (offset, offset)):
        try:
            table = pq.read_table(
                archive / path,
                columns=["line"],
                filters=[("offset", "=", offset)],
                partitioning=None,
                page_checksum_verification=True,
            )
        except FileNotFoundError as error:
            raise LogDamaged(f"archive/{path} is missing") from error
        except (pa.ArrowException, OSError) as error:
            raise LogDamaged(f"archive/{path} is damaged: {error}") from error
        if table.num_rows == 1:
            line: bytes = table.column("line")[0].as_py()
            return line
    raise LogDamaged(f"the archive lacks offset {offset}")


def _read_verified(archive: Path, path: str, sha256: bytes) -> bytes:
    try:
        content = (archive / path).read_bytes()
    except FileNotFoundError as error:
        raise LogDamaged(f"archive/{path} is missing") from error
    if hashlib.sha256(content).digest() != sha256:
        raise LogDamaged(f"archive/{path} is damaged: its SHA-256 is not the manifest's")
    return content


def read_lines(path: str, content: bytes) -> list[tuple[int, bytes]]:
    """Read the offsets and lines of a file, whose *content* is given.

    Raises:
        LogDamaged: If it cannot be read; names *path*.
    """
    import pyarrow as pa  # noqa: PLC0415 - see above
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        table = pq.read_table(pa.BufferReader(content), columns=["offset", "line"])
    except pa.ArrowException as error:
        raise LogDamaged(f"archive/{path} is damaged: {error}") from error
    return list(zip(table["offset"].to_pylist(), table["line"].to_pylist(), strict=True))


_FILES_OF_BATCH = """
SELECT path, sha256, batch_first, batch_last FROM archives
WHERE batch_first = (SELECT max(batch_first) FROM archives WHERE batch_first <= ?)
"""
_FILES_AROUND = """
SELECT path FROM archives
WHERE batch_first = (SELECT max(batch_first) FROM archives WHERE batch_first <= ?1)
  AND first_offset <= ?2 AND last_offset >= ?2
"""
