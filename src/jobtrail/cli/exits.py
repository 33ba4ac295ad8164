"""How a command ends: its exit codes, and the one exception that carries one."""

from __future__ import annotations

import sys
from enum import IntEnum
from typing import NoReturn


class Exit(IntEnum):
    """What the shell gets to see."""

    OK = 0
    FOUND = 1
    """The command ran, and what it looked for is wrong or missing."""
    USAGE = 2
    """The command line, a setting or a report's parameter is wrong."""
    UNAVAILABLE = 3
    """No server answers, or there is no data where it should be."""


class CommandFailed(Exception):  # noqa: N818 - it is how a command ends, not a bug
    """An expected end that is not success; *message* says what to do, and no traceback is shown."""

    def __init__(self, message: str, exit_code: Exit) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code


def usage(message: str) -> NoReturn:
    """End the command: what it was asked for is not possible as it was asked."""
    raise CommandFailed(message, Exit.USAGE)


def unavailable(message: str) -> NoReturn:
    """End the command: nobody is there to answer."""
    raise CommandFailed(message, Exit.UNAVAILABLE)


def say(message: str) -> None:
    """Tell a person something that is not the command's result."""
    print(message, file=sys.stderr, flush=True)
