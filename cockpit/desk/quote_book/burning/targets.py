"""The quotes that a hard stop burns, and how many of them came to which end."""

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from typing import TypeVar

import msgspec

from cockpit.desk.quote_book.burning.burn_batches import salt_of
from cockpit.desk.quote_book.quote import OVER, Quote
from cockpit.model.giving_way import give_way

MOST_AT_ONCE = 1_000
"""Up to so many quotes are counted whenever somebody asks; of more, as they were counted last."""

T = TypeVar("T")


async def paced(items: Iterable[T], at_once: int) -> AsyncIterator[T]:
    """Give all items; what else the event loop has to do goes on after each ``at_once`` of them."""
    for number, item in enumerate(items, start=1):
        yield item
        if number % at_once == 0:
            await give_way()


class TargetCount(msgspec.Struct):
    """Of quotes that are not over: ``left`` may still be burned or are explained by the balances, the salts of
    ``unburnable`` were invalidated. ``used``: nonces of ``left`` that are used. ``unburnable_last_ns``: when the last
    of those is released, UTC.
    """

    left: int = 0
    used: int = 0
    unburnable: int = 0
    unburnable_last_ns: int = 0

    def add(self, quote: Quote) -> None:
        # A nonce that was seen used ends by the balances, whatever became of its salt.
        if quote.used_height is None and quote.salt_invalid:
            self.unburnable += 1
            self.unburnable_last_ns = max(self.unburnable_last_ns, quote.commitment.released_after_ns)
        else:
            self.left += 1
            self.used += quote.used_height is not None


class Targets:
    """Quotes until they are over, each once; then ``ended`` counts them by their state. ``salts``: of all of them."""

    def __init__(self) -> None:
        self._by_hash: dict[str, Quote] = {}
        self._seen: set[str] = set()
        self._count = TargetCount()
        self.ended: Counter[str] = Counter()
        self.salts: set[bytes] = set()

    def __len__(self) -> int:
        return len(self._by_hash)

    def open(self) -> Sequence[Quote]:
        """Return the quotes that were not over when they were counted last."""
        return list(self._by_hash.values())

    def add(self, quote: Quote) -> None:
        """Add a quote, unless it was added before."""
        quote_hash = quote.commitment.quote_hash
        if quote_hash not in self._seen:
            self._seen.add(quote_hash)
            self._by_hash[quote_hash] = quote
            self.salts.add(salt_of(quote))

    def count(self) -> TargetCount:
        """Return the counts as they are now; of many quotes, as of the last ``recount``."""
        if len(self._by_hash) <= MOST_AT_ONCE:
            self._count = TargetCount()
            for quote in self.open():
                self._take(quote, self._count)
        return self._count

    async def recount(self) -> None:
        """Count many anew, in slices."""
        counted = TargetCount()
        async for quote in paced(self.open(), MOST_AT_ONCE):
            self._take(quote, counted)
        self._count = counted

    def _take(self, quote: Quote, count: TargetCount) -> None:
        if quote.state not in OVER:
            count.add(quote)
        elif self._by_hash.pop(quote.commitment.quote_hash, None) is not None:
            self.ended[quote.state] += 1
