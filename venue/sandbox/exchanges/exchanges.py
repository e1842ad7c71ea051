"""The three exchanges of a venue, each with its markets."""

import asyncio
from collections.abc import Callable

from starlette.applications import Starlette

from venue.sandbox.base.fault_values import Exchange
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.config import VenueConfig
from venue.sandbox.exchanges.bitstamp import BITSTAMP_RECONNECT, Bitstamp
from venue.sandbox.exchanges.bitstamp_rest import BitstampRest
from venue.sandbox.exchanges.coinbase import Coinbase
from venue.sandbox.exchanges.coinbase_rest import CoinbaseRest, product_id
from venue.sandbox.exchanges.kraken import Kraken
from venue.sandbox.exchanges.kraken_rest import KrakenRest
from venue.sandbox.exchanges.markets.listings import LISTINGS, MAIN, paths
from venue.sandbox.exchanges.markets.market import ExchangeMarket
from venue.sandbox.exchanges.markets.prices import ExchangeFeed
from venue.sandbox.exchanges.websocket import ExchangeSocket, exchange_app
from venue.sandbox.flow.price_path import PricePath

_TICKS_S: dict[Exchange, float] = {"kraken": 0.25, "coinbase": 0.2, "bitstamp": 0.3}

_PAUSE_S = 1.0


class Exchanges:
    """``clock`` gives UTC nanoseconds, ``offset_ns`` the time that the market has run.

    ``markets`` are by exchange and by symbol, ``BTC/EUR``.
    """

    def __init__(
        self,
        config: VenueConfig,
        path: PricePath,
        *,
        offset_ns: Callable[[], int],
        clock: Callable[[], int],
        faults: FaultTable,
    ) -> None:
        courses = paths(path, config.seed, config.speed)
        self._faults = faults
        self.markets: dict[Exchange, dict[str, ExchangeMarket]] = {
            name: {
                listing.symbol: ExchangeMarket(
                    listing,
                    ExchangeFeed(
                        name,
                        seed=config.seed,
                        tick_s=tick_s,
                        step=listing.step(name),
                        path=courses[listing.symbol],
                        offset_ns=offset_ns,
                        clock=clock,
                        faults=faults,
                        symbol="" if listing is MAIN else listing.symbol,
                    ),
                    config.seed,
                )
                for listing in LISTINGS
            }
            for name, tick_s in _TICKS_S.items()
        }
        self._pairs = {symbol.replace("/", "").lower(): one for symbol, one in self.markets["bitstamp"].items()}
        self._products = {product_id(one): one for one in self.markets["coinbase"].values()}
        self._bitstamp = ExchangeSocket(self._pairs, Bitstamp, faults)

    def apps(self) -> dict[str, Starlette]:
        symbols = self.markets["kraken"]
        kraken = ExchangeSocket(symbols, Kraken, self._faults)
        coinbase = ExchangeSocket(self._products, Coinbase, self._faults)
        return {
            "kraken": exchange_app(kraken, "/v2", KrakenRest(symbols).routes()),
            "coinbase": exchange_app(coinbase, "/", CoinbaseRest(self._products).routes()),
            "bitstamp": exchange_app(self._bitstamp, "/", BitstampRest(self._pairs).routes()),
        }

    async def run(self) -> None:
        """Keep the tapes of all markets going."""
        while True:
            await asyncio.sleep(_PAUSE_S)
            self.advance()

    def advance(self) -> None:
        """Take in the newest trades, and start one tape more while there are any: each takes some milliseconds."""
        tapes = [market.tape for markets in self.markets.values() for market in markets.values()]
        waiting = [tape for tape in tapes if not tape.started]
        for tape in [*(tape for tape in tapes if tape.started), *waiting[:1]]:
            tape.advance()

    async def ask_to_reconnect(self) -> None:
        """Send every client of Bitstamp the wish that it reconnect."""
        await self._bitstamp.send_to_all(BITSTAMP_RECONNECT)
