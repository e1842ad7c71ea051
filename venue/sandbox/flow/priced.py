"""The markets that have a price on the sandbox, each with its path: the desk's own, and further pairs."""

from collections.abc import Iterable
from decimal import Decimal

from venue.protocol.assets import Market
from venue.protocol.tokens import TokenTable
from venue.sandbox.flow.price_path import PairWalk, PricePath
from venue.sandbox.flow.regimes import PathVolatility
from venue.sandbox.pairs import PairTerms


class PricedMarket:
    """A market and its mid. ``quote_eur``: what one quote token is worth in EUR, to size requests."""

    def __init__(self, market: Market, path: PricePath, *, quote_eur: Decimal = Decimal(1)) -> None:
        self.market = market
        self.path = path
        self.quote_eur = quote_eur
        self.volatility = PathVolatility(path)


class PricedMarkets:
    """Finds the market of a request, in either direction."""

    def __init__(self, markets: Iterable[PricedMarket]) -> None:
        self._markets: dict[tuple[str, str], PricedMarket] = {}
        for one in markets:
            base, quote = one.market.base.token_id, one.market.quote.token_id
            self._markets[base, quote] = self._markets[quote, base] = one

    def find(self, asset_in: str, asset_out: str) -> PricedMarket | None:
        return self._markets.get((asset_in, asset_out))


def own_markets(tokens: TokenTable, path: PricePath) -> tuple[PricedMarket, ...]:
    """Return the markets of the table, which have one price together."""
    return tuple(PricedMarket(market, path) for market in tokens.markets)


def priced_pairs(pairs: Iterable[PairTerms], seed: int, speed: float = 1.0) -> tuple[PricedMarket, ...]:
    """Return the pairs, each with a price path of its own."""
    return tuple(
        PricedMarket(
            pair.market,
            PairWalk(seed, pair.name, pair.start, volatility=pair.volatility, speed=speed),
            quote_eur=pair.quote_eur,
        )
        for pair in pairs
    )
