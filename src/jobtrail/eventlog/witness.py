"""The witness: a small file beside the database that says how far the log was acknowledged.

SQLite drops the tail of a damaged write-ahead log in silence, as it must after a crash: it cannot
tell an unfinished commit from a finished one that rotted. The witness can. It is written after each
commit and before its acknowledgements, and never synced: it survives the death of the process, and
after a power cut it may be behind, but never ahead of what was acknowledged.
"""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

from jobtrail.errors import LogDamaged
from jobtrail.eventlog.chain import CHECKSUM_BYTES
from jobtrail.eventlog.database import sync_directory, sync_file
from jobtrail.eventlog.tail import Tail

WITNESS = "acknowledged"
_BODY = struct.Struct(f">8sQ{CHECKSUM_BYTES}sQQ")
_SUM = struct.Struct(">I")
_MAGIC = b"jobtrail"


def read_witness(directory: Path) -> Tail | None:
    """Read what the last writer acknowledged, or ``None`` when there is no witness.

    Raises:
        LogDamaged: If the file is not what a writer wrote.
    """
    try:
        text = (directory / WITNESS).read_bytes()
    except FileNotFoundError:
        return None
    if len(text) == _BODY.size + _SUM.size:
        magic, end_offset, checksum, rejection_id, outcome_count = _BODY.unpack_from(text)
        if magic == _MAGIC and _SUM.unpack_from(text, _BODY.size) == (_sum(text),):
            return Tail(end_offset, checksum, rejection_id, outcome_count)
    raise LogDamaged(
        f"{WITNESS} is damaged; if `jobtrail verify` finds nothing else, remove that file"
    )


class Witness:
    """The file, open for the writer."""

    def __init__(self, directory: Path, acknowledged: Tail) -> None:
        path, made = directory / WITNESS, directory / f"{WITNESS}.new"
        if not path.exists():
            made.write_bytes(_encode(acknowledged))
            sync_file(made)
            made.rename(path)
            sync_directory(directory)
        self._descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC)
        self.write(acknowledged)

    def write(self, acknowledged: Tail) -> None:
        """Say how far is acknowledged from now on.

        Raises:
            OSError: If it cannot be written; what it said before still holds, only less of it.
        """
        os.pwrite(self._descriptor, _encode(acknowledged), 0)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def _encode(acknowledged: Tail) -> bytes:
    body = _BODY.pack(_MAGIC, *acknowledged)
    return body + _SUM.pack(zlib.crc32(body))


def _sum(text: bytes) -> int:
    return zlib.crc32(text[: _BODY.size])
