"""P&L, inventory and mid over time in braille dots, as wide as there is room. Pure."""

import textwrap
import threading
from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby

from cockpit.model.formatting import rounded
from cockpit.model.recorded.report import ReportLine, ReportPart
from cockpit.reports.figures import TradingReport
from cockpit.reports.sections import marks
from panels.kit.drawing.time_axis import round_times

WIDTH, HEIGHT = 80, 12
LEAST_WIDTH = 40
LEVELS = 4
"""Labels beside a chart."""
NOTHING_TO_DRAW = "Charts: none, because neither a mid nor a balance was recorded in the range."
NOT_KNOWN = "unknown, because no mid was recorded within a minute of any point"
TOO_NARROW = f"Charts need {LEAST_WIDTH} columns."
TITLES = {
    "trading": "Trading P&L, EURe",
    "total": "Total P&L with held BTC, EURe",
    "base": "Inventory, BTC",
    "mid": "Mid, EURe per BTC",
}
PLACES = {"trading": 2, "total": 2, "base": 8, "mid": 2}
"""Decimals of its last value; its levels have as many as tell them apart."""

_BRAILLE = range(0x2800, 0x2900)
_PLOTTING = threading.Lock()
"""The library draws one chart at a time: its figure is a global."""

Values = Sequence[tuple[int, Decimal | None]]


def terminal_charts(report: TradingReport) -> str:
    """Return every chart, one under the other, as text without colours."""
    drawn = charts(report, WIDTH)
    return "\n\n".join("\n".join(text_of(line) for line in chart) for chart in drawn)


def text_of(line: ReportLine) -> str:
    return "".join(part.text for part in line).rstrip()


def charts(report: TradingReport, width: int) -> list[list[ReportLine]]:
    """Return the lines of each chart; of one without a value, a sentence that says so."""
    known = [figure for figure in TITLES if any(getattr(point, figure) is not None for point in report.curve)]
    if not known:
        return [_sentence(NOTHING_TO_DRAW, width)]
    if width < LEAST_WIDTH:
        return [_sentence(TOO_NARROW, width)]
    noted = marks(report)
    return [
        _chart(figure, [(point.at_ns, getattr(point, figure)) for point in report.curve], noted, width)
        if figure in known
        else [(ReportPart(TITLES[figure], "strong"),), *_sentence(NOT_KNOWN, width)]
        for figure in TITLES
    ]


def _chart(figure: str, values: Values, noted: Sequence[tuple[int, str]], width: int) -> list[ReportLine]:
    known = [value for _, value in values if value is not None]
    newest = rounded(known[-1], PLACES[figure], signed=figure in ("trading", "total"))
    title, last = ReportPart(TITLES[figure], "strong"), ReportPart(f"  last {newest}", "text")
    # A long value in a narrow chart has a line of its own.
    titles = [(title, last)] if len(title.text) + len(last.text) <= width else [(title,), (last,)]
    return [*titles, *(_toned(line) for line in _plotted(values, noted, width))]


def _sentence(text: str, width: int) -> list[ReportLine]:
    return [(ReportPart(line, "muted"),) for line in textwrap.wrap(text, max(1, width))]


def _plotted(values: Values, noted: Sequence[tuple[int, str]], width: int) -> list[str]:
    import plotext

    low, high = _bounds([value for _, value in values if value is not None])
    step = (high - low) / (LEVELS - 1)
    levels = [low, Decimal(0), high] if low < 0 < high else [low + step * level for level in range(LEVELS)]
    labels = _told_apart(levels, step)
    first_ns, length_ns = values[0][0], max(1, values[-1][0] - values[0][0])
    room = width - max(map(len, labels)) - 2
    with _PLOTTING:
        plotext.clear_figure()
        # Without this it draws no more than fits on the terminal of the process, wherever the chart is shown.
        plotext.limit_size(False, False)
        plotext.theme("clear")
        plotext.plot_size(width, HEIGHT - 1)
        if low < 0 < high:
            plotext.hline(float(-low))
        for at_ns, _ in noted:
            plotext.vline(at_ns - first_ns)
        for stretch in _stretches(values):
            # From the start and from the lowest: a time in ns has more digits than a float, and so may a price.
            xs, ys = [at_ns - first_ns for at_ns, _ in stretch], [float(value - low) for _, value in stretch]
            plotext.plot(xs, ys, marker="braille")
        for at_ns, name in noted:
            plotext.text(name, at_ns - first_ns, 0)
        plotext.xlim(0, length_ns)
        plotext.ylim(0, float(high - low))
        plotext.yticks([float(level - low) for level in levels], labels)
        times = list(round_times(first_ns, first_ns + length_ns, room))
        plotext.xticks([at_ns - first_ns for at_ns, _, _ in times], [label for _, _, label in times])
        drawn: str = plotext.uncolorize(plotext.build())
        plotext.clear_figure()
    return drawn.splitlines()


def _bounds(known: Sequence[Decimal]) -> tuple[Decimal, Decimal]:
    """Return the lowest and the highest value, apart from each other."""
    low, high = min(known), max(known)
    if low == high:
        pad = max(abs(high) / 1000, Decimal("1e-8"))
        low, high = low - pad, high + pad
    return low, high


def _told_apart(levels: Sequence[Decimal], step: Decimal) -> list[str]:
    """Write the levels with as many decimals as a distance between two of them needs."""
    places = max(0, 1 - step.adjusted())
    return [rounded(level, places) for level in levels]


def _stretches(values: Values) -> Iterator[list[tuple[int, Decimal]]]:
    """Yield what lies between two gaps."""
    stretch: list[tuple[int, Decimal]] = []
    for at_ns, value in (*values, (0, None)):
        if value is not None:
            stretch.append((at_ns, value))
        elif stretch:
            yield stretch
            stretch = []


def _toned(line: str) -> ReportLine:
    """Tell the curve from its frame: only the curve is made of dots."""
    parts = []
    for dots, letters in groupby(line.rstrip(), lambda letter: ord(letter) in _BRAILLE):
        parts.append(ReportPart("".join(letters), "accent" if dots else "muted"))
    return tuple(parts)
