"""How much of a difference chance explains: blocks of time drawn again, and the best of many corrected. Pure.

Whole blocks are drawn with replacement from all that was seen. The models move with them, by one step of Newton's
method each, so that what was fitted on few fills is as uncertain as it is.
"""

import random
from collections import Counter
from collections.abc import Mapping, Sequence

import msgspec

from cockpit.tuning.folds import Fold
from cockpit.tuning.linear import Vector, dot
from cockpit.tuning.scores import BlockSum, Score
from cockpit.tuning.trials import quantile

DRAWS = 400
LOW, HIGH = 0.05, 0.95


class Interval(msgspec.Struct, frozen=True):
    """A gain over the candidate in force, EURe of the whole time, from 5 to 95 %. ``deflated``: the lower bound when
    this is the best of all that were compared."""

    gain: float
    low: float
    high: float
    deflated: float


class RealityCheck(msgspec.Struct, frozen=True):
    """``chance``: how often the best of as many candidates would look as good if none were better."""

    intervals: Mapping[str, Interval]
    chance: float


def reality_check(
    current: Score, others: Sequence[Score], folds: Sequence[Fold], blocks: Sequence[int], seed: int
) -> RealityCheck:
    """Compare the known candidates with the one in force. ``blocks``: all in which something was quoted."""
    if not others:
        return RealityCheck({}, 1.0)
    differences = [_difference(one, current) for one in others]
    gains = [sum(block.eur60 for block in own.values()) for own in differences]
    drawn: list[list[float]] = [[] for _ in others]
    most = []
    dice = random.Random(seed)
    for _ in range(DRAWS):
        weights = Counter(dice.choices(blocks, k=len(blocks)))
        moved = {fold.number: fold.model.moved(weights) for fold in folds}
        sums = [_sum(own, weights, moved) for own in differences]
        for place, total in enumerate(sums):
            drawn[place].append(total)
        most.append(max(total - gain for total, gain in zip(sums, gains, strict=True)))
    most.sort()
    spread = quantile(most, HIGH)
    intervals = {}
    for one, gain, own in zip(others, gains, drawn, strict=True):
        own.sort()
        # What was drawn lies around the gain; the interval is of the gain around the truth.
        low, high = 2 * gain - quantile(own, HIGH), 2 * gain - quantile(own, LOW)
        intervals[str(one.candidate)] = Interval(gain, low, high, min(low, gain - spread))
    best = max(gains)
    return RealityCheck(intervals, sum(value >= best for value in most) / len(most))


def _difference(one: Score, other: Score) -> dict[int, BlockSum]:
    found = {}
    for block in one.blocks.keys() | other.blocks.keys():
        left, right = one.blocks.get(block), other.blocks.get(block)
        fold = (left or right or BlockSum(0)).fold
        left, right = left or BlockSum(fold), right or BlockSum(fold)
        found[block] = BlockSum(
            fold,
            left.eur60 - right.eur60,
            [a - b for a, b in zip(left.by_fill, right.by_fill, strict=True)],
            [a - b for a, b in zip(left.by_loss, right.by_loss, strict=True)],
        )
    return found


def _sum(
    differences: Mapping[int, BlockSum], weights: Mapping[int, int], moved: Mapping[int, tuple[Vector, Vector]]
) -> float:
    total = 0.0
    for block, own in differences.items():
        weight = weights.get(block, 0)
        if weight:
            fill, loss = moved[own.fold]
            total += weight * (own.eur60 + dot(own.by_fill, fill) + dot(own.by_loss, loss))
    return total


def explained_by_chance(differences: Sequence[float], seed: int) -> bool:
    """Return whether the sum of these, one a block, may be zero: whether its interval holds it."""
    if not differences:
        return True
    dice = random.Random(seed)
    sums = sorted(sum(dice.choices(differences, k=len(differences))) for _ in range(DRAWS))
    return quantile(sums, LOW) <= 0 <= quantile(sums, HIGH)
