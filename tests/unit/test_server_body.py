"""Bodies are read whole, within a bound for each and one for all."""

from __future__ import annotations

from typing import Any

import pytest

from jobtrail.server.body import BodiesTooLarge, BodyReader, BodyTooLarge, ClientGone, Receive


def receive(*messages: dict[str, Any]) -> Receive:
    rest = iter(messages)

    async def next_message() -> dict[str, Any]:
        return next(rest)

    return next_message


def part(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


async def test_parts_are_joined() -> None:
    reader = BodyReader(body_bytes_max=10, all_bytes_max=100)
    assert await reader.read(receive(part(b"ab"), part(b"c"), part(b"", more=False))) == b"abc"
    assert await reader.read(receive(part(b"whole", more=False))) == b"whole"


async def test_a_body_at_its_bound_is_read_and_one_past_it_is_not() -> None:
    reader = BodyReader(body_bytes_max=4, all_bytes_max=100)
    assert await reader.read(receive(part(b"ab"), part(b"cd", more=False))) == b"abcd"
    for messages in ([part(b"abcde", more=False)], [part(b"abc"), part(b"de", more=False)]):
        with pytest.raises(BodyTooLarge):
            await reader.read(receive(*messages))


async def test_all_bodies_share_a_bound_that_is_given_back() -> None:
    reader = BodyReader(body_bytes_max=100, all_bytes_max=4)
    for _ in range(3):
        with pytest.raises(BodiesTooLarge):
            await reader.read(receive(part(b"a"), part(b"bcde"), part(b"f", more=False)))
        assert await reader.read(receive(part(b"a"), part(b"bcde", more=False))) == b"abcde"


async def test_a_client_that_goes_away_is_told_from_one_that_is_done() -> None:
    reader = BodyReader(body_bytes_max=100, all_bytes_max=100)
    for messages in (
        [{"type": "http.disconnect"}],
        [part(b"ab"), {"type": "http.disconnect"}],
    ):
        with pytest.raises(ClientGone):
            await reader.read(receive(*messages))
