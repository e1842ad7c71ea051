"""Chance is told from gain, and the best of many is held to more than one alone."""

import random
from decimal import Decimal

import pytest

from cockpit.tuning.bootstrap import explained_by_chance, reality_check
from cockpit.tuning.candidates import Candidate
from cockpit.tuning.folds import Clock, Fold, judged_folds
from cockpit.tuning.scores import BlockSum, Score
from cockpit.tuning.trials import Outcome60, Trial
from venue.protocol.units import NS_PER_S

BLOCKS = range(48)


def score(name: int, gains: list[float]) -> Score:
    blocks = {block: BlockSum(1, gain) for block, gain in zip(BLOCKS, gains, strict=True)}
    return Score(
        candidate=Candidate(Decimal(name), Decimal(0)), blocks=blocks, quotes=1, inside=1, fills=1, eure=1, near=99
    )


def noise(seed: int, mean: float = 0.0) -> list[float]:
    dice = random.Random(seed)
    return [dice.gauss(mean, 1) for _ in BLOCKS]


def _folds() -> list[Fold]:
    """One judged fold; the sums of these tests do not depend on its coefficients."""
    outcomes = [
        Outcome60(
            trial=Trial(at_ns=fold * 720 * NS_PER_S + number, half=9, width=9, deviation=8, sigma=8, eure=50),
            kept=5.0 if number % 2 else None,
        )
        for fold in (0, 1)
        for number in range(200)
    ]
    return list(judged_folds(outcomes, Clock(720)))


FOLDS = _folds()


def test_a_gain_beyond_chance_has_a_lower_bound_above_zero() -> None:
    current = score(20, [0.0] * 48)
    check = reality_check(current, [score(14, noise(1, 1.0))], FOLDS, BLOCKS, 1)
    [found] = check.intervals.values()
    assert 0 < found.low < found.gain < found.high
    assert found.deflated > 0
    assert check.chance < 0.01


def test_the_best_of_many_that_are_all_alike_is_not_believed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.tuning.bootstrap.DRAWS", 120)
    believed = 0
    for world in range(5):
        current = score(20, [0.0] * 48)
        others = [score(number, noise(world * 100 + number)) for number in range(6)]
        check = reality_check(current, others, FOLDS, BLOCKS, 1)
        believed += any(one.deflated > 0 for one in check.intervals.values())
        assert all(one.deflated <= one.low for one in check.intervals.values())
    assert believed <= 1


def test_the_same_seed_gives_the_same_answer() -> None:
    first, again, other = (
        reality_check(score(20, noise(5)), [score(14, noise(6))], FOLDS, BLOCKS, seed) for seed in (1, 1, 2)
    )
    assert first == again
    assert first != other


def test_nothing_to_compare_is_no_gain() -> None:
    check = reality_check(score(20, noise(1)), [], [], BLOCKS, 1)
    assert (check.intervals, check.chance) == ({}, 1.0)


def test_differences_around_zero_are_chance_and_others_not() -> None:
    assert explained_by_chance([], 1)
    assert explained_by_chance(noise(3), 1)
    assert not explained_by_chance([one + 2 for one in noise(3)], 1)
