"""The loader: reads the log in order and folds it into the tables, each record exactly once.

One step is: read some commits, put their lines into `incoming`, fold them into each table, then
move the checkpoint. Whatever dies in between, rows at or past the checkpoint are deleted before the
next step (`repair`), so a record is never there twice; and the checkpoint moves only after all
rows are on disk, so none is missing.
"""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

import msgspec

from jobtrail.clock import Clock, system_clock
from jobtrail.crash import crash_point
from jobtrail.errors import Failure, LogDamaged
from jobtrail.settings import Settings
from jobtrail.store import fold, quarantine
from jobtrail.store.checkpoint import Checkpoint, read_checkpoint, write_checkpoint
from jobtrail.store.embedded import temporary_files_in
from jobtrail.store.lines import read_lines
from jobtrail.store.store import Store, translated

if TYPE_CHECKING:
    from jobtrail.eventlog.reader import LogReader

_LOAD_SETTINGS: dict[str, object] = {
    # A load is a background matter: one core, and no buffers for parsing on a second one.
    "max_threads": 1,
    "max_insert_threads": 1,
    "input_format_parallel_parsing": 0,
    # A deletion has happened when the statement returns.
    "mutations_sync": 2,
}

_NS_PER_MS = 1_000_000


class LoaderStatus(msgspec.Struct, frozen=True, kw_only=True):
    """How far the store is behind the log, as the loader last saw it."""

    loaded_offset: int = 0
    log_end: int = 0
    lag_ms: int = 0
    """Milliseconds since all of the log was in the store; 0 when all of it is."""
    rows: dict[str, int] = {}
    """Rows in each table."""
    last_error: str = ""
    """Why the last step failed; empty once one has succeeded."""
    times_begun_anew: int = 0
    """How often this process found rows lost and loaded all from the first event."""
    has_more: bool = False
    """The last step could not take all that there was: the next one has work at once."""
    is_stopped: bool = False
    """Nothing will be loaded until someone has mended the log or rebuilt the store."""

    @property
    def lag_events(self) -> int:
        """Events of the log that no report counts yet."""
        return max(0, self.log_end - self.loaded_offset)


class Loader:
    """Loads one log into one store. Belongs to one thread; `status` may be read from any."""

    def __init__(
        self, store: Store, reader: LogReader, settings: Settings, *, clock: Clock = system_clock
    ) -> None:
        self._store = store
        self._reader = reader
        self._settings = settings
        self._clock = clock
        self._client = store.new_handle(_LOAD_SETTINGS)
        self._blocks = store.path / "blocks"
        self._checkpoint = Checkpoint()
        self._is_sound = False
        self._log_end = 0
        self._even_since = clock()
        self._rows = dict.fromkeys((*fold.FOLDS, quarantine.TABLE), 0)
        self._last_error = ""
        self._is_stopped = False
        self._has_more = False
        self._times_begun_anew = 0

    def status(self) -> LoaderStatus:
        """Say how far the store is; never blocks."""
        loaded, end = self._checkpoint.offset, self._log_end
        lag_ms = 0 if loaded >= end else (self._clock() - self._even_since) // _NS_PER_MS
        return LoaderStatus(
            loaded_offset=loaded,
            log_end=end,
            lag_ms=max(0, lag_ms),
            rows=dict(self._rows),
            last_error=self._last_error,
            times_begun_anew=self._times_begun_anew,
            has_more=self._has_more,
            is_stopped=self._is_stopped,
        )

    def step(self) -> int:
        """Load what the log holds past the checkpoint, as much as one load may take; blocks.

        A step that raises is undone before the next one begins.

        Returns:
            Events and rejections loaded; 0 when the store is even with the log.

        Raises:
            LogDamaged: The log ends before what is loaded, is another log, or cannot be believed.
                Nothing is skipped: all steps will raise this.
            StoreUnavailable: The tables cannot be written now.
        """
        try:
            with translated(), temporary_files_in(self._blocks):
                if not self._is_sound:
                    self.repair()
                self._is_sound = False
                events, rejections = self._load_events(), self._load_rejections()
                self._is_sound = True
        except Exception as error:
            self._last_error = str(error)
            self._is_stopped = not _can_pass(error)
            raise
        self._last_error = ""
        is_behind = self._checkpoint.offset < self._log_end
        self._has_more = is_behind or rejections == quarantine.LOAD_MAX
        return events + rejections

    def repair(self) -> None:
        """Undo what a load left that did not reach its checkpoint; begin anew if rows are lost.

        Raises:
            LogDamaged: The log is not the one that the store was made from, or lost its end.
        """
        checkpoint = read_checkpoint(self._store.path)
        self._require_same_log(checkpoint)
        crash_point("load.before_repair")
        self._client.command("TRUNCATE TABLE incoming")
        for table in fold.FOLDS:
            self._delete(table, "offset >= {first:UInt64}", checkpoint.offset)
            crash_point("load.within_repair")
        self._delete(quarantine.TABLE, "rejection_id > {first:UInt64}", checkpoint.rejection_id)
        expected = {"events": checkpoint.offset, "interactions": checkpoint.interactions}
        if any(self._count(table) != rows for table, rows in expected.items()):
            checkpoint = self._begin_anew()
        self._checkpoint = checkpoint
        crash_point("load.after_repair")

    def trim_rejections(self) -> None:
        """Delete rejected events that the quarantine has dropped to make room for newer ones."""
        with translated():
            first = self._reader.first_rejection_id()
            self._delete(quarantine.TABLE, "rejection_id < {first:UInt64}", first)

    def close(self) -> None:
        """Give the handle back to the engine; not needed when the store is closed."""
        self._client.close()

    def _require_same_log(self, checkpoint: Checkpoint) -> None:
        self._log_end = self._reader.end_offset()
        if self._log_end < checkpoint.offset:
            raise LogDamaged(
                f"the log ends at offset {self._log_end}, but {checkpoint.offset} events were "
                "loaded from it: it lost its end or is another log. Put the right one back, or "
                "`jobtrail rebuild`"
            )
        if not checkpoint.offset:
            return
        last = checkpoint.offset - 1
        lines = read_lines(self._reader, last, events_max=1)
        if not lines or _digest(lines[0]) != checkpoint.last_line:
            raise LogDamaged(
                f"offset {last} of the log is not the event that was loaded from there: this is "
                "another log. Put the right one back, or `jobtrail rebuild`"
            )

    def _begin_anew(self) -> Checkpoint:
        """Forget all rows: the log has them. Reached when files of the store are lost."""
        self._times_begun_anew += 1
        write_checkpoint(self._store.path, Checkpoint())
        for table in (*fold.FOLDS, quarantine.TABLE):
            self._client.command(f"TRUNCATE TABLE {table}")
        return Checkpoint()

    def _load_events(self) -> int:
        crash_point("load.before_read")
        self._log_end = self._reader.end_offset()
        first = self._checkpoint.offset
        if self._log_end <= first:
            self._even_since = self._clock()
            return 0
        lines = read_lines(self._reader, first, events_max=self._settings.load_events_max)
        if not lines:
            raise LogDamaged(f"the log ends at offset {self._log_end} but has nothing at {first}")
        crash_point("load.after_read")
        fold.put_lines(self._client, "incoming", first, lines)
        crash_point("load.before_insert")
        for table in fold.FOLDS:
            fold.fold_lines(self._client, table, source="incoming")
            crash_point("load.after_insert")
        self._client.command("TRUNCATE TABLE incoming")
        loaded = self._count("events")
        assert loaded == first + len(lines), "one row for each line"
        self._move_checkpoint(
            offset=loaded,
            interactions=self._count("interactions"),
            last_line=_digest(lines[-1]),
        )
        if self._checkpoint.offset >= self._log_end:
            self._even_since = self._clock()
        return len(lines)

    def _load_rejections(self) -> int:
        after = self._checkpoint.rejection_id
        rejections = self._reader.rejections(after, quarantine.LOAD_MAX)
        if not rejections:
            return 0
        quarantine.put_rejections(self._client, quarantine.TABLE, rejections)
        crash_point("load.after_rejections")
        self._move_checkpoint(rejection_id=rejections[-1][0])
        self._count(quarantine.TABLE)
        return len(rejections)

    def _move_checkpoint(self, **changes: object) -> None:
        checkpoint = msgspec.structs.replace(self._checkpoint, **changes)
        write_checkpoint(self._store.path, checkpoint)
        self._checkpoint = checkpoint

    def _count(self, table: str) -> int:
        count = self._client.query(f"SELECT count() FROM {table}").result_rows[0][0]  # noqa: S608 - our names
        assert isinstance(count, int)
        self._rows[table] = count
        return count

    def _delete(self, table: str, condition: str, first: int) -> None:
        """Delete rows and wait for it; does nothing, at little cost, when there are none."""
        parameters = {"first": first}
        doomed = self._client.query(
            f"SELECT count() FROM {table} WHERE {condition}",  # noqa: S608 - our own words
            parameters=parameters,
        ).result_rows[0][0]
        if doomed:
            self._client.command(
                f"ALTER TABLE {table} DELETE WHERE {condition}", parameters=parameters
            )
        self._count(table)


def _can_pass(error: Exception) -> bool:
    """Tell whether trying again can help: not with a bug, and not with a damaged log."""
    if isinstance(error, Failure):
        return error.is_retryable
    return not isinstance(error, AssertionError)


def _digest(line: bytes) -> str:
    return blake2b(line, digest_size=16).hexdigest()
