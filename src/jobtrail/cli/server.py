"""A running server, asked over HTTP; what goes wrong is told in a sentence."""

from __future__ import annotations

import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import msgspec

from jobtrail.cli.connection import TIMEOUT_S, Parameters
from jobtrail.cli.exits import CommandFailed, Exit, unavailable

_EXITS = {
    400: Exit.USAGE,
    404: Exit.FOUND,
    409: Exit.FOUND,
    413: Exit.FOUND,
}
"""How a command ends that got this status; any other means that the server cannot answer now."""


class Server:
    """One server; see ``connection.Source``."""

    def __init__(self, client: httpx.Client) -> None:
        self.name = str(client.base_url).rstrip("/")
        self._client = client

    @classmethod
    @contextmanager
    def connect(cls, url: str, context: ssl.SSLContext) -> Iterator[Server]:
        """Make a client for *url*; nothing is sent before the first request."""
        # Proxies of the environment are for the internet, and this is nearly always this machine.
        with httpx.Client(
            base_url=url, verify=context, timeout=TIMEOUT_S, trust_env=False
        ) as client:
            yield cls(client)

    def get(self, path: str, parameters: Parameters) -> bytes:
        """Return the body of the answer; see ``connection.Source``."""
        with told(self.name):
            response = self._client.get(path, params=dict(parameters))
        refuse_errors(response.status_code, response.content, self.name)
        return response.content

    def post(self, path: str, body: bytes) -> httpx.Response:
        """Send JSON and return the answer, whatever its status."""
        with told(self.name):
            return self._client.post(
                path, content=body, headers={"content-type": "application/json"}
            )

    @contextmanager
    def stream(self, path: str, parameters: Parameters) -> Iterator[Iterator[str]]:
        """Open a stream and give its lines as they come; a silent one is given up after a while.

        Raises:
            CommandFailed: The server refuses it, or is gone.
        """
        # The server sends a comment every few seconds, so silence means that it is gone.
        timeout = httpx.Timeout(TIMEOUT_S)
        with (
            told(self.name),
            self._client.stream("GET", path, params=dict(parameters), timeout=timeout) as response,
        ):
            if response.is_error:
                refuse_errors(response.status_code, response.read(), self.name)
            yield response.iter_lines()


@contextmanager
def told(name: str) -> Iterator[None]:
    """Turn what httpx raises into the end of the command."""
    try:
        yield
    except httpx.TimeoutException:
        unavailable(f"{name} did not answer within {TIMEOUT_S:g} s")
    except httpx.ConnectError as error:
        unavailable(f"no server answers at {name} ({error}); start one with `jobtrail serve`")
    except (httpx.HTTPError, httpx.InvalidURL) as error:
        unavailable(f"the connection to {name} failed: {error or type(error).__name__}")


def refuse_errors(status: int, body: bytes, name: str) -> None:
    """End the command when the answer is an error, with the message that came with it."""
    if status < httpx.codes.BAD_REQUEST:
        return
    raise CommandFailed(error_message(status, body, name), _EXITS.get(status, Exit.UNAVAILABLE))


def error_message(status: int, body: bytes, name: str) -> str:
    """Find the message in an error as Google's APIs write them."""
    try:
        error: Any = msgspec.json.decode(body)
        return str(error["error"]["message"])
    except (msgspec.DecodeError, KeyError, TypeError):
        return f"{name} answered with status {status}"
