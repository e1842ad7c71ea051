"""Without colours a warning is underlined: its letters, and nothing that is empty."""

import pytest
from rich.style import Style

from panels.kit.rows.cells import Cell, Column, row_strip
from panels.kit.theme import PLAIN_NAME, styles

COLUMNS = (Column("left", 6, "right"), Column("", 3), Column("state", 9))


@pytest.mark.parametrize("text", ["", "4s", "◌ waiting"])
def test_only_letters_are_underlined(text: str) -> None:
    cells = (Cell(text[:6], "warn"), Cell("", "bad"), Cell(text, "warn"))
    strip = row_strip(cells, COLUMNS, ((0, 6), (1, 3), (2, 9)), 20, styles(PLAIN_NAME), Style())
    assert strip.cell_length == 20
    underlined = "".join(part for part, style, _ in strip if style is not None and style.underline)
    assert underlined == text[:6].strip() + text
