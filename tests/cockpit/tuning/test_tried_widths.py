"""A width counts as tried only where the market moved as much as it does now."""

import random

from cockpit.tuning.trials import Trial
from cockpit.tuning.tried_widths import TriedWidths


def trial(half: float, deviation: float) -> Trial:
    return Trial(at_ns=0, half=half, width=half + 9, deviation=deviation, sigma=deviation, eure=50)


def test_only_what_lies_within_two_bps_of_what_was_tried_is_inside() -> None:
    tried = TriedWidths(trial(half, 8) for half in (7, 10, 14, 20) * 50)
    assert [tried.inside(trial(half, 8)) for half in (4.9, 5, 7, 12, 20, 22, 22.1)] == [
        False,
        True,
        True,
        True,
        True,
        True,
        False,
    ]


def test_one_rare_extreme_opens_nothing() -> None:
    tried = TriedWidths(trial(half, 8) for half in [20, 14] * 200 + [5])
    assert not tried.inside(trial(10, 8))


def test_a_width_of_a_calm_market_is_unknown_in_a_storm() -> None:
    dice = random.Random(1)
    calm = [trial(dice.choice((7, 10, 14)), dice.uniform(2, 10)) for _ in range(500)]
    storm = [trial(dice.choice((17, 22, 27)), dice.uniform(30, 40)) for _ in range(500)]
    tried = TriedWidths(calm + storm)
    assert tried.inside(trial(9, 5))
    assert not tried.inside(trial(9, 35))
    assert tried.inside(trial(20, 35))


def test_one_line_along_the_volatility_tries_no_other() -> None:
    dice = random.Random(1)
    tried = TriedWidths(trial(6 + 0.3 * move, move) for move in (dice.uniform(2, 40) for _ in range(1_000)))
    for move in (3, 20, 38):
        assert tried.inside(trial(6 + 0.3 * move, move))
        assert not tried.inside(trial(8 + 0.3 * move, move))
        assert not tried.inside(trial(6 + 0.4 * move, move))


def test_one_width_tries_none_near_it() -> None:
    tried = TriedWidths(trial(20, 8) for _ in range(100))
    assert tried.inside(trial(20, 8))
    assert not tried.inside(trial(19, 8))


def test_nothing_is_inside_when_nothing_was_tried() -> None:
    assert not TriedWidths(()).inside(trial(10, 8))
