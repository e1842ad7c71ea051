"""What the options in the quotes of a UTC day were worth when they were signed, and what their fills gave away."""

from decimal import Decimal

from cockpit.accounting.option_sums import OptionSides, OptionSums
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.events import Side
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

DAY_NS = 86_400 * NS_PER_S


class OptionDay:
    """The sums of both sides since ``from_ns``, UTC: the start of the day; until the day's earlier runs are taken over,
    that of the run."""

    def __init__(self, started_ns: int) -> None:
        self.from_ns = started_ns
        self.buy, self.sell = OptionSums(), OptionSums()

    def signed(self, now_ns: int, side: Side, written: int) -> None:
        """Count a quote whose option was worth so much when it was signed."""
        sums = self._of(now_ns, side)
        sums.quotes += 1
        sums.written += written

    def filled(self, now_ns: int, side: Side, given_away: int | None) -> None:
        """Count a fill as it is booked; None where it is not known what it gave away."""
        self._of(now_ns, side).add_fill(given_away)

    def recall(self, day_ns: int, past: OptionSides) -> None:
        """Take over what earlier runs of the UTC day that began at ``day_ns`` wrote and gave away, if it is today."""
        if day_ns // DAY_NS == self.from_ns // DAY_NS:
            self.from_ns = day_ns
            self.buy.add(past.buy)
            self.sell.add(past.sell)

    def roll(self, now_ns: int) -> None:
        """Begin anew once another day has begun. A clock that goes back begins none."""
        day = now_ns // DAY_NS
        if day > self.from_ns // DAY_NS:
            self.from_ns = day * DAY_NS
            self.buy, self.sell = OptionSums(), OptionSums()

    def _of(self, now_ns: int, side: Side) -> OptionSums:
        self.roll(now_ns)
        return self.buy if side == "buy" else self.sell


def given_away(tokens: TokenTable, commitment: Commitment, mid: Decimal | None) -> int | None:
    """Return a fill's edge when it was priced, less its edge at ``mid``, that of its booking.

    Base units of the quote underlying, rounded against the desk; None without a mid, or for a market that is no more.
    """
    market = tokens.market(commitment.asset_in, commitment.asset_out)
    if mid is None or market is None:
        return None
    numerator, denominator = market.worth_ratio(mid)
    if commitment.side == "buy":
        worth, paid = commitment.amount_in * market.base.scale * numerator, commitment.amount_out * market.quote.scale
        booked = worth // denominator - paid
    else:
        worth, paid = commitment.amount_out * market.base.scale * numerator, commitment.amount_in * market.quote.scale
        booked = paid - -(-worth // denominator)
    return commitment.edge - booked
