"""How many fills were booked in this run, and of how much, by market and side."""

import msgspec

from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.events import Side
from venue.protocol.tokens import TokenTable


class FillCount(msgspec.Struct, gc=False):
    """``volume``: base units of the quote underlying."""

    fills: int = 0
    volume: int = 0


class FillCounts:
    """``by_market``: by the market's name and the desk's side; every market of the table is there from the start."""

    def __init__(self, tokens: TokenTable) -> None:
        self._tokens = tokens
        sides: tuple[Side, ...] = ("buy", "sell")
        self.by_market = {(market.name, side): FillCount() for market in tokens.markets for side in sides}

    def filled(self, commitment: Commitment) -> None:
        """Count a fill as it is booked; one of a market that is no more is left out."""
        market = self._tokens.market(commitment.asset_in, commitment.asset_out)
        if market is None:
            return
        count = self.by_market[market.name, commitment.side]
        count.fills += 1
        count.volume += abs(self._tokens.worth(movement(commitment).amounts).quote)
