"""A data folder that no server holds, answered for by the engine's application in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx

from jobtrail.cli.connection import TIMEOUT_S, Parameters
from jobtrail.cli.exits import unavailable
from jobtrail.cli.server import refuse_errors
from jobtrail.datafolder import DataFolder, FolderHeldError
from jobtrail.settings import Settings


class Folder:
    """One data folder; see ``connection.Source``."""

    def __init__(self, path: Path, runner: asyncio.Runner, client: httpx.AsyncClient) -> None:
        self.name = f"the data folder {path}"
        self._runner = runner
        self._client = client

    def get(self, path: str, parameters: Parameters) -> bytes:
        """Return the body of the answer; see ``connection.Source``."""
        response = self._runner.run(self._client.get(path, params=dict(parameters)))
        refuse_errors(response.status_code, response.content, self.name)
        return response.content


@contextmanager
def hold_folder(settings: Settings, *, otherwise: str = "") -> Iterator[DataFolder]:
    """Take the data folder for this command, so that no server starts on it meanwhile.

    Args:
        settings: They name the folder.
        otherwise: What else than a folder can be named, for the message that there is none.

    Raises:
        CommandFailed: It is not there, is held, or cannot be used.
    """
    folder = DataFolder(Path(settings.data).absolute())
    if not folder.eventlog.is_dir():
        unavailable(
            f"there is no Jobtrail data in {folder.path}; name the folder with --data{otherwise}"
        )
    try:
        folder.acquire()
    except FolderHeldError as error:
        unavailable(f"{error}; stop that first")
    except OSError as error:
        unavailable(f"the data folder {folder.path} cannot be used: {error.strerror}")
    try:
        yield folder
    finally:
        folder.release()


@contextmanager
def open_folder(settings: Settings, *, load: bool) -> Iterator[Folder]:
    """Open log and store of a folder and fold what the store has not seen, if *load* says so.

    Raises:
        CommandFailed: The folder cannot be used.
        Failure: The log is damaged or the store cannot be opened.
    """
    from jobtrail.engine.offline import offline_application

    with ExitStack() as stack:
        folder = stack.enter_context(
            hold_folder(settings, otherwise=", or a running server with --url")
        )
        runner = stack.enter_context(asyncio.Runner())
        application = stack.enter_context(offline_application(folder, settings, load=load))
        client = httpx.AsyncClient(
            transport=httpx.ASGITransport(application),
            base_url="http://folder",
            timeout=TIMEOUT_S,
        )
        stack.callback(lambda: runner.run(client.aclose()))
        yield Folder(folder.path, runner, client)
