"""Generated and recorded markets: their volatility can be learned from them, at every sampling."""

import math
from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise
from pathlib import Path

import msgspec
import pytest

from venue.protocol.units import NS_PER_S
from venue.sandbox.assembly import price_path
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.errors import RecordingError
from venue.sandbox.flow.price_path import PairWalk, PricePath, RandomWalk
from venue.sandbox.flow.recordings import Bar, BridgedPath, RecordedPath
from venue.sandbox.flow.regimes import PathVolatility, RegimePath
from venue.sandbox.flow.rivals import ADAPTIVE, PROFILES, deviation_bps, draws, profiles_of
from venue.sandbox.mixes import REGIMES, Regime

HOUR = 3_600
START = Decimal("80000.00")


def logs(path: PricePath, seconds: int, step: int = 1) -> list[float]:
    return [math.log(path.mid_at(second * NS_PER_S)) for second in range(0, seconds, step)]


def moves(path: PricePath, seconds: int, step: int = 1) -> list[float]:
    found = logs(path, seconds, step)
    return [after - before for before, after in pairwise(found)]


def sigma60(path: PricePath, seconds: int, step: int) -> float:
    found = moves(path, seconds, step)
    return 1e4 * math.sqrt(sum(move * move for move in found) / len(found) * 60 / step)


def autocorrelation(found: Sequence[float]) -> float:
    return sum(a * b for a, b in pairwise(found)) / sum(move * move for move in found)


def recorded(path: PricePath, minutes: int) -> tuple[Bar, ...]:
    """Record a path in bars of a minute."""
    bars = []
    for minute in range(minutes):
        quarters = range(minute * 240, minute * 240 + 241)
        mids = [path.mid_at(quarter * NS_PER_S // 4).quantize(Decimal("0.01")) for quarter in quarters]
        bars.append(Bar(end=60 * (minute + 1), open=mids[0], high=max(mids), low=min(mids), close=mids[-1]))
    return tuple(bars)


VOLATILITY = 1.4e-4
BARS = recorded(PairWalk(9, "bars", START, volatility=VOLATILITY), 40)


def test_a_bridge_has_the_bars_open_and_close_and_nearly_their_range() -> None:
    path = BridgedPath(BARS, seed=1)
    ranges, seen = 0.0, 0.0
    for index, bar in enumerate(BARS):
        mids = [path.mid_at((index * 240 + quarter) * NS_PER_S // 4) for quarter in range(240)]
        assert mids[0] == bar.open
        assert abs(path.mid_at((index + 1) * 60 * NS_PER_S - 1) - bar.close) <= Decimal("0.01")
        ranges, seen = ranges + float(bar.high - bar.low), seen + float(max(mids) - min(mids))
    assert seen == pytest.approx(ranges, rel=0.1)
    assert path.mid_at(10**6 * NS_PER_S) == BARS[-1].close


def test_a_volatility_can_be_learned_from_a_bridge_and_not_from_straight_legs() -> None:
    seconds = 60 * len(BARS)
    bridge, legs = BridgedPath(BARS, seed=1), RecordedPath(BARS)
    true = VOLATILITY * 1e4 * math.sqrt(60)
    for step in (1, 5, 20):
        assert sigma60(bridge, seconds, step) == pytest.approx(true, rel=0.12)
    assert abs(autocorrelation(moves(bridge, seconds))) < 0.1
    assert autocorrelation(moves(legs, seconds)) > 0.8
    assert sigma60(legs, seconds, 1) < true / 2


def test_a_bridge_depends_on_the_seed_and_not_on_the_order_of_the_questions() -> None:
    offsets = [second * NS_PER_S for second in range(0, 600, 7)]
    path = BridgedPath(BARS, seed=1)
    backward = [path.mid_at(offset) for offset in reversed(offsets)]
    forward = BridgedPath(BARS, seed=1)
    assert backward[::-1] == [forward.mid_at(offset) for offset in offsets]
    other = BridgedPath(BARS, seed=2)
    assert backward[::-1] != [other.mid_at(offset) for offset in offsets]


def test_a_faster_bridge_runs_through_the_same_bars() -> None:
    assert BridgedPath(BARS, 1, speed=60).mid_at(3 * NS_PER_S) == BridgedPath(BARS, 1).mid_at(180 * NS_PER_S)


@pytest.mark.parametrize("regime", REGIMES)
def test_a_generated_market_has_its_volatility_and_independent_moves(regime: Regime) -> None:
    paths = [RegimePath(seed, START, regime) for seed in range(4)]
    medians = sorted(sigma60(path, HOUR, 5) for path in paths)
    low, high = {"calm": (2.5, 8), "normal": (3, 15), "jumpy": (3, 40)}[regime]
    assert low < medians[1] < high
    assert abs(autocorrelation(moves(paths[0], HOUR))) < 0.2
    again = RegimePath(0, START, regime)
    assert [again.mid_at(index * NS_PER_S) for index in range(50)] == [
        paths[0].mid_at(index * NS_PER_S) for index in range(50)
    ]


def test_a_jumpy_market_jumps_more() -> None:
    def largest(regime: Regime) -> float:
        return max(max(map(abs, moves(RegimePath(seed, START, regime), HOUR, 2))) for seed in range(3))

    assert largest("jumpy") > 2 * largest("calm")


def test_the_volatility_of_a_path_is_that_of_its_last_ten_minutes() -> None:
    path = RandomWalk(3, START)
    volatility = PathVolatility(path)
    late = volatility.sigma60_bps(3_000 * NS_PER_S)
    assert late == pytest.approx(8.5, rel=0.5)
    assert volatility.sigma60_bps(0) == volatility.sigma60_bps(600 * NS_PER_S)
    assert PathVolatility(RandomWalk(3, START)).sigma60_bps(3_000 * NS_PER_S) == late


def test_an_adaptive_rival_widens_with_volatility_and_life_and_moves_no_other() -> None:
    volatility = PathVolatility(RandomWalk(3, START))
    profiles = profiles_of("adaptive")
    assert profiles == (*PROFILES, ADAPTIVE)
    short, long = (deviation_bps(profiles, volatility, 0, life_ms) for life_ms in (60_000, 240_000))
    assert long == pytest.approx(2 * short)
    assert deviation_bps(PROFILES, volatility, 0, 60_000) == 0

    def widths(deviation: float) -> tuple[list[Decimal], list[object]]:
        found = [draws(1, f"q{index}", 600, profiles=profiles, deviation_bps=deviation) for index in range(200)]
        every = [one for answers in found for one in answers]
        adaptive = [one.half_spread_bps for one in every if one.account == ADAPTIVE.account]
        return adaptive, [one for one in every if one.account != ADAPTIVE.account]

    (calm, others), (wild, same) = widths(4.0), widths(40.0)
    assert same == others
    assert sum(calm) / len(calm) == pytest.approx(Decimal("7.4"), abs=Decimal("0.5"))
    assert sum(wild) / len(wild) == pytest.approx(Decimal(29), abs=Decimal("0.5"))


def test_static_rivals_have_one_width_each() -> None:
    found = [draws(1, f"q{index}", 600, profiles=profiles_of("static")) for index in range(100)]
    assert {(one.account, one.half_spread_bps) for answers in found for one in answers} == {
        (profile.account, Decimal(str(profile.half_spread_bps)).quantize(Decimal("0.01"))) for profile in PROFILES
    }


def test_a_pair_has_a_price_of_its_own_as_fine_as_it_needs() -> None:
    one, other = (PairWalk(1, name, Decimal("0.9"), volatility=1.5e-5) for name in ("A/B", "C/D"))
    mids = [one.mid_at(index * NS_PER_S) for index in range(100)]
    assert mids != [other.mid_at(index * NS_PER_S) for index in range(100)]
    assert len(set(mids)) > 90
    assert all(mid == mid.quantize(Decimal("1e-8")) for mid in mids)


def test_the_settings_name_the_market(tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    file.write_text("time,open,high,low,close\n2026-01-01T00:01:00Z,100.00,130.00,90.00,120.00\n")
    for settings, kind in (
        ({}, RandomWalk),
        ({"market": "jumpy"}, RegimePath),
        ({"market": str(file)}, BridgedPath),
        ({"prices": str(file)}, BridgedPath),
        ({"prices": str(file), "bars": "legs"}, RecordedPath),
    ):
        assert type(price_path(msgspec.convert(settings, VenueConfig))) is kind
    with pytest.raises(RecordingError, match="cannot be read"):
        price_path(VenueConfig(market=str(tmp_path / "wild")))
