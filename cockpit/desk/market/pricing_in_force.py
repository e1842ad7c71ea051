"""The pricing in force: one place that all parts read, replaced as a whole."""

from cockpit.model.commands import PriceParams
from cockpit.model.pricing.pricing_set import QuoteLives


class PricingInForce:
    """``current`` is what the next quote is priced by, ``lives`` how long it lives."""

    def __init__(self, params: PriceParams, lives: QuoteLives | None = None) -> None:
        self.current = params
        self.lives = lives or QuoteLives()

    def replace(self, params: PriceParams, lives: QuoteLives | None = None) -> None:
        """Put parameters in force. Raises ValueError when they are not valid."""
        problems = params.problems()
        if problems:
            raise ValueError("; ".join(problems))
        self.current = params
        self.lives = lives or self.lives
