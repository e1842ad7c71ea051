"""The pricing parameters in force: one place that all parts read, replaced as a whole."""

from cockpit.model.commands import PriceParams


class PricingInForce:
    """``current`` is what the next quote is priced by."""

    def __init__(self, params: PriceParams) -> None:
        self.current = params

    def replace(self, params: PriceParams) -> None:
        """Put parameters in force. Raises ValueError when they are not valid."""
        problems = params.problems()
        if problems:
            raise ValueError("; ".join(problems))
        self.current = params
