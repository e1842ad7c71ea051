"""The paper-fill model: which quotes are filled, and how much of their width is lost within a minute. Pure.

Two small regressions on the desk's own quotes. Both keep their sums by block of time, so that a bootstrap can move
them without fitting again.
"""

import math
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from cockpit.tuning.linear import Matrix, Vector, add_outer, add_scaled, dot, solve, zeros
from cockpit.tuning.trials import Outcome60, Trial

ASSUMPTIONS = (
    "A quote is filled with a probability that depends on its width, its square, σ√T, both, and its size (logit).",
    "A fill loses, within 60 s, a part of its width that is a line in σ√T and width, shrunk by 30 fills.",
    "Rivals were as recorded, and answer no change of ours. Takers do not react to our widths.",
    "Balances, σ, arming and trading state were as recorded; `decide` makes every quote again.",
    "Quotes that the relay refused count as not filled; burned ones, and fills without a mid after 60 s, are left out.",
)
"""What the model takes for granted; printed above its result."""

LARGEST_LOSS_BPS = 100.0
"""One fill may lose or gain so much more than this, and does not move the line further."""
SHRINK_FILLS = 30
"""The slopes of the line are shrunk as if so many more fills had shown none."""
RIDGE = 1.0
"""The same of the logit, in quotes: it keeps the fit finite when widths hardly vary."""
STEPS = 40
CLOSE = 1e-7


FILL_FEATURES, LOSS_FEATURES = 6, 3


def fill_features(trial: Trial) -> Vector:
    wide, moves = (trial.width - 10) / 10, trial.deviation / 10
    return [1.0, wide, wide * wide, moves, wide * moves, math.log(max(trial.eure, 0.01) / 50)]


def loss_features(trial: Trial) -> Vector:
    return [1.0, trial.deviation / 10, (trial.width - 10) / 10]


class _Regression(msgspec.Struct, kw_only=True):
    """Coefficients, the curvature at them, and each block's pull on them."""

    coefficients: Vector
    curvature: Matrix
    pulls: Mapping[int, Vector]

    def moved(self, weights: Mapping[int, int]) -> Vector:
        """Return how far the coefficients move when each block counts so often: one step of Newton's method."""
        pull = [0.0] * len(self.coefficients)
        for block, own in self.pulls.items():
            add_scaled(pull, weights.get(block, 0) - 1, own)
        return solve(self.curvature, pull)


class Expected(msgspec.Struct, frozen=True):
    """A quote's chance to be filled, its expected gain after 60 s in EURe, and how that moves with the coefficients."""

    chance: float
    eur60: float
    by_fill: Vector
    by_loss: Vector


class FillModel:
    """What was fitted to some quotes. ``fills``: how many of them were filled."""

    def __init__(self, seen: Sequence[Outcome60], block_of: Callable[[int], int]) -> None:
        self.fills = sum(one.kept is not None for one in seen)
        self._fill = _fit_fills(seen, block_of)
        self._loss = _fit_losses([one for one in seen if one.kept is not None], block_of)

    def chance(self, trial: Trial) -> float:
        """Return the probability of a fill."""
        return _logistic(dot(self._fill.coefficients, fill_features(trial)))

    def lost(self, trial: Trial) -> float:
        """Return what a fill of it loses of its width within 60 s, bps."""
        return dot(self._loss.coefficients, loss_features(trial))

    def expected(self, trial: Trial) -> Expected:
        x, z = fill_features(trial), loss_features(trial)
        chance = _logistic(dot(self._fill.coefficients, x))
        worth = trial.eure / 10_000
        kept = worth * (trial.width - dot(self._loss.coefficients, z))
        by_fill = [kept * chance * (1 - chance) * value for value in x]
        return Expected(chance, kept * chance, by_fill, [-worth * chance * value for value in z])

    def moved(self, weights: Mapping[int, int]) -> tuple[Vector, Vector]:
        """Return how far the coefficients move when blocks of time count so often."""
        return self._fill.moved(weights), self._loss.moved(weights)


def _logistic(value: float) -> float:
    if value < 0:
        grown = math.exp(max(value, -700.0))
        return grown / (1 + grown)
    return 1 / (1 + math.exp(-min(value, 700.0)))


def _fit_fills(seen: Sequence[Outcome60], block_of: Callable[[int], int]) -> _Regression:
    rows = [(fill_features(one.trial), one.kept is not None, block_of(one.trial.at_ns)) for one in seen]
    size = FILL_FEATURES
    share = (sum(filled for _, filled, _ in rows) + 0.5) / (len(rows) + 1)
    at = [math.log(share / (1 - share)), *[0.0] * (size - 1)]
    level = _likelihood(rows, at)
    for _ in range(STEPS):
        pull, curvature = _slope(rows, at)
        step, length = solve(curvature, pull), 1.0
        moved = [old + new for old, new in zip(at, step, strict=True)]
        while (reached := _likelihood(rows, moved)) < level and length > CLOSE:
            length /= 2
            moved = [old + length * new for old, new in zip(at, step, strict=True)]
        done = reached - level < CLOSE
        if reached >= level:
            at, level = moved, reached
        if done:
            break
    pulls: dict[int, Vector] = defaultdict(lambda: [0.0] * size)
    for x, filled, block in rows:
        add_scaled(pulls[block], filled - _logistic(dot(at, x)), x)
    return _Regression(coefficients=at, curvature=_slope(rows, at)[1], pulls=pulls)


_Rows = Sequence[tuple[Vector, bool, int]]


def _likelihood(rows: _Rows, at: Vector) -> float:
    total = -RIDGE * sum(value * value for value in at[1:]) / 2
    for x, filled, _ in rows:
        value = dot(at, x)
        total += (value if filled else 0.0) - (max(value, 0.0) + math.log1p(math.exp(-abs(value))))
    return total


def _slope(rows: _Rows, at: Vector) -> tuple[Vector, Matrix]:
    size = len(at)
    pull, curvature = [0.0, *(-RIDGE * value for value in at[1:])], zeros(size)
    for place in range(size):
        curvature[place][place] = RIDGE if place else CLOSE
    for x, filled, _ in rows:
        chance = _logistic(dot(at, x))
        add_scaled(pull, filled - chance, x)
        add_outer(curvature, chance * (1 - chance), x)
    return pull, curvature


def _fit_losses(fills: Sequence[Outcome60], block_of: Callable[[int], int]) -> _Regression:
    size = LOSS_FEATURES
    if not fills:
        return _Regression(coefficients=[0.0] * size, curvature=[[1.0, 0, 0], [0, 1.0, 0], [0, 0, 1.0]], pulls={})
    weight = sum(one.trial.eure for one in fills) / len(fills)
    curvature, right = zeros(size), [0.0] * size
    for place in range(size):
        curvature[place][place] = SHRINK_FILLS * weight if place else CLOSE * weight
    rows = []
    for one in fills:
        assert one.kept is not None
        lost = max(-LARGEST_LOSS_BPS, min(LARGEST_LOSS_BPS, one.trial.width - one.kept))
        rows.append((loss_features(one.trial), lost, one.trial.eure, block_of(one.trial.at_ns)))
    for z, lost, eure, _ in rows:
        add_outer(curvature, eure, z)
        add_scaled(right, eure * lost, z)
    at = solve(curvature, right)
    pulls: dict[int, Vector] = defaultdict(lambda: [0.0] * size)
    for z, lost, eure, block in rows:
        add_scaled(pulls[block], eure * (lost - dot(at, z)), z)
    return _Regression(coefficients=at, curvature=curvature, pulls=pulls)
