"""Places where a test may kill the process, to prove that no moment of dying loses anything.

``JOBTRAIL_CRASH_AT=commit.before_commit:3`` ends the process the third time that point is reached,
as ``kill -9`` would: no cleanup, no flush, exit status 137. Without the variable a point is a call
of an empty function. The variable is for tests alone, so it is not a setting.
"""

from __future__ import annotations

import os
from collections.abc import Callable

VARIABLE = "JOBTRAIL_CRASH_AT"

CRASH_POINTS = (
    # append: one group commit of the writer
    "commit.before_begin",
    "commit.after_begin",
    "commit.after_keys",
    "commit.after_payload",
    "commit.before_commit",
    "commit.after_commit",
    "commit.after_witness",
    "commit.after_resolve",
    "checkpoint.before",
    "checkpoint.after",
    # load: what the loader does before its first step and after a failed one, then one step
    "load.before_repair",
    "load.within_repair",
    "load.after_repair",
    "load.before_read",
    "load.after_read",
    "load.before_insert",
    "load.after_insert",
    "load.after_rejections",
    "load.before_checkpoint_write",
    "load.before_checkpoint_rename",
    "load.after_checkpoint_rename",
    # archive: one batch of files
    "archive.before_intent",
    "archive.after_intent",
    "archive.after_write",
    "archive.after_fsync",
    "archive.after_rename",
    "archive.before_manifest",
    "archive.after_manifest",
    "archive.after_delete",
)
"""Every point there is, in the order in which an event meets them."""

EXIT_STATUS = 137
"""What a shell reports of a process that was killed with signal 9."""


class _Countdown:
    """Ends the process the *n*-th time that the point called *name* is reached."""

    def __init__(self, name: str, n: int) -> None:
        self.name = name
        self.left = n

    def __call__(self, name: str) -> None:
        assert name in CRASH_POINTS, name
        if name == self.name:
            self.left -= 1
            if self.left == 0:
                os._exit(EXIT_STATUS)


def _nothing(name: str) -> None:
    pass


def from_text(text: str) -> Callable[[str], None]:
    """Make the function that the points call from ``name`` or ``name:n``; empty text does nothing.

    Raises:
        ValueError: If the name is not in ``CRASH_POINTS`` or *n* is not a number from 1.
    """
    if not text:
        return _nothing
    name, _, count = text.partition(":")
    n = int(count or "1")
    if name not in CRASH_POINTS or n < 1:
        raise ValueError(f"{VARIABLE}={text}: not one of {', '.join(CRASH_POINTS)}, or not from 1")
    return _Countdown(name, n)


crash_point = from_text(os.environ.get(VARIABLE, ""))
