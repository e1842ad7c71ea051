"""The markouts of the newest fills, taken from the desk's own mid as each horizon passes."""

from collections import OrderedDict
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Protocol

from cockpit.accounting.markouts import HORIZONS_S, in_bps, markout
from cockpit.desk.quote_book.quote import Quote
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

MAX_REMEMBERED = 400
"""Fills whose markouts are remembered: more than are shown."""

Marked = tuple[tuple[int, Decimal | None], ...]


LAST_NS = (HORIZONS_S[-1] + HORIZONS_S[0]) * NS_PER_S
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

    def of(self, quote_hash: str) -> Marked:
        """Return the horizons that have passed, the first one first."""
        return self._marked.get(quote_hash, ())

    def tick(self, now_ns: int, reported: Sequence[Quote], mids: Mids) -> None:
        """Mark the reported settlements (oldest first) whose next horizon has passed; call it several times a second.

        They are marked from the relay's report on, whenever the balances confirm them. One whose time is not known is
        not marked.
        """
        for quote in reversed(reported):
            if quote.settled_ns is not None and now_ns - quote.settled_ns > LAST_NS:
                break
            if (settled_ns := quote.reported_ns) is None:
                continue
            age_ns = now_ns - settled_ns
            marked = self._marked.get(quote.commitment.quote_hash, ())
            passed = [horizon for horizon in HORIZONS_S[len(marked) :] if age_ns >= horizon * NS_PER_S]
            if passed:
                due_ns = settled_ns + passed[-1] * NS_PER_S
                self._add(quote, marked, passed, mids.mark(due_ns) if now_ns - due_ns <= LATE_NS else None)

    def _add(self, quote: Quote, marked: Marked, passed: Sequence[int], mid: Decimal | None) -> None:
        # The last horizon that passed gets the mid of now; one that passed unobserved before it has none.
        now = None if mid is None else self._bps(quote, mid)
        missed: Marked = tuple((horizon, None) for horizon in passed[:-1])
        self._marked[quote.commitment.quote_hash] = (*marked, *missed, (passed[-1], now))
        if len(self._marked) > MAX_REMEMBERED:
            self._marked.popitem(last=False)
        if now is not None:
            self._on_marked(quote, passed[-1], now)

    def _bps(self, quote: Quote, mid: Decimal) -> Decimal:
        commitment = quote.commitment
        taken, given = self._tokens.token(commitment.asset_in), self._tokens.token(commitment.asset_out)
        if commitment.side == "buy":
            amount, paid = (taken, commitment.amount_in), (given, commitment.amount_out)
        else:
            amount, paid = (given, commitment.amount_out), (taken, commitment.amount_in)
        return in_bps(markout(amount[0], paid[0], commitment.side, amount[1], paid[1], mid))
