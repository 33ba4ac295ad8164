"""What stands in for a part of the page that could not be made."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """Why a part is missing, in words for the page's reader."""

    message: str
    is_pending: bool = False
    """Nothing is wrong: it is being made and will be there by itself."""


PATIENCE_S = 1.5
"""How long a page waits for one of its parts before it is sent without it."""

PENDING = Problem("A large store takes a moment to count.", is_pending=True)
