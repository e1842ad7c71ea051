"""The chart of the mid in braille dots, with the desk's bid and ask over time and its fills on it. Pure."""

import itertools
from bisect import bisect_right
from collections.abc import Callable, Sequence
from typing import NamedTuple

from panels.kit.drawing.canvas import Canvas, thin
from panels.kit.drawing.time_axis import time_axis
from panels.kit.rows.cells import Cell, Line
from panels.kit.theme import Role

LEAST_WIDTH = 24
LEAST_HEIGHT = 4
NS_PER_S = 10**9
Down = Callable[[float], int]
"""From a price to quarter cells from the top."""
Point = tuple[float, float]
"""Seconds ago, and the price in EUR per BTC."""


class ChartMark(NamedTuple):
    """A fill: seconds ago, its price in EUR per BTC, and the desk's side."""

    ago: float
    price: float
    side: str


class Band(NamedTuple):
    """The desk's own prices from so many seconds ago on; None where it had none."""

    ago: float
    bid: float | None
    ask: float | None


class Extent(NamedTuple):
    """What is drawn: the seconds up to ``now_ns`` (UTC). Points further apart than ``gap_s`` are not joined."""

    now_ns: int
    span_s: float
    gap_s: float


def span(low: float, high: float) -> tuple[float, float]:
    """Return the price range drawn: never narrower than 2 bps, so that a calm market looks calm."""
    pad = max((high - low) * 0.05, high * 0.0001)
    return low - pad, high + pad


def segments(points: Sequence[Point], gap_s: float) -> list[list[Point]]:
    """Split the points, oldest first, where nothing was known for longer than ``gap_s``."""
    parts: list[list[Point]] = []
    for point in points:
        if parts and parts[-1][-1][0] - point[0] <= gap_s:
            parts[-1].append(point)
        else:
            parts.append([point])
    return parts


def chart(
    points: Sequence[Point],
    width: int,
    height: int,
    extent: Extent,
    *,
    bands: Sequence[Band] = (),
    fills: Sequence[ChartMark] = (),
) -> list[Line]:
    """Draw (seconds ago, price), oldest first; empty when there is no room or nothing to draw.

    ``bands``: the desk's own prices, oldest first; the newest are named beside the axis. ``fills`` are marked ▲ and ▼.
    """
    oldest = extent.span_s
    shown = [point for point in points if 0 <= point[0] <= oldest]
    if len(shown) < 2 or width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return []
    marks = [fill for fill in fills if 0 <= fill.ago <= oldest]
    drawn_bands = [band for band in bands if 0 <= band.ago <= oldest]
    prices = [price for _, price in shown] + [fill.price for fill in marks]
    prices += [price for band in drawn_bands for price in (band.bid, band.ask) if price is not None]
    low, high = span(min(prices), max(prices))
    rows = height - 1
    places = "{:,.0f}" if high - low >= 4 * rows else "{:,.2f}"
    gutter = max(len(places.format(low)), len(places.format(high))) + 1
    canvas = Canvas(width - gutter, rows)

    def across(ago: float) -> int:
        return round((1 - ago / oldest) * (canvas.width * 2 - 1)) if oldest else 0

    def down(price: float) -> int:
        return round((high - price) / (high - low) * (rows * 4 - 1))

    for part in segments(shown, extent.gap_s):
        kept = thin(part, max(2, 2 * canvas.width * len(part) // len(shown)))
        canvas.dot(across(kept[0][0]), down(kept[0][1]))
        for (ago0, price0), (ago1, price1) in itertools.pairwise(kept):
            canvas.line(across(ago0), down(price0), across(ago1), down(price1))
    for fill in sorted(marks, key=lambda fill: -fill.ago):
        buys = fill.side == "buy"
        canvas.put(across(fill.ago) // 2, down(fill.price) // 4, "▲" if buys else "▼", "buy" if buys else "sell")
    _draw_bands(canvas, drawn_bands, extent, down)
    levels = _levels(drawn_bands, extent, down, places)
    step = max(1, (rows - 1) // max(1, min(4, (rows - 1) // 2)))
    lines = []
    for row in range(rows):
        text, role = levels.get(row, ("", "muted"))
        if not text and row % step == 0 and not {row - 1, row + 1} & levels.keys():
            text = places.format(high - (row * 4 + 2) / (rows * 4) * (high - low))
        lines.append((Cell(f"{text:>{gutter - 1}} ", role), *canvas.row(row)))
    axis = time_axis(extent.now_ns - round(oldest * NS_PER_S), extent.now_ns, canvas.width)
    return [*lines, (Cell(f"{'UTC':>{gutter - 1}} {axis}", "muted"),)]


def _draw_bands(canvas: Canvas, bands: Sequence[Band], extent: Extent, down: Down) -> None:
    """Draw in each column the prices of then; none where they were not known."""
    starts = [-band.ago for band in bands]
    for column in range(canvas.width):
        ago = (1 - (column + 0.5) / canvas.width) * extent.span_s
        place = bisect_right(starts, -ago) - 1
        if place < 0 or bands[place].ago - ago > extent.gap_s:
            continue
        for price, role in _sides(bands[place]):
            if price is not None:
                canvas.put(column, down(price) // 4, "╌", role, under=True)


def _levels(bands: Sequence[Band], extent: Extent, down: Down, places: str) -> dict[int, tuple[str, Role]]:
    """Return the rows at which the newest own prices are named."""
    if not bands or bands[-1].ago > extent.gap_s:
        return {}
    return {down(price) // 4: (places.format(price), role) for price, role in _sides(bands[-1]) if price is not None}


def _sides(band: Band) -> tuple[tuple[float | None, Role], ...]:
    return (band.ask, "sell"), (band.bid, "buy")
