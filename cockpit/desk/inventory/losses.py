"""What an unexplained difference may cost. Pure."""

from decimal import Decimal

from cockpit.desk.inventory.movements import losses
from venue.protocol.amounts import TokenAmounts
from venue.protocol.tokens import TokenTable


def missing_value(tokens: TokenTable, unexplained: TokenAmounts, mid: Decimal | None) -> Decimal | None:
    """Return what is missing in the quote underlying; too much of one token makes up for nothing of another.

    ``mid`` values the base underlying. None: something is missing that has no price now.
    """
    missing = Decimal(0)
    for token_id, units in losses(unexplained).items():
        token = tokens.token(token_id)
        price = Decimal(1) if token.underlying == tokens.quote else mid
        if price is None:
            return None
        missing += token.to_decimal(units) * price
    return missing
