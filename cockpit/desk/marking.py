"""The markouts of the newest fills, taken from the desk's own mid as each horizon passes."""

from collections import OrderedDict
from collections.abc import Sequence
from decimal import Decimal
from typing import Protocol

from cockpit.desk.quotes import Quote
from cockpit.markouts import HORIZONS_S, SECOND_NS, markout_bps
from venue.assets import BTC_EURE, EXACT

KEPT = 400
"""Fills whose markouts are remembered: more than are shown."""

Marked = tuple[tuple[int, Decimal | None], ...]


class Mid(Protocol):
    """The price to mark by: None, or one that the guard does not trust, marks nothing."""

    @property
    def trusted_mid(self) -> Decimal | None: ...


class Markouts:
    """Of each fill: seconds after it and how far the mid had gone in the desk's favour, bps; None without a mid."""

    def __init__(self) -> None:
        self._marked: OrderedDict[str, Marked] = OrderedDict()

    def of(self, quote_hash: str) -> Marked:
        """The horizons that have passed, the first one first."""
        return self._marked.get(quote_hash, ())

    def tick(self, now_ns: int, fills: Sequence[Quote], mid: Mid) -> None:
        """Mark the fills (oldest first) whose next horizon has passed; meant to be called several times a second."""
        for quote in reversed(fills):
            age_ns = now_ns - (quote.settled_ns or 0)
            if age_ns > (HORIZONS_S[-1] + HORIZONS_S[0]) * SECOND_NS:
                break
            marked = self._marked.get(quote.promise.quote_hash, ())
            passed = [horizon for horizon in HORIZONS_S[len(marked) :] if age_ns >= horizon * SECOND_NS]
            if passed:
                self._keep(quote, marked, passed, mid.trusted_mid)

    def _keep(self, quote: Quote, marked: Marked, passed: Sequence[int], mid: Decimal | None) -> None:
        """The last horizon that passed has the mid of now; one that was slept through has none."""
        price = _price(quote)
        now = None if mid is None or not price else markout_bps(quote.promise.side, price, mid)
        missed: Marked = tuple((horizon, None) for horizon in passed[:-1])
        self._marked[quote.promise.quote_hash] = (*marked, *missed, (passed[-1], now))
        if len(self._marked) > KEPT:
            self._marked.popitem(last=False)


def _price(quote: Quote) -> Decimal:
    """What the fill really was priced at, EURe per BTC, from the amounts that changed hands."""
    promise = quote.promise
    base, paid = (
        (promise.amount_in, promise.amount_out) if promise.side == "buy" else (promise.amount_out, promise.amount_in)
    )
    return EXACT.divide(BTC_EURE.quote.to_decimal(paid), BTC_EURE.base.to_decimal(base))
