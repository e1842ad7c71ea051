"""What the chart draws: history before what the snapshot holds, each moment once, in the order of time."""

import itertools

from msgspec.structs import replace

from cockpit.model.trading_figures.price_course import CourseFill, CoursePoint, OwnPrices, PriceCourse
from panels.views.market import fills, own_prices, points
from tests.support.cockpit import samples

NS = 10**9
SHOT = samples.snapshot()
HOUR_S = 3_600
COURSE = PriceCourse(
    from_ns=SHOT.at_ns - HOUR_S * NS,
    to_ns=SHOT.at_ns,
    step_ns=12 * NS,
    points=tuple(CoursePoint(SHOT.at_ns - ago * NS, 97_000.0) for ago in range(HOUR_S, 0, -12)),
    prices=tuple(OwnPrices(SHOT.at_ns - ago * NS, 96_900.0, 97_100.0) for ago in range(HOUR_S, 0, -12)),
    fills=tuple(CourseFill(SHOT.at_ns - ago * NS, 96_900.0, "buy") for ago in range(HOUR_S, 0, -100)),
)


def test_mids_of_history_come_before_those_of_the_snapshot() -> None:
    drawn = points(SHOT, COURSE)
    newest = len(SHOT.market.chart)
    assert tuple(drawn[-newest:]) == SHOT.market.chart
    assert {price for _, price in drawn[:-newest]} == {97_000.0}
    assert drawn[0][0] == HOUR_S
    assert all(older[0] > newer[0] for older, newer in itertools.pairwise(drawn))
    assert points(SHOT) == list(SHOT.market.chart)


def test_own_prices_end_with_those_of_now() -> None:
    drawn = own_prices(SHOT, COURSE)
    assert (drawn[-1].ago, drawn[-1].bid) == (0.0, float(SHOT.market.bid or 0))
    assert all(older.ago >= newer.ago for older, newer in itertools.pairwise(drawn))
    assert drawn[0].bid == 96_900.0
    silent = replace(SHOT, market=replace(SHOT.market, bid=None, ask=None))
    assert (own_prices(silent)[-1].bid, own_prices(silent)[-1].ask) == (None, None)


def test_each_fill_is_marked_once() -> None:
    agos = [mark.ago for mark in fills(SHOT, COURSE)]
    assert agos == sorted(set(agos), reverse=True)
    assert len(agos) > len(fills(SHOT)) == len(SHOT.market.chart_fills)
