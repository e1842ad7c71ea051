"""The assets of the active pair, and exact conversion between base units and whole tokens.

Source of the ids and decimals: the venue's token list (bridge ``supported_tokens``).
"""

from decimal import ROUND_DOWN, Context, Decimal
from functools import lru_cache

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


class Asset(msgspec.Struct, frozen=True, kw_only=True):
    """``token_id`` is the Verifier's id, ``near_token`` the NEAR contract, ``chain`` the bridge's name of the chain."""

    symbol: str
    token_id: str
    decimals: int
    chain: str
    near_token: str

    def to_decimal(self, units: int) -> Decimal:
        """Convert base units (any sign) to an exact Decimal of whole tokens; zero is plain 0."""
        return EXACT.scaleb(Decimal(units), -self.decimals) if units else Decimal(0)

    def shown(self, units: int, places: int) -> str:
        """Format base units (any sign) with ``places`` decimals, half to even; about ten times as fast as a Decimal."""
        step = 10 ** (self.decimals - places) if places < self.decimals else 1
        whole, rest = divmod(abs(units), step)
        whole += 2 * rest > step or (2 * rest == step and whole % 2)
        whole *= 10 ** max(0, places - self.decimals)
        tokens, part = divmod(whole, 10**places)
        return f"{'-' if units < 0 else ''}{tokens}.{part:0{places}d}"

    def to_units(self, amount: Decimal) -> int:
        """Convert whole tokens to base units; ValueError when the amount is not a whole number of base units."""
        if not amount.is_finite():
            raise ValueError(f"{amount} is not an amount of {self.symbol}")
        scaled = EXACT.scaleb(amount, self.decimals)
        units = int(scaled)
        if units != scaled:
            raise ValueError(f"{amount} {self.symbol} has more than {self.decimals} decimals")
        return units


class PairAmounts(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True, gc=False):
    """An amount of each asset of a pair, signed, in base units. Encoded as ``[base, quote]``."""

    base: int
    quote: int

    def __add__(self, other: "PairAmounts") -> "PairAmounts":
        return PairAmounts(self.base + other.base, self.quote + other.quote)

    def __sub__(self, other: "PairAmounts") -> "PairAmounts":
        return PairAmounts(self.base - other.base, self.quote - other.quote)

    def __bool__(self) -> bool:
        return self.base != 0 or self.quote != 0


NO_AMOUNTS = PairAmounts(0, 0)


class Pair(msgspec.Struct, frozen=True):
    """A base asset priced in a quote asset."""

    base: Asset
    quote: Asset

    def amount(self, asset: Asset, amounts: PairAmounts) -> int:
        """Pick the asset's amount."""
        return amounts.base if asset == self.base else amounts.quote

    def only(self, asset: Asset, units: int) -> PairAmounts:
        """Make amounts of this asset alone."""
        return PairAmounts(units, 0) if asset == self.base else PairAmounts(0, units)

    def price_ratio(self, price: Decimal) -> tuple[int, int]:
        """Return the price in base units of quote per base unit of base, as numerator and denominator."""
        return _ticks(price) * 10**self.quote.decimals, 10 ** (PRICE_DECIMALS + self.base.decimals)

    def base_share(self, amounts: PairAmounts, mid: Decimal) -> Decimal | None:
        """Return the base asset's part of the value of both amounts, 0 to 1; None when the value is zero."""
        base_value = PRICING.multiply(self.base.to_decimal(amounts.base), mid)
        total = PRICING.add(base_value, self.quote.to_decimal(amounts.quote))
        return PRICING.divide(base_value, total) if total > 0 else None

    def by_asset(self, amounts: PairAmounts) -> tuple[tuple[Asset, int], tuple[Asset, int]]:
        return (self.base, amounts.base), (self.quote, amounts.quote)

    def other(self, token_id: str) -> Asset:
        """Return the pair's other asset; KeyError when ``token_id`` is neither side."""
        if token_id == self.base.token_id:
            return self.quote
        if token_id == self.quote.token_id:
            return self.base
        raise KeyError(token_id)

    def asset(self, token_id: str) -> Asset:
        """Return the asset with this token id; KeyError when it is neither side."""
        if token_id == self.base.token_id:
            return self.base
        if token_id == self.quote.token_id:
            return self.quote
        raise KeyError(token_id)


@lru_cache(maxsize=16)
def _ticks(price: Decimal) -> int:
    # The same few prices serve every request until the mid moves.
    return int(price.scaleb(PRICE_DECIMALS, context=PRICING))


BTC = Asset(symbol="BTC", token_id="nep141:btc.omft.near", decimals=8, chain="btc:mainnet", near_token="btc.omft.near")
EURE = Asset(
    symbol="EURe",
    token_id="nep141:gnosis-0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430.omft.near",
    decimals=18,
    chain="eth:100",
    near_token="gnosis-0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430.omft.near",
)
BTC_EURE = Pair(base=BTC, quote=EURE)
