"""What a report was asked for: text in, typed values or every mistake out."""

from __future__ import annotations

import msgspec

from jobtrail.errors import Code


class Mistake(msgspec.Struct, frozen=True):
    """One parameter that cannot be used; *message* says what is wrong and what to give instead."""

    field: str
    message: str


class ReportError(Exception):
    """A report cannot be computed as it was asked for; ``mistakes`` has every reason, at least one.

    ``code`` is INVALID_ARGUMENT, or NOT_FOUND when there is no report of that name.
    """

    def __init__(self, *mistakes: Mistake, code: Code = Code.INVALID_ARGUMENT) -> None:
        super().__init__("; ".join(f"{mistake.field}: {mistake.message}" for mistake in mistakes))
        self.mistakes = mistakes
        self.code = code
