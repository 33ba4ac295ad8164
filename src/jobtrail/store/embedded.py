"""The ClickHouse engine inside our own process: how it is imported, opened and kept small.

Everything else talks to ``clickhouse_connect``'s ``Client`` and would say the same to a server.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import types
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from jobtrail.errors import StoreUnavailable

if TYPE_CHECKING:
    from clickhouse_connect.driver.client import Client

_ENGINE_OPTIONS = {
    # Marks and primary indexes of some million rows fit many times; the default is 5 GiB.
    "mark_cache_size": 16 * 1024 * 1024,
    "index_mark_cache_size": 4 * 1024 * 1024,
    "uncompressed_cache_size": 0,
    "index_uncompressed_cache_size": 0,
    "mmap_cache_size": 0,
    "query_condition_cache_size": 8 * 1024 * 1024,
    "compiled_expression_cache_size": 0,
}
"""Server settings of the embedded engine, handed over with the path when it is opened. chDB itself
keeps the pools small: two threads for merges, one for everything else in the background."""

_import_lock = threading.Lock()


def open_client(path: Path, settings: Mapping[str, object], *, memory_bytes_max: int) -> Client:
    """Open one more handle to the engine whose files are in *path*; the first one starts it.

    A handle serves one call at a time. A process holds one engine, so all open handles must name
    the same path; once all are closed another may be opened.

    Args:
        path: The store's folder; made when it is not there.
        settings: ClickHouse's session settings for all calls on this handle.
        memory_bytes_max: Bytes that all handles together may take; the first handle decides.

    Raises:
        StoreUnavailable: The engine cannot be started there: held by another process, unreadable.
    """
    path.mkdir(parents=True, exist_ok=True)
    with _import_lock:
        _import_chdb()
        from clickhouse_connect import get_client  # noqa: PLC0415 - 0.3 s and 100 MB: only when needed
        from clickhouse_connect.driver.exceptions import Error  # noqa: PLC0415
    try:
        return get_client(
            interface="chdb",
            path=str(path),
            tz_mode="aware",
            settings=dict(settings),
            chdb_options=_ENGINE_OPTIONS | {"max_server_memory_usage": memory_bytes_max},
        )
    except Error as error:
        raise StoreUnavailable(f"the store in {path} cannot be opened: {error}") from error


class _Absent(types.ModuleType):
    """Stands in for pyarrow while chdb is imported; any name in it is there and means nothing."""

    def __getattr__(self, name: str) -> object:
        if name.startswith("__"):
            raise AttributeError(name)
        return object


def _import_chdb() -> None:
    """Import chdb without pyarrow, which it wants for Arrow results alone: 41 MB less when idle.

    Whoever imports pyarrow later gets the real one.
    """
    stands_in = "chdb" not in sys.modules and "pyarrow" not in sys.modules
    if stands_in:
        sys.modules["pyarrow"] = _Absent("pyarrow")
    try:
        import chdb  # noqa: F401, PLC0415
    finally:
        if stands_in:
            del sys.modules["pyarrow"]


@contextmanager
def temporary_files_in(directory: Path) -> Iterator[None]:
    """Have the blocks that are inserted meanwhile handed over in *directory*, empty at first.

    The client passes each block to the embedded engine as a temporary file. In the system's folder
    for those, one would stay for ever each time a process is killed during an insert.
    """
    shutil.rmtree(directory, ignore_errors=True)
    directory.mkdir(parents=True)
    before, tempfile.tempdir = tempfile.tempdir, str(directory)
    try:
        yield
    finally:
        tempfile.tempdir = before
