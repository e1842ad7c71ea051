"""Figures of fills made by hand: money, markouts, drawdown, and what options were worth."""

import math
from array import array
from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.profit.figures import FillFigures, QuoteFigures, Run, drawdown, figures_of, option_bps
from bench.profit.markets import MadePath
from bench.profit.totals import FIGURES, estimate, eur60, m60, paired, premium_ratio, sharpe, totals_of
from cockpit.accounting.option_value import option_value
from venue.protocol.units import NS_PER_S

HOUR_NS = 3_600 * NS_PER_S


def rising(hours: float = 2.0) -> MadePath:
    """100 at the start, and a hundredth more each second."""
    return MadePath(array("d", (100 + step / 400 for step in range(int(hours * 14_400) + 4_000))))


def bought(at_s: int, **changes: Any) -> FillFigures:
    """One of the base for 99, while the mid is 100."""
    given = {"kind": "prompt", "base": 1.0, "quote": -99.0, "signed": 1.0, "taken": 0.8, "booked": 0.5}
    return FillFigures(**{"settled_ns": at_s * NS_PER_S, **given, **changes})


def run_of(fills: list[FillFigures], quotes: list[QuoteFigures] | None = None, hours: float = 2.0) -> Run:
    return figures_of(
        path=rising(hours),
        hours=hours,
        opening=(10.0, 1_000.0),
        fills=fills,
        quotes=quotes or [],
        requests=10,
        failed=0,
        reasons=Counter({"quote": 6, "dry": 4}),
    )


def test_profit_is_what_the_fills_are_worth_at_the_end_against_holding() -> None:
    run = run_of([bought(0), bought(1_800, base=-1.0, quote=119.0)])
    # It holds nothing more than at the start, and has 20 more.
    assert run.pnl == pytest.approx(20)
    # One that was bought at 99 is worth 136 after an hour, but it was sold again at 119.
    assert run.hourly == pytest.approx([20, 0])


def test_markouts_follow_the_mid_after_the_booking_and_losses_count_when_it_falls() -> None:
    run = run_of([bought(0), bought(0, base=-1.0, quote=101.0)])
    # At 60 s the mid is 100.6: one gained 1.6, the other 0.4.
    assert run.total.markouts == pytest.approx([2, 2, 2, 2])
    assert m60([run]) == pytest.approx(2 / 200 * 1e4)
    assert eur60([run]) == pytest.approx(24)
    sold = run_of([bought(0, base=-1.0, quote=101.0)])
    assert sold.total.markouts == pytest.approx([0.99, 0.9, 0.4, -2.0])


def test_what_was_given_away_lies_between_signing_and_booking() -> None:
    totals = totals_of([run_of([bought(0), bought(5, kind="holder", signed=1.0, taken=-2.0, booked=-3.0)])])
    figures = {name: found.value for name, found in totals.figures.items()}
    assert figures["edge_signed_bps"] == pytest.approx(2 / 198 * 1e4)
    assert figures["edge_booked_bps"] == pytest.approx(-2.5 / 198 * 1e4)
    assert figures["given_away_per_day"] == pytest.approx(4.5 * 12)
    assert figures["option_loss_per_day"] == pytest.approx(-36)
    assert figures["premium_taken_per_day"] == pytest.approx(24)
    assert figures["fill_rate"] == pytest.approx(0.2)
    assert totals.refused == {"dry": 0.4}
    assert set(totals.by_kind) == {"prompt", "holder"}
    assert totals.by_kind["holder"]["edge_booked_bps"].value == pytest.approx(-3 / 99 * 1e4)


@pytest.mark.parametrize(
    ("pnl", "fell"), [([0, 1, 2], 0), ([0, -1, -3, 5], 3), ([0, 5, 2, 4, 1, 9], 4), ([0, -2, 3, 0], 3)]
)
def test_the_drawdown_is_the_largest_fall_from_a_height(pnl: list[float], fell: float) -> None:
    assert drawdown(pnl) == fell


def test_the_ratio_of_premiums_leaves_out_the_far_tail() -> None:
    near = QuoteFigures(notional=1_000, distance_bps=10, sd_bps=10, payoff=0.1)
    far = QuoteFigures(notional=1_000, distance_bps=26, sd_bps=10, payoff=9.0)
    run = run_of([], [near, far])
    assert run.written == pytest.approx(near.premium + far.premium)
    assert premium_ratio([run]) == pytest.approx(0.1 / (1_000 * 0.8332 / 1e4), rel=1e-3)


@given(distance=st.integers(-60_000_000, 60_000_000), sd=st.integers(1_000_000, 60_000_000))
def test_a_premium_is_the_desks_own_but_for_its_rounding(distance: int, sd: int) -> None:
    assert option_bps(distance / 1e6, sd / 1e6) == pytest.approx(option_value(distance, sd) / 1e6, abs=1e-3)


def test_a_maker_without_fills_has_no_bps_and_no_s() -> None:
    figures = totals_of([run_of([])]).figures
    unknown = {name for name, found in figures.items() if found.value is None}
    assert unknown == {name for name in FIGURES if name.endswith("_bps")} | {"s", "premium_ratio"}


def test_an_error_is_that_of_the_mean_over_seeds_and_pairs_take_the_common_part_out() -> None:
    gains = [(1.0, 3.0), (5.0, 7.5), (9.0, 10.5)]
    runs = [[run_of([bought(0, quote=-100.6 + each[place])]) for each in gains] for place in (0, 1)]
    found = estimate(runs[0], eur60)
    assert found.value == pytest.approx(12 * 5)
    assert found.error == pytest.approx(12 * 4 / math.sqrt(3))
    apart = paired(runs[1], runs[0], eur60)
    assert apart.value == pytest.approx(24)
    assert apart.error == pytest.approx(12 * 0.5 / math.sqrt(3))
    assert estimate(runs[0][:1], eur60).error is None


def test_s_is_the_mean_over_the_deviation_of_all_hours() -> None:
    run = run_of([])
    hours = [[1.0, 3.0], [2.0, 6.0]]
    runs = [Run(**{name: getattr(run, name) for name in run.__struct_fields__} | {"hourly": one}) for one in hours]
    assert sharpe(runs) == pytest.approx(3 / math.sqrt(3.5))
