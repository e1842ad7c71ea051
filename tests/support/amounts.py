"""Amounts of the two tokens that most tests use."""

from venue.protocol.amounts import TokenAmounts
from venue.protocol.tokens import BTC, EURE


def btc_eure(btc: int, eure: int) -> TokenAmounts:
    """Make signed amounts of both, base units."""
    return TokenAmounts({BTC.token_id: btc, EURE.token_id: eure})
