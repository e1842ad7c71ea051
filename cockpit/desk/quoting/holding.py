"""What the desk has of one side of a market: the token itself, and the other tokens of its underlying."""

from cockpit.desk.quote_book.reservations import Reservations
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable


class Holding:
    """One side of a market. Sums over several tokens are in base units of the underlying."""

    __slots__ = ("_others", "_scale", "token_id")

    def __init__(self, tokens: TokenTable, token: Token) -> None:
        self.token_id = token.token_id
        self._scale = token.scale
        self._others = tuple((one.token_id, one.scale) for one in tokens.of(token.underlying) if one != token)

    def balance(self, balances: TokenAmounts | None) -> int | None:
        """Return the token's balance, in its own base units; None while it is unknown."""
        return None if balances is None else balances[self.token_id]

    def elsewhere(self, balances: TokenAmounts | None) -> int:
        """Return the balances of the other tokens; 0 while they are unknown, as the token's own is then too."""
        if balances is None:
            return 0
        return sum([balances[token_id] * scale for token_id, scale in self._others])

    def elsewhere_reserved(self, reservations: Reservations) -> int:
        """Return what is committed or leaving of the other tokens."""
        return sum([reservations.reserved(token_id) * scale for token_id, scale in self._others])

    def signed(self, reservations: Reservations) -> int:
        """Return what all quotes could still take of all tokens of the underlying, refused ones included."""
        own = reservations.signed_amount(self.token_id) * self._scale
        return own + sum([reservations.signed_amount(token_id) * scale for token_id, scale in self._others])

    def committed(self, reservations: Reservations) -> int:
        """Return what live quotes commit of all tokens of the underlying."""
        own = reservations.committed(self.token_id) * self._scale
        return own + sum([reservations.committed(token_id) * scale for token_id, scale in self._others])
