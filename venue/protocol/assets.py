"""Tokens, what they are worth (underlyings), markets of two tokens, and exact conversion of base units."""

from decimal import ROUND_DOWN, Context, Decimal
from functools import lru_cache
from typing import Literal

import msgspec

INTENTS_CONTRACT = "intents.near"
MAX_AMOUNT = 2**128 - 1
"""Largest amount of the Verifier: amounts are unsigned 128-bit integers in base units."""

EXACT = Context(prec=80, rounding=ROUND_DOWN)
"""Decimal context in which no u128 amount, scaled by any decimals, is rounded."""
PRICE_DECIMALS = 8
"""The most decimals of a price."""
PRICING = Context(prec=60)
"""Decimal context of prices and shares."""


_POWERS: tuple[int, ...] = tuple(10**n for n in range(100))

BridgeRoute = Literal["poa", "omni"]
"""How a token leaves: the PoA bridge by a ``WITHDRAW_TO:`` memo, or the Omni bridge by a JSON message."""


class Unit(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is counted in base units of ``decimals`` decimals and shown under ``symbol``."""

    symbol: str
    decimals: int

    def to_decimal(self, units: int) -> Decimal:
        """Convert base units (any sign) to an exact Decimal of whole tokens; zero is plain 0."""
        return EXACT.scaleb(Decimal(units), -self.decimals) if units else Decimal(0)

    def shown(self, units: int, places: int) -> str:
        """Format base units (any sign) with ``places`` decimals, half to even; twenty times as fast as a Decimal."""
        shift = self.decimals - places
        whole = units if units >= 0 else -units
        if shift > 0:
            step = _POWERS[shift]
            whole, rest = divmod(whole, step)
            if 2 * rest > step or (2 * rest == step and whole % 2):
                whole += 1
        elif shift:
            whole *= _POWERS[-shift]
        digits = str(whole).zfill(places + 1)
        sign = "-" if units < 0 else ""
        return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else sign + digits

    def to_units(self, amount: Decimal) -> int:
        """Convert whole tokens to base units; ValueError when the amount is not a whole number of base units."""
        if not amount.is_finite():
            raise ValueError(f"{amount} is not an amount of {self.symbol}")
        scaled = EXACT.scaleb(amount, self.decimals)
        units = int(scaled)
        if units != scaled:
            raise ValueError(f"{amount} {self.symbol} has more than {self.decimals} decimals")
        return units


class Underlying(Unit, frozen=True, kw_only=True):
    """What tokens are worth; those of one underlying share price, skew and exposure.

    Its base unit is at least as fine as that of each of its tokens. ``symbol`` is that of sums and limits.
    """

    name: str


class Token(Unit, frozen=True, kw_only=True):
    """``token_id`` is the Verifier's id, ``near_token`` the NEAR contract, ``chain`` the bridge's name of the chain.

    ``bridge``: the only way out. ``never_to``: the contract that must never receive it by ``ft_withdraw``, because
    money sent there is lost. ``places``: decimals shown on screen.
    """

    token_id: str
    chain: str
    near_token: str
    underlying: Underlying
    bridge: BridgeRoute = "poa"
    never_to: str = ""
    places: int = 8

    @property
    def scale(self) -> int:
        """Base units of the underlying in one base unit of the token."""
        return _POWERS[self.underlying.decimals - self.decimals]


class PairAmounts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """An amount of each underlying of the markets, signed, in their base units."""

    base: int
    quote: int

    def __add__(self, other: "PairAmounts") -> "PairAmounts":
        return PairAmounts(self.base + other.base, self.quote + other.quote)

    def __sub__(self, other: "PairAmounts") -> "PairAmounts":
        return PairAmounts(self.base - other.base, self.quote - other.quote)

    def __bool__(self) -> bool:
        return self.base != 0 or self.quote != 0


NO_AMOUNTS = PairAmounts(0, 0)


class Market(msgspec.Struct, frozen=True):
    """A base token priced in a quote token."""

    base: Token
    quote: Token

    @property
    def name(self) -> str:
        return f"{self.base.symbol}/{self.quote.symbol}"

    def price_ratio(self, price: Decimal) -> tuple[int, int]:
        """Return the price in base units of quote per base unit of base, as numerator and denominator."""
        return price_ratio(price, self.base, self.quote)

    def worth_ratio(self, price: Decimal) -> tuple[int, int]:
        """Return the same price between base units of the underlyings."""
        return price_ratio(price, self.base.underlying, self.quote.underlying)

    def asset(self, token_id: str) -> Token:
        """Return the asset with this token id; KeyError when it is neither side."""
        if token_id == self.base.token_id:
            return self.base
        if token_id == self.quote.token_id:
            return self.quote
        raise KeyError(token_id)


def price_ratio(price: Decimal, base: Unit, quote: Unit) -> tuple[int, int]:
    """Return a price in base units of quote per base unit of base, as numerator and denominator."""
    return _ticks(price) * 10**quote.decimals, 10 ** (PRICE_DECIMALS + base.decimals)


def base_share(base: Unit, quote: Unit, amounts: PairAmounts, mid: Decimal) -> Decimal | None:
    """Return the base's part of the value of both amounts, 0 to 1; None when the value is zero."""
    base_value = PRICING.multiply(base.to_decimal(amounts.base), mid)
    total = PRICING.add(base_value, quote.to_decimal(amounts.quote))
    return PRICING.divide(base_value, total) if total > 0 else None


@lru_cache(maxsize=16)
def _ticks(price: Decimal) -> int:
    # The same few prices serve every request until the mid moves.
    return int(price.scaleb(PRICE_DECIMALS, context=PRICING))
