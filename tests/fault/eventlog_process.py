"""A process that works on an event log until it ends or is ended; run by the tests of the log.

    python eventlog_process.py append DATA FIRST COUNT   appends, says what was acknowledged
    python eventlog_process.py archive DATA LOADED       archives everything that is loaded
    python eventlog_process.py archive-on DATA           archives again and again until stdin ends

Each acknowledgement is a line on stdout, ``ID OFFSET OUTCOME``, written before the next append.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path

from jobtrail.errors import Failure
from jobtrail.eventlog import EventLog, LogReader, Receipt, checkpointer
from jobtrail.eventlog.archive import archive
from jobtrail.eventlog.archive_files import ArchivedRecord, write_file
from jobtrail.eventlog.record import encode_line
from jobtrail.settings import Settings
from tests.eventlogs import DAY, NOON, append_all, make_event

GROUP = 7
"""Events that are appended at once."""

# Small enough that the log is folded several times in a short run.
checkpointer.START_PAGES = 20


def say(text: str) -> None:
    os.write(1, f"{text}\n".encode())


async def append(data: Path, first: int, count: int) -> None:
    log = EventLog.open(data / "eventlog", Settings())
    say("open")
    for start in range(first, first + count, GROUP):
        numbers = range(start, min(start + GROUP, first + count))
        # Each group repeats the last event of the one before.
        events = [make_event(n) for n in (max(first, start - 1), *numbers)]
        for event, answer in zip(events, await append_all(log, events), strict=True):
            assert isinstance(answer, Receipt), answer
            say(f"{event.event_id} {answer.offset} {answer.outcome}")
    await log.close()
    say("closed")


def archive_on(data: Path) -> None:
    """Archive beside a writer; small batches, so that many transactions meet."""
    # The first file of a process takes a second, as long as the writer's whole run.
    event = make_event(0)
    write_file(data / "first.parquet", [ArchivedRecord(0, event, encode_line(event))])
    ended = threading.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), ended.set()), daemon=True).start()
    reader = LogReader(data / "eventlog")
    say("ready")
    while not ended.wait(0.005):
        done = archive(
            data, before=NOON + 2 * DAY, loaded_offset=reader.end_offset(), batch_events=50
        )
        if done.events:
            say(f"archived {done.archived_end}")


def main() -> None:
    match sys.argv[1:]:
        case ["append", data, first, count]:
            asyncio.run(append(Path(data), int(first), int(count)))
        case ["archive", data, loaded]:
            try:
                archive(
                    Path(data),
                    before=NOON + 2 * DAY,
                    loaded_offset=int(loaded),
                    batch_events=10,
                )
            except Failure as failure:
                sys.exit(failure.message)
        case ["archive-on", data]:
            archive_on(Path(data))
        case _:
            sys.exit(__doc__)


if __name__ == "__main__":
    main()
