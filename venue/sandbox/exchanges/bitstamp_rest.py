"""Bitstamp's public REST, ``/api/v2``.

An unknown pair is HTTP 404; with which body is not published.
"""

from collections.abc import Callable
from decimal import Decimal

from venue.protocol.units import NS_PER_S
from venue.sandbox.exchanges.bitstamp import dated, pairs
from venue.sandbox.exchanges.markets.market import ExchangeMarket, Markets
from venue.sandbox.exchanges.rest import Asked, RestAnswer, Routes

STEPS = (60, 180, 300, 900, 1_800, 3_600, 7_200, 14_400, 21_600, 43_200, 86_400, 259_200)
_PERIODS_S = {"minute": 60, "hour": 3_600, "day": 86_400}
_MOST_CANDLES = 1_000
_LEVELS = 500
_NAMES = {"BTC": "Bitcoin", "ETH": "Ether", "EUR": "Euro", "USD": "U.S. dollar"}
_NOT_FOUND = RestAnswer(body={"status": "error", "reason": "Not found", "code": "404.001"}, status=404)


class BitstampRest:
    """``markets`` are by pair."""

    def __init__(self, markets: Markets) -> None:
        self._markets = markets

    def routes(self) -> Routes:
        every = self._markets.values()
        markets = [_market(pair, one) for pair, one in self._markets.items()]
        return {
            "/api/v2/markets/": lambda _: RestAnswer(body=markets),
            "/api/v2/trading-pairs-info/": lambda _: RestAnswer(
                body=[_info(pair, one) for pair, one in self._markets.items()]
            ),
            "/api/v2/currencies/": lambda _: RestAnswer(body=_currencies()),
            "/api/v2/ticker/": lambda _: RestAnswer(
                body=[_ticker(one) | {"pair": one.listing.symbol} for one in every]
            ),
            "/api/v2/ticker/{pair}/": self._of_pair(lambda market, _: RestAnswer(body=_ticker(market))),
            "/api/v2/ticker_hour/{pair}/": self._of_pair(lambda market, _: RestAnswer(body=_ticker(market))),
            "/api/v2/order_book/{pair}/": self._of_pair(_order_book),
            "/api/v2/transactions/{pair}/": self._of_pair(_transactions),
            "/api/v2/ohlc/{pair}/": self._of_pair(_ohlc),
        }

    def _of_pair(self, give: Callable[[ExchangeMarket, Asked], RestAnswer]) -> Callable[[Asked], RestAnswer]:
        def answer(asked: Asked) -> RestAnswer:
            market = self._markets.get(asked.path["pair"])
            return _NOT_FOUND if market is None else give(market, asked)

        return answer


def _market(pair: str, market: ExchangeMarket) -> dict[str, object]:
    listing = market.listing
    return {
        "name": listing.symbol,
        "market_symbol": pair,
        "base_currency": listing.base,
        "base_decimals": 8,
        "counter_currency": listing.quote,
        "counter_decimals": listing.fine,
        "minimum_order_value": "10",
        "trading": "Enabled",
        "instant_order_counter_decimals": 2,
        "instant_and_market_orders": "Enabled",
        "description": f"{_NAMES[listing.base]} / {_NAMES[listing.quote]}",
        "market_type": "SPOT",
    }


def _info(pair: str, market: ExchangeMarket) -> dict[str, object]:
    """Return a row of the older list of markets."""
    row = _market(pair, market)
    same = ("name", "base_decimals", "counter_decimals", "trading", "instant_and_market_orders", "description")
    minimum = f"10.0 {market.listing.quote}"
    return {name: row[name] for name in same} | {"url_symbol": pair, "minimum_order": minimum}


def _currencies() -> list[dict[str, object]]:
    return [
        {
            "name": words,
            "currency": name,
            "type": "fiat" if name in ("EUR", "USD") else "crypto",
            "symbol": name,
            "decimals": 2 if name in ("EUR", "USD") else 8,
            "logo": "",
            "available_supply": "0.00",
            "deposit": "Enabled",
            "withdrawal": "Enabled",
            "networks": [],
        }
        for name, words in _NAMES.items()
    ]


def _ticker(market: ExchangeMarket, *, named: bool = False) -> dict[str, object]:
    book, last = market.book(), market.tape.last()
    day, today = market.tape.day(), market.tape.today()
    percent = ((day.close - day.open) / day.open * 100).quantize(Decimal("0.01"))
    return {
        **({"timestamp": str(book.at_ns // NS_PER_S)} if book.dated else {}),
        "open": str(today.open),
        "high": str(day.high),
        "low": str(day.low),
        "last": str(last.price),
        "volume": str(day.volume),
        "vwap": str(day.vwap),
        "bid": str(book.bid),
        "ask": str(book.ask),
        "side": "0" if last.taker_buys else "1",
        "open_24": str(day.open),
        "percent_change_24": str(percent),
        **({"pair": market.listing.symbol} if named else {}),
    }


def _order_book(market: ExchangeMarket, _: Asked) -> RestAnswer:
    book = market.book()
    depth = market.depth(book, _LEVELS)
    return RestAnswer(body={**dated(book), "bids": pairs(depth.bids), "asks": pairs(depth.asks)})


def _transactions(market: ExchangeMarket, asked: Asked) -> RestAnswer:
    period_s = _PERIODS_S.get(asked.query.get("time", "hour"))
    if period_s is None:
        return RestAnswer(body={"status": "error", "reason": "Invalid time.", "code": "400.001"}, status=400)
    since_ns, skew_ns = market.feed.clock() - period_s * NS_PER_S, market.feed.skew_ns
    return RestAnswer(
        body=[
            {
                "date": str((trade.at_ns + skew_ns) // NS_PER_S),
                "tid": str(trade.number),
                "amount": f"{trade.size:.8f}",
                "type": "0" if trade.taker_buys else "1",
                "price": str(trade.price),
            }
            for trade in market.tape.trades()[::-1]
            if trade.at_ns >= since_ns
        ]
    )


def _ohlc(market: ExchangeMarket, asked: Asked) -> RestAnswer:
    step = asked.whole("step", least=0, most=10**9, usual=0)
    limit = asked.whole("limit", least=1, most=_MOST_CANDLES, usual=_MOST_CANDLES)
    start, end = (asked.whole(name, least=0, most=2**40, usual=usual) for name, usual in (("start", 0), ("end", 2**40)))
    if step not in STEPS or limit is None or start is None or end is None:
        named = {"step": step if step in STEPS else None, "limit": limit, "start": start, "end": end}
        errors = [{"field": name, "message": "Invalid"} for name, value in named.items() if value is None]
        return RestAnswer(body={"code": "400.002", "errors": errors}, status=400)
    candles = [one for one in market.tape.candles(step // 60) if start <= one.start_ns // NS_PER_S <= end]
    # A start without an end: the oldest of them; else the newest.
    kept = candles[:limit] if "start" in asked.query and "end" not in asked.query else candles[-limit:]
    rows = [
        {
            "timestamp": str(one.start_ns // NS_PER_S),
            **{name: str(getattr(one, name)) for name in ("open", "high", "low", "close")},
            "volume": f"{one.volume:.8f}",
        }
        for one in kept
    ]
    return RestAnswer(body={"data": {"pair": market.listing.symbol, "ohlc": rows}})
