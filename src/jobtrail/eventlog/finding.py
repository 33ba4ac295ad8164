"""What a check of the log found."""

from __future__ import annotations

from typing import Literal

import msgspec

Severity = Literal["damage", "warning"]


class Finding(msgspec.Struct, frozen=True):
    """One thing that is not as it should be."""

    where: str
    """The file, page, offset or key: ``log.sqlite3 page 7``, ``offset 12``."""
    what: str
    severity: Severity
    """``damage``: something recorded is lost or cannot be trusted. ``warning``: nothing is lost."""


def damage(where: str, what: str) -> Finding:
    """Make a finding of something lost."""
    return Finding(where, what, "damage")


def warning(where: str, what: str) -> Finding:
    """Make a finding of something odd that lost nothing."""
    return Finding(where, what, "warning")
