"""The limit on what live quotes commit, where nobody has set one: what the expected requests need. Pure."""

from decimal import ROUND_CEILING, Decimal

import msgspec

from cockpit.model.commands import SIGNED_OVER_COMMITTED, Limits
from cockpit.model.pricing.pricing_set import MOST_EURE, QuoteLives

USUAL_LIFE_MS = 60_000
"""The life that most requests ask for."""
COMMITTED_TIMES = 3
"""The limit on what is committed is by default so many times what live quotes commit on average."""


class CommittedRule(msgspec.Struct, frozen=True, kw_only=True):
    """``requests``: expected in a minute; ``notional``: their mean, EURe, None for the largest quote's.

    ``margin_ms``: how long a quote stays committed after its deadline. ``signed``: the limit on what is signed where
    somebody has set it.
    """

    requests: Decimal
    notional: Decimal | None
    margin_ms: int
    signed: Decimal | None

    def limit(self, max_notional: Decimal, lives: QuoteLives) -> Decimal:
        """Return what may be committed, whole EURe, up: never less than the largest quote."""
        mean = max_notional if self.notional is None else min(max_notional, self.notional)
        life_ms = max(USUAL_LIFE_MS + lives.quote_deadline_slack_ms, lives.quote_deadline_ms)
        needed = (COMMITTED_TIMES * self.requests * mean * (life_ms + self.margin_ms) / 60_000).to_integral_value(
            ROUND_CEILING
        )
        most = Decimal(MOST_EURE) if self.signed is None else min(Decimal(MOST_EURE), self.signed)
        return max(min(needed, most), max_notional)

    def applied(self, limits: Limits, lives: QuoteLives) -> Limits:
        """Return the limits with what follows from sizes and lives."""
        committed = self.limit(limits.max_notional_eure, lives)
        signed = committed * SIGNED_OVER_COMMITTED if self.signed is None else limits.max_signed_eure
        return msgspec.structs.replace(limits, max_promised_eure=committed, max_signed_eure=signed)
