"""What ccxt finds at the three exchanges by REST and by websocket, with nothing injected but addresses."""

import asyncio
import json
import os
import sys
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any
from urllib.parse import urlsplit

import ccxt.pro

WITHIN_S = 60
PAIR = "BTC/EUR"
SOCKETS = {
    "kraken": os.environ["REFERENCE_KRAKEN_WS_URL"],
    "coinbaseexchange": os.environ["REFERENCE_COINBASE_WS_URL"],
    "bitstamp": os.environ["REFERENCE_BITSTAMP_WS_URL"],
}


def pointed(name: str) -> Any:
    """Return the exchange with its addresses replaced by the sandbox's, their paths kept."""
    # The book of Coinbase is watched with keys, and any will do.
    keys = {"apiKey": "k", "secret": "c2VjcmV0", "password": "p"} if name == "coinbaseexchange" else {}
    exchange = getattr(ccxt.pro, name)({"enableRateLimit": False, **keys})
    host = urlsplit(SOCKETS[name]).netloc

    def moved(node: Any) -> Any:
        if isinstance(node, dict):
            return {key: moved(value) for key, value in node.items()}
        if not isinstance(node, str) or "://" not in node:
            return node
        parts = urlsplit(node.replace("{hostname}", "host"))
        scheme = "ws" if parts.scheme.startswith("ws") else "http"
        return f"{scheme}://{host}{parts.path}"

    exchange.urls["api"] = moved(exchange.urls["api"])
    return exchange


async def found_at(name: str) -> dict[str, object]:
    exchange = pointed(name)
    found: dict[str, object] = {}

    async def note(what: str, call: Callable[[], Awaitable[Any]], pick: Callable[[Any], object]) -> None:
        try:
            found[what] = pick(await asyncio.wait_for(call(), WITHIN_S))
        except (ccxt.BaseError, TimeoutError) as error:
            found[what] = f"{type(error).__name__}: {str(error)[:300]}"

    def top(book: Any) -> object:
        return [book["bids"][0][0], book["asks"][0][0], len(book["bids"])]

    def day(ticker: Any) -> object:
        return {key: ticker[key] for key in ("bid", "ask", "last", "high", "low", "baseVolume")}

    try:
        await note("markets", exchange.load_markets, lambda markets: PAIR in markets)
        await note("fetch_ticker", lambda: exchange.fetch_ticker(PAIR), day)
        await note("fetch_order_book", lambda: exchange.fetch_order_book(PAIR), top)
        await note("fetch_trades", lambda: exchange.fetch_trades(PAIR), len)
        await note("fetch_ohlcv", lambda: exchange.fetch_ohlcv(PAIR, "1m"), len)
        watched = (
            ("watch_ticker", "watchTicker", PAIR, day),
            ("watch_order_book", "watchOrderBook", PAIR, top),
            ("watch_trades", "watchTrades", PAIR, len),
            ("watch_bids_asks", "watchBidsAsks", [PAIR], sorted),
        )
        # All at once: the next trade may be half a minute away.
        await asyncio.gather(
            *(
                note(what, partial(getattr(exchange, what), given), pick)
                for what, has, given, pick in watched
                if exchange.has.get(has)
            )
        )
    finally:
        await exchange.close()
    return found


async def main() -> dict[str, object]:
    names = sys.argv[1:] or list(SOCKETS)
    return dict(zip(names, await asyncio.gather(*(found_at(name) for name in names)), strict=True))


sys.stdout.write(f"\n{json.dumps(asyncio.run(main()))}\n")
