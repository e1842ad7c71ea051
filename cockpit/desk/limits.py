"""The limits in force: one place that all parts read, replaced as a whole."""

from collections.abc import Callable

from cockpit.commands import Limits
from venue.assets import EXACT, Asset


def max_notional(limits: Limits, asset: Asset) -> int:
    """The largest notional in base units of the asset; what is finer than a base unit is cut off."""
    return int(EXACT.scaleb(limits.max_notional_eure, asset.decimals))


class LimitsInForce:
    """``current`` is what the next decision is held to; ``on_change`` hears of every new set."""

    def __init__(self, limits: Limits, *, on_change: Callable[[Limits], None] = lambda limits: None) -> None:
        self.current = limits
        self.on_change = on_change

    def replace(self, limits: Limits) -> None:
        """Put a validated set in force; ValueError when it is not a possible one."""
        problems = limits.problems()
        if problems:
            raise ValueError("; ".join(problems))
        self.current = limits
        self.on_change(limits)
