"""The desk's own bid and ask, and its fills, over the time that the chart shows."""

from collections import deque

from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.market.pricing import Prices
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.trading_figures.price_course import CourseFill, OwnPrices
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

EVERY_NS = 5 * NS_PER_S
PRICES = 60
"""Five minutes, as the mids of the chart."""
FILLS = 120


class ChartCourse:
    """Notes the prices every few seconds, whether or not a cockpit is attached. Times are UTC ns."""

    def __init__(self, tokens: TokenTable) -> None:
        self._tokens = tokens
        self._prices: deque[OwnPrices] = deque(maxlen=PRICES)
        self._fills: deque[CourseFill] = deque(maxlen=FILLS)

    def tick(self, now_ns: int, prices: Prices | None) -> None:
        """Take the prices of now; None while there are none."""
        if self._prices and abs(now_ns - self._prices[-1].at_ns) < EVERY_NS:
            return
        bid, ask = (None, None) if prices is None else (float(prices.bid), float(prices.ask))
        self._prices.append(OwnPrices(now_ns, bid, ask))

    def filled(self, at_ns: int, commitment: Commitment) -> None:
        """Take a fill as it is booked."""
        tokens, moved = self._tokens, self._tokens.worth(movement(commitment).amounts)
        base, quote = tokens.base.to_decimal(abs(moved.base)), tokens.quote.to_decimal(abs(moved.quote))
        if base:
            self._fills.append(CourseFill(at_ns, round(float(quote / base), 2), commitment.side))

    @property
    def prices(self) -> tuple[OwnPrices, ...]:
        return tuple(self._prices)

    @property
    def fills(self) -> tuple[CourseFill, ...]:
        return tuple(self._fills)
