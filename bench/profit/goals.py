"""What a maker must reach, and whether it does."""

from collections.abc import Callable, Iterable, Sequence
from math import isfinite
from statistics import fmean

import msgspec

from bench.profit.figures import Run
from bench.profit.makers import AMM, RATE, fixed, static
from bench.profit.totals import Cell, eur60, m60, pnl, premium_ratio, sharpe
from bench.profit.totals import drawdown as mean_drawdown

LEAST_S, LEAST_MEAN_S = 0.93, 1.15
LEAST_EUR60 = 0.85
LEAST_CRASH_M60_BPS = 3.0
MOST_CRASH_DRAWDOWN = 0.5
CRASH_RIVAL = static(8)
BEATEN = (AMM, fixed(20), RATE)
PREMIUM_RANGE = (0.8, 1.3)
CRASH = "crash"
STORM = "storm"
"""In it fixed widths lose, and P&L is the inventory's chance: the desk must only not pay those who hold its quotes."""
LEAST_STORM_EUR60 = -50.0
"""A quarter of a percent of what it has, a day."""


class Goal(msgspec.Struct, frozen=True, kw_only=True):
    """``worst``: the figure that is nearest to failing, or fails most, and where; None where there is none, because
    the maker sold nothing or every fixed width lost.
    """

    name: str
    wanted: str
    worst: float | None
    where: str
    holds: bool


def best_static(cell: Cell, figure: Callable[[Sequence[Run]], float | None]) -> tuple[str, float]:
    """Return the fixed width that was best by this figure, chosen with hindsight."""
    found = {
        name: value
        for name, runs in cell.runs.items()
        if name.startswith("static:") and (value := figure(runs)) is not None
    }
    best = max(found, key=lambda name: found[name])
    return best, found[best]


def goals_of(cells: Sequence[Cell], maker: str) -> list[Goal]:
    """Return the goals for this maker: those of the crash where there is one."""
    usual = [cell for cell in cells if cell.market != STORM]
    goals = [
        *_against_statics(usual, maker),
        *_of_crashes([cell for cell in cells if cell.market == CRASH], maker),
        *_of_storms([cell for cell in cells if cell.market == STORM], maker),
    ]
    for other in BEATEN if usual else ():
        ahead = {cell.name: pnl(cell.runs[maker]) - pnl(cell.runs[other]) for cell in usual}
        goals.append(_at_least(f"P&L a day above that of {other}, EUR", ahead, 0.0, strictly=True))
    least, most = PREMIUM_RANGE
    ratios = {cell.name: _known(premium_ratio(cell.runs[maker])) for cell in cells}
    return [
        *goals,
        _at_least("realised over priced premium, each cell", ratios, least),
        _at_most("realised over priced premium, each cell", ratios, most),
    ]


def _against_statics(cells: Sequence[Cell], maker: str) -> list[Goal]:
    if not cells:
        return []
    ratios_s = {cell.name: _over(sharpe(cell.runs[maker]), best_static(cell, sharpe)[1]) for cell in cells}
    ratios_eur = {cell.name: _over(eur60(cell.runs[maker]), best_static(cell, eur60)[1]) for cell in cells}
    mean_s = _mean(ratios_s.values())
    return [
        _at_least("S over the best static's, each cell", ratios_s, LEAST_S),
        Goal(
            name="S over the best static's, on average",
            wanted=f"at least {LEAST_MEAN_S}",
            worst=_finite(mean_s),
            where="all cells",
            holds=mean_s >= LEAST_MEAN_S,
        ),
        _at_least("eur60 over the best static's, each cell", ratios_eur, LEAST_EUR60),
    ]


def _of_crashes(cells: Sequence[Cell], maker: str) -> list[Goal]:
    if not cells:
        return []
    single = {
        f"{cell.name}, seed {number} of {len(cell.runs[maker])}": _known(m60([run]))
        for cell in cells
        for number, run in enumerate(cell.runs[maker], 1)
    }
    falls = {cell.name: mean_drawdown(cell.runs[maker]) / mean_drawdown(cell.runs[CRASH_RIVAL]) for cell in cells}
    return [
        _at_least("markout at 60 s in the crash, mean of the seeds, bps", _m60s(cells, maker), LEAST_CRASH_M60_BPS),
        _at_least("markout at 60 s in the crash, each seed, bps", single, 0.0),
        _at_most(f"drawdown in the crash over {CRASH_RIVAL}'s", falls, MOST_CRASH_DRAWDOWN),
    ]


def _of_storms(cells: Sequence[Cell], maker: str) -> list[Goal]:
    if not cells:
        return []
    earned = {cell.name: eur60(cell.runs[maker]) for cell in cells}
    return [_at_least("eur60 in the storm, EUR a day", earned, LEAST_STORM_EUR60)]


def _m60s(cells: Sequence[Cell], maker: str) -> dict[str, float]:
    return {cell.name: fmean(_known(m60([run])) for run in cell.runs[maker]) for cell in cells}


def _over(value: float | None, best: float) -> float:
    # A best of nothing, or a loss, is beaten by any gain.
    if value is None:
        return float("-inf")
    if best <= 0:
        return float("inf") if value > 0 else float("-inf")
    return value / best


def _mean(ratios: Iterable[float]) -> float:
    """Return the mean of those that are known, unless one of them fails beyond measure."""
    given = list(ratios)
    if float("-inf") in given:
        return float("-inf")
    return fmean([one for one in given if isfinite(one)] or [float("inf")])


def _finite(value: float) -> float | None:
    return value if isfinite(value) else None


def _known(value: float | None) -> float:
    return float("-inf") if value is None else value


def _at_least(name: str, found: dict[str, float], least: float, *, strictly: bool = False) -> Goal:
    where = min(found, key=lambda place: found[place])
    worst = found[where]
    return Goal(
        name=name,
        wanted=f"{'above' if strictly else 'at least'} {least:g}",
        worst=_finite(worst),
        where=where,
        holds=worst > least if strictly else worst >= least,
    )


def _at_most(name: str, found: dict[str, float], most: float) -> Goal:
    where = max(found, key=lambda place: found[place])
    return Goal(
        name=name, wanted=f"at most {most:g}", worst=_finite(found[where]), where=where, holds=found[where] <= most
    )
