"""Tables for people: aligned, coloured on a terminal, plain text in a file or a pipe."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from rich.console import Console
from rich.table import Table
from rich.text import Text

# Wide enough for a trail's line when nobody looks: in a file, wrapping would break every grep.
_FILE_COLUMNS = 200


class Column(NamedTuple):
    """How one column is headed and aligned."""

    title: str
    is_number: bool = False


def print_table(
    columns: Sequence[Column], rows: Iterable[Sequence[object]], *, caption: Sequence[str] = ()
) -> None:
    """Print *rows* under *columns* on standard output, and each line of *caption* below."""
    console = make_console()
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(
            column.title, justify="right" if column.is_number else "left", overflow="fold"
        )
    for row in rows:
        # Text and not markup: an id in brackets must not turn into a style.
        table.add_row(*(Text(format_cell(value)) for value in row))
    console.print(table)
    for line in caption:
        console.print(Text(line, style="dim"))


def make_console() -> Console:
    """Make a console on standard output that does not wrap what goes to a file or a pipe."""
    console = _Output(highlight=False)
    return console if console.is_terminal else _Output(highlight=False, width=_FILE_COLUMNS)


class _Output(Console):
    def on_broken_pipe(self) -> None:
        """Leave it to the command how to end; rich would exit with 1."""
        raise BrokenPipeError


def format_cell(value: object) -> str:
    """Write one value for a person: thousands apart, nothing for what is missing."""
    if value is None:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return f"{value:,}"
    return f"{value:g}" if isinstance(value, float) else str(value)
