"""gRPC over the ASGI app: frames in a request body, an answer, and trailers.

Envoy does HTTP/2; what is left of gRPC is small enough to be read here in one go, and faster than a
gRPC server of its own behind the same port.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

from jobtrail.errors import Code, Failure, QueueFull, Rejected
from jobtrail.server.body import BodiesTooLarge, BodyReader, BodyTooLarge, Receive, Scope, Send
from jobtrail.server.headers import Headers, client_of
from jobtrail.server.recording import Caller, Recorder
from jobtrail.server.rest import bodies_too_large
from jobtrail.settings import Settings
from jobtrail.wire.deadline import parse_timeout
from jobtrail.wire.decode import decode_grpc
from jobtrail.wire.frames import ACCEPT_ENCODING, FrameReader, read_message, too_large, write_frame
from jobtrail.wire.operations import get_operation
from jobtrail.wire.status import Outcome, Status, grpc_trailers

_START = {
    "type": "http.response.start",
    "status": 200,
    "headers": [
        (b"content-type", b"application/grpc"),
        (b"grpc-accept-encoding", ACCEPT_ENCODING.encode()),
    ],
    "trailers": True,
}
_OK_TRAILERS = {
    "type": "http.response.trailers",
    "headers": [(b"grpc-status", b"0")],
    "more_trailers": False,
}
_NS_PER_SECOND = 1e9

# Messages of one stream that may wait; a client that sends more is slowed by flow control.
_WAITING_MAX = 16

Answer = bytes | Outcome
Unary = Callable[[bytes, Caller], Awaitable[Answer]]
Stream = Callable[[AsyncIterator[bytes]], AsyncIterator[Answer]]


class Grpc:
    """Answers every gRPC call on the port; which ones there are is in ``unary`` and ``streams``."""

    def __init__(
        self,
        recorder: Recorder,
        bodies: BodyReader,
        settings: Settings,
        *,
        unary: dict[str, Unary],
        streams: dict[str, Stream],
    ) -> None:
        self._recorder = recorder
        self._bodies = bodies
        self._bytes_max = settings.message_bytes_max
        self._timeout = settings.request_timeout_ms / 1_000
        self._streams = streams
        self._streams_max = settings.grpc_streams_max
        self._streaming = 0
        self._unary: dict[str, Unary] = {
            "/google.cloud.talent.v4.EventService/CreateClientEvent": self._create_v4,
            "/google.cloud.talent.v4beta1.EventService/CreateClientEvent": self._create_v4beta1,
            "/google.longrunning.Operations/GetOperation": _get_operation,
            **unary,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one gRPC call."""
        headers = Headers(scope["headers"])
        if (unary := self._unary.get(scope["path"])) is not None:
            await _send_answer(send, await self._call(unary, headers, receive))
        elif (stream := self._streams.get(scope["path"])) is not None:
            await self._run(stream, headers, receive, send)
        else:
            unknown = Status(Code.UNIMPLEMENTED, f"The method {scope['path']} is not served here.")
            await _send_answer(send, unknown)

    # -- one message in, one out ------------------------------------------------------------

    async def _call(self, unary: Unary, headers: Headers, receive: Receive) -> Answer:
        deadline = self._deadline(headers)
        if isinstance(deadline, Status):
            return deadline
        # The method writes its own api where it records.
        caller = Caller("grpc", client_of(headers), deadline)
        try:
            message = await self._read(headers, receive)
            if isinstance(message, Rejected):
                return await self._recorder.reject(message, caller, b"")
            if isinstance(message, Status):
                return message
            return await unary(message, caller)
        except Failure as failure:
            return failure

    def _deadline(self, headers: Headers) -> float | Status:
        """Return the monotonic time at which the client, or our own bound, stops waiting."""
        now = time.monotonic()
        value = headers.get(b"grpc-timeout")
        if value is None:
            return now + self._timeout
        timeout_ns = parse_timeout(value.decode("latin-1"))
        if isinstance(timeout_ns, Status):
            return timeout_ns
        return now + min(timeout_ns / _NS_PER_SECOND, self._timeout)

    async def _read(self, headers: Headers, receive: Receive) -> bytes | Rejected | Status:
        try:
            body = await self._bodies.read(receive)
        except BodyTooLarge:
            return too_large(self._bytes_max + 1, self._bytes_max)
        except BodiesTooLarge:
            raise bodies_too_large() from None
        return read_message(body, encoding=_encoding(headers), bytes_max=self._bytes_max)

    async def _create_v4(self, message: bytes, caller: Caller) -> Answer:
        return await self._create("v4", message, caller)

    async def _create_v4beta1(self, message: bytes, caller: Caller) -> Answer:
        return await self._create("v4beta1", message, caller)

    async def _create(self, version: str, message: bytes, caller: Caller) -> Answer:
        caller.api = f"grpc/{version}"
        decoded = decode_grpc(version, message)
        if isinstance(decoded, Rejected):
            return await self._recorder.reject(decoded, caller, message)
        return await self._recorder.record(decoded, caller, message) or decoded.echo

    # -- streams ----------------------------------------------------------------------------

    async def _run(self, stream: Stream, headers: Headers, receive: Receive, send: Send) -> None:
        """Answer a stream until it ends, or until the client is gone."""
        if self._streaming >= self._streams_max:
            too_many = f"{self._streams_max} streams are open (grpc_streams_max); come again later."
            await _send_answer(send, QueueFull(too_many))
            return
        reader = FrameReader(encoding=_encoding(headers), bytes_max=self._bytes_max)
        requests = _Requests()
        listening = asyncio.create_task(requests.listen(reader, receive))
        answering = asyncio.create_task(_answer_stream(stream, requests, send))
        self._streaming += 1
        try:
            await asyncio.wait((listening, answering), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._streaming -= 1
            listening.cancel()
            answering.cancel()
            await asyncio.gather(listening, answering, return_exceptions=True)


class _StreamError(Exception):
    def __init__(self, outcome: Outcome) -> None:
        super().__init__(outcome)
        self.outcome = outcome


class _Requests:
    """The messages of a request stream, a few of them waiting at most."""

    def __init__(self) -> None:
        self._queue: asyncio.Queue[bytes | _StreamError | None] = asyncio.Queue(_WAITING_MAX)

    async def listen(self, reader: FrameReader, receive: Receive) -> None:
        """Take in messages; return only when the client is gone."""
        while (part := await receive())["type"] != "http.disconnect":
            messages = reader.feed(part.get("body", b""))
            if not isinstance(messages, list):
                await self._queue.put(_StreamError(messages))
                continue
            for message in messages:
                await self._queue.put(message)
            if not part.get("more_body"):
                unfinished = reader.finish()
                await self._queue.put(_StreamError(unfinished) if unfinished else None)

    async def __aiter__(self) -> AsyncIterator[bytes]:
        while (message := await self._queue.get()) is not None:
            if isinstance(message, _StreamError):
                raise message
            yield message


async def _answer_stream(stream: Stream, requests: _Requests, send: Send) -> None:
    await send(_START)
    try:
        async for answer in stream(aiter(requests)):
            if not isinstance(answer, bytes):
                await _send_trailers(send, answer)
                return
            frame = {"type": "http.response.body", "body": write_frame(answer)}
            await send({**frame, "more_body": True})
    except _StreamError as error:
        await _send_trailers(send, error.outcome)
        return
    await _send_trailers(send, None)


def _encoding(headers: Headers) -> str:
    return headers.get(b"grpc-encoding", b"").decode("latin-1")


async def _get_operation(message: bytes, caller: Caller) -> Answer:
    return get_operation(message)


async def _send_answer(send: Send, answer: Answer) -> None:
    await send(_START)
    if isinstance(answer, bytes):
        await send({"type": "http.response.body", "body": write_frame(answer)})
        await send(_OK_TRAILERS)
    else:
        await _send_trailers(send, answer)


async def _send_trailers(send: Send, outcome: Outcome | None) -> None:
    await send({"type": "http.response.body", "body": b""})
    if outcome is None:
        await send(_OK_TRAILERS)
        return
    trailers = {"type": "http.response.trailers", "headers": grpc_trailers(outcome)}
    await send({**trailers, "more_trailers": False})
