"""Lines of the log in amounts that a load or a comparison can hold in memory."""

from __future__ import annotations

from jobtrail.errors import LogDamaged
from jobtrail.eventlog.reader import LogReader

LINES_BYTES_MAX = 8 * 1024 * 1024
"""Bytes after which there are enough. Memory grows with it: 1 M events in loads of 10 MB took
430 MB at most, in loads of 50 MB 900 MB, and no load was any cheaper per event."""


def read_lines(reader: LogReader, first: int, *, events_max: int) -> list[bytes]:
    """Read consecutive lines from offset *first* on, about ``LINES_BYTES_MAX`` of them at most.

    Meeting damage it tries again with half as many, so whatever is sound before it can be read.

    Args:
        reader: The log.
        first: Offset of the first line.
        events_max: Most lines to read; at least 1.

    Returns:
        At least one line, or none when the log ends before *first*.

    Raises:
        LogDamaged: The very line at *first* cannot be read.
    """
    lines: list[bytes] = []
    size = 0
    try:
        for commit in reader.commits(first, events_max=events_max):
            assert commit.first_offset == first + len(lines), "the log's offsets are dense"
            lines.extend(commit.lines)
            size += sum(map(len, commit.lines))
            if size >= LINES_BYTES_MAX:
                break
    except LogDamaged:
        if not lines and events_max == 1:
            raise
        return lines or read_lines(reader, first, events_max=events_max // 2)
    return lines
