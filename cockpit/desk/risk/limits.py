"""The limits in force: one place that all parts read, replaced as a whole."""

from collections.abc import Callable, Collection
from decimal import Decimal

import msgspec

from cockpit.accounting.committed_limit import CommittedRule
from cockpit.model.commands import Limits
from cockpit.model.pricing.pricing_set import QuoteLives
from venue.protocol.assets import EXACT, Unit
from venue.protocol.tokens import TokenTable

SIGNER_SLACK = Decimal("1.02")
"""How far the signer's bound of BTC lies above what the largest notional is worth at the mid: an ask is above the mid,
so this is room for a mid that moved between its judgement and a signature."""


def in_units(limit: Decimal, unit: Unit) -> int:
    """Convert a limit to base units; what is finer than a base unit is cut off."""
    return int(EXACT.scaleb(limit, unit.decimals))


def max_notional(limits: Limits, quote: Unit) -> int:
    return in_units(limits.max_notional_eure, quote)


def min_notional(limits: Limits, quote: Unit) -> int:
    return in_units(limits.min_notional_eure, quote)


def base_ceiling(tokens: TokenTable, limits: Limits, mid: Decimal | None) -> int:
    """Return the most BTC that one signature may give, base units: the largest notional at the mid; 0 without one."""
    if mid is None or mid <= 0:
        return 0
    return in_units(EXACT.divide(EXACT.multiply(limits.max_notional_eure, SIGNER_SLACK), mid), tokens.base)


class LimitsInForce:
    """``current`` is what the next decision is held to; ``on_change`` gets every new set.

    ``rule``: how the limit on what is committed follows from sizes and lives until somebody sets it; None where it is
    set from the start.
    """

    def __init__(
        self,
        limits: Limits,
        *,
        rule: CommittedRule | None = None,
        on_change: Callable[[Limits], None] = lambda limits: None,
    ) -> None:
        self.current = limits
        self.on_change = on_change
        self._rule = rule

    def followed(self, limits: Limits, lives: QuoteLives) -> Limits:
        """Return the limits with what follows from sizes and lives, where nobody has set it."""
        return limits if self._rule is None else self._rule.applied(limits, lives)

    def set_by_person(self, names: Collection[str]) -> None:
        """Note which limits somebody has set: these follow nothing any more, until the desk ends."""
        if "max_promised_eure" in names:
            self._rule = None
        elif "max_signed_eure" in names and self._rule is not None:
            self._rule = msgspec.structs.replace(self._rule, signed=self.current.max_signed_eure)

    def replace(self, limits: Limits) -> None:
        """Put a set in force. Raises ValueError when it is not valid."""
        problems = limits.problems()
        if problems:
            raise ValueError("; ".join(problems))
        self.current = limits
        self.on_change(limits)
