"""The query string of a REST call: Google's common parameters, all of them tolerated.

Clients send ``$alt=json;enum-encoding=int`` in two encodings, and keys, quota users and the like
beside it. None of them is a reason to refuse an event, so a parameter that means nothing to us is
passed over, known or not.
"""

from __future__ import annotations

from functools import lru_cache
from urllib.parse import parse_qsl

import msgspec


class ResponseStyle(msgspec.Struct, frozen=True):
    """How the client wants its answer written."""

    enums_as_ints: bool = False
    """``$alt=json;enum-encoding=int``."""
    pretty: bool = False
    """``prettyPrint=true``. Left out it is false: it is programs that read the answers."""


# One client always sends the same query; a hundred distinct ones cost a few kilobytes. Longer
# ones than these carry keys or junk, which has no place in a cache.
_CACHED_CHARS_MAX = 100


def parse_query(query: bytes) -> ResponseStyle:
    """Read a raw query string, without its question mark. Nothing in it can be wrong."""
    if not query:
        return _DEFAULT
    return _cached(query) if len(query) <= _CACHED_CHARS_MAX else _parse(query)


def _parse(query: bytes) -> ResponseStyle:
    enums_as_ints = pretty = False
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    for name, value in pairs:
        if name in ("alt", "$alt"):
            kind, *options = value.replace(" ", "").split(";")
            enums_as_ints |= kind == "json" and "enum-encoding=int" in options
        elif name in ("prettyPrint", "$prettyPrint"):
            pretty = value.lower() in ("true", "1")
    return ResponseStyle(enums_as_ints, pretty)


_cached = lru_cache(maxsize=128)(_parse)
_DEFAULT = ResponseStyle()
