"""When a taker executes the quotes it was given, by its kind: pure, from quote, mids and dice."""

from decimal import Decimal

import msgspec

from venue.protocol.assets import PRICING, Market
from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.schedule import ScheduledRequest

PATIENT_MARGIN_NS = 4 * NS_PER_S
"""A patient taker decides at least so long before the deadline."""
SPARE_BPS = Decimal(3)
"""A patient taker leaves when a new quote, as wide as the one it has, would be better by more than this."""
THRESHOLD_BPS, THRESHOLD_QUOTE = Decimal(3), Decimal("0.02")
"""How much a holder or sweeper must gain: so many bps of the value, and so much of the quote token."""
COST_BPS = Decimal(1)
"""What an informed taker must gain beyond the price."""
_BPS = Decimal(10_000)


class Deal(msgspec.Struct, frozen=True, kw_only=True):
    """What a quote offers: the taker gives ``amount_in`` of ``asset_in`` for ``amount_out``, base units."""

    market: Market
    asset_in: str
    amount_in: int
    amount_out: int
    deadline_ns: int

    @property
    def sells(self) -> bool:
        """Whether the taker gives the base token."""
        return self.asset_in == self.market.base.token_id

    def value(self, mid: Decimal) -> Decimal:
        """Return the base amount at the mid, in whole quote tokens."""
        units = self.amount_in if self.sells else self.amount_out
        return PRICING.multiply(self.market.base.to_decimal(units), mid)

    def gain(self, mid: Decimal) -> Decimal:
        """Return what the taker gains against the mid, in whole quote tokens; below zero it pays."""
        quote = self.market.quote.to_decimal(self.amount_out if self.sells else self.amount_in)
        value = self.value(mid)
        return PRICING.subtract(quote, value) if self.sells else PRICING.subtract(value, quote)

    def cost_bps(self, mid: Decimal) -> Decimal:
        """Return what the taker pays against the mid, in bps of the value; below zero it gains."""
        return PRICING.divide(-self.gain(mid) * _BPS, self.value(mid))


def decides_ns(request: ScheduledRequest, deal: Deal, now_ns: int) -> int | None:
    """Return when the taker decides on a quote that it has now, by the clock of the deadline; None: it takes none."""
    if request.kind == "probe":
        return None
    if request.kind == "patient":
        return max(now_ns, min(now_ns + request.hold_ns, deal.deadline_ns - PATIENT_MARGIN_NS))
    if request.kind in ("holder", "sweeper"):
        return max(now_ns, deal.deadline_ns - request.margin_ns)
    return now_ns


def takes(request: ScheduledRequest, deal: Deal, mid: Decimal) -> bool:
    """Decide on a quote at the ``mid`` of this moment."""
    if request.kind == "prompt":
        worst = request.limit(deal.market)
        return deal.amount_out >= worst if request.amount_in is not None else deal.amount_in <= worst
    if request.kind in ("holder", "sweeper"):
        return deal.gain(mid) > PRICING.divide(deal.value(mid) * THRESHOLD_BPS, _BPS) + THRESHOLD_QUOTE
    cost = deal.cost_bps(mid)
    if request.kind == "patient":
        return cost <= request.tolerance_bps and cost - deal.cost_bps(request.mid) <= SPARE_BPS
    if request.kind == "informed":
        return (-request.signal_bps if deal.sells else request.signal_bps) > cost + COST_BPS
    return False
