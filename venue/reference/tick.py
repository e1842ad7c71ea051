"""The newest price of one source that is believed, and why there is none."""

from collections import Counter
from collections.abc import Callable
from decimal import Decimal

import msgspec

from venue.protocol.assets import EXACT
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.reference.readings import BookAt, MarketStatus, Reading, by_own_clock
from venue.transport.jsonrpc import plain

MIN_PRICE, MAX_PRICE = Decimal(100), Decimal(100_000_000)
"""EUR per BTC; a price outside of this range is an error."""
MAX_SPREAD = Decimal("0.1")
"""Widest plausible spread, as a share of the bid."""
MAX_DIGITS = 20
_MAGNITUDES = range(-12, 15)
"""Decimal exponents of a price that is compared and written out at all: written out, 1e999999999 fills the memory."""
UNDATED = "its price has no readable time"


class Tick(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask of one exchange, EUR per BTC.

    ``at_ns``: when they were so, as the exchange says, by this machine's clock: UTC nanoseconds, never after they came.
    """

    source: str
    bid: Decimal
    ask: Decimal
    at_ns: int

    @property
    def mid(self) -> Decimal:
        return EXACT.divide(EXACT.add(self.bid, self.ask), Decimal(2))


def implausible(bid: Decimal, ask: Decimal) -> str | None:
    """Return why these prices cannot be right, or None when they can."""
    if not (bid.is_finite() and ask.is_finite()):
        return "the price is not a number"
    if bid <= 0 or ask <= 0:
        return "the price is not above zero"
    if bid.adjusted() not in _MAGNITUDES or ask.adjusted() not in _MAGNITUDES:
        return "the price has an absurd magnitude"
    if max(len(bid.as_tuple().digits), len(ask.as_tuple().digits)) > MAX_DIGITS:
        return f"the price has more than {MAX_DIGITS} digits"
    if bid > ask:
        return f"crossed prices: bid {bid:f} is above ask {ask:f}"
    if bid < MIN_PRICE or ask > MAX_PRICE or ask - bid > bid * MAX_SPREAD:
        return f"implausible prices: bid {bid:f}, ask {ask:f}"
    return None


class LatestPrice:
    """Takes what the source says, by stream or on request; of two prices the one that the source dates later stands.

    ``out``: why the source gives no price now, empty while it may. ``not_trading``: what it says of its market, empty
    while that trades. ``ahead_ns`` returns how far this machine's clock is ahead. Counted are prices ``implausible``,
    ``undated``, from the ``future``, ``older`` than the one known, and of a market that was ``not_trading``.
    """

    def __init__(self, source: str, counters: Counter[str], ahead_ns: Callable[[], int]) -> None:
        self._source = source
        self._counters = counters
        self._ahead_ns = ahead_ns
        self._newest_ns = 0
        self._sequence: int | None = None
        self.tick: Tick | None = None
        self.out = ""
        self.not_trading = ""
        self.last_problem = ""

    def take(self, said: Reading, received_ns: int, *, by_rest: bool = False) -> Tick | None:
        """Return the price when this makes one newer than all before it. ``received_ns``: UTC, by this machine.

        An answer by REST that cannot be believed takes nothing from the stream.
        """
        if isinstance(said, MarketStatus):
            self._on_status(said)
            return None
        if isinstance(said, BookAt):
            return self._unchanged(said, received_ns)
        problem = implausible(said.bid, said.ask)
        if problem is not None:
            self._refuse("implausible", plain(problem))
            return None
        if self.not_trading:
            self._refuse("not_trading", self.out)
            return None
        if said.said_ns is None:
            self._lose("undated", UNDATED, by_rest)
            return None
        at_ns = by_own_clock(said.said_ns, received_ns, self._ahead_ns())
        if at_ns is None:
            self._lose("future", self._from_future(said.said_ns, received_ns), by_rest)
            return None
        if said.said_ns < self._newest_ns:
            self._counters["older"] += 1
            return None
        self._newest_ns, self._sequence = said.said_ns, said.sequence
        self.out = ""
        self.tick = Tick(self._source, said.bid, said.ask, at_ns)
        return self.tick

    def _unchanged(self, book: BookAt, received_ns: int) -> Tick | None:
        """Return the known price anew when the book has not changed since."""
        tick, said_ns = self.tick, book.said_ns
        if tick is None or self.out or said_ns is None or book.sequence != self._sequence:
            return None
        at_ns = by_own_clock(said_ns, received_ns, self._ahead_ns())
        if at_ns is None or at_ns <= tick.at_ns:
            return None
        # The next trade may be dated by another of its clocks: it is compared with the last trade only.
        self.tick = Tick(self._source, tick.bid, tick.ask, at_ns)
        return self.tick

    def _on_status(self, status: MarketStatus) -> None:
        if status.problem:
            self.not_trading = status.problem
            self.out, self.tick, self.last_problem = f"not trading: {status.problem}", None, ""
        elif self.not_trading:
            # What it said before is not a price again: the next one is.
            self.not_trading = ""
            self.out = "no price since its market trades again"

    def _lose(self, counted: str, why: str, by_rest: bool) -> None:
        if not by_rest:
            self.out, self.tick = why, None
        self._refuse(counted, why)

    def _refuse(self, counted: str, why: str) -> None:
        self._counters[counted] += 1
        self.last_problem = why

    def _from_future(self, said_ns: int, received_ns: int) -> str:
        ahead_ms = (said_ns + self._ahead_ns() - received_ns) // NS_PER_MS
        ahead = f"{ahead_ms} ms" if ahead_ms < 10 * NS_PER_S // NS_PER_MS else f"{ahead_ms // 1_000} s"
        return f"its price is dated {ahead} ahead of this machine's clock"
