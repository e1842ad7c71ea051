"""Kraken's public REST, ``/0/public``: errors come with HTTP 200, in a list.

One unknown pair refuses the whole list, as the real exchange does. Pairs are answered under the name of their id, those
asked by a name with a slash under that name.
"""

from email.utils import formatdate

from venue.protocol.units import NS_PER_S
from venue.sandbox.exchanges.dialect import MOST_NAMED
from venue.sandbox.exchanges.kraken import INTERVALS, LOT_DECIMALS
from venue.sandbox.exchanges.markets.market import ExchangeMarket, Markets
from venue.sandbox.exchanges.markets.tape import KEPT_TRADES
from venue.sandbox.exchanges.rest import Asked, RestAnswer, Routes
from venue.sandbox.wire.timestamps import format_timestamp

UNKNOWN_PAIR = "EQuery:Unknown asset pair"
UNKNOWN_ASSET = "EQuery:Unknown asset"
_WRONG = "EGeneral:Invalid arguments"
_MOST_LEVELS = 500
_MOST_CANDLES = 720
_ASSETS = {
    "BTC": ("XXBT", "XBT", 10, 5),
    "ETH": ("XETH", "ETH", 10, 5),
    "EUR": ("ZEUR", "EUR", 4, 2),
    "USD": ("ZUSD", "USD", 4, 2),
}
"""By usual name: id, other name, decimals, decimals shown."""
_TAKER_FEES = [[0, 0.4], [10_000, 0.35], [50_000, 0.24]]
_MAKER_FEES = [[0, 0.25], [10_000, 0.2], [50_000, 0.14]]


class KrakenRest:
    def __init__(self, markets: Markets) -> None:
        self._markets = {_id(market): market for market in markets.values()}
        self._names = {name: key for key, market in self._markets.items() for name in _names(market)}
        self._main = next(iter(self._markets.values()))

    def routes(self) -> Routes:
        return {
            "/0/public/Time": self._time,
            "/0/public/SystemStatus": self._system_status,
            "/0/public/Assets": self._assets,
            "/0/public/AssetPairs": self._asset_pairs,
            "/0/public/Ticker": self._ticker,
            "/0/public/Depth": self._depth,
            "/0/public/Trades": self._trades,
            "/0/public/OHLC": self._ohlc,
        }

    def _time(self, _: Asked) -> RestAnswer:
        seconds = self._main.feed.now_ns() // NS_PER_S
        return _done({"unixtime": seconds, "rfc1123": formatdate(seconds, usegmt=True)})

    def _system_status(self, _: Asked) -> RestAnswer:
        at_ns = self._main.feed.now_ns()
        return _done({"status": self._main.feed.status, "timestamp": f"{format_timestamp(at_ns)[:19]}Z"})

    def _assets(self, asked: Asked) -> RestAnswer:
        wanted = asked.query.get("asset")
        ids = {name: key for key, other, *_ in _ASSETS.values() for name in (key, other)}
        if wanted is None:
            names = [key for key, *_ in _ASSETS.values()]
        else:
            names = wanted.split(",")[: MOST_NAMED + 1]
            if len(names) > MOST_NAMED or any(name not in ids for name in names):
                return _failed(UNKNOWN_ASSET)
        rows = {key: (other, decimals, few) for key, other, decimals, few in _ASSETS.values()}
        return _done(
            {
                ids[name]: {
                    "aclass": "currency",
                    "altname": rows[ids[name]][0],
                    "decimals": rows[ids[name]][1],
                    "display_decimals": rows[ids[name]][2],
                    "status": "enabled",
                }
                for name in names
            }
        )

    def _asset_pairs(self, asked: Asked) -> RestAnswer:
        pairs = self._pairs(asked)
        return _failed(UNKNOWN_PAIR) if pairs is None else _done({name: _pair(one) for name, one in pairs.items()})

    def _ticker(self, asked: Asked) -> RestAnswer:
        pairs = self._pairs(asked)
        return _failed(UNKNOWN_PAIR) if pairs is None else _done({name: _ticker(one) for name, one in pairs.items()})

    def _depth(self, asked: Asked) -> RestAnswer:
        found = self._one(asked)
        if isinstance(found, str):
            return _failed(found)
        count = asked.whole("count", least=1, most=_MOST_LEVELS, usual=100)
        if count is None:
            return _failed(f"{_WRONG}:count")
        name, market = found
        book = market.book()
        depth = market.depth(book, count)
        dated = [book.at_ns // NS_PER_S] if book.dated else []
        sides = {
            side: [[f"{level.price:.5f}", f"{level.size:.3f}", *dated] for level in levels]
            for side, levels in (("asks", depth.asks), ("bids", depth.bids))
        }
        return _done({name: sides})

    def _trades(self, asked: Asked) -> RestAnswer:
        found = self._one(asked)
        if isinstance(found, str):
            return _failed(found)
        count = asked.whole("count", least=1, most=KEPT_TRADES, usual=KEPT_TRADES)
        since = asked.whole("since", least=0, most=2**63, usual=0)
        if count is None or since is None:
            return _failed(f"{_WRONG}:{'count' if count is None else 'since'}")
        # The time is in seconds or, as ``last`` gives it, in nanoseconds.
        since_ns = since if since > 10**15 else since * NS_PER_S
        name, market = found
        skew_ns = market.feed.skew_ns
        trades = [trade for trade in market.tape.trades() if trade.at_ns + skew_ns > since_ns]
        trades = trades[:count] if since_ns else trades[-count:]
        rows = [
            [
                f"{trade.price:.5f}",
                str(trade.size),
                round((trade.at_ns + skew_ns) / NS_PER_S, 7),
                "b" if trade.taker_buys else "s",
                "m",
                "",
                trade.number,
            ]
            for trade in trades
        ]
        last = trades[-1].at_ns + skew_ns if trades else since_ns
        return _done({name: rows, "last": str(last)})

    def _ohlc(self, asked: Asked) -> RestAnswer:
        found = self._one(asked)
        if isinstance(found, str):
            return _failed(found)
        interval = asked.whole("interval", least=0, most=10**6, usual=1)
        since = asked.whole("since", least=0, most=2**63, usual=0)
        if since is None or interval not in INTERVALS:
            return _failed(f"{_WRONG}:{'since' if since is None else 'interval'}")
        name, market = found
        candles = market.tape.candles(interval)[-_MOST_CANDLES:]
        rows = [
            [
                candle.start_ns // NS_PER_S,
                *(str(price) for price in (candle.open, candle.high, candle.low, candle.close, candle.vwap)),
                f"{candle.volume:.{LOT_DECIMALS}f}",
                candle.trades,
            ]
            for candle in candles
            if candle.start_ns // NS_PER_S > since
        ]
        closed = candles[-2] if len(candles) > 1 else candles[-1]
        return _done({name: rows, "last": closed.start_ns // NS_PER_S})

    def _pairs(self, asked: Asked) -> dict[str, ExchangeMarket] | None:
        """Return the pairs asked for, all when none is named, by the names to answer under; None for an unknown one."""
        given = asked.query.get("pair")
        if given is None:
            return dict(self._markets)
        names = given.split(",")
        if len(names) > MOST_NAMED or any(name not in self._names for name in names):
            return None
        return {name if "/" in name else self._names[name]: self._markets[self._names[name]] for name in names}

    def _one(self, asked: Asked) -> tuple[str, ExchangeMarket] | str:
        """Return the pair asked for with the name to answer under, or the error."""
        if "pair" not in asked.query:
            return _WRONG
        pairs = self._pairs(asked)
        if pairs is None or len(pairs) != 1:
            return UNKNOWN_PAIR
        return next(iter(pairs.items()))


def _id(market: ExchangeMarket) -> str:
    return _ASSETS[market.listing.base][0] + _ASSETS[market.listing.quote][0]


def _names(market: ExchangeMarket) -> tuple[str, ...]:
    base, quote = _ASSETS[market.listing.base][1], _ASSETS[market.listing.quote][1]
    listing = market.listing
    return (_id(market), base + quote, f"{base}/{quote}", listing.symbol, listing.base + listing.quote)


def _pair(market: ExchangeMarket) -> dict[str, object]:
    base, quote = (_ASSETS[name] for name in (market.listing.base, market.listing.quote))
    return {
        "altname": base[1] + quote[1],
        "wsname": f"{base[1]}/{quote[1]}",
        "aclass_base": "currency",
        "base": base[0],
        "aclass_quote": "currency",
        "quote": quote[0],
        "lot": "unit",
        "cost_decimals": 5,
        "pair_decimals": market.listing.decimals("kraken"),
        "lot_decimals": LOT_DECIMALS,
        "lot_multiplier": 1,
        "leverage_buy": [],
        "leverage_sell": [],
        "fees": _TAKER_FEES,
        "fees_maker": _MAKER_FEES,
        "fee_volume_currency": "ZUSD",
        "margin_call": 80,
        "margin_stop": 40,
        "ordermin": "0.00005",
        "costmin": "0.5",
        "tick_size": str(market.feed.step),
        "status": market.feed.status,
    }


def _ticker(market: ExchangeMarket) -> dict[str, object]:
    """Return the figures of today, since midnight UTC, and of the last 24 hours."""
    book = market.book()
    depth, last = market.depth(book, 1), market.tape.last()
    today, day = market.tape.today(), market.tape.day()
    bid, ask = depth.bids[0], depth.asks[0]
    return {
        "a": [f"{ask.price:.5f}", str(max(1, round(ask.size))), f"{ask.size:.3f}"],
        "b": [f"{bid.price:.5f}", str(max(1, round(bid.size))), f"{bid.size:.3f}"],
        "c": [f"{last.price:.5f}", str(last.size)],
        "v": [f"{part.volume:.{LOT_DECIMALS}f}" for part in (today, day)],
        "p": [f"{part.vwap:.5f}" for part in (today, day)],
        "t": [part.trades for part in (today, day)],
        "l": [f"{part.low:.5f}" for part in (today, day)],
        "h": [f"{part.high:.5f}" for part in (today, day)],
        "o": f"{today.open:.5f}",
    }


def _done(result: object) -> RestAnswer:
    return RestAnswer(body={"error": [], "result": result})


def _failed(error: str) -> RestAnswer:
    return RestAnswer(body={"error": [error]})
