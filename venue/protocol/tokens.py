"""The venue's tokens that are built in, and the table of all tokens and markets that a program works on.

Source of the ids, decimals and ways out: the bridge's ``supported_tokens``, and the official SDK for the Omni bridge.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import Market, PairAmounts, Token, Underlying, base_share, price_ratio

BITCOIN = Underlying(name="BTC", symbol="BTC", decimals=8)
EURO = Underlying(name="EUR", symbol="EURe", decimals=18)

OMNI_BRIDGE = "omni.bridge.near"
"""The contract of the Omni bridge, which takes a token with a JSON message."""

BTC = Token(
    symbol="BTC",
    token_id="nep141:btc.omft.near",
    decimals=8,
    chain="btc:mainnet",
    near_token="btc.omft.near",
    underlying=BITCOIN,
    never_to=OMNI_BRIDGE,
)
"""The venue's former BTC: swap clients take it in, but pay out nBTC."""
NBTC = Token(
    symbol="nBTC",
    token_id="nep141:nbtc.bridge.near",
    decimals=8,
    chain="btc:mainnet",
    near_token="nbtc.bridge.near",
    underlying=BITCOIN,
    bridge="omni",
    never_to="nbtc.bridge.near",
)
EURE = Token(
    symbol="EURe",
    token_id="nep141:gnosis-0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430.omft.near",
    decimals=18,
    chain="eth:100",
    near_token="gnosis-0x420ca0f9b9b604ce0fd9c18ef134c705e5fa3430.omft.near",
    underlying=EURO,
    never_to=OMNI_BRIDGE,
    places=4,
)
BTC_EURE = Market(base=BTC, quote=EURE)
NBTC_EURE = Market(base=NBTC, quote=EURE)


class TokenTable:
    """The tokens that are counted, and the markets that are quoted, in the order in which they are shown.

    ``base`` and ``quote`` are the underlyings that every market has. A token without a market is counted, and can
    leave; it is not quoted. Raises ValueError when a token or market does not fit the others.
    """

    def __init__(
        self, tokens: Iterable[Token], markets: Iterable[Market], *, base: Underlying, quote: Underlying
    ) -> None:
        self.tokens = tuple(tokens)
        self.markets = tuple(markets)
        self.base = base
        self.quote = quote
        self._by_id = {token.token_id: token for token in self.tokens}
        self._by_symbol = {token.symbol.lower(): token for token in self.tokens}
        self._worth = {token.token_id: (token.underlying == base, token.scale) for token in self.tokens}
        self._markets: dict[tuple[str, str], Market] = {}
        self._check()

    def _check(self) -> None:
        if len(self._by_id) != len(self.tokens) or len(self._by_symbol) != len(self.tokens):
            raise ValueError("two tokens have the same id or symbol")
        for token in self.tokens:
            if token.underlying not in (self.base, self.quote):
                raise ValueError(f"{token.symbol} is worth {token.underlying.name}, which has no price here")
            if token.decimals > token.underlying.decimals:
                raise ValueError(f"{token.symbol} has more decimals than {token.underlying.name} is counted in")
        for market in self.markets:
            base, quote = market.base, market.quote
            if self._by_id.get(base.token_id) != base or self._by_id.get(quote.token_id) != quote:
                raise ValueError(f"market {market.name} has a token that is not in the table")
            if base.underlying != self.base or quote.underlying != self.quote:
                raise ValueError(f"market {market.name} is not {self.base.name} against {self.quote.name}")
            if (base.token_id, quote.token_id) in self._markets:
                raise ValueError(f"market {market.name} is there twice")
            self._markets[base.token_id, quote.token_id] = market
            self._markets[quote.token_id, base.token_id] = market

    def token(self, token_id: str) -> Token:
        """Return the token with this id; KeyError when the table has none."""
        return self._by_id[token_id]

    def get(self, token_id: str) -> Token | None:
        return self._by_id.get(token_id)

    def by_symbol(self, symbol: str) -> Token | None:
        """Return the token with this symbol, in upper or lower case; None without one."""
        return self._by_symbol.get(symbol.lower())

    def market(self, asset_in: str, asset_out: str) -> Market | None:
        """Return the market of these two token ids, in either direction; None when they are not a market."""
        return self._markets.get((asset_in, asset_out))

    def traded(self, token: Token) -> bool:
        """Return whether a market has the token."""
        return any(token in (market.base, market.quote) for market in self.markets)

    def of(self, underlying: Underlying) -> tuple[Token, ...]:
        """Return the tokens that are worth this underlying."""
        return tuple(token for token in self.tokens if token.underlying == underlying)

    def worth(self, amounts: TokenAmounts) -> PairAmounts:
        """Sum the amounts by underlying, in base units of the underlyings; KeyError for a token outside the table."""
        base = quote = 0
        for token_id, units in amounts.items():
            is_base, scale = self._worth[token_id]
            if is_base:
                base += units * scale
            else:
                quote += units * scale
        return PairAmounts(base, quote)

    def exchanged(self, taken: tuple[str, int], given: tuple[str, int]) -> PairAmounts:
        """Return what taking one amount (token id, base units) for another is worth, as ``worth`` does of the sum."""
        (in_base, in_scale), (out_base, out_scale) = self._worth[taken[0]], self._worth[given[0]]
        plus, minus = taken[1] * in_scale, given[1] * out_scale
        return PairAmounts(
            (plus if in_base else 0) - (minus if out_base else 0), (0 if in_base else plus) - (0 if out_base else minus)
        )

    def share(self, amounts: TokenAmounts, mid: Decimal) -> Decimal | None:
        """Return the base underlying's part of the value of these amounts, 0 to 1; None when the value is zero."""
        return base_share(self.base, self.quote, self.worth(amounts), mid)

    def price_ratio(self, mid: Decimal) -> tuple[int, int]:
        """Return the mid between base units of the underlyings, as numerator and denominator."""
        return price_ratio(mid, self.base, self.quote)

    def by_token(self, amounts: TokenAmounts) -> Iterator[tuple[Token, int]]:
        """Yield every token of the table with its amount, zeros included."""
        return ((token, amounts[token.token_id]) for token in self.tokens)

    @property
    def token_ids(self) -> tuple[str, ...]:
        return tuple(self._by_id)

    @property
    def traded_ids(self) -> tuple[str, ...]:
        """Return the ids of the tokens of all markets: what a subscription asks for."""
        return tuple(token.token_id for token in self.tokens if self.traded(token))


DEFAULT_TOKENS = TokenTable((BTC, NBTC, EURE), (BTC_EURE, NBTC_EURE), base=BITCOIN, quote=EURO)
