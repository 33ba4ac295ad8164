"""The engine's application over a data folder that no service runs on, for the command line."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from starlette.types import ASGIApp

from jobtrail.datafolder import DataFolder
from jobtrail.engine.app import create_app
from jobtrail.engine.context import Context
from jobtrail.engine.queries import Queries
from jobtrail.eventlog.reader import LogReader
from jobtrail.settings import Settings
from jobtrail.store.loader import Loader, LoaderStatus
from jobtrail.store.store import QUERIES_MAX, Store


class _AsItIs:
    """A store that nobody loads: it stays where its checkpoint is."""

    def __init__(self, store: Store, reader: LogReader) -> None:
        self._loaded = store.checkpoint()
        self._end = reader.end_offset()

    def status(self) -> LoaderStatus:
        """Say how far the store is."""
        return LoaderStatus(loaded_offset=self._loaded, log_end=self._end)


@contextmanager
def offline_application(folder: DataFolder, settings: Settings, *, load: bool) -> Iterator[ASGIApp]:
    """Open log and store, and answer as the engine would. Opening blocks.

    Args:
        folder: Held by the caller.
        settings: Of the command.
        load: Whether to load first what the log has and the store has not.

    Raises:
        Failure: The log is damaged, or the store cannot be opened or written.
    """
    with ExitStack() as stack:
        store = Store.open(folder.store, settings)
        stack.callback(store.close)
        reader = LogReader(folder.eventlog)
        stack.callback(reader.close)
        if load:
            loader = Loader(store, reader, settings)
            while loader.step():
                pass
        queries = Queries(running_max=QUERIES_MAX, waiting_max=settings.queries_waiting_max)
        stack.callback(queries.close)
        context = Context(
            settings=settings,
            store=store,
            reader=reader,
            loading=_AsItIs(store, reader),
            queries=queries,
        )
        stack.callback(context.slow.close)
        yield create_app(context)
