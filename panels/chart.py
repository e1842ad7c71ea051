"""The chart of the mid: plotext lays it out, the roles colour it."""

from collections.abc import Sequence

from panels.cells import Cell, Line

LEAST_WIDTH = 24
LEAST_HEIGHT = 4


def thin(points: Sequence[tuple[float, float]], most: int) -> list[tuple[float, float]]:
    """At most ``most`` of the points, evenly chosen, the first and the newest among them."""
    if len(points) <= most:
        return list(points)
    step = (len(points) - 1) / (most - 1)
    return [points[round(index * step)] for index in range(most)]


def span(low: float, high: float) -> tuple[float, float]:
    """The price range drawn: never narrower than 2 bps, so that a calm market looks calm."""
    pad = max((high - low) * 0.05, high * 0.0001)
    return low - pad, high + pad


def time_label(seconds_ago: float) -> str:
    """A tick of the time axis."""
    if seconds_ago < 0.5:
        return "now"
    return f"-{seconds_ago / 60:.0f}m" if seconds_ago >= 90 else f"-{seconds_ago:.0f}s"


def chart(points: Sequence[tuple[float, float]], width: int, height: int) -> list[Line]:
    """Lines of a chart of (seconds ago, price), oldest first; empty when there is no room or nothing to draw."""
    if len(points) < 2 or width < LEAST_WIDTH or height < LEAST_HEIGHT:
        return []
    import plotext

    drawn = thin(points, 2 * width)
    times = [-ago for ago, _ in drawn]
    prices = [price for _, price in drawn]
    low, high = span(min(prices), max(prices))
    ticks = max(2, min(5, (height - 1) // 2))
    levels = [low + (high - low) * index / (ticks - 1) for index in range(ticks)]
    oldest = -times[0]
    marks = [oldest, oldest / 2, 0.0]
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.limitsize(False, False)
    plotext.plotsize(width, height)
    plotext.ylim(low, high)
    plotext.xlim(times[0], 0)
    plotext.yticks(levels, [f"{level:,.0f}" if high - low >= 4 else f"{level:,.2f}" for level in levels])
    plotext.xticks([-mark for mark in marks], [time_label(mark) for mark in marks])
    plotext.xaxes(True, False)
    plotext.yaxes(True, False)
    plotext.plot(times, prices, marker="braille")
    text = plotext.uncolorize(plotext.build())
    plotext.clear_figure()
    return [coloured(line) for line in text.rstrip("\n").split("\n")[:height]]


def coloured(text: str) -> Line:
    """The curve in the accent, the axes muted."""
    cells: list[Cell] = []
    start = 0
    for index in range(1, len(text) + 1):
        if index == len(text) or _curve(text[index]) != _curve(text[start]):
            cells.append(Cell(text[start:index], "accent" if _curve(text[start]) else "muted"))
            start = index
    return tuple(cells)


def _curve(character: str) -> bool:
    return "⠀" <= character <= "⣿"
