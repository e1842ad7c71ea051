"""The result as one picture: what the desk earns in each cell, beside the best fixed width and other makers."""

from collections.abc import Sequence

from bench.profit.report import CellResult, Result
from cockpit.reports.charts import Bars, bar_chart

_BESIDE = ("desk", "today", "fixed:20")


def picture_of(result: Result) -> str:
    """Draw eur60 a day. Raises ChartsMissingError without the library."""
    cells = result.cells
    shown = [name for name in _BESIDE if all(name in cell.makers for cell in cells)]
    bars = [Bars(name, [_eur60(cell, name) for cell in cells]) for name in shown]
    if all(cell.best_static for cell in cells):
        best = Bars("best fixed width, by hindsight", [_eur60(cell, cell.best_static["eur60"]) for cell in cells])
        bars = [*bars[:1], best, *bars[1:]]
    return bar_chart("Markouts at 60 s", "EUR a day", _titles(cells), bars, size=(9.0, 3.4))


def _eur60(cell: CellResult, maker: str) -> float | None:
    return cell.makers[maker].figures["eur60_per_day"].value


def _titles(cells: Sequence[CellResult]) -> list[str]:
    return [f"{cell.market}, {cell.mix}" for cell in cells]
