"""The reflection streams: each message is a question, answered as soon as it is read."""

from __future__ import annotations

from collections.abc import AsyncIterator
from functools import partial

from jobtrail.server.grpc import Answer, Stream
from jobtrail.wire.reflection import answer


async def _reflect(version: str, requests: AsyncIterator[bytes]) -> AsyncIterator[Answer]:
    async for message in requests:
        yield answer(version, message)


STREAMS: dict[str, Stream] = {
    f"/grpc.reflection.{version}.ServerReflection/ServerReflectionInfo": partial(_reflect, version)
    for version in ("v1", "v1alpha")
}
