"""Pairs beside the desk's markets that can have traders, rivals and a price of their own."""

from collections.abc import Iterable
from decimal import Decimal

import msgspec

from venue.protocol.assets import Market, Token, Underlying
from venue.protocol.tokens import EURE

_NEAR = Underlying(name="NEAR", symbol="NEAR", decimals=24)
_ETHER = Underlying(name="ETH", symbol="ETH", decimals=18)
_DOLLAR = Underlying(name="USD", symbol="USD", decimals=18)

WNEAR = Token(
    symbol="wNEAR",
    token_id="nep141:wrap.near",
    decimals=24,
    chain="near:mainnet",
    near_token="wrap.near",
    underlying=_NEAR,
)
ETH = Token(
    symbol="ETH",
    token_id="nep141:eth.omft.near",
    decimals=18,
    chain="eth:1",
    near_token="eth.omft.near",
    underlying=_ETHER,
)
USDT = Token(
    symbol="USDT",
    token_id="nep141:usdt.tether-token.near",
    decimals=6,
    chain="near:mainnet",
    near_token="usdt.tether-token.near",
    underlying=_DOLLAR,
)
USDC = Token(
    symbol="USDC",
    token_id="nep141:17208628f84f5d6ad33f0da3bbbeb27ffcb398eac501a31bd6ad2011e36133a1",
    decimals=6,
    chain="near:mainnet",
    near_token="17208628f84f5d6ad33f0da3bbbeb27ffcb398eac501a31bd6ad2011e36133a1",
    underlying=_DOLLAR,
)


class PairTerms(msgspec.Struct, frozen=True, kw_only=True):
    """A pair and its price: ``start`` in quote per base, at most 8 decimals; ``volatility``: standard deviation of its
    logarithm over a second; ``quote_eur``: the EUR value of one quote token, which only sizes requests and openings.
    """

    market: Market
    start: Decimal
    volatility: float
    quote_eur: Decimal

    @property
    def name(self) -> str:
        return self.market.name

    def opening(self, worth_eur: Decimal) -> dict[str, int]:
        """Return what is worth so much of each token, in base units by token id; whole tokens where it can be."""
        base, quote = self.market.base, self.market.quote
        quotes = worth_eur / self.quote_eur
        whole = {base: quotes / self.start, quote: quotes}
        return {token.token_id: token.to_units(Decimal(max(1, int(amount)))) for token, amount in whole.items()}


PAIRS = (
    PairTerms(
        market=Market(base=WNEAR, quote=USDT), start=Decimal("2.75"), volatility=1.6e-4, quote_eur=Decimal("0.9")
    ),
    PairTerms(market=Market(base=USDC, quote=EURE), start=Decimal("0.9"), volatility=1.5e-5, quote_eur=Decimal(1)),
    PairTerms(market=Market(base=ETH, quote=USDC), start=Decimal("3100"), volatility=1.3e-4, quote_eur=Decimal("0.9")),
    PairTerms(market=Market(base=USDC, quote=USDT), start=Decimal("0.9998"), volatility=3e-6, quote_eur=Decimal("0.9")),
)


def find_pairs(names: Iterable[str]) -> tuple[PairTerms, ...]:
    """Return the pairs of these names. Raises ValueError for one that there is not, or that is named twice."""
    found: list[PairTerms] = []
    for name in names:
        pair = next((one for one in PAIRS if one.name.lower() == name.strip().lower()), None)
        if pair is None:
            raise ValueError(f"there is no pair {name.strip()!r}; known are {', '.join(one.name for one in PAIRS)}")
        if pair in found:
            raise ValueError(f"the pair {pair.name} is named twice")
        found.append(pair)
    return tuple(found)


def tokens_of(pairs: Iterable[PairTerms]) -> tuple[Token, ...]:
    """Return the tokens of the pairs, each once, in their order."""
    return tuple({token.token_id: token for pair in pairs for token in (pair.market.base, pair.market.quote)}.values())
