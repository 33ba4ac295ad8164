"""Questions to Envoy's own interface, over a Unix socket that only this user can open."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import msgspec

_TIMEOUT_S = 2.0


class EnvoyAdmin:
    """Asks one Envoy process; an Envoy that does not answer counts as one that has nothing."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket

    async def listening_port(self) -> int | None:
        """Return the TCP port that Envoy listens on, or ``None`` while it does not."""
        answer = await self._ask("GET", "/listeners?format=json")
        if answer is None:
            return None
        statuses: list[dict[str, Any]] = msgspec.json.decode(answer).get("listener_statuses", [])
        for status in statuses:
            if status["name"] == "listener":
                return int(status["local_address"]["socket_address"]["port_value"])
        return None

    async def drain(self) -> None:
        """Take no new connections, and ask the present ones to end after their request."""
        await self._ask("POST", "/drain_listeners")

    async def active_requests(self) -> int:
        """Count the requests that have come in and are not answered yet."""
        answer = await self._ask("GET", "/stats?filter=ingress_http.downstream_rq_active$")
        if answer is None:
            return 0
        _, _, count = answer.decode().strip().rpartition(": ")
        return int(count or 0)

    async def _ask(self, method: str, path: str) -> bytes | None:
        try:
            return await asyncio.wait_for(self._exchange(method, path), _TIMEOUT_S)
        except (OSError, TimeoutError, EOFError):
            return None

    async def _exchange(self, method: str, path: str) -> bytes | None:
        reader, writer = await asyncio.open_unix_connection(str(self.socket))
        try:
            request = f"{method} {path} HTTP/1.1\r\nhost: admin\r\nconnection: close\r\n\r\n"
            writer.write(request.encode())
            head, _, body = (await reader.read(-1)).partition(b"\r\n\r\n")
        finally:
            writer.close()
        if b" 200 " not in head.split(b"\r\n", 1)[0]:
            return None
        return _dechunk(body) if b"transfer-encoding: chunked" in head.lower() else body


def _dechunk(body: bytes) -> bytes:
    """Undo HTTP/1.1 chunking (RFC 9112, section 7.1) of a complete body without trailers."""
    parts = []
    while body:
        size_text, _, rest = body.partition(b"\r\n")
        size = int(size_text, 16)
        if size == 0:
            break
        parts.append(rest[:size])
        body = rest[size + 2 :]
    return b"".join(parts)
