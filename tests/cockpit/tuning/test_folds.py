"""A day is judged by the days before it alone."""

import random

from cockpit.tuning.folds import LEAST_FILLS, MOST_FOLDS, Clock, judged_folds
from cockpit.tuning.trials import Outcome60, Trial
from venue.protocol.units import NS_PER_S

FOLD_S = 3_600
CLOCK = Clock(FOLD_S)


def part(number: int, fills: int, quotes: int = 200) -> list[Outcome60]:
    dice = random.Random(number)
    return [
        Outcome60(
            trial=Trial(
                at_ns=(number * FOLD_S + place * FOLD_S // quotes) * NS_PER_S,
                half=dice.uniform(5, 20),
                width=dice.uniform(5, 20),
                deviation=8,
                sigma=8,
                eure=50,
            ),
            kept=dice.gauss(8, 5) if place < fills else None,
        )
        for place in range(quotes)
    ]


def test_the_first_days_only_teach_until_there_are_enough_fills() -> None:
    outcomes = [one for number in range(5) for one in part(number, LEAST_FILLS // 2)]
    assert [fold.number for fold in judged_folds(outcomes, CLOCK)] == [2, 3, 4]
    assert list(judged_folds(part(0, 150), CLOCK)) == []
    assert list(judged_folds([], CLOCK)) == []


def test_each_model_rests_on_the_newest_days_before_its_own() -> None:
    days = 2 * MOST_FOLDS + 3
    folds = list(judged_folds([one for number in range(days) for one in part(number, 100)], CLOCK))
    assert [fold.number for fold in folds] == list(range(days - MOST_FOLDS, days))
    assert all(fold.model.fills == MOST_FOLDS * 100 for fold in folds)
    assert all(len(fold.outcomes) == 200 for fold in folds)


def test_what_comes_later_changes_no_model_of_before() -> None:
    before = [one for number in range(3) for one in part(number, 120)]
    models = [
        [fold.model.chance(before[0].trial) for fold in judged_folds([*before, *last], CLOCK)]
        for last in (part(3, 200), part(3, 0), part(4, 120))
    ]
    assert models[0] == models[1] == models[2]
    assert len(models[0]) == 3


def test_a_day_without_quotes_is_no_day() -> None:
    outcomes = [one for number in (0, 5, 9) for one in part(number, 120)]
    assert [fold.number for fold in judged_folds(outcomes, CLOCK)] == [5, 9]
