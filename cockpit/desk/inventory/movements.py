"""Which known movements of money explain what the Verifier's balances did. Pure.

What may take long is a generator that stops between slices of its work, so that the desk does other things meanwhile.
"""

from collections.abc import Generator, Sequence
from typing import TypeVar

import msgspec

from venue.protocol.amounts import NOTHING, TokenAmounts

MAX_SEARCHED = 22
"""Beyond this many candidates only none, one, two, all and all but one are tried; nonces then have to decide. The sums
of each half of them are 2,048: a few milliseconds.
"""
MAX_PAIRED = 100_000
"""Beyond this many candidates no two of them are tried together."""
SLICE = 50
"""Candidates looked at before the work stops for others: about 0.2 ms."""

T = TypeVar("T")
Steps = Generator[None, None, T]
"""Work that stops between its slices and returns its result."""


class Movement(msgspec.Struct, frozen=True):
    """A known change of the balances, by its key: a fill, a deposit or a part of a withdrawal."""

    key: str
    amounts: TokenAmounts


def finish(steps: Steps[T]) -> T:
    """Do all of the work at once."""
    while True:
        try:
            next(steps)
        except StopIteration as done:
            result: T = done.value
            return result


def explain(change: TokenAmounts, candidates: Sequence[Movement]) -> tuple[Movement, ...] | None:
    """Find the candidates that add up to exactly this change, None when none do; the fewest or all of them first."""
    return finish(explaining(change, candidates))


def explaining(change: TokenAmounts, candidates: Sequence[Movement]) -> Steps[tuple[Movement, ...] | None]:
    """``explain`` in slices."""
    if not change:
        return ()
    everything = yield from totalling(candidates)
    if everything == change:
        return tuple(candidates)
    if len(candidates) > MAX_SEARCHED:
        return (yield from _of_many(change, everything, candidates))
    return (yield from _of_few(change, candidates))


def total(movements: Sequence[Movement]) -> TokenAmounts:
    return sum((one.amounts for one in movements), NOTHING)


def totalling(movements: Sequence[Movement]) -> Steps[TokenAmounts]:
    """``total`` in slices."""
    summed = NOTHING
    for start in range(0, len(movements), SLICE):
        if start:
            yield
        summed += total(movements[start : start + SLICE])
    return summed


def without_returns(found: Sequence[Movement]) -> tuple[Movement, ...]:
    """Drop the movements that left and came back at once: that explains nothing, and may yet happen."""
    keys = {movement.key for movement in found}
    undone = {key for key in keys if key.endswith(":out") and f"{key.removesuffix(':out')}:back" in keys}
    return tuple(m for m in found if f"{m.key.removesuffix(':out').removesuffix(':back')}:out" not in undone)


def losses(amounts: TokenAmounts) -> dict[str, int]:
    """Return what is missing, base units above 0 by token id. What is too much of another token makes up for none."""
    return {token_id: -units for token_id, units in amounts.items() if units < 0}


def believable(change: TokenAmounts, claimed: Sequence[Movement]) -> list[Movement]:
    """Pick the movements that the balances do not contradict, of those that one node alone says have happened.

    Nobody but the desk's key can take money out, so a claim that leaves more missing than was missing without it is
    not believed; where other movements hide it, it stays a candidate.
    """
    return finish(believing(change, claimed))


def believing(change: TokenAmounts, claimed: Sequence[Movement]) -> Steps[list[Movement]]:
    """``believable`` in slices."""
    kept = list(claimed)
    rest = change - (yield from totalling(kept))
    while True:
        doubted = yield from _doubted(rest, kept)
        if not doubted:
            break
        # One without which nothing is missing comes before the first.
        one = next((one for one in doubted if not losses(rest + one.amounts)), doubted[0])
        kept.remove(one)
        rest += one.amounts
        yield
    if not losses(rest):
        return kept
    # One that was doubted may be what did happen, beside a larger one that did not.
    exact = yield from explaining(change, claimed)
    others = (yield from giving(change, claimed)) if exact is None else list(exact)
    return kept if losses(change - (yield from totalling(others))) else others


def given(change: TokenAmounts, possible: Sequence[Movement]) -> list[Movement]:
    """Pick the movements all of whose giving is missing, and without which more is: only the desk's key can give.

    Those that together gave exactly what is missing come before any that gave less.
    """
    return finish(giving(change, possible))


def giving(change: TokenAmounts, possible: Sequence[Movement]) -> Steps[list[Movement]]:
    """``given`` in slices."""
    gifts: list[Movement] = []
    for start in range(0, len(possible), SLICE):
        if start:
            yield
        gifts += [Movement(one.key, _lost(one.amounts)) for one in possible[start : start + SLICE]]
    gave = yield from explaining(_lost(change), gifts)
    keys = {one.key for one in gave or ()}
    exact = [one for one in possible if one.key in keys]
    if exact and not losses(change - (yield from totalling(exact))):
        return exact
    kept: list[Movement] = []
    rest, left = change, list(possible)
    while True:
        one = yield from _first_given(rest, left)
        if one is None:
            return kept
        kept.append(one)
        left.remove(one)
        rest -= one.amounts
        yield


def _doubted(rest: TokenAmounts, kept: Sequence[Movement]) -> Steps[list[Movement]]:
    """Return those without which less of the rest is missing: all of few, the first of many."""
    lacking, found = losses(rest), list[Movement]()
    for number, one in enumerate(kept):
        if number % SLICE == SLICE - 1:
            yield
        if _more_missing(lacking, losses(rest + one.amounts)):
            found.append(one)
            if len(kept) > MAX_SEARCHED:
                break
    return found


def _first_given(rest: TokenAmounts, possible: Sequence[Movement]) -> Steps[Movement | None]:
    lacking = losses(rest)
    for number, one in enumerate(possible):
        if number % SLICE == SLICE - 1:
            yield
        if _covers(lacking, losses(one.amounts)) and _more_missing(lacking, losses(rest - one.amounts)):
            return one
    return None


def _lost(amounts: TokenAmounts) -> TokenAmounts:
    return TokenAmounts({token_id: units for token_id, units in amounts.items() if units < 0})


def _covers(lacking: dict[str, int], taken: dict[str, int]) -> bool:
    return bool(taken) and all(lacking.get(token_id, 0) >= units for token_id, units in taken.items())


def _more_missing(one: dict[str, int], other: dict[str, int]) -> bool:
    """Return whether ``one`` lacks at least as much of every token as ``other``, and more of some."""
    return one != other and all(one.get(token_id, 0) >= units for token_id, units in other.items())


def _of_few(change: TokenAmounts, candidates: Sequence[Movement]) -> Steps[tuple[Movement, ...] | None]:
    """Of all that add up to the change the fewest, and of those the first: each sum of one half beside what it lacks of
    the change in the other.
    """
    middle = len(candidates) // 2
    first: dict[TokenAmounts, tuple[int, ...]] = {}
    for summed, chosen in (yield from _sums(candidates, range(middle))):
        known = first.get(summed)
        if known is None or (len(chosen), chosen) < (len(known), known):
            first[summed] = chosen
    best: tuple[int, ...] | None = None
    for number, (summed, chosen) in enumerate((yield from _sums(candidates, range(middle, len(candidates))))):
        other = first.get(change - summed)
        if other is not None:
            found = (*other, *chosen)
            if best is None or (len(found), found) < (len(best), best):
                best = found
        if number % SLICE == SLICE - 1:
            yield
    return None if best is None else tuple(candidates[at] for at in best)


def _sums(candidates: Sequence[Movement], some: Sequence[int]) -> Steps[list[tuple[TokenAmounts, tuple[int, ...]]]]:
    """Return the sum of every choice among some of the candidates, each with the places of the chosen ones."""
    sums: list[tuple[TokenAmounts, tuple[int, ...]]] = [(NOTHING, ())]
    for at in some:
        amounts = candidates[at].amounts
        without = tuple(sums)
        for start in range(0, len(without), SLICE):
            sums += [(summed + amounts, (*chosen, at)) for summed, chosen in without[start : start + SLICE]]
            yield
    return sums


def _of_many(
    change: TokenAmounts, everything: TokenAmounts, candidates: Sequence[Movement]
) -> Steps[tuple[Movement, ...] | None]:
    excess = everything - change
    known: dict[TokenAmounts, Movement] = {}
    for number, one in enumerate(candidates):
        if one.amounts == change:
            return (one,)
        if one.amounts == excess:
            return (*candidates[:number], *candidates[number + 1 :])
        if len(candidates) <= MAX_PAIRED:
            other = known.get(change - one.amounts)
            if other is not None:
                return (other, one)
            known[one.amounts] = one
        if number % SLICE == SLICE - 1:
            yield
    return None
