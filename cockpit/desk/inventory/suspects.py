"""Which live quotes may have been settled unreported, by the amounts of a change of the balances. Pure.

Only their nonces are asked: first of those that explain the change to the base unit, alone, in twos, or with known
flows; then of those whose amount of one token is in it exactly, so that the rest came from somebody else; then of all
others in turn.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import combinations

import msgspec

from cockpit.desk.inventory.movements import SLICE, Movement, Steps, total
from cockpit.desk.quote_book.commitment import Commitment
from venue.protocol.amounts import TokenAmounts

FLOWS_COMBINED = 4
"""Beyond this many deposits and withdrawals only none, each, and all of them are combined with quotes."""
MOST_PAIRS = 100_000
"""Pairs of amounts looked for in one search."""

Amounts = tuple[str, str, int, int]
"""What a quote does to the balances: token in, token out, and their base units."""
_AMOUNT_BITS = 128
"""Of an amount in base units: the contract's are u128."""
_AMOUNT = (1 << _AMOUNT_BITS) - 1


class Suspects(msgspec.Struct, frozen=True):
    """Quotes whose nonces to ask for. ``likely``: their amounts or the relay point to them; ``in_turn``: the others."""

    likely: tuple[Commitment, ...]
    in_turn: tuple[Commitment, ...]

    @property
    def all(self) -> tuple[Commitment, ...]:
        return self.likely + self.in_turn


def amounts_of(quote: Commitment) -> Amounts:
    return quote.asset_in, quote.asset_out, quote.amount_in, quote.amount_out


def targets(changes: Iterable[TokenAmounts], flows: Sequence[Movement]) -> tuple[TokenAmounts, ...]:
    """Return what quotes must have done for each change, with the flows that may be in it or not."""
    if len(flows) <= FLOWS_COMBINED:
        subsets = [subset for size in range(len(flows) + 1) for subset in combinations(flows, size)]
    else:
        subsets = [(), *((one,) for one in flows), tuple(flows)]
    sums = [total(subset) for subset in subsets]
    return tuple(dict.fromkeys(change - known for change in changes for known in sums if change != known))


def suspects(
    wanted: Sequence[TokenAmounts],
    quotes: Sequence[Commitment],
    *,
    claimed: Collection[str],
    most: int,
    after_ns: int,
    to_ask: Callable[[Commitment], bool],
) -> Steps[Suspects]:
    """Find at most so many of the quotes to ask for, in order; ``claimed``: hashes that the relay reports settled.

    Of quotes that nothing points to, those sent later than ``after_ns`` come first: asked in turn, all come up before
    their deadline where the bound allows it.
    """
    known_amounts = _KnownAmounts()
    in_one_token = {(token_id, units) for target in wanted for token_id, units in target.items()}
    told: list[Commitment] = []
    near: list[Commitment] = []
    later: list[Commitment] = []
    earlier: list[Commitment] = []
    for number, quote in enumerate(quotes):
        if number % SLICE == SLICE - 1:
            yield
        if not to_ask(quote):
            continue
        known_amounts.add(quote)
        one_fits = (quote.asset_in, quote.amount_in) in in_one_token or (
            (quote.asset_out, -quote.amount_out) in in_one_token
        )
        if quote.quote_hash in claimed:
            group = told
        elif one_fits:
            group = near
        else:
            group = later if quote.sent_ns > after_ns else earlier
        if len(group) < most:
            group.append(quote)
    exact = yield from _of_amounts((yield from _exact(wanted, known_amounts, most)), quotes, to_ask, most)
    known = {one.quote_hash for one in exact}
    likely = [*exact, *(one for one in (*told, *near) if one.quote_hash not in known)][:most]
    known = {one.quote_hash for one in likely}
    in_turn = [one for one in (*later, *earlier) if one.quote_hash not in known][: most - len(likely)]
    return Suspects(tuple(likely), tuple(in_turn))


class _KnownAmounts:
    """What quotes do to the balances, and whether several do the same.

    Kept in numbers, which the garbage collector does not count: with tens of thousands of tuples, or of lists of those
    that are alike, a pass of 30 ms would fall into the search.
    """

    def __init__(self) -> None:
        self._several: dict[tuple[str, str], dict[int, bool]] = {}

    def add(self, quote: Commitment) -> None:
        pair, units = (quote.asset_in, quote.asset_out), _units(quote.amount_in, quote.amount_out)
        several = self._several.get(pair)
        if several is None:
            several = self._several[pair] = {}
        several[units] = units in several

    def each(self) -> Iterator[Amounts]:
        """Yield all amounts, each once."""
        for (asset_in, asset_out), several in self._several.items():
            for units in several:
                yield asset_in, asset_out, units >> _AMOUNT_BITS, units & _AMOUNT

    def count(self, amounts: Amounts) -> int:
        """Return how many quotes have these amounts: 0, 1, or 2 for several."""
        asset_in, asset_out, amount_in, amount_out = amounts
        several = self._several.get((asset_in, asset_out), {}).get(_units(amount_in, amount_out))
        return 0 if several is None else 1 + several


def _units(amount_in: int, amount_out: int) -> int:
    return amount_in << _AMOUNT_BITS | amount_out


def _exact(wanted: Sequence[TokenAmounts], known: _KnownAmounts, most: int) -> Steps[list[Amounts]]:
    """Find at most so many amounts that explain a target alone, then in twos."""
    found: dict[Amounts, None] = {}
    for target in wanted:
        alone = _as_quote(target)
        if alone is not None and known.count(alone):
            found[alone] = None
    looked = 0
    for target in wanted:
        parts = dict(target.items())
        for one in known.each():
            looked += 1
            if looked % SLICE == 0:
                yield
            if looked > MOST_PAIRS or len(found) >= most:
                return list(found)[:most]
            other = _rest(parts, one)
            if other is not None and known.count(other) > (other == one):
                found[one] = found[other] = None
    return list(found)[:most]


def _of_amounts(
    wanted: Sequence[Amounts], quotes: Sequence[Commitment], to_ask: Callable[[Commitment], bool], most: int
) -> Steps[list[Commitment]]:
    """Find at most so many quotes with these amounts, in the order of the amounts."""
    found: dict[Amounts, list[Commitment]] = {amounts: [] for amounts in wanted}
    for number, quote in enumerate(quotes if wanted else ()):
        if number % SLICE == SLICE - 1:
            yield
        alike = found.get(amounts_of(quote))
        if alike is not None and len(alike) < most and to_ask(quote):
            alike.append(quote)
    return [quote for alike in found.values() for quote in alike][:most]


def _as_quote(amounts: TokenAmounts) -> Amounts | None:
    gained = [(token_id, units) for token_id, units in amounts.items() if units > 0]
    given = [(token_id, -units) for token_id, units in amounts.items() if units < 0]
    if len(gained) != 1 or len(given) != 1:
        return None
    return gained[0][0], given[0][0], gained[0][1], given[0][1]


def _rest(parts: dict[str, int], one: Amounts) -> Amounts | None:
    """Return the quote that makes up the rest of the target beside this one."""
    asset_in, asset_out, amount_in, amount_out = one
    left = dict(parts)
    left[asset_in] = left.get(asset_in, 0) - amount_in
    left[asset_out] = left.get(asset_out, 0) + amount_out
    gained = given = None
    for token_id, units in left.items():
        if units > 0:
            if gained is not None:
                return None
            gained = (token_id, units)
        elif units < 0:
            if given is not None:
                return None
            given = (token_id, -units)
    if gained is None or given is None:
        return None
    return gained[0], given[0], gained[1], given[1]
