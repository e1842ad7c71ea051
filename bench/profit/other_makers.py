"""Two makers to compare with, of the kind that public examples show: a constant product, and a price that stands."""

from decimal import Decimal

from venue.protocol.assets import Market
from venue.protocol.units import NS_PER_MS
from venue.sandbox.backtest import BacktestFill, Offer
from venue.sandbox.flow.rivals import counter_amount
from venue.sandbox.flow.schedule import ScheduledRequest

AMM_MARGIN_BPS = 30
AMM_EXTRA_MS = 10_000
AMM_LONGEST_MS = 60_000
RATE_HALF_BPS = Decimal("12.5")
RATE_EXTRA_MS = 1_000
_BPS = 10_000


class ConstantProduct:
    """Keeps the product of what it holds; its margin is taken from what comes in.

    It answers requests of at most a minute, and signs each state of its reserves under one nonce: after a fill every
    other quote of that state is void.
    """

    def __init__(self, opening: dict[str, int]) -> None:
        self._held = dict(opening)
        self._state = 0

    def quote(self, request: ScheduledRequest, at_ns: int) -> Offer | None:
        if request.min_deadline_ms > AMM_LONGEST_MS:
            return None
        held_in, held_out = self._held[request.asset_in], self._held[request.asset_out]
        kept = _BPS - AMM_MARGIN_BPS
        if request.amount_in is not None:
            counter = held_out * request.amount_in * kept // (held_in * _BPS + request.amount_in * kept)
        else:
            wanted = request.amount_out
            assert wanted is not None
            if wanted >= held_out:
                return None
            counter = held_in * wanted * _BPS // ((held_out - wanted) * kept) + 1
        if counter <= 0:
            return None
        life_ms = request.min_deadline_ms + AMM_EXTRA_MS
        return Offer(counter=counter, deadline_ns=at_ns + life_ms * NS_PER_MS, nonce=self._state)

    def settled(self, fill: BacktestFill) -> None:
        self._held[fill.request.asset_out] -= fill.quote.amount_out
        self._held[fill.request.asset_in] += fill.quote.amount_in
        self._state += 1


class FixedRate:
    """Buys and sells round the price at which it opened, as long as it holds enough of what is wanted."""

    def __init__(self, market: Market, opening: dict[str, int], mid: Decimal) -> None:
        self._market = market
        self._held = dict(opening)
        self._mid = mid

    def quote(self, request: ScheduledRequest, at_ns: int) -> Offer | None:
        counter = counter_amount(
            self._market,
            request.asset_in,
            amount_in=request.amount_in,
            amount_out=request.amount_out,
            mid=self._mid,
            half_spread_bps=RATE_HALF_BPS,
        )
        gives = counter if request.amount_out is None else request.amount_out
        if counter <= 0 or gives > self._held[request.asset_out]:
            return None
        return Offer(counter=counter, deadline_ns=at_ns + (request.min_deadline_ms + RATE_EXTRA_MS) * NS_PER_MS)

    def settled(self, fill: BacktestFill) -> None:
        self._held[fill.request.asset_out] -= fill.quote.amount_out
        self._held[fill.request.asset_in] += fill.quote.amount_in
