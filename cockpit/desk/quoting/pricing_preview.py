"""What another pricing would have quoted: kept requests decided again by the desk's own ``decide``. Pure.

As if strategy and executor were armed, under both sets: the difference is that of the sets. What was committed then is
taken as it was.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from decimal import Decimal

import msgspec

from cockpit.desk.quoting.desk_view import read_view
from cockpit.desk.quoting.kept_requests import KeptRequest
from cockpit.desk.quoting.strategy import decide, desk_prices
from cockpit.model.pricing.pricing_set import PricingOutcome, PricingPreview, PricingSet
from venue.protocol.units import NS_PER_MS

HUNDREDTH = Decimal("0.01")
BPS = 10_000


class _Side:
    """What one set makes of the requests."""

    def __init__(self, rules: PricingSet) -> None:
        self._rules = rules
        self._refused: Counter[str] = Counter()
        self._quoted = 0
        self._width = Decimal(0)
        self._edge = self._notional = 0
        self._notional_eure = Decimal(0)

    def decide(self, kept: KeptRequest) -> None:
        rules, lives = self._rules, self._rules.lives
        view = msgspec.structs.replace(
            read_view(kept.view, kept.market, rules.limits, rules.params),
            strategy_armed=True,
            executor_armed=True,
            default_deadline_ms=lives.quote_deadline_ms,
            deadline_slack_ms=lives.quote_deadline_slack_ms,
            exact_out_deadline_ms=lives.quote_exact_out_deadline_ms or None,
        )
        decision = decide(kept.request, view, desk_prices(view))
        if not decision.execute or decision.amounts is None or decision.price is None or not decision.mid:
            self._refused[decision.reason] += 1
            return
        self._quoted += 1
        self._width += abs(decision.price - decision.mid) / decision.mid * BPS
        self._edge += decision.amounts.edge
        self._notional += decision.amounts.notional
        unit = kept.market.quote.underlying
        self._notional_eure += Decimal(decision.amounts.notional).scaleb(-unit.decimals)

    def outcome(self) -> PricingOutcome:
        return PricingOutcome(
            quoted=self._quoted,
            width_bps=_mean(self._width, self._quoted),
            edge_bps=_mean(Decimal(self._edge * BPS), self._notional),
            notional_eure=self._notional_eure.quantize(HUNDREDTH),
            refused=tuple(self._refused.most_common()),
        )


def preview_in_slices(
    every: Sequence[KeptRequest], now: PricingSet, wanted: PricingSet, at_ns: int
) -> Iterator[PricingPreview | None]:
    """Yield None after each decision, so that requests are answered in between, and the preview at the end."""
    before, after = _Side(now), _Side(wanted)
    for kept in every:
        before.decide(kept)
        yield None
        after.decide(kept)
        yield None
    over_ms = (at_ns - every[0].request.at_ns) // NS_PER_MS if every else 0
    yield PricingPreview(
        requests=len(every),
        over_ms=over_ms,
        changes=now.differences(wanted),
        before=before.outcome(),
        after=after.outcome(),
    )


def _mean(total: Decimal, count: int) -> Decimal | None:
    return (total / count).quantize(HUNDREDTH) if count else None
