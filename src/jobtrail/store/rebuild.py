"""`jobtrail rebuild`: forget the store and fold it again from the whole log."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from jobtrail.datafolder import DataFolder
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store.loader import Loader, LoaderStatus
from jobtrail.store.store import Store

Progress = Callable[[int, int], None]
"""Is called with how many records are done and how many there are."""


def rebuild(folder: DataFolder, settings: Settings, progress: Progress) -> LoaderStatus:
    """Drop every table and load the log from its first event, archived ones included; blocks.

    The result is the same as if all had been loaded as it arrived. May be run again after it was
    cut short; a service that starts on a half-built store goes on where this left off.

    Args:
        folder: The data folder, held by the caller, so that no service runs on it.
        settings: How much one load takes.
        progress: Told after each load: events loaded, events in the log.

    Returns:
        How the store stands at the end, its rows included.

    Raises:
        LogDamaged: The log cannot be believed past some offset; what came before is loaded.
        StoreUnavailable: The store cannot be written.
    """
    assert folder.lock_descriptor >= 0, "the caller holds the folder"
    _drop(folder)
    reader = LogReader(folder.eventlog)
    store = Store.open(folder.store, settings)
    try:
        loader = Loader(store, reader, settings)
        while loader.step():
            status = loader.status()
            progress(status.loaded_offset, status.log_end)
        return loader.status()
    finally:
        store.close()
        reader.close()


def _drop(folder: DataFolder) -> None:
    """Delete the store's files; dying half-way leaves no store rather than half of one."""
    dropped = folder.store.with_name("store.dropped")
    shutil.rmtree(dropped, ignore_errors=True)
    if folder.store.exists():
        folder.store.rename(dropped)
    shutil.rmtree(dropped, ignore_errors=True)
