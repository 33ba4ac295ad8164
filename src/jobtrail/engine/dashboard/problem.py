"""What stands in for a part of the page that could not be made."""

from __future__ import annotations

import msgspec


class Problem(msgspec.Struct, frozen=True):
    """Why a part is missing, in words for the page's reader."""

    message: str
