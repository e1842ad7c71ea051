"""The proof of the inventory: which known movements explain what the Verifier's balances did. Pure."""

from collections.abc import Sequence
from itertools import combinations

import msgspec

SEARCHED = 10
"""Beyond this many candidates only none, one, all and all but one are tried; their nonces then have to tell."""


class Movement(msgspec.Struct, frozen=True):
    """A known change of the two balances in base units: a fill of a quote, or a deposit, by its key."""

    key: str
    base: int
    quote: int


def explain(base: int, quote: int, candidates: Sequence[Movement]) -> tuple[Movement, ...] | None:
    """The candidates that add up to exactly this change, None when none do; the fewest or all of them first."""
    if base == 0 and quote == 0:
        return ()
    if _adds_up(base, quote, candidates):
        return tuple(candidates)
    if len(candidates) > SEARCHED:
        return _one_or_all_but_one(base, quote, candidates)
    for size in range(1, len(candidates)):
        for chosen in combinations(candidates, size):
            if _adds_up(base, quote, chosen):
                return chosen
    return None


def total(movements: Sequence[Movement]) -> tuple[int, int]:
    """What the movements add up to, base and quote."""
    return sum(m.base for m in movements), sum(m.quote for m in movements)


def without_returns(found: Sequence[Movement]) -> tuple[Movement, ...]:
    """The movements without those that left and came back at once: that explains nothing, and may yet happen."""
    keys = {movement.key for movement in found}
    undone = {key for key in keys if key.endswith(":out") and f"{key.removesuffix(':out')}:back" in keys}
    return tuple(m for m in found if f"{m.key.removesuffix(':out').removesuffix(':back')}:out" not in undone)


def _one_or_all_but_one(base: int, quote: int, candidates: Sequence[Movement]) -> tuple[Movement, ...] | None:
    whole = total(candidates)
    missing = (whole[0] - base, whole[1] - quote)
    for index, one in enumerate(candidates):
        if (one.base, one.quote) == (base, quote):
            return (one,)
        if (one.base, one.quote) == missing:
            return (*candidates[:index], *candidates[index + 1 :])
    return None


def _adds_up(base: int, quote: int, movements: Sequence[Movement]) -> bool:
    return total(movements) == (base, quote)
