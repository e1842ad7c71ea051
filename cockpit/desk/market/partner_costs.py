"""How much more the fills of one partner cost than those of all others, and what is added to its half spread for it.

A fill costs what its quote lost from its pricing to a minute after the settlement. Only the excess over the *other*
partners counts: a price that followed the cost itself would leave only the costly requests, and rise with them.
"""

from collections import OrderedDict
from decimal import Decimal

from cockpit.desk.market.pricing_in_force import PricingInForce
from cockpit.model.commands import PriceParams
from venue.protocol.assets import PRICING

MAX_PARTNERS = 256
"""Names are the takers' word: the one that had no fill for longest is forgotten."""
MOST_HUNDREDTHS = 6_000
"""A fill counts as no more than 60 bps lost or gained."""
_NOTHING = Decimal(0)
_HUNDREDTH = Decimal("0.01")
_UNIT = 10**6
"""The weight of a fill of 100 EURe."""
_KEPT, _OF = 998, 1_000
"""What a partner's earlier fills keep of their weight with each of its fills."""


class _Cost:
    __slots__ = ("lost", "weight")

    def __init__(self) -> None:
        self.weight = self.lost = 0


class PartnerCosts:
    """Learns from fills; the parameters in force say how much of it is charged."""

    def __init__(self, pricing: PricingInForce, *, quote_decimals: int) -> None:
        self._pricing = pricing
        self._hundred = 100 * 10**quote_decimals
        self._costs: OrderedDict[str, _Cost] = OrderedDict()
        self._weight = self._lost = 0
        self._charged: dict[str, Decimal] = {}
        self._charged_by: PriceParams | None = None

    def learn(self, partner: str, lost_hundredths: int, notional: int) -> None:
        """Take a fill of the partner, which lost so many hundredths of a bps of its notional, in base units."""
        cost = self._costs.setdefault(partner, _Cost())
        self._costs.move_to_end(partner)
        self._forget(cost)
        weight = min(notional, 2 * self._hundred) * _UNIT // self._hundred
        lost = max(-MOST_HUNDREDTHS, min(MOST_HUNDREDTHS, lost_hundredths))
        cost.weight = cost.weight * _KEPT // _OF + weight
        cost.lost = cost.lost * _KEPT // _OF + weight * lost
        self._weight, self._lost = self._weight + cost.weight, self._lost + cost.lost
        if len(self._costs) > MAX_PARTNERS:
            self._forget(self._costs.popitem(last=False)[1])
        self._charged.clear()

    def _forget(self, cost: _Cost) -> None:
        self._weight, self._lost = self._weight - cost.weight, self._lost - cost.lost

    def add_on(self, partner: str) -> Decimal:
        """Return what the half spread is wider for this partner, bps to 0.01; 0 while too little is known."""
        params = self._pricing.current
        if not params.partner_weight:
            return _NOTHING
        if self._charged_by is not params:
            self._charged.clear()
            self._charged_by = params
        cost = self._costs.get(partner)
        if cost is None:
            return _NOTHING
        found = self._charged.get(partner)
        if found is None:
            found = self._charged[partner] = self._charge(cost, params)
        return found

    def _charge(self, cost: _Cost, params: PriceParams) -> Decimal:
        shrink = params.partner_shrink * _UNIT
        others = self._weight - cost.weight
        if others < shrink:
            # Without others there is no excess.
            return _NOTHING
        pool = (self._lost - cost.lost) // others
        mean = (cost.lost + shrink * pool) // (cost.weight + shrink)
        charged = PRICING.multiply(params.partner_weight, Decimal(mean - pool).scaleb(-2, PRICING))
        return max(_NOTHING, min(params.partner_max_bps, charged)).quantize(_HUNDREDTH, context=PRICING)
