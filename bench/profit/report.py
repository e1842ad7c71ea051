"""The result as text and as JSON."""

from collections.abc import Sequence

import msgspec

from bench.profit.goals import Goal, best_static
from bench.profit.totals import Cell, Estimate, MakerTotals, eur60, paired, sharpe, totals_of

_COLUMNS = (
    ("fills/d", "fills_per_day", "{:.0f}"),
    ("rate", "fill_rate", "{:.1%}"),
    ("k EUR/d", "notional_per_day", "{:.1f}"),
    ("signed", "edge_signed_bps", "{:.1f}"),
    ("booked", "edge_booked_bps", "{:.1f}"),
    ("m1", "m1_bps", "{:.1f}"),
    ("m10", "m10_bps", "{:.1f}"),
    ("m60", "m60_bps", "{:.1f}"),
    ("m300", "m300_bps", "{:.1f}"),
    ("eur60/d", "eur60_per_day", "{:.0f}"),
    ("P&L/d", "pnl_per_day", "{:.0f}"),
    ("sd/h", "hourly_sd", "{:.1f}"),
    ("S", "s", "{:.2f}"),
    ("max DD", "max_drawdown", "{:.0f}"),
    ("inv sd", "inventory_sd", "{:.1%}"),
    ("opt. loss", "option_loss_per_day", "{:.1f}"),
    ("written", "premium_written_per_day", "{:.0f}"),
    ("taken", "premium_taken_per_day", "{:.1f}"),
    ("real/pr", "premium_ratio", "{:.2f}"),
)
_WITH_ERROR = ("eur60_per_day", "pnl_per_day", "s", "m60_bps")
_KIND_COLUMNS = tuple(column for column in _COLUMNS if column[0] in ("fills/d", "signed", "booked", "m60", "eur60/d"))


class CellResult(msgspec.Struct, frozen=True, kw_only=True):
    """One market with one mix. ``best_static``: the best fixed widths by S and by eur60, with hindsight; ``ahead``: by
    how much the desk's eur60 is more than the latter's, EUR a day, paired by seed.
    """

    market: str
    mix: str
    makers: dict[str, MakerTotals]
    best_static: dict[str, str]
    ahead: dict[str, Estimate]


class Result(msgspec.Struct, frozen=True, kw_only=True):
    """``markets``: of each, whether its prices were recorded or generated."""

    seeds: tuple[int, ...]
    hours: float
    rivals: str
    markets: dict[str, str]
    cells: list[CellResult]
    goals: dict[str, list[Goal]]


def cell_result(cell: Cell, subjects: Sequence[str]) -> CellResult:
    statics = any(name.startswith("static:") for name in cell.runs)
    best = {"s": best_static(cell, sharpe)[0], "eur60": best_static(cell, eur60)[0]} if statics else {}
    return CellResult(
        market=cell.market,
        mix=cell.mix,
        makers={name: totals_of(runs) for name, runs in cell.runs.items()},
        best_static=best,
        ahead={name: paired(cell.runs[name], cell.runs[best["eur60"]], eur60) for name in subjects} if statics else {},
    )


def as_text(result: Result) -> str:
    lines = [
        f"seeds {', '.join(map(str, result.seeds))} · at most {result.hours:g} h each · rivals {result.rivals}",
        "EUR and bps; ± is the standard error over the seeds; all prices are simulated, and so is who takes",
    ]
    for cell in result.cells:
        lines += ["", *_cell_lines(cell, result.markets[cell.market])]
    return "\n".join(lines)


def _cell_lines(cell: CellResult, origin: str) -> list[str]:
    rows = [["maker", *(title for title, _, _ in _COLUMNS)]]
    rows += [_row(name, totals.figures, _COLUMNS) for name, totals in cell.makers.items()]
    lines = [f"{cell.market} ({origin}), takers {cell.mix}", *_aligned(rows)]
    if cell.best_static:
        lines.append(f"best static with hindsight: by S {cell.best_static['s']}, by eur60 {cell.best_static['eur60']}")
    for name, ahead in cell.ahead.items():
        totals = cell.makers[name]
        lines.append(f"{name}: eur60 a day {_told(ahead, '{:+.0f}')} to the best static")
        refused = ", ".join(f"{check} {share:.1%}" for check, share in totals.refused.items())
        lines.append(f"{name}: refused {refused or 'nothing'}")
        kinds = [["taker", *(title for title, _, _ in _KIND_COLUMNS)]]
        kinds += [_row(kind, figures, _KIND_COLUMNS) for kind, figures in totals.by_kind.items()]
        lines += _aligned(kinds)
    return lines


def _row(name: str, figures: dict[str, Estimate], columns: Sequence[tuple[str, str, str]]) -> list[str]:
    cells = [name]
    for _, key, form in columns:
        found = figures[key]
        if key == "notional_per_day" and found.value is not None:
            found = Estimate(found.value / 1_000)
        cells.append(_told(found if key in _WITH_ERROR else Estimate(found.value), form))
    return cells


def _told(found: Estimate, form: str) -> str:
    if found.value is None:
        return "–"
    error = "" if found.error is None else f"±{form.replace('+', '').format(found.error)}"
    return form.format(found.value) + error


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return [
        "  ".join(
            cell.rjust(width) if place else cell.ljust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]


def _plain(worst: float | None) -> str:
    return "–" if worst is None else f"{worst:.2f}"


def goal_lines(maker: str, goals: Sequence[Goal]) -> list[str]:
    return [
        f"{'holds' if goal.holds else 'FAILS'}  {maker}: {goal.name}: {_plain(goal.worst)} ({goal.where}), "
        f"wanted {goal.wanted}"
        for goal in goals
    ]
