"""Which known movements of money explain what the Verifier's balances did. Pure."""

from collections.abc import Sequence
from itertools import combinations

import msgspec

from venue.protocol.amounts import NOTHING, TokenAmounts

MAX_SEARCHED = 10
"""Beyond this many candidates only none, one, all and all but one are tried; their nonces then have to decide."""


class Movement(msgspec.Struct, frozen=True):
    """A known change of the balances, by its key: a fill, a deposit or a part of a withdrawal."""

    key: str
    amounts: TokenAmounts


def explain(change: TokenAmounts, candidates: Sequence[Movement]) -> tuple[Movement, ...] | None:
    """Find the candidates that add up to exactly this change, None when none do; the fewest or all of them first."""
    if not change:
        return ()
    if total(candidates) == change:
        return tuple(candidates)
    if len(candidates) > MAX_SEARCHED:
        return _one_or_all_but_one(change, candidates)
    for size in range(1, len(candidates)):
        for chosen in combinations(candidates, size):
            if total(chosen) == change:
                return chosen
    return None


def total(movements: Sequence[Movement]) -> TokenAmounts:
    return sum((one.amounts for one in movements), NOTHING)


def without_returns(found: Sequence[Movement]) -> tuple[Movement, ...]:
    """Drop the movements that left and came back at once: that explains nothing, and may yet happen."""
    keys = {movement.key for movement in found}
    undone = {key for key in keys if key.endswith(":out") and f"{key.removesuffix(':out')}:back" in keys}
    return tuple(m for m in found if f"{m.key.removesuffix(':out').removesuffix(':back')}:out" not in undone)


def _one_or_all_but_one(change: TokenAmounts, candidates: Sequence[Movement]) -> tuple[Movement, ...] | None:
    excess = total(candidates) - change
    for index, one in enumerate(candidates):
        if one.amounts == change:
            return (one,)
        if one.amounts == excess:
            return (*candidates[:index], *candidates[index + 1 :])
    return None
