"""A canvas of braille dots under single characters. Pure."""

from collections.abc import Sequence
from typing import TypeVar

from panels.kit.rows.cells import Cell, Line
from panels.kit.theme import Role

BLANK = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille cell, by row and column."""

T = TypeVar("T")


def thin(points: Sequence[T], most: int) -> list[T]:
    """Choose at most ``most`` of the points evenly, the first and the newest among them."""
    if len(points) <= most:
        return list(points)
    if most < 2:
        return [points[-1]]
    step = (len(points) - 1) / (most - 1)
    return [points[round(index * step)] for index in range(most)]


class Canvas:
    """Cells of braille dots under single characters, each in a role."""

    def __init__(self, width: int, height: int) -> None:
        self.width, self.height = width, height
        self._dots = [[0] * width for _ in range(height)]
        self._over: dict[tuple[int, int], Cell] = {}

    def dot(self, x: int, y: int) -> None:
        """Set a dot; x counts half cells from the left, y quarter cells from the top."""
        if 0 <= x < self.width * 2 and 0 <= y < self.height * 4:
            self._dots[y // 4][x // 2] |= DOTS[y % 4][x % 2]

    def line(self, x0: int, y0: int, x1: int, y1: int) -> None:
        """Draw a line of dots."""
        steps = max(abs(x1 - x0), abs(y1 - y0), 1)
        for step in range(steps + 1):
            self.dot(x0 + (x1 - x0) * step // steps, y0 + (y1 - y0) * step // steps)

    def put(self, column: int, row: int, text: str, role: Role, *, under: bool = False) -> None:
        """Put a character into a cell; ``under`` leaves what is drawn there already."""
        taken = (column, row) in self._over or (
            0 <= row < self.height and 0 <= column < self.width and self._dots[row][column]
        )
        if 0 <= column < self.width and 0 <= row < self.height and not (under and taken):
            self._over[column, row] = Cell(text, role)

    def row(self, row: int) -> Line:
        """Return a row of cells, neighbours in one role joined."""
        cells: list[Cell] = []
        for column, dots in enumerate(self._dots[row]):
            cell = self._over.get((column, row)) or (Cell(chr(BLANK + dots), "accent") if dots else Cell(" ", "muted"))
            if cells and cells[-1].role == cell.role:
                cells[-1] = Cell(cells[-1].text + cell.text, cell.role)
            else:
                cells.append(cell)
        return tuple(cells)
