"""The charts of a report, each with its caption. Pure."""

from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from cockpit.model.printable import printable
from cockpit.reports.charts import Bars, Line, bar_chart, time_chart
from cockpit.reports.figures import GroupFigures, ReportedPoint, TradingReport
from cockpit.reports.sections import marks

MOST_PARTNERS = 10
NAME_LENGTH = 24


class Picture(msgspec.Struct, frozen=True):
    caption: str
    svg: str


def pictures(report: TradingReport) -> Iterator[Picture]:
    """Yield those for which there are figures, and those of groups where there are several.

    Raises ChartsMissingError without the extra `charts`.
    """
    if report.curve:
        yield from _over_time(report.curve, marks(report))
    if any(one.known for one in report.markouts):
        yield _markouts(report)
    if report.groups:
        yield from _groups(report.groups)


def _over_time(points: Sequence[ReportedPoint], noted: Sequence[tuple[int, str]]) -> Iterator[Picture]:
    caption = "P&L since the start of the range, EURe"
    lines = [
        Line("trading", [(point.at_ns, _float(point.trading)) for point in points]),
        Line("total, with held BTC", [(point.at_ns, _float(point.total)) for point in points]),
    ]
    yield Picture(caption, time_chart(caption, "EURe", lines, marks=noted))
    for caption, unit, values in (
        ("Inventory, BTC", "BTC", [point.base for point in points]),
        ("Mid, EURe per BTC", "EURe", [point.mid for point in points]),
    ):
        line = Line(unit, [(point.at_ns, _float(value)) for point, value in zip(points, values, strict=True)])
        yield Picture(caption, time_chart(caption, unit, [line], marks=noted, size=(9.0, 2.0)))


def _markouts(report: TradingReport) -> Picture:
    caption = "Mean markout after a fill, bps in the desk's favour"
    seconds = sorted({one.seconds for one in report.markouts})
    found = {(one.bucket, one.seconds): _float(one.bps) for one in report.markouts if one.by in ("side", "all")}
    bars = [Bars(name, [found.get((name, after)) for after in seconds]) for name in ("buy", "sell", "all")]
    return Picture(caption, bar_chart(caption, "bps", [f"{after} s" for after in seconds], bars, size=(9.0, 2.4)))


def _groups(groups: Sequence[GroupFigures]) -> Iterator[Picture]:
    by: dict[str, list[GroupFigures]] = {}
    for group in groups:
        by.setdefault(group.by, []).append(group)
    partners = by.get("partner", [])[:MOST_PARTNERS]
    for caption, unit, ours, heights in (
        ("Filled by hour of the UTC day, EURe", "EURe", by.get("hour", ()), "eure"),
        ("Filled by partner, EURe", "EURe", partners, "eure"),
        ("Hit ratio by size of the quote in EURe, %", "%", by.get("size", ()), "hit_ratio"),
        ("Hit ratio by deadline asked, %", "%", by.get("deadline", ()), "hit_ratio"),
        ("Trading P&L by size of the quote in EURe, EURe", "EURe", by.get("size", ()), "trading"),
    ):
        values = [_float(getattr(one, heights)) for one in ours]
        if len(ours) > 1 and any(value for value in values):
            shown = [value if value is None or unit != "%" else 100 * value for value in values]
            names = [_short(one.bucket) for one in ours]
            yield Picture(caption, bar_chart(caption, unit, names, [Bars(unit, shown)], size=(9.0, 2.2)))


def _short(name: str) -> str:
    shown = printable(name)
    return shown if len(shown) <= NAME_LENGTH else f"{shown[: NAME_LENGTH - 1]}…"


def _float(value: Decimal | None) -> float | None:
    """A picture needs no more digits."""
    return None if value is None else float(value)
