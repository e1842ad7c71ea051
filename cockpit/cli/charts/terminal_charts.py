"""P&L, inventory and mid over time in braille dots, 80 columns wide and without colours."""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from decimal import Decimal

from cockpit.reports.figures import TradingReport
from cockpit.reports.sections import marks
from venue.protocol.units import NS_PER_S

WIDTH, HEIGHT = 80, 12
TICKS = 5
NOTHING_TO_DRAW = "Charts: none, because neither a mid nor a balance was recorded in the range."
TITLES = {
    "trading": "Trading P&L, EURe",
    "total": "Total P&L with held BTC, EURe",
    "base": "Inventory, BTC",
    "mid": "Mid, EURe per BTC",
}

_MINUTE, _DAY = 60 * NS_PER_S, 86_400 * NS_PER_S


def terminal_charts(report: TradingReport) -> str:
    """Return every chart that has something to show."""
    noted = marks(report)
    charts = [
        _chart(title, [(point.at_ns, getattr(point, figure)) for point in report.curve], noted)
        for figure, title in TITLES.items()
    ]
    return "\n\n".join(drawn for drawn in charts if drawn) or NOTHING_TO_DRAW


def _chart(title: str, values: Sequence[tuple[int, Decimal | None]], noted: Sequence[tuple[int, str]] = ()) -> str:
    import plotext

    if not any(value is not None for _, value in values):
        return ""
    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plot_size(WIDTH, HEIGHT)
    plotext.title(title)
    first_ns, last_ns = values[0][0], values[-1][0]
    for stretch in _stretches(values):
        # From the start: a time in ns has more digits than a float.
        plotext.plot([at_ns - first_ns for at_ns, _ in stretch], [float(y) for _, y in stretch], marker="braille")
    plotext.xlim(0, last_ns - first_ns)
    lowest = min(float(value) for _, value in values if value is not None)
    for at_ns, name in noted:
        plotext.vline(at_ns - first_ns)
        plotext.text(name, at_ns - first_ns, lowest)
    ticks = [first_ns + (last_ns - first_ns) * tick // (TICKS - 1) for tick in range(TICKS)]
    plotext.xticks([at_ns - first_ns for at_ns in ticks], [time_label(at_ns, last_ns - first_ns) for at_ns in ticks])
    drawn: str = plotext.uncolorize(plotext.build())
    plotext.clear_figure()
    return "\n".join(line.rstrip() for line in drawn.splitlines())


def _stretches(values: Sequence[tuple[int, Decimal | None]]) -> Iterator[list[tuple[int, Decimal]]]:
    """Yield what lies between two gaps."""
    stretch: list[tuple[int, Decimal]] = []
    for at_ns, value in (*values, (0, None)):
        if value is not None:
            stretch.append((at_ns, value))
        elif stretch:
            yield stretch
            stretch = []


def time_label(at_ns: int, length_ns: int) -> str:
    """Write a tick of an axis of this length."""
    form = "%H:%M:%S" if length_ns < 10 * _MINUTE else "%H:%M" if length_ns < 2 * _DAY else "%m-%d"
    return datetime.fromtimestamp(at_ns // NS_PER_S, UTC).strftime(form)
