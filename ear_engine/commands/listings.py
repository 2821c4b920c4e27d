"""Tables for the terminal: wide where there is room, plain where there is no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

_ENDLESS = 1000  # columns where the output is no terminal: nothing is folded


def print_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, right: Sequence[str] = ()) -> None:
    """Print a table.

    Args:
        columns: headings.
        rows: cells, as plain text.
        right: headings of the columns to align right (numbers).
    """
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, justify="right" if column in right else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell) for cell in row))
    terminal = Console()
    if not terminal.is_terminal:
        terminal = Console(width=_ENDLESS)
    terminal.print(table)
