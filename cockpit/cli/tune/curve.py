"""The curve of a fit in a terminal: what a quote earns, and how often it is filled, by its half spread."""

from collections.abc import Sequence

from cockpit.tuning.fit import WidthPoint

WIDTH, HEIGHT = 78, 13
TITLE = "what a quote earns after 60 s, bps of its notional, at the usual σ√T and size:"
AXIS = "  half spread, bps; the upright line is the base in force"


def curve_text(points: Sequence[WidthPoint], base: float) -> str:
    """Draw the expected gain over the half spreads that were tried; ``base`` is marked."""
    import plotext

    halves = [point.half for point in points]
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(WIDTH, HEIGHT)
    plotext.plot(halves, [point.gain for point in points], marker="braille")
    if halves[0] <= base <= halves[-1]:
        plotext.vline(base)
    drawn = str(plotext.uncolorize(plotext.build()))
    plotext.clear_figure()
    return "\n".join([TITLE, *(line.rstrip() for line in drawn.strip("\n").splitlines()), AXIS])
