"""What a command does when its reader (`| head`) has seen enough: it ends, and that is no error."""

from __future__ import annotations

import functools
import os
import sys
from collections.abc import Callable
from typing import Any

import typer

from jobtrail.cli.exits import Exit


def ends_with_its_reader(command: Callable[..., Any]) -> Callable[..., Any]:
    """Make *command* end with ``Exit.OK`` once nobody reads its standard output any more.

    Left to typer, that would be the exit code which says that something wrong was found.
    """

    @functools.wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        try:
            result = command(*args, **kwargs)
            # What is still buffered must fail here, not when the interpreter ends.
            sys.stdout.flush()
        except BrokenPipeError:
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise typer.Exit(Exit.OK) from None
        return result

    return run
