"""Google's REST contract: ``POST /v4/{parent}/clientEvents`` and its v4beta1 twin."""

from __future__ import annotations

import time

from jobtrail.errors import Code, Failure, QueueFull, Rejected
from jobtrail.server.body import BodiesTooLarge, BodyReader, BodyTooLarge, Receive, Scope, Send
from jobtrail.server.headers import Headers, client_of
from jobtrail.server.recording import Caller, Recorder
from jobtrail.settings import Settings
from jobtrail.wire.bodies import read_body
from jobtrail.wire.decode import decode_rest
from jobtrail.wire.encode import encode_rest
from jobtrail.wire.frames import too_large
from jobtrail.wire.operations import OPERATION_NOT_FOUND
from jobtrail.wire.paths import RestCall, parse_path
from jobtrail.wire.query import ResponseStyle, parse_query
from jobtrail.wire.status import Outcome, Status, rest_error

_JSON = [(b"content-type", b"application/json; charset=UTF-8")]

# Clients of one tenant always send the same path; past this many paths the memory starts anew.
_CALLS_REMEMBERED = 1_024


class Rest:
    """Answers the REST calls of the contract."""

    def __init__(self, recorder: Recorder, bodies: BodyReader, settings: Settings) -> None:
        self._recorder = recorder
        self._bodies = bodies
        self._settings = settings
        self._calls: dict[bytes, RestCall] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request below ``/v4/`` or ``/v4beta1/``."""
        call = self._calls.get(scope["raw_path"]) or self._parse(scope["raw_path"])
        if isinstance(call, RestCall) and call.method == "create_client_event":
            await self._create_client_event(call, scope, receive, send)
        elif isinstance(call, RestCall):
            await send_error(send, _operation_not_found(scope["method"]))
        elif isinstance(call, Rejected):
            await send_error(send, call)
        else:
            await send_error(send, nothing_here(scope))

    def _parse(self, raw_path: bytes) -> RestCall | Rejected | None:
        call = parse_path(raw_path)
        if isinstance(call, RestCall):
            if len(self._calls) >= _CALLS_REMEMBERED:
                self._calls.clear()
            self._calls[raw_path] = call
        return call

    async def _create_client_event(
        self, call: RestCall, scope: Scope, receive: Receive, send: Send
    ) -> None:
        if scope["method"] != "POST":
            await send_error(send, _method_not_allowed("POST"), [(b"allow", b"POST")])
            return
        headers = Headers(scope["headers"])
        deadline = time.monotonic() + self._settings.request_timeout_ms / 1_000
        caller = Caller(f"rest/{call.version}", client_of(headers), deadline)
        style = parse_query(scope["query_string"])
        try:
            answer = await self._record(call, caller, headers, receive, style)
        except Failure as failure:
            await send_error(send, failure)
            return
        if isinstance(answer, bytes):
            await send_body(send, 200, _JSON, answer)
        else:
            await send_error(send, answer)

    async def _record(
        self,
        call: RestCall,
        caller: Caller,
        headers: Headers,
        receive: Receive,
        style: ResponseStyle,
    ) -> bytes | Rejected:
        payload = await self._read(headers, receive)
        if isinstance(payload, Rejected):
            return await self._recorder.reject(payload, caller, b"")
        decoded = decode_rest(call.version, payload, parent=call.name)
        if isinstance(decoded, Rejected):
            return await self._recorder.reject(decoded, caller, payload)
        rejected = await self._recorder.record(decoded, caller, payload)
        return rejected or encode_rest(decoded.draft, style)

    async def _read(self, headers: Headers, receive: Receive) -> bytes | Rejected:
        bytes_max = self._settings.message_bytes_max
        try:
            body = await self._bodies.read(receive)
        except BodyTooLarge:
            return too_large(bytes_max + 1, bytes_max)
        except BodiesTooLarge:
            raise bodies_too_large() from None
        encoding = headers.get(b"content-encoding")
        if encoding is None and len(body) <= bytes_max:
            return body
        return read_body(body, encoding=(encoding or b"").decode("latin-1"), bytes_max=bytes_max)


def bodies_too_large() -> QueueFull:
    """Refuse a body because too many bytes are being read at once."""
    return QueueFull(
        "Too many request bodies are being read at once (bodies_bytes_max); send again later."
    )


def nothing_here(scope: Scope) -> Status:
    """Say that a path is not served."""
    return Status(Code.NOT_FOUND, f"Nothing is served at {scope['method']} of this path.")


def _operation_not_found(method: str) -> Outcome:
    if method not in ("GET", "HEAD"):
        return _method_not_allowed("GET")
    return OPERATION_NOT_FOUND


def _method_not_allowed(allowed: str) -> Status:
    return Status(
        Code.UNIMPLEMENTED, f"This path takes {allowed} alone.", "METHOD_NOT_ALLOWED", 405
    )


async def send_error(
    send: Send, outcome: Outcome, headers: list[tuple[bytes, bytes]] | None = None
) -> None:
    """Answer with an error in Google's JSON shape."""
    error = rest_error(outcome)
    await send_body(send, error.http_status, [*error.headers, *(headers or ())], error.body)


async def send_body(
    send: Send, status: int, headers: list[tuple[bytes, bytes]], body: bytes
) -> None:
    """Answer with a whole body."""
    length = (b"content-length", b"%d" % len(body))
    await send({"type": "http.response.start", "status": status, "headers": [*headers, length]})
    await send({"type": "http.response.body", "body": body})
