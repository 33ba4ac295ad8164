"""The log is cut or flipped at any byte: that is named, or nothing that is read changes.

A closed log is one file whose pages all carry checksums, so every flip is found. A log whose writer
was killed also has a write-ahead log, of which the parts behind the last commit mean nothing.
"""

from __future__ import annotations

import asyncio
import random
import re
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from jobtrail.errors import Failure, LogDamaged, LogUnavailable, Reason
from jobtrail.eventlog import EventLog, LogReader, Outcome, Receipt, Rejection
from jobtrail.eventlog.archive import archive
from jobtrail.eventlog.database import PAGE_BYTES
from jobtrail.eventlog.record import event_key
from jobtrail.eventlog.verify import LogVerification, verify_log
from jobtrail.events import Event
from jobtrail.settings import Settings
from tests.eventlogs import DAY, NOON, append_all, make_event, record_and_close, wait_until

SAMPLES = 100
RNG = random.Random(20_241_004)
NAMED = re.compile(r"page \d+|offset|log\.sqlite3|acknowledged|archive/|rejection \d+|pages \d+")

Content = tuple[object, ...]


async def fill(log: EventLog) -> None:
    for start in range(0, 60, 6):
        await append_all(log, [make_event(n, event_notes="n" * n) for n in range(start, start + 6)])
    for n in range(3):
        await log.reject(Rejection(Reason.TYPE_UNKNOWN, f"m{n}", NOON, payload=b"p" * 300))


@pytest.fixture(scope="module")
def closed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A log that was closed; a third of it is archived."""
    data = tmp_path_factory.mktemp("closed")

    async def build() -> None:
        log = EventLog.open(data / "eventlog", Settings())
        await fill(log)
        await log.close()

    asyncio.run(build())
    archive(data, before=NOON + 2 * DAY, loaded_offset=20)
    return data


@pytest.fixture(scope="module")
def killed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of a log as a killed writer leaves them: all commits in the write-ahead log."""
    data = tmp_path_factory.mktemp("open")
    left = tmp_path_factory.mktemp("killed")

    async def build() -> None:
        log = EventLog.open(data / "eventlog", Settings())
        await fill(log)
        (left / "eventlog").mkdir()
        for name in ("log.sqlite3", "log.sqlite3-wal", "acknowledged"):
            shutil.copy(data / "eventlog" / name, left / "eventlog" / name)
        await log.close()

    asyncio.run(build())
    return left


def read_all(data: Path) -> Content:
    """Read everything that a reader can: events in order, by id, rejections and counts."""
    reader = LogReader(data / "eventlog")
    try:
        lines = [line for commit in reader.commits(0, events_max=1_000) for line in commit.lines]
        found = [reader.find("projects/p/tenants/t", str(n)) for n in range(60)]
        return lines, found, reader.rejections(0, 100), reader.outcomes(), reader.end_offset()
    finally:
        reader.close()


def verified(data: Path) -> LogVerification:
    try:
        return verify_log(data)
    except LogUnavailable as failure:
        raise AssertionError(f"damage is a finding, not a failure: {failure}") from failure


def check(data: Path, expected: Content, *, must_be_found: bool) -> bool:
    """Check one damaged log, and tell whether the damage was found."""
    found = verified(data)
    damages = [finding for finding in found.findings if finding.severity == "damage"]
    if damages:
        named = " ".join(f"{finding.where} {finding.what}" for finding in damages)
        assert NAMED.search(named), named
        return True
    assert not must_be_found, "the damage was not found"
    assert read_all(data) == expected
    assert not any(f.where == "event_keys" for f in found.findings)
    return False


class Damaged:
    """Copies of a log, each with one file damaged in one place."""

    def __init__(self, sound: Path, folder: Path, name: str) -> None:
        self.data = folder / "data"
        self._sound = sound
        self._path = self.data / name
        self.content = (sound / name).read_bytes()

    def put(self, content: bytes) -> Path:
        shutil.rmtree(self.data, ignore_errors=True)
        shutil.copytree(self._sound, self.data)
        self._path.write_bytes(content)
        return self.data

    def flipped(self, positions: list[int]) -> Iterator[tuple[int, Path]]:
        for position in positions:
            content = bytearray(self.content)
            content[position] ^= 1 << RNG.randrange(8)
            yield position, self.put(bytes(content))

    def cut(self, sizes: list[int]) -> Iterator[tuple[int, Path]]:
        for size in sizes:
            yield size, self.put(self.content[:size])


def spread(size: int, every: list[int]) -> list[int]:
    """All of *every* that lie below *size*, and a sample of the rest."""
    return sorted({p for p in every if p < size} | {RNG.randrange(size) for _ in range(SAMPLES)})


@pytest.fixture
def database(closed: Path, tmp_path: Path) -> Damaged:
    return Damaged(closed, tmp_path, "eventlog/log.sqlite3")


def test_every_flipped_byte_of_a_closed_log_is_found(closed: Path, database: Damaged) -> None:
    expected = read_all(closed)
    size = len(database.content)
    ends = [page + PAGE_BYTES - n for page in range(0, size, PAGE_BYTES) for n in (1, 8)]
    missed = [
        position
        for position, data in database.flipped(spread(size, [*range(100), *ends]))
        if not check(data, expected, must_be_found=False)
    ]
    assert missed == []


def test_a_flip_is_named_by_its_page(database: Damaged) -> None:
    for position, data in database.flipped([0, 20, 5 * PAGE_BYTES + 7, 9 * PAGE_BYTES - 1]):
        page = f"log.sqlite3 page {position // PAGE_BYTES + 1}"
        assert page in [finding.where for finding in verified(data).findings]


def test_a_closed_log_cut_anywhere_is_found(closed: Path, database: Damaged) -> None:
    expected = read_all(closed)
    pages = list(range(0, len(database.content), PAGE_BYTES))
    sizes = spread(len(database.content), [0, 1, 99, 100, 511, 512, *pages])
    missed = [
        size for size, data in database.cut(sizes) if not check(data, expected, must_be_found=False)
    ]
    assert missed == []


def test_a_writer_refuses_a_cut_log_or_reads_what_there_was(
    closed: Path, database: Damaged
) -> None:
    for size, data in database.cut([0, 1, 100, 4_096, len(database.content) - PAGE_BYTES]):
        try:
            asyncio.run(_open_and_close(data))
        except LogDamaged:
            continue
        assert not verified(data).is_sound, size


async def _open_and_close(data: Path) -> int:
    log = EventLog.open(data / "eventlog", Settings())
    end = log.status().end_offset
    await log.close()
    return end


def wal_positions(content: bytes) -> list[int]:
    """Every byte of the header, and of the headers of the first, a middle and the last frame."""
    frame = 24 + PAGE_BYTES
    last = (len(content) - 32) // frame - 1
    starts = [32 + number * frame for number in (0, last // 2, last)]
    return [*range(32), *[start + n for start in starts for n in range(24)]]


def test_a_flipped_write_ahead_log_loses_nothing_in_silence(killed: Path, tmp_path: Path) -> None:
    damaged = Damaged(killed, tmp_path, "eventlog/log.sqlite3-wal")
    # The sound one is copied too: reading it folds nothing, but makes files beside it.
    expected = read_all(damaged.put(damaged.content))
    found = 0
    for _, data in damaged.flipped(spread(len(damaged.content), wal_positions(damaged.content))):
        found += check(data, expected, must_be_found=False)
    assert found > SAMPLES // 2


def test_a_cut_write_ahead_log_loses_nothing_in_silence(killed: Path, tmp_path: Path) -> None:
    damaged = Damaged(killed, tmp_path, "eventlog/log.sqlite3-wal")
    expected = read_all(damaged.put(damaged.content))
    frame = 24 + PAGE_BYTES
    ends = list(range(32, len(damaged.content), 5 * frame))
    found = 0
    for _, data in damaged.cut(spread(len(damaged.content), [0, 1, 31, 32, *ends])):
        found += check(data, expected, must_be_found=False)
    assert found > SAMPLES // 2


def test_a_writer_refuses_to_start_behind_what_was_acknowledged(
    killed: Path, tmp_path: Path
) -> None:
    damaged = Damaged(killed, tmp_path, "eventlog/log.sqlite3-wal")
    assert asyncio.run(_open_and_close(damaged.put(damaged.content))) == 60
    for size, data in damaged.cut([0, 1_000, len(damaged.content) // 2]):
        with pytest.raises(LogDamaged, match=r"acknowledged events are missing.*to 59"):
            asyncio.run(_open_and_close(data))
        # It says how to go on without them, and that works.
        (data / "eventlog" / "acknowledged").unlink()
        assert asyncio.run(_open_and_close(data)) < 60, size


async def test_an_id_on_a_rotten_page_is_never_admitted_twice(tmp_path: Path) -> None:
    events = [make_event(n) for n in range(600)]
    await record_and_close(tmp_path / "eventlog", events, Settings(commit_events_max=1))
    path = tmp_path / "eventlog" / "log.sqlite3"
    content = bytearray(path.read_bytes())

    def page_of(event: Event) -> int:
        return content.index(event_key(event.tenant, event.event_id)) // PAGE_BYTES

    # Opening looks for the last event's key, which must not lie on the same page; neither may the
    # page be an inner one of the tree, over which every search goes (leaves begin with 10).
    victim = next(
        event
        for event in events
        if page_of(event) != page_of(events[-1]) and content[page_of(event) * PAGE_BYTES] == 10
    )
    content[page_of(victim) * PAGE_BYTES + 100] ^= 1
    path.write_bytes(content)

    log = EventLog.open(tmp_path / "eventlog", Settings())
    [answer] = await append_all(log, [victim])
    assert isinstance(answer, LogUnavailable)
    assert "damaged" in answer.message
    assert "jobtrail verify" in answer.message
    # What has nothing to do with that page goes on being recorded and recognised.
    outcomes: Counter[str] = Counter()
    for event in [*events[::30], *(make_event(f"new {n}") for n in range(20))]:
        await wait_until(lambda: log.status().is_writable)
        [answer] = await append_all(log, [event])
        outcomes[answer.outcome if isinstance(answer, Receipt) else type(answer).__name__] += 1
    assert outcomes[Outcome.DUPLICATE] >= 15
    assert outcomes[Outcome.ADMITTED] >= 15
    await log.close()
    assert not verify_log(tmp_path).is_sound


def test_every_byte_of_the_witness_counts(closed: Path, tmp_path: Path) -> None:
    damaged = Damaged(closed, tmp_path, "eventlog/acknowledged")
    expected = read_all(closed)
    positions = list(range(len(damaged.content)))
    for _, data in damaged.flipped(positions):
        assert check(data, expected, must_be_found=True)
        with pytest.raises(Failure, match="acknowledged is damaged"):
            asyncio.run(_open_and_close(data))
    for _, data in damaged.cut(positions):
        assert check(data, expected, must_be_found=True)


def test_every_flip_and_cut_of_an_archived_file_is_found(closed: Path, tmp_path: Path) -> None:
    [path] = (closed / "archive").rglob("*.parquet")
    damaged = Damaged(closed, tmp_path, str(path.relative_to(closed)))
    expected = read_all(closed)
    size = len(damaged.content)
    sample = RNG.sample(range(size), 30)
    for _, data in damaged.flipped([0, 1, 2, 3, *sample, size - 1]):
        assert check(data, expected, must_be_found=True)
    for _, data in damaged.cut([0, 1, 4, *sample[:5], size - 1]):
        assert check(data, expected, must_be_found=True)
