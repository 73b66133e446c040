"""Lines of a terminal: paragraphs and tables."""

from __future__ import annotations

import io
import textwrap
from collections.abc import Sequence

from mesascope.report.views.words import plain

NARROWEST, WIDEST = 60, 120


def bearable(width: int) -> int:
    """Returns how many columns of a terminal are used."""
    return max(NARROWEST, min(width, WIDEST))


def wrapped(text: str, width: int, indent: int = 0) -> list[str]:
    """Returns a text of whatever origin in lines of at most `width` columns, each indented."""
    return textwrap.wrap(plain(text), width, initial_indent=" " * indent, subsequent_indent=" " * indent)


def labelled(label: str, text: str, width: int, indent: int) -> list[str]:
    """Returns a text with a label in front of its first line, the text in a column of its own."""
    lines = wrapped(text, width, indent)
    return [f"{label:{indent}}{lines[0].strip()}", *lines[1:]] if lines else []


def table_lines(titles: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Returns a table: two columns in, the last cells broken over lines where it is too wide.

    **Arguments:**

    - `titles`: of the columns.
    - `rows`: texts of whatever origin.
    - `width`: columns of the terminal.
    """
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), show_edge=False)
    for title in titles:
        table.add_column(Text(plain(title)), overflow="fold")
    for row in rows:
        table.add_row(*(Text(plain(cell)) for cell in row))
    out = io.StringIO()
    Console(file=out, width=width - 2, color_system=None, legacy_windows=False, _environ={}).print(table)
    return [f"  {line}".rstrip() for line in out.getvalue().splitlines()]
