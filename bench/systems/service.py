"""What the benchmark asks of a service, whichever it is."""

from __future__ import annotations

import socket
import time
from typing import Protocol

START_TIMEOUT_S = 120.0


class Service(Protocol):
    """One service on a port of loopback, with data of its own."""

    name: str
    port: int

    def start(self) -> None:
        """Start it and return once it takes requests."""

    def launch(self) -> None:
        """Start it and return at once, as far as that can be."""

    def stop(self) -> None:
        """Stop it as an operator would; its data stays."""

    def forget(self) -> None:
        """Stop it and delete its data."""

    def processes(self) -> list[int]:
        """Return the processes that all its others come from."""

    def recorded(self) -> int:
        """Count the events that it holds by its own account."""

    def settle(self) -> None:
        """Wait until it has nothing left to do with the events it took."""

    def disk_bytes(self) -> dict[str, int]:
        """Return the size of what it keeps on disk, by part."""


def free_port() -> int:
    """Return a TCP port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def wait_for_port(port: int) -> None:
    """Wait until somebody listens on *port*."""
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.01)
