"""The program `jobtrail`: its commands in the order of a first hour with it, and how they end."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Annotated, Any

import typer

from jobtrail import __version__
from jobtrail.cli import demo, rebuild, report, send, serve, settings, tail, trail, verify
from jobtrail.cli.exits import CommandFailed, Exit, say
from jobtrail.cli.readers import ends_with_its_reader
from jobtrail.errors import Failure

COMMANDS: tuple[Callable[..., Any], ...] = (
    serve.serve,
    demo.demo,
    send.send,
    tail.tail,
    trail.trail,
    report.report,
    verify.verify,
    rebuild.rebuild,
    settings.settings,
)

app = typer.Typer(
    name="jobtrail",
    help="Records how people meet jobs, loses nothing, and counts each event exactly once.",
    epilog="Exit codes: 0 done, 1 it ran and found something wrong, 2 wrong usage, "
    "3 no server or data to work with.",
    no_args_is_help=True,
    add_completion=False,
    # A bug shows the plain traceback that a report of it needs; what is expected shows none.
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    rich_markup_mode=None,
)


def _show_version(value: bool) -> None:
    if value:
        print(f"jobtrail {__version__}")
        raise typer.Exit


@app.callback()
def _program(
    version: Annotated[
        bool,
        typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version."),
    ] = False,
) -> None:
    del version


for command in COMMANDS:
    # A service goes on without a reader.
    app.command()(command if command is serve.serve else ends_with_its_reader(command))


def run() -> None:
    """Run one command; expected failures become a line on standard error and an exit code."""
    try:
        app()
    except CommandFailed as failed:
        say(f"jobtrail: {failed.message}")
        sys.exit(failed.exit_code)
    except Failure as failure:
        say(f"jobtrail: {failure.message}")
        sys.exit(Exit.UNAVAILABLE)
