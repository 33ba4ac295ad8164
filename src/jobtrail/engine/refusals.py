"""Requests that cannot be answered as they are: the caller must change something."""

from __future__ import annotations

from jobtrail.errors import Code


class InvalidRequest(Exception):  # noqa: N818 - named after the canonical code that it becomes
    """One field of the request is wrong; answered INVALID_ARGUMENT with a BadRequest."""

    code = Code.INVALID_ARGUMENT

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}")
        self.field = field
        self.message = message


class NotFound(Exception):  # noqa: N818 - as above
    """Nothing has that name; answered NOT_FOUND."""

    code = Code.NOT_FOUND
