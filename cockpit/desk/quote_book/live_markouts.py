"""The markouts of the newest fills, taken from the desk's own mid as each horizon passes."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from decimal import Decimal
from heapq import heappop, heappush
from itertools import count
from typing import Protocol

from cockpit.accounting.markouts import HORIZONS_S, in_bps, markout
from cockpit.desk.quote_book.quote import Quote
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

MAX_REMEMBERED = 400
"""Fills whose markouts are remembered: more than are shown."""

Marked = tuple[tuple[int, Decimal | None], ...]


LAST_NS = HORIZONS_S[-1] * NS_PER_S
LATE_NS = NS_PER_S
"""A desk that looks later than this after a horizon has missed it."""


class Mids(Protocol):
    """The price to mark by; None, when it is unknown or not trusted, marks nothing."""

    def mark(self, at_ns: int) -> Decimal | None:
        """Return the mid of now, and record it as that of a horizon that has just passed (UTC ns)."""


class LiveMarkouts:
    """Of each fill: seconds after it, and how far the mid had moved in the desk's favour, bps; None without a mid.

    ``on_marked`` gets each that is known, once.
    """

    def __init__(
        self, tokens: TokenTable, *, on_marked: Callable[[Quote, int, Decimal], None] = lambda quote, horizon, bps: None
    ) -> None:
        self._tokens = tokens
        self._on_marked = on_marked
        self._marked: OrderedDict[str, Marked] = OrderedDict()
        self._followed: set[str] = set()
        self._due: list[tuple[int, int, int, Quote]] = []
        self._numbers = count()

    def of(self, quote_hash: str) -> Marked:
        """Return the horizons that have passed, the first one first."""
        return self._marked.get(quote_hash, ())

    def tick(self, now_ns: int, reported: Sequence[Quote], mids: Mids) -> None:
        """Mark what was reported settled and whose next horizon has passed; call it several times a second.

        ``reported``: the newest of them, oldest first; each is followed to its last horizon, however many come after
        it. They are marked from the relay's report on, whenever the balances confirm them. One whose time is not known
        is not marked.
        """
        for quote in reversed(reported):
            if quote.settled_ns is not None and now_ns - quote.settled_ns > LAST_NS:
                break
            if quote.reported_ns is not None and now_ns - quote.reported_ns <= LAST_NS:
                self._follow(quote, quote.reported_ns)
        while self._due and self._due[0][0] <= now_ns:
            due_ns, _, horizon, quote = heappop(self._due)
            # A desk that comes to a horizon late has missed it.
            self._add(quote, horizon, mids.mark(due_ns) if now_ns - due_ns <= LATE_NS else None)
            if horizon == HORIZONS_S[-1]:
                self._followed.discard(quote.commitment.quote_hash)

    def _follow(self, quote: Quote, reported_ns: int) -> None:
        quote_hash = quote.commitment.quote_hash
        if quote_hash in self._followed:
            return
        self._followed.add(quote_hash)
        for horizon in HORIZONS_S:
            heappush(self._due, (reported_ns + horizon * NS_PER_S, next(self._numbers), horizon, quote))

    def _add(self, quote: Quote, horizon: int, mid: Decimal | None) -> None:
        quote_hash = quote.commitment.quote_hash
        bps = None if mid is None else self._bps(quote, mid)
        self._marked[quote_hash] = (*self._marked.get(quote_hash, ()), (horizon, bps))
        if len(self._marked) > MAX_REMEMBERED:
            self._marked.popitem(last=False)
        if bps is not None:
            self._on_marked(quote, horizon, bps)

    def _bps(self, quote: Quote, mid: Decimal) -> Decimal:
        commitment = quote.commitment
        taken, given = self._tokens.token(commitment.asset_in), self._tokens.token(commitment.asset_out)
        if commitment.side == "buy":
            amount, paid = (taken, commitment.amount_in), (given, commitment.amount_out)
        else:
            amount, paid = (given, commitment.amount_out), (taken, commitment.amount_in)
        return in_bps(markout(amount[0], paid[0], commitment.side, amount[1], paid[1], mid))
