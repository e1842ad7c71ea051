"""The paper-fill model finds what a known market does, and says how uncertain it is."""

import math
import random
from statistics import fmean, stdev

import pytest

from cockpit.tuning.fill_model import FillModel, fill_features
from cockpit.tuning.trials import Outcome60, Trial


def trial(width: float, deviation: float = 8, eure: float = 50, at_ns: int = 0) -> Trial:
    return Trial(at_ns=at_ns, half=width, width=width, deviation=deviation, sigma=deviation, eure=eure)


def chance(width: float, deviation: float) -> float:
    """Half are filled at 10 bps in a market that stands still; rivals widen with the deviation."""
    return 1 / (1 + math.exp((width - 10 - 0.4 * deviation) / 3))


def market(seed: int, count: int = 3_000) -> list[Outcome60]:
    dice = random.Random(seed)
    seen = []
    for number in range(count):
        one = trial(dice.uniform(4, 24), dice.uniform(2, 20), dice.lognormvariate(4, 1), at_ns=number)
        filled = dice.random() < chance(one.width, one.deviation)
        kept = one.width - 0.2 * one.deviation + dice.gauss(0, 5)
        seen.append(Outcome60(trial=one, kept=kept if filled else None))
    return seen


def block_of(at_ns: int) -> int:
    return at_ns // 100


def test_it_finds_the_chance_of_a_fill_and_what_a_fill_loses() -> None:
    model = FillModel(market(1), block_of)
    for width in (6, 10, 14, 20):
        for deviation in (4, 10, 18):
            assert model.chance(trial(width, deviation)) == pytest.approx(chance(width, deviation), abs=0.07)
            assert model.lost(trial(width, deviation)) == pytest.approx(0.2 * deviation, abs=1)


def test_what_is_expected_of_all_its_quotes_is_what_they_earned() -> None:
    seen = market(2)
    model = FillModel(seen, block_of)
    expected = [model.expected(one.trial) for one in seen]
    filled = sum(one.kept is not None for one in seen)
    assert model.fills == filled
    assert sum(one.chance for one in expected) == pytest.approx(filled, rel=0.01)
    assert sum(one.eur60 for one in expected) == pytest.approx(sum(one.eur60 for one in seen), rel=0.1)


def test_a_wider_quote_is_filled_less_and_gains_follow_from_the_coefficients() -> None:
    model = FillModel(market(3), block_of)
    chances = [model.chance(trial(width)) for width in range(5, 25)]
    assert chances == sorted(chances, reverse=True)
    one, small = trial(12), 1e-6
    expected = model.expected(one)
    # A quote whose features are moved is one whose coefficients are.
    moved = model.expected(trial(12, eure=50 * math.exp(small)))
    by_size = (moved.eur60 / math.exp(small) - expected.eur60) / small
    weight = model._fill.coefficients[-1]
    assert by_size == pytest.approx(expected.by_fill[0] * weight, rel=1e-3)
    assert len(expected.by_fill) == len(fill_features(one))


def test_blocks_drawn_again_move_it_as_far_as_other_markets_would() -> None:
    """The spread of the bootstrap, one step of Newton's method, against fits of fresh markets."""
    one = trial(12)
    fresh = [FillModel(market(seed, 600), block_of).chance(one) for seed in range(10, 22)]
    model = FillModel(market(9, 600), block_of)
    dice = random.Random(0)
    drawn = []
    for _ in range(100):
        weights: dict[int, int] = {}
        for block in dice.choices(range(6), k=6):
            weights[block] = weights.get(block, 0) + 1
        step = model.moved(weights)[0]
        slope = [value * model.chance(one) * (1 - model.chance(one)) for value in fill_features(one)]
        drawn.append(model.chance(one) + sum(a * b for a, b in zip(step, slope, strict=True)))
    assert fmean(drawn) == pytest.approx(model.chance(one), abs=0.02)
    assert 0.5 < stdev(drawn) / stdev(fresh) < 2


@pytest.mark.parametrize("filled", [False, True])
def test_widths_that_never_vary_and_outcomes_that_are_all_alike_are_fitted_too(filled: bool) -> None:
    seen = [Outcome60(trial=trial(20, at_ns=number), kept=5.0 if filled else None) for number in range(200)]
    model = FillModel(seen, block_of)
    assert model.chance(trial(20)) == pytest.approx(float(filled), abs=0.05)
    assert math.isfinite(model.expected(trial(20)).eur60)


def test_one_wild_fill_does_not_turn_the_line() -> None:
    calm = [Outcome60(trial=trial(10, at_ns=number), kept=8.0) for number in range(100)]
    wild = Outcome60(trial=trial(10), kept=-5_000.0)
    assert FillModel([*calm, wild], block_of).lost(trial(10)) == pytest.approx(3, abs=0.5)
