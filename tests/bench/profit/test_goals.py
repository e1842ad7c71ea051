"""The goals: each holds, and fails, for makers made to do so."""

from typing import Any

import msgspec
import pytest

from bench.profit.figures import HORIZONS_S, Run, Sums
from bench.profit.goals import best_static, goals_of
from bench.profit.makers import AMM, DESK, RATE, fixed, static
from bench.profit.markets import MarketName
from bench.profit.totals import SIXTY, Cell, eur60, sharpe


def made(*, eur60: float = 100.0, sd: float = 1.0, fell: float = 10.0, pnl: float = 80.0, ratio: float = 1.0) -> Run:
    """A day that traded 100,000 EUR; two hours are as far from the mean as ``sd`` says."""
    markouts = [0.0] * len(HORIZONS_S)
    markouts[SIXTY] = eur60
    return Run(
        hours=24,
        requests=10,
        answered=10,
        failed=0,
        by_kind={"prompt": Sums(fills=1, notional=100_000.0, markouts=markouts)},
        reasons={},
        pnl=pnl,
        hourly=[3 + sd, 3 - sd],
        drawdown=fell,
        share_sd=0.1,
        written=1.0,
        priced=1.0,
        realised=ratio,
    )


def cell(market: MarketName = "crash", **desk: Any) -> Cell:
    """The desk has an S of 3; the best static 2.5, the other 1, and 100 or 90 EUR a day."""
    return Cell(
        market=market,
        mix="mixed",
        runs={
            DESK: [made(**desk)] * 2,
            static(8): [made(sd=1.2, eur60=90, fell=21)] * 2,
            static(10): [made(sd=3, eur60=100)] * 2,
            fixed(20): [made(pnl=50)] * 2,
            AMM: [made(pnl=-1)] * 2,
            RATE: [made(pnl=-500)] * 2,
        },
    )


def failed(*cells: Cell) -> list[str]:
    return [goal.name for goal in goals_of(cells, DESK) if not goal.holds]


def test_the_best_static_is_found_for_each_figure_by_itself() -> None:
    by_s, by_eur60 = best_static(cell(), sharpe), best_static(cell(), eur60)
    assert (by_s[0], by_eur60[0]) == (static(8), static(10))
    assert by_s[1] == pytest.approx(2.5)
    assert by_eur60[1] == pytest.approx(100)


def test_a_desk_that_reaches_everything_fails_nothing() -> None:
    assert failed(cell(), cell("normal")) == []


@pytest.mark.parametrize(
    ("changed", "fails"),
    [
        ({"sd": 3 / (0.92 * 2.5)}, {"S over the best static's, each cell", "S over the best static's, on average"}),
        ({"sd": 3 / (1.14 * 2.5)}, {"S over the best static's, on average"}),
        ({"eur60": 84}, {"eur60 over the best static's, each cell"}),
        ({"fell": 10.6}, {"drawdown in the crash over static:8's"}),
        ({"pnl": 49.9}, {"P&L a day above that of fixed:20, EUR"}),
        ({"pnl": 50.0}, {"P&L a day above that of fixed:20, EUR"}),
        ({"ratio": 0.79}, {"realised over priced premium, each cell"}),
        ({"ratio": 1.31}, {"realised over priced premium, each cell"}),
    ],
)
def test_each_goal_fails_by_itself(changed: dict[str, Any], fails: set[str]) -> None:
    assert set(failed(cell(**changed))) == fails


def test_in_the_crash_markouts_must_be_enough_on_average_and_never_below_zero() -> None:
    low = cell(eur60=29)
    assert "markout at 60 s in the crash, mean of the seeds, bps" in failed(low)
    assert "markout at 60 s in the crash, each seed, bps" not in failed(low)
    one_bad = cell()
    one_bad.runs[DESK] = [made(eur60=200), made(eur60=-1)]
    assert failed(one_bad) == ["markout at 60 s in the crash, each seed, bps"]
    calm = cell("calm")
    calm.runs[DESK] = one_bad.runs[DESK]
    assert failed(calm) == []


def test_in_the_storm_only_a_loss_to_those_who_hold_quotes_fails() -> None:
    assert failed(cell("storm", eur60=-50, sd=100)) == []
    assert failed(cell("storm", eur60=-51)) == ["eur60 in the storm, EUR a day"]
    assert failed(cell("normal"), cell("storm", eur60=-51)) == ["eur60 in the storm, EUR a day"]


def test_one_bad_cell_is_named() -> None:
    goals = goals_of([cell("normal"), cell(eur60=10)], DESK)
    [goal] = [goal for goal in goals if goal.name == "eur60 over the best static's, each cell"]
    assert (goal.where, goal.holds) == ("crash mixed", False)
    assert goal.worst == pytest.approx(0.1)


def test_gains_are_ahead_of_statics_that_all_lose() -> None:
    losing = cell()
    for name in (static(8), static(10)):
        losing.runs[name] = [made(eur60=-5)] * 2
    assert "eur60 over the best static's, each cell" not in failed(losing)


def test_where_every_static_loses_the_mean_of_the_others_counts_and_a_loss_of_ones_own_fails() -> None:
    lost, gained = cell(), cell("normal")
    for name in (static(8), static(10)):
        lost.runs[name] = [msgspec.structs.replace(made(), hourly=[-1.0, -2.0])] * 2
    [mean] = [goal for goal in goals_of([lost, gained], DESK) if goal.where == "all cells"]
    assert mean.worst == pytest.approx(1.2)
    lost.runs[DESK] = [msgspec.structs.replace(made(), hourly=[-3.0, -1.0])] * 2
    [mean] = [goal for goal in goals_of([lost, gained], DESK) if goal.where == "all cells"]
    assert (mean.worst, mean.holds) == (None, False)
