"""The store as everyone else sees it: bound SQL in, rows out, failures in our own words."""

from __future__ import annotations

import queue
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jobtrail.errors import Closing, DeadlinePassed, Failure, QueryTooLarge, StoreUnavailable
from jobtrail.settings import Settings
from jobtrail.store.checkpoint import Checkpoint, read_checkpoint
from jobtrail.store.embedded import open_client
from jobtrail.store.migrations import migrate

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

QUERIES_MAX = 4
"""Queries that run at once, each on a handle of its own; the rest wait for their turn."""

LOADING_BYTES_MAX = 512 * 1024 * 1024
"""Memory for loading and merging, beside what one query may take; 200 MB were seen."""

# ClickHouse's numbers for what we name apart.
_TIMEOUT_EXCEEDED = {159, 160}  # TIMEOUT_EXCEEDED, TOO_SLOW
_TOO_LARGE = {158, 241, 307, 396}  # rows, memory, bytes, rows or bytes of a result


class Store:
    """The tables of one data folder, open in this process.

    Safe for use from any thread: a query takes a handle that no other call is using.
    """

    def __init__(self, path: Path, settings: Settings) -> None:
        self.path = path
        self._settings = settings
        self._memory_bytes_max = settings.query_memory_bytes_max + LOADING_BYTES_MAX
        self._timeout = settings.query_timeout_ms / 1000
        self._lock = threading.Lock()
        self._idle: queue.LifoQueue[Client | None] = queue.LifoQueue()
        self._open: list[Client] = []
        self._closed = False
        for _ in range(QUERIES_MAX):
            self._idle.put(None)

    @classmethod
    def open(cls, path: Path, settings: Settings) -> Store:
        """Open the store in *path*, making it or bringing its tables to today's shape.

        Raises:
            StoreTooNew: A later version of Jobtrail has written it.
            StoreUnavailable: It cannot be opened.
        """
        store = cls(path, settings)
        try:
            with store.handle() as client:
                migrate(client)
        except BaseException:
            store.close()
            raise
        return store

    def query(
        self, sql: str, parameters: Mapping[str, object] | None = None
    ) -> list[dict[str, object]]:
        """Run one statement and return its rows by column name; blocks.

        Args:
            sql: ClickHouse SQL with ``{name:Type}`` for each parameter, never text put together.
            parameters: Values by name. Instants are ``datetime`` with a zone.

        Raises:
            DeadlinePassed: It waited for its turn, or ran, for longer than ``query_timeout_ms``.
            QueryTooLarge: It needed more than ``query_memory_bytes_max``.
            StoreUnavailable: The engine refused or failed.
            Closing: The store is closed.
        """
        with self.handle() as client:
            result = client.query(sql, parameters=dict(parameters or {}))
            names = result.column_names
            return [dict(zip(names, row, strict=True)) for row in result.result_rows]

    def checkpoint(self) -> int:
        """Read the next offset of the log to load; all before it is in the tables."""
        return self.read_checkpoint().offset

    def read_checkpoint(self) -> Checkpoint:
        """Read how far log and quarantine are loaded."""
        return read_checkpoint(self.path)

    @contextmanager
    def handle(self) -> Iterator[Client]:
        """Borrow a handle that no other call uses; what it raises is told in our words.

        Raises:
            DeadlinePassed: None came free within ``query_timeout_ms``.
        """
        client = self._take()
        try:
            with translated():
                yield client
        finally:
            self._give_back(client)

    def new_handle(self, settings: Mapping[str, object] | None = None) -> Client:
        """Open a handle that belongs to the caller until `close`, with *settings* of its own."""
        with self._lock:
            if self._closed:
                raise Closing("the store is closed")
            client = open_client(self.path, settings or {}, memory_bytes_max=self._memory_bytes_max)
            self._open.append(client)
            return client

    def release_memory(self) -> None:
        """Give what the engine has freed back to the system: 190 MB after 1 M events, not 330."""
        with self.handle() as client:
            client.command("SYSTEM JEMALLOC PURGE")

    def close(self) -> None:
        """Close all handles; the engine stops with the last. Waits for queries that run."""
        with self._lock:
            self._closed = True
            handles, self._open = self._open, []
        for client in handles:
            client.close()

    def _take(self) -> Client:
        try:
            client = self._idle.get(timeout=self._timeout)
        except queue.Empty:
            raise DeadlinePassed(
                f"{QUERIES_MAX} queries ran for all of {self._timeout:g} s; try again later"
            ) from None
        if self._closed:
            self._idle.put(client)
            raise Closing("the store is closed")
        if client is not None:
            return client
        try:
            return self.new_handle(self._query_settings())
        except BaseException:
            self._idle.put(None)
            raise

    def _give_back(self, client: Client) -> None:
        self._idle.put(client)

    def _query_settings(self) -> dict[str, object]:
        return {
            "max_execution_time": self._timeout,
            "max_memory_usage": self._settings.query_memory_bytes_max,
        }


@contextmanager
def translated() -> Iterator[None]:
    """Turn what ClickHouse raises inside into the failures of `jobtrail.errors`."""
    from clickhouse_connect.driver.exceptions import Error  # noqa: PLC0415 - heavy, loaded by now

    try:
        yield
    except Error as error:
        raise _failure(error) from error
    except OSError as error:  # a block that could not be handed over: the disk is full
        raise StoreUnavailable(f"the store cannot be written: {error}") from error


def _failure(error: Exception) -> Failure:
    code = getattr(error, "code", None)
    if code in _TIMEOUT_EXCEEDED:
        return DeadlinePassed("the query took too long; ask for a shorter range of time")
    if code in _TOO_LARGE:
        return QueryTooLarge("the query needs too much memory; ask for a shorter range of time")
    return StoreUnavailable(f"the store could not answer: {error}")
