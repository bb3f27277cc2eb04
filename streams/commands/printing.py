"""Tables and lines on standard output: for a terminal, and for whoever reads it through a pipe."""

from collections.abc import Sequence
from typing import Final

from rich.console import Console
from rich.table import Table
from rich.text import Text

PIPED_COLUMNS: Final = 200
"""Width of tables where no terminal says its own."""


def print_line(text: str) -> None:
    """Print one line, never wrapped."""
    _console().print(Text(text), soft_wrap=True)


def print_table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """Print a table; long cells are folded, so that nothing is lost."""
    table = Table(title=Text(title), title_justify="left")
    for column in columns:
        table.add_column(Text(column), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    _console().print(table)


def _console() -> Console:
    console = Console(highlight=False)
    return console if console.is_terminal else Console(highlight=False, width=PIPED_COLUMNS)
