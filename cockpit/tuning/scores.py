"""What each candidate would have earned on days that its model had not seen, block by block. Pure."""

from collections.abc import Iterable, Mapping, Sequence

import msgspec

from cockpit.model.formatting import counted
from cockpit.tuning.candidates import Candidate
from cockpit.tuning.fill_model import FILL_FEATURES, LOSS_FEATURES
from cockpit.tuning.folds import Clock, Fold
from cockpit.tuning.linear import Vector, add_scaled
from cockpit.tuning.trials import Trial, quantiles
from cockpit.tuning.tried_widths import LEAST_INSIDE

NEAR_BPS = 3.0
LEAST_NEAR = 30
"""Fills at widths like a candidate's, without which it is unknown."""


class BlockSum(msgspec.Struct):
    """Expected gain of a block's quotes, EURe, and how it moves with the coefficients of its fold's model."""

    fold: int
    eur60: float = 0.0
    by_fill: Vector = msgspec.field(default_factory=lambda: [0.0] * FILL_FEATURES)
    by_loss: Vector = msgspec.field(default_factory=lambda: [0.0] * LOSS_FEATURES)


class Score(msgspec.Struct, kw_only=True):
    """A candidate over all judged folds. ``near``: recorded fills at widths like its own."""

    candidate: Candidate
    blocks: dict[int, BlockSum]
    quotes: int
    inside: int
    fills: float
    eure: float
    near: int

    @property
    def eur60(self) -> float:
        return sum(block.eur60 for block in self.blocks.values())

    @property
    def unknown(self) -> str:
        """Why nothing can be said of it; empty when something can."""
        if not self.quotes:
            return "makes no quote"
        if self.inside < LEAST_INSIDE * self.quotes:
            return f"only {self.inside / self.quotes:.0%} of its quotes are as wide as what was tried"
        if self.near < LEAST_NEAR:
            return f"only {counted(self.near, 'fill')} at widths like its own"
        return ""


def score(
    candidate: Candidate, quotes: Iterable[Trial], folds: Sequence[Fold], clock: Clock, *, filled: Iterable[Trial]
) -> Score:
    """Judge the quotes of a candidate; those of no judged fold are left out. ``filled``: all recorded fills."""
    by_number: Mapping[int, Fold] = {fold.number: fold for fold in folds}
    total = Score(candidate=candidate, blocks={}, quotes=0, inside=0, fills=0.0, eure=0.0, near=0)
    widths: list[float] = []
    for quote in quotes:
        fold = by_number.get(clock.fold(quote.at_ns))
        if fold is None:
            continue
        expected = fold.model.expected(quote)
        block = total.blocks.setdefault(clock.block(quote.at_ns), BlockSum(fold.number))
        block.eur60 += expected.eur60
        add_scaled(block.by_fill, 1.0, expected.by_fill)
        add_scaled(block.by_loss, 1.0, expected.by_loss)
        total.quotes += 1
        total.inside += fold.tried.inside(quote)
        total.fills += expected.chance
        total.eure += expected.chance * quote.eure
        widths.append(quote.width)
    if widths:
        low, high = quantiles(widths, (0.1, 0.9))
        total.near = sum(low - NEAR_BPS <= one.width <= high + NEAR_BPS for one in filled)
    return total
