"""What the desk has of one side of a market: the token itself, and the other tokens of its underlying."""

from cockpit.desk.quote_book.reservations import Reservations
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Token
from venue.protocol.tokens import TokenTable


class Holding:
    """One side of a market. Sums over several tokens are in base units of the underlying.

    None of them is taken over the tokens when a request comes, however many there are: they are kept.
    """

    __slots__ = ("_elsewhere", "_others", "_scale", "_underlying", "token_id")

    def __init__(self, tokens: TokenTable, token: Token) -> None:
        self.token_id = token.token_id
        self._scale = token.scale
        self._underlying = token.underlying.name
        self._others = tuple((one.token_id, one.scale) for one in tokens.of(token.underlying) if one != token)
        self._elsewhere: tuple[TokenAmounts | None, int] = (None, 0)

    def balance(self, balances: TokenAmounts | None) -> int | None:
        """Return the token's balance, in its own base units; None while it is unknown."""
        return None if balances is None else balances[self.token_id]

    def elsewhere(self, balances: TokenAmounts | None) -> int:
        """Return the balances of the other tokens; 0 while they are unknown, as the token's own is then too."""
        summed, total = self._elsewhere
        if balances is not summed:
            total = 0 if balances is None else sum([balances[one] * scale for one, scale in self._others])
            self._elsewhere = balances, total
        return total

    def elsewhere_reserved(self, reservations: Reservations) -> int:
        """Return what is committed or leaving of the other tokens."""
        return reservations.reserved_worth(self._underlying) - reservations.reserved(self.token_id) * self._scale

    def signed(self, reservations: Reservations) -> int:
        """Return what all quotes could still take of all tokens of the underlying, refused ones included."""
        return reservations.signed_worth(self._underlying)

    def committed(self, reservations: Reservations) -> int:
        """Return what live quotes commit of all tokens of the underlying."""
        return reservations.committed_worth(self._underlying)
