"""The engine's own SQL, read once from ``sql/``."""

from __future__ import annotations

from functools import cache
from importlib.resources import files


@cache
def statement(name: str) -> str:
    """Return the text of ``sql/{name}.sql``."""
    return files("jobtrail.engine").joinpath("sql", f"{name}.sql").read_text("utf-8")
