"""A maker's figures in one cell over all seeds, with their standard errors."""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from statistics import fmean, pstdev

import msgspec

from bench.profit.figures import HORIZONS_S, Run, Sums, add
from bench.profit.markets import MarketName
from bench.profit.playing import Played
from venue.sandbox.mixes import Kind

SIXTY = HORIZONS_S.index(60)
OPTION_KINDS: tuple[Kind, ...] = ("holder", "sweeper")
"""Takers who hold a quote to its end and take it only when it pays."""
_DAY_H = 24


class Estimate(msgspec.Struct, frozen=True):
    """``error``: the standard error over the seeds; None with one seed. ``value``: None where nothing can be said."""

    value: float | None
    error: float | None = None


class MakerTotals(msgspec.Struct, frozen=True, kw_only=True):
    """``figures`` by name, of all takers; ``by_kind``: some of them by the kind of taker. ``refused``: shares of the
    requests by the check that failed first.
    """

    figures: dict[str, Estimate]
    by_kind: dict[str, dict[str, Estimate]]
    refused: dict[str, float]
    lowest_m60: float | None


class Cell(msgspec.Struct, frozen=True, kw_only=True):
    """One market with one mix of takers. ``runs``: by maker, one a seed, in the same order for all."""

    market: MarketName
    mix: str
    runs: dict[str, list[Run]]

    @property
    def name(self) -> str:
        return f"{self.market} {self.mix}"


Figure = Callable[[Sequence[Run]], float | None]


def cells_of(played: Iterable[Played]) -> list[Cell]:
    """Return the cells in the order in which they came."""
    found: dict[tuple[MarketName, str], Cell] = {}
    for one in sorted(played, key=lambda each: each.seed):
        cell = found.setdefault((one.market, one.mix), Cell(market=one.market, mix=one.mix, runs={}))
        for name, run in one.runs.items():
            cell.runs.setdefault(name, []).append(run)
    return list(found.values())


def totals_of(runs: Sequence[Run]) -> MakerTotals:
    kinds = sorted({kind for run in runs for kind in run.by_kind})
    requests = sum(run.requests for run in runs)
    reasons = sorted({reason for run in runs for reason in run.reasons} - {"quote"})
    lowest = [found for run in runs if (found := m60([run])) is not None]
    return MakerTotals(
        figures={name: estimate(runs, figure) for name, figure in FIGURES.items()},
        by_kind={
            kind: {name: estimate(_of_kind(runs, kind), FIGURES[name]) for name in KIND_FIGURES} for kind in kinds
        },
        refused={reason: sum(run.reasons.get(reason, 0) for run in runs) / requests for reason in reasons},
        lowest_m60=min(lowest, default=None),
    )


def _of_kind(runs: Sequence[Run], kind: str) -> list[Run]:
    return [msgspec.structs.replace(run, by_kind={kind: run.by_kind.get(kind, Sums())}) for run in runs]


def estimate(runs: Sequence[Run], figure: Figure) -> Estimate:
    """Return a figure of all runs together, and its standard error by leaving one of them out at a time."""
    value, count = figure(runs), len(runs)
    if value is None or count < 2:
        return Estimate(value)
    without = [figure([*runs[:left_out], *runs[left_out + 1 :]]) for left_out in range(count)]
    known = [one for one in without if one is not None]
    if len(known) < count:
        return Estimate(value)
    return Estimate(value, pstdev(known) * math.sqrt(count - 1))


def paired(runs: Sequence[Run], others: Sequence[Run], figure: Figure) -> Estimate:
    """Return how much larger a figure is than that of another maker, who met the same seeds."""
    apart = []
    for run, other in zip(runs, others, strict=True):
        left, right = figure([run]), figure([other])
        if left is None or right is None:
            return Estimate(None)
        apart.append(left - right)
    error = pstdev(apart) / math.sqrt(len(apart) - 1) if len(apart) > 1 else None
    return Estimate(fmean(apart), error)


def _sums(runs: Sequence[Run]) -> Sums:
    return add(run.total for run in runs)


def _a_day(runs: Sequence[Run], amount: float) -> float:
    return amount / sum(run.hours for run in runs) * _DAY_H


def _in_bps(runs: Sequence[Run], of: Callable[[Sums], float]) -> float | None:
    sums = _sums(runs)
    return of(sums) / sums.notional * 1e4 if sums.notional else None


def m60(runs: Sequence[Run]) -> float | None:
    """Markout at 60 s, bps of what was traded."""
    return _in_bps(runs, lambda sums: sums.markouts[SIXTY])


def eur60(runs: Sequence[Run]) -> float:
    """Markout at 60 s, EUR a day: the profit without what the inventory gained by chance."""
    return _a_day(runs, _sums(runs).markouts[SIXTY])


def pnl(runs: Sequence[Run]) -> float:
    """P&L against holding, EUR a day."""
    return _a_day(runs, sum(run.pnl for run in runs))


def hourly_sd(runs: Sequence[Run]) -> float | None:
    hours = [hour for run in runs for hour in run.hourly]
    return pstdev(hours) if len(hours) > 1 else None


def sharpe(runs: Sequence[Run]) -> float | None:
    """S: mean over deviation of the hourly P&L."""
    hours = [hour for run in runs for hour in run.hourly]
    sd = hourly_sd(runs)
    return fmean(hours) / sd if sd else None


def drawdown(runs: Sequence[Run]) -> float:
    return fmean(run.drawdown for run in runs)


def premium_ratio(runs: Sequence[Run]) -> float | None:
    """What options gained their holders at best over what they were priced at, outside the far tail."""
    priced = math.fsum(run.priced for run in runs)
    return math.fsum(run.realised for run in runs) / priced if priced else None


def _option_loss(runs: Sequence[Run]) -> float:
    held = (run.by_kind.get(kind, Sums()) for run in runs for kind in OPTION_KINDS)
    return _a_day(runs, math.fsum(sums.booked for sums in held))


def _taken(runs: Sequence[Run]) -> float:
    held = (run.by_kind.get(kind, Sums()) for run in runs for kind in OPTION_KINDS)
    return _a_day(runs, math.fsum(sums.taken for sums in held))


def _fill_rate(runs: Sequence[Run]) -> float | None:
    requests = sum(run.requests for run in runs)
    return _sums(runs).fills / requests if requests else None


def _markout(place: int) -> Figure:
    return lambda runs: _in_bps(runs, lambda sums: sums.markouts[place])


FIGURES: Mapping[str, Figure] = {
    "fills_per_day": lambda runs: _a_day(runs, _sums(runs).fills),
    "fill_rate": _fill_rate,
    "notional_per_day": lambda runs: _a_day(runs, _sums(runs).notional),
    "edge_signed_bps": lambda runs: _in_bps(runs, lambda sums: sums.signed),
    "edge_booked_bps": lambda runs: _in_bps(runs, lambda sums: sums.booked),
    "given_away_bps": lambda runs: _in_bps(runs, lambda sums: sums.signed - sums.booked),
    "given_away_per_day": lambda runs: _a_day(runs, _sums(runs).signed - _sums(runs).booked),
    **{f"m{horizon_s}_bps": _markout(place) for place, horizon_s in enumerate(HORIZONS_S)},
    "eur60_per_day": eur60,
    "pnl_per_day": pnl,
    "hourly_sd": hourly_sd,
    "s": sharpe,
    "max_drawdown": drawdown,
    "inventory_sd": lambda runs: fmean(run.share_sd for run in runs),
    "option_loss_per_day": _option_loss,
    "premium_written_per_day": lambda runs: _a_day(runs, math.fsum(run.written for run in runs)),
    "premium_taken_per_day": _taken,
    "premium_ratio": premium_ratio,
}
"""What is told of a maker. Money in EUR, spreads and markouts in bps of what was traded, shares from 0 to 1."""
KIND_FIGURES = (
    "fills_per_day",
    "notional_per_day",
    "edge_signed_bps",
    "edge_booked_bps",
    "m60_bps",
    "eur60_per_day",
)
