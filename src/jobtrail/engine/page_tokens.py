"""Page tokens: where the next page begins, bound to the question that was asked."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Mapping

import msgspec

from jobtrail.engine.refusals import InvalidRequest

_TOKEN_CHARS_MAX = 200


class _Token(msgspec.Struct, frozen=True, array_like=True):
    position: int
    question: bytes


def encode_token(position: int, question: Mapping[str, str]) -> str:
    """Make the token of the page that begins past *position* in the answer to *question*."""
    packed = msgspec.msgpack.encode(_Token(position, _digest(question)))
    return base64.urlsafe_b64encode(packed).rstrip(b"=").decode()


def decode_token(token: str, question: Mapping[str, str]) -> int:
    """Return the position that `encode_token` was given.

    Raises:
        InvalidRequest: It is no token of ours, or was given out for another question.
    """
    try:
        if len(token) > _TOKEN_CHARS_MAX:
            raise ValueError(token[:10])
        packed = base64.b64decode(token + "=" * (-len(token) % 4), b"-_", validate=True)
        decoded = msgspec.msgpack.decode(packed, type=_Token)
    except (ValueError, binascii.Error, msgspec.MsgspecError):
        raise InvalidRequest("pageToken", "is not a token from an earlier answer") from None
    if decoded.question != _digest(question):
        raise InvalidRequest("pageToken", "belongs to a list with other filters; start without it")
    return decoded.position


def _digest(question: Mapping[str, str]) -> bytes:
    text = msgspec.json.encode(sorted(question.items()))
    return hashlib.blake2b(text, digest_size=8).digest()
