"""The curve of the day: trading P&L and the BTC held over time, in a line or as two charts. Pure."""

import itertools
from collections.abc import Callable, Sequence

from cockpit.model.trading_figures.earnings import EarningsPoint
from panels.kit.drawing.canvas import Canvas
from panels.kit.drawing.time_axis import time_axis
from panels.kit.rows.cells import Cell, Line

LEVELS = "▁▂▃▄▅▆▇█"
LEAST_HEIGHT = 4
MINUTE_NS = 60 * 10**9
GAPS = 2.5
"""Points further apart than so many times the usual distance are not joined."""

Value = Callable[[EarningsPoint], float | None]


def trading(point: EarningsPoint) -> float | None:
    return point.trading


def btc(point: EarningsPoint) -> float | None:
    return point.btc


def trend(values: Sequence[float], width: int) -> str:
    """Draw the newest values as bars between the lowest and the highest of them, each of several if they are more."""
    if not values or width <= 0:
        return ""
    if len(values) > width:
        values = [values[(index + 1) * len(values) // width - 1] for index in range(width)]
    low, high = min(values), max(values)
    if high == low:
        return LEVELS[0] * len(values)
    return "".join(LEVELS[min(7, int((value - low) / (high - low) * 7.999))] for value in values)


def known(points: Sequence[EarningsPoint], value: Value) -> list[tuple[int, float]]:
    return [(point.at_ns, found) for point in points if (found := value(point)) is not None]


def curve(
    points: Sequence[EarningsPoint], value: Value, width: int, height: int, title: str, places: int
) -> list[Line]:
    """Draw one figure of the curve over its time; empty without two points or room."""
    found = known(points, value)
    if len(found) < 2 or height < LEAST_HEIGHT or width < 24:
        return []
    from_ns, to_ns = found[0][0], max(found[-1][0], found[0][0] + MINUTE_NS)
    low, high = min(one for _, one in found), max(one for _, one in found)
    if high == low:
        pad = max(abs(high) * 0.001, 10.0**-places)
        low, high = low - pad, high + pad
    rows = height - 2
    labels = [f"{each:,.{places}f}" for each in (high, low)]
    gutter = max(*map(len, labels), 3) + 1
    canvas = Canvas(width - gutter, rows)

    def across(at_ns: int) -> int:
        return round((at_ns - from_ns) / (to_ns - from_ns) * (canvas.width * 2 - 1))

    def down(each: float) -> int:
        return round((high - each) / (high - low) * (rows * 4 - 1))

    steps = sorted(after - before for (before, _), (after, _) in itertools.pairwise(found))
    usual = max(MINUTE_NS, steps[len(steps) // 2])
    canvas.dot(across(found[0][0]), down(found[0][1]))
    for (at0, one), (at1, other) in itertools.pairwise(found):
        if at1 - at0 <= usual * GAPS:
            canvas.line(across(at0), down(one), across(at1), down(other))
        else:
            canvas.dot(across(at1), down(other))
    if low < 0 < high:
        for column in range(canvas.width):
            canvas.put(column, down(0.0) // 4, "╌", "muted", under=True)
    lines: list[Line] = [(Cell(title, "muted"),)]
    for row in range(rows):
        text = labels[0] if row == 0 else labels[1] if row == rows - 1 else ""
        lines.append((Cell(f"{text:>{gutter - 1}} ", "muted"), *canvas.row(row)))
    return [*lines, (Cell(f"{'UTC':>{gutter - 1}} {time_axis(from_ns, to_ns, canvas.width)}", "muted"),)]
