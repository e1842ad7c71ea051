"""Days, or shorter parts of a rehearsal: what is fitted on those before is judged on the next one. Pure."""

from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec

from cockpit.tuning.fill_model import FillModel
from cockpit.tuning.trials import Outcome60
from cockpit.tuning.tried_widths import TriedWidths
from venue.protocol.units import NS_PER_S

BLOCKS = 24
"""Blocks of a fold that the bootstrap draws whole: hours of a day."""
MOST_FOLDS = 7
"""Folds that are judged, the newest ones, and folds that each model is fitted on."""
LEAST_FILLS = 100
"""Fills that a model must rest on."""


class Clock(msgspec.Struct, frozen=True):
    """Cuts time into folds of so many seconds, whole UTC days by default, and those into blocks."""

    fold_s: int

    @property
    def block_s(self) -> float:
        return self.fold_s / BLOCKS

    def fold(self, at_ns: int) -> int:
        return at_ns // (self.fold_s * NS_PER_S)

    def block(self, at_ns: int) -> int:
        return at_ns // (self.fold_s * NS_PER_S // BLOCKS)


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """A part of the time, and the model of what was seen before it."""

    number: int
    outcomes: Sequence[Outcome60]
    model: FillModel
    tried: TriedWidths


def judged_folds(outcomes: Sequence[Outcome60], clock: Clock) -> Iterator[Fold]:
    """Yield the newest folds before which enough fills were seen, in order."""
    parts: dict[int, list[Outcome60]] = defaultdict(list)
    for one in outcomes:
        parts[clock.fold(one.trial.at_ns)].append(one)
    numbers = sorted(parts)
    for place in range(max(1, len(numbers) - MOST_FOLDS), len(numbers)):
        before = [one for number in numbers[max(0, place - MOST_FOLDS) : place] for one in parts[number]]
        if sum(one.kept is not None for one in before) >= LEAST_FILLS:
            yield Fold(
                number=numbers[place],
                outcomes=parts[numbers[place]],
                model=FillModel(before, clock.block),
                tried=TriedWidths(one.trial for one in before),
            )
