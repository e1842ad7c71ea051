"""The chart of the mid in braille dots, with the desk's bid and ask and its fills on it. Pure."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

from panels.kit.rows.cells import Cell, Line
from panels.kit.theme import Role

LEAST_WIDTH = 24
LEAST_HEIGHT = 4
BLANK = 0x2800
DOTS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a braille cell, by row and column."""


class ChartMark(NamedTuple):
    """A fill: seconds ago, its price in EUR per BTC, and the desk's side."""

    ago: float
    price: float
    side: str


def thin(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """Choose at most ``most`` of the points evenly, the first and the newest among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(index * step)] for index in range(most)]


def span(low: float, high: float) -> tuple[float, float]:
    """Return the price range drawn: never narrower than 2 bps, so that a calm market looks calm."""
    pad = max((high - low) * 0.05, high * 0.0001)
    return low - pad, high + pad


def time_label(seconds_ago: float) -> str:
    """Write a tick of the time axis."""
    if seconds_ago < 0.5:
        return "now"
    return f"-{seconds_ago / 60:.0f}m" if seconds_ago >= 90 else f"-{seconds_ago:.0f}s"


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
        taken = (column, row) in self._over or (0 <= row < self.height and self._dots[row][column])
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


def chart(
    points: Sequence[tuple[float, float]],
    width: int,
    height: int,
    *,
    bid: float | None = None,
    ask: float | None = None,
    fills: Sequence[ChartMark] = (),
) -> list[Line]:
    """Draw a chart of (seconds ago, price), oldest first; empty when there is no room or nothing to draw.

    ``bid`` and ``ask`` are the desk's own now, drawn as levels; ``fills`` of the time drawn are marked ▲ and ▼.
    """
    if len(points) < 2 or width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return []
    oldest = points[0][0]
    shown = [fill for fill in fills if 0 <= fill.ago <= oldest]
    prices = [price for _, price in points] + [fill.price for fill in shown]
    prices += [price for price in (bid, ask) if price is not None]
    low, high = span(min(prices), max(prices))
    rows = height - 1
    places = "{:,.0f}" if high - low >= 4 * rows else "{:,.2f}"
    gutter = max(len(places.format(low)), len(places.format(high))) + 1
    canvas = Canvas(width - gutter, rows)

    def across(ago: float) -> int:
        return round((1 - ago / oldest) * (canvas.width * 2 - 1)) if oldest else 0

    def down(price: float) -> int:
        return round((high - price) / (high - low) * (rows * 4 - 1))

    drawn = thin(points, 2 * canvas.width)
    for (ago0, price0), (ago1, price1) in itertools.pairwise(drawn):
        canvas.line(across(ago0), down(price0), across(ago1), down(price1))
    for fill in sorted(shown, key=lambda fill: -fill.ago):
        buys = fill.side == "buy"
        canvas.put(across(fill.ago) // 2, down(fill.price) // 4, "▲" if buys else "▼", "buy" if buys else "sell")
    levels: dict[int, tuple[str, Role]] = {}
    for price, role in ((ask, "sell"), (bid, "buy")):
        if price is not None:
            row = down(price) // 4
            levels[row] = (places.format(price), "sell" if role == "sell" else "buy")
            for column in range(canvas.width):
                canvas.put(column, row, "╌", "sell" if role == "sell" else "buy", under=True)
    step = max(1, (rows - 1) // max(1, min(4, (rows - 1) // 2)))
    lines = []
    for row in range(rows):
        text, label_role = levels.get(row, ("", "muted"))
        if not text and row % step == 0 and not {row - 1, row + 1} & levels.keys():
            text = places.format(high - (row * 4 + 2) / (rows * 4) * (high - low))
        lines.append((Cell(f"{text:>{gutter - 1}} ", label_role), *canvas.row(row)))
    return [*lines, _times(oldest, gutter, canvas.width)]


def _times(oldest: float, gutter: int, width: int) -> Line:
    start, middle, end = time_label(oldest), time_label(oldest / 2), time_label(0)
    half = width // 2 - len(middle) // 2
    text = start.ljust(half) + middle if len(start) < half else start
    return (Cell(" " * gutter + text.ljust(width - len(end)) + end, "muted"),)
