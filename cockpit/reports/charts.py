"""Charts as SVG: the same figures give the same text. Pure; matplotlib is imported when the first one is drawn."""

import io
import re
from collections.abc import Callable, Sequence
from html import escape
from importlib.util import find_spec
from typing import TYPE_CHECKING

import msgspec

from cockpit.reports.errors import ChartsMissingError

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00")
"""Of Okabe and Ito: told apart by colour-blind readers, and in grey."""
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (1, 1)))
MOST_POINTS = 2_000
"""Of one line; more of them would be drawn over each other."""

_INK, _GRID = "#333333", "#d9d9d9"
_NS_PER_DAY = 86_400 * 10**9
_TIMES = ["%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M", "%H:%M:%S"]
_SETTINGS = {
    "svg.fonttype": "none",
    "svg.hashsalt": "near-intents-cockpit",
    "text.parse_math": False,  # Names come from outside, and may hold dollars.
    "font.family": "sans-serif",
    "font.size": 9.0,
    "axes.formatter.useoffset": False,  # Whole numbers on the axis, not the difference to one written above it.
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.edgecolor": _INK,
    "axes.labelcolor": _INK,
    "xtick.color": _INK,
    "ytick.color": _INK,
    "text.color": _INK,
}
_HEAD = re.compile(r"\A.*?(?=<svg)", re.DOTALL)
_METADATA = re.compile(r"\s*<metadata>.*?</metadata>", re.DOTALL)
_NAMED = re.compile(r'(\bid="|href="#|url\(#)')


def require_charts() -> None:
    """Raise ChartsMissingError where matplotlib is missing, before anything is read for charts."""
    if find_spec("matplotlib") is None:
        raise ChartsMissingError


class Line(msgspec.Struct, frozen=True):
    """A named line; x: UTC ns on an axis of time, y: None where nothing is known, which is drawn as a gap."""

    name: str
    points: Sequence[tuple[float, float | None]]


class Bars(msgspec.Struct, frozen=True):
    """A named bar in each group; None where nothing is known."""

    name: str
    heights: Sequence[float | None]


def time_chart(
    title: str,
    unit: str,
    lines: Sequence[Line],
    *,
    marks: Sequence[tuple[int, str]] = (),
    size: tuple[float, float] = (9.0, 2.8),
) -> str:
    """Draw lines over UTC; ``marks``: moments, UTC ns, each with its short name; ``size``: inches."""

    def draw(axes: "Axes") -> None:
        from datetime import UTC

        from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

        _lines(axes, [Line(one.name, [(x / _NS_PER_DAY, y) for x, y in thinned(one.points)]) for one in lines])
        for at_ns, name in marks:
            axes.axvline(at_ns / _NS_PER_DAY, color=_INK, linewidth=0.7, linestyle=":")
            axes.annotate(name, (at_ns / _NS_PER_DAY, 1), xycoords=("data", "axes fraction"), fontsize=7, ha="center")
        locator = AutoDateLocator(tz=UTC, minticks=4, maxticks=9)
        axes.xaxis.set_major_locator(locator)
        formatter = ConciseDateFormatter(locator, tz=UTC, formats=_TIMES, show_offset=False)
        formatter.zero_formats = ["", "%Y", "%Y-%m", "%m-%d", "%H:%M", "%H:%M"]
        axes.xaxis.set_major_formatter(formatter)
        axes.set_xlabel("UTC")

    return _drawn(title, unit, draw, len(lines) > 1, size)


def line_chart(
    title: str, unit: str, across: str, lines: Sequence[Line], *, size: tuple[float, float] = (9.0, 2.8)
) -> str:
    """Draw lines over numbers, ``across`` names these; ``size``: inches."""

    def draw(axes: "Axes") -> None:
        _lines(axes, [Line(one.name, thinned(one.points)) for one in lines])
        axes.set_xlabel(across)

    return _drawn(title, unit, draw, len(lines) > 1, size)


def bar_chart(
    title: str, unit: str, groups: Sequence[str], bars: Sequence[Bars], *, size: tuple[float, float] = (9.0, 2.8)
) -> str:
    """Draw groups of bars beside each other; ``size``: inches."""

    def draw(axes: "Axes") -> None:
        width = 0.8 / max(1, len(bars))
        for place, one in enumerate(bars):
            middles = [group + width * (place - (len(bars) - 1) / 2) for group in range(len(groups))]
            heights = [0.0 if height is None else height for height in one.heights]
            axes.bar(middles, heights, width * 0.95, label=one.name, color=COLOURS[place % len(COLOURS)])
        axes.set_xticks(range(len(groups)), list(groups))
        if max(map(len, groups), default=0) * len(groups) > 90:
            axes.tick_params(axis="x", labelrotation=30)
        axes.axhline(0, color=_INK, linewidth=0.8)

    return _drawn(title, unit, draw, len(bars) > 1, size)


def thinned(points: Sequence[tuple[float, float | None]], most: int = MOST_POINTS) -> list[tuple[float, float | None]]:
    """Return at most so many points: of each stretch its lowest and highest, so that no peak is lost; gaps stay."""
    if len(points) <= most:
        return list(points)
    length = -(-len(points) // (most // 3))
    kept: list[tuple[float, float | None]] = []
    for start in range(0, len(points), length):
        part = range(start, min(start + length, len(points)))
        known = [(value, place) for place in part if (value := points[place][1]) is not None]
        gap = next((place for place in part if points[place][1] is None), None)
        places = {min(known)[1], max(known)[1]} if known else set()
        kept.extend(points[place] for place in sorted(places | ({gap} if gap is not None else set())))
    return kept


def _lines(axes: "Axes", lines: Sequence[Line]) -> None:
    for place, one in enumerate(lines):
        axes.plot(
            [x for x, _ in one.points],
            [float("nan") if y is None else y for _, y in one.points],
            label=one.name,
            color=COLOURS[place % len(COLOURS)],
            linestyle=DASHES[place % len(DASHES)],
            linewidth=1.4,
            # A point between two gaps has no line: its marker shows it.
            marker="." if sum(y is not None for _, y in one.points) < 60 else None,
            markersize=3,
        )


def _drawn(title: str, unit: str, draw: "Callable[[Axes], None]", legend: bool, size: tuple[float, float]) -> str:
    try:
        from matplotlib import rc_context, rcParamsDefault
        from matplotlib.backends.backend_svg import FigureCanvasSVG
        from matplotlib.figure import Figure
    except ImportError as exc:
        raise ChartsMissingError from exc
    # Defaults first: a matplotlibrc of the user's changes nothing.
    defaults = {name: value for name, value in rcParamsDefault.items() if not name.startswith("backend")}
    with rc_context({**defaults, **_SETTINGS}):
        figure = Figure(figsize=size, layout="constrained")
        axes = figure.add_subplot()
        axes.grid(visible=True, color=_GRID, linewidth=0.6)
        axes.set_axisbelow(True)
        draw(axes)
        axes.set_ylabel(unit)
        if legend:
            axes.legend(loc="best", frameon=False, fontsize=8)
        out = io.StringIO()
        FigureCanvasSVG(figure).print_svg(out, metadata={"Date": None, "Creator": None})
    return _embeddable(out.getvalue(), title)


def _embeddable(svg: str, title: str) -> str:
    """Drop what only a file of its own has, name the picture, and make its ids unlike those of another chart."""
    body = _METADATA.sub("", _HEAD.sub("", svg)).strip()
    prefix = re.sub(r"[^a-z0-9]+", "-", title.lower()).strip("-") or "chart"
    body = _NAMED.sub(rf"\g<1>{prefix}-", body)
    named = escape(title, quote=True)
    opening, rest = body.split(">", 1)
    return f'{opening} role="img" aria-label="{named}">\n <title>{named}</title>{rest}\n'
