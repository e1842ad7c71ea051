"""Warnings of a column that go on in lines below, where they are longer than the column is wide. Pure."""

import textwrap
from collections.abc import Sequence
from functools import lru_cache

from rich.cells import cell_len

from cockpit.model.printable import printable
from panels.kit.rows.cells import Cell, GridRow

MOST_LINES = 4
"""Of one text; the details show all of it."""
WARN = ("bad", "warn")


def wrapped(rows: Sequence[GridRow], index: int, width: int) -> list[GridRow]:
    """Return the rows with lines below for the warnings in a column that is so wide; any other row is one line."""
    found: list[GridRow] = []
    for row in rows:
        found += _lines(row, index, width) if row.cells[index].role in WARN else [row]
    return found


def _lines(row: GridRow, index: int, width: int) -> list[GridRow]:
    cell = row.cells[index]
    if len(cell.text) <= width and cell_len(cell.text) <= width:
        return [row]
    first, *others = _broken(cell.text, width)
    empty = Cell("", cell.role)
    return [
        _with(row.cells, index, first, row.key, 0),
        *(_with((empty,) * len(row.cells), index, part, row.key, line) for line, part in enumerate(others, start=1)),
    ]


def _with(cells: Sequence[Cell], index: int, text: str, key: str, line: int) -> GridRow:
    return GridRow(key, (*cells[:index], cells[index]._replace(text=text), *cells[index + 1 :]), line)


@lru_cache(maxsize=256)
def _broken(text: str, width: int) -> tuple[str, ...]:
    """Break a text between words; a word that is longer than a line within itself."""
    clean = printable(text)
    if cell_len(clean) != len(clean):
        # Characters of two cells: such a text is cut as elsewhere.
        return (text,)
    parts = textwrap.wrap(clean, width, max_lines=MOST_LINES, placeholder="…", break_on_hyphens=False)
    return tuple(parts) or (text,)
