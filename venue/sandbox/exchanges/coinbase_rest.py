"""Coinbase Exchange's public REST; errors are a ``message`` with HTTP 400 or 404."""

from collections.abc import Callable

from venue.protocol.units import NS_PER_S
from venue.sandbox.base.seeding import derive_uuid
from venue.sandbox.exchanges.dialect import number, utc
from venue.sandbox.exchanges.markets.market import ExchangeMarket, Markets
from venue.sandbox.exchanges.markets.tape import KEPT_TRADES, Candle
from venue.sandbox.exchanges.rest import Asked, RestAnswer, Routes
from venue.sandbox.wire.timestamps import parse_timestamp

GRANULARITIES = (60, 300, 900, 3_600, 21_600, 86_400)
_MOST_CANDLES = 300
_DEEPEST = 500
_NOT_FOUND = RestAnswer(body={"message": "NotFound"}, status=404)
_CURRENCIES = {
    "BTC": ("Bitcoin", "crypto", "0.00000001"),
    "ETH": ("Ether", "crypto", "0.00000001"),
    "EUR": ("Euro", "fiat", "0.01"),
    "USD": ("United States Dollar", "fiat", "0.01"),
}
_LONGEST_TIME = 40


class CoinbaseRest:
    """``markets`` are by product."""

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        self._main = next(iter(markets.values()))

    def routes(self) -> Routes:
        return {
            "/time": self._time,
            "/currencies": lambda _: RestAnswer(body=currencies()),
            "/currencies/{id}": self._currency,
            "/products": lambda _: RestAnswer(body=[product(one) for one in self._markets.values()]),
            "/products/spark-lines": self._spark_lines,
            "/products/{id}": self._of_product(lambda market, _: RestAnswer(body=product(market))),
            "/products/{id}/ticker": self._of_product(_ticker),
            "/products/{id}/stats": self._of_product(_stats),
            "/products/{id}/book": self._of_product(_book),
            "/products/{id}/trades": self._of_product(_trades),
            "/products/{id}/candles": self._of_product(_candles),
        }

    def _time(self, _: Asked) -> RestAnswer:
        at_ns = self._main.feed.now_ns()
        return RestAnswer(body={"iso": f"{utc(at_ns)[:-4]}Z", "epoch": round(at_ns / NS_PER_S, 3)})

    def _currency(self, asked: Asked) -> RestAnswer:
        found = [one for one in currencies() if one["id"] == asked.path["id"]]
        return RestAnswer(body=found[0]) if found else _NOT_FOUND

    def _spark_lines(self, _: Asked) -> RestAnswer:
        hourly = {name: market.tape.candles(60)[::-1] for name, market in self._markets.items()}
        return RestAnswer(
            body={
                name: [_row(candle, self._markets[name].listing.fine) for candle in candles]
                for name, candles in hourly.items()
            }
        )

    def _of_product(self, give: Callable[[ExchangeMarket, Asked], RestAnswer]) -> Callable[[Asked], RestAnswer]:
        def answer(asked: Asked) -> RestAnswer:
            market = self._markets.get(asked.path["id"])
            return _NOT_FOUND if market is None else give(market, asked)

        return answer


def product_id(market: ExchangeMarket) -> str:
    return f"{market.listing.base}-{market.listing.quote}"


def product(market: ExchangeMarket) -> dict[str, object]:
    """Return what ``GET /products/<id>`` answers, with the state that a fault gives the market."""
    state = market.feed.status
    flags = {name: state == name for name in ("trading_disabled", "cancel_only", "post_only", "auction_mode")}
    return {
        "id": product_id(market),
        "base_currency": market.listing.base,
        "quote_currency": market.listing.quote,
        "quote_increment": str(market.feed.step),
        "base_increment": "0.00000001",
        "display_name": product_id(market),
        "min_market_funds": "0.84",
        "margin_enabled": False,
        "limit_only": False,
        "status": "online" if state == "online" or state in flags else state,
        "status_message": "",
        **flags,
    }


def currencies() -> list[dict[str, object]]:
    return [
        {
            "id": name,
            "name": words,
            "min_size": smallest,
            "status": "online",
            "message": "",
            "max_precision": smallest,
            "convertible_to": [],
            "details": {"type": kind},
            "default_network": "",
            "supported_networks": [],
            "display_name": words,
        }
        for name, (words, kind, smallest) in _CURRENCIES.items()
    ]


def _ticker(market: ExchangeMarket, _: Asked) -> RestAnswer:
    book, last = market.book(), market.tape.last()
    return RestAnswer(
        body={
            "ask": str(book.ask),
            "bid": str(book.bid),
            "volume": str(market.tape.day().volume),
            "trade_id": last.number,
            "price": str(last.price),
            "size": str(last.size),
            **({"time": utc(book.at_ns)} if book.dated else {}),
        }
    )


def _stats(market: ExchangeMarket, _: Asked) -> RestAnswer:
    day = market.tape.day()
    return RestAnswer(
        body={
            "open": str(day.open),
            "high": str(day.high),
            "low": str(day.low),
            "last": str(day.close),
            "volume": str(day.volume),
            "volume_30day": str(day.volume * 30),
        }
    )


def _book(market: ExchangeMarket, asked: Asked) -> RestAnswer:
    level = asked.query.get("level", "1")
    if level not in ("1", "2", "3"):
        return RestAnswer(body={"message": "Invalid level"}, status=400)
    book = market.book()
    depth = market.depth(book, 1 if level == "1" else _DEEPEST)
    one = product_id(market)
    return RestAnswer(
        body={
            **{
                side: [
                    [str(row.price), str(row.size), derive_uuid("order", one, row.price) if level == "3" else 1]
                    for row in levels
                ]
                for side, levels in (("bids", depth.bids), ("asks", depth.asks))
            },
            "sequence": book.sequence,
            "auction_mode": False,
            "auction": None,
            **({"time": utc(book.at_ns)} if book.dated else {}),
        }
    )


def _trades(market: ExchangeMarket, asked: Asked) -> RestAnswer:
    limit = asked.whole("limit", least=1, most=KEPT_TRADES, usual=KEPT_TRADES)
    newer = asked.whole("before", least=0, most=2**63, usual=0)
    older = asked.whole("after", least=0, most=2**63, usual=2**63)
    if limit is None or newer is None or older is None:
        return RestAnswer(body={"message": "Invalid pagination"}, status=400)
    trades = [trade for trade in market.tape.trades() if newer < trade.number < older]
    return RestAnswer(
        body=[
            {
                "time": utc(trade.at_ns + market.feed.skew_ns),
                "trade_id": trade.number,
                "price": str(trade.price),
                "size": str(trade.size),
                # The maker's side.
                "side": "sell" if trade.taker_buys else "buy",
            }
            for trade in trades[::-1][:limit]
        ]
    )


def _candles(market: ExchangeMarket, asked: Asked) -> RestAnswer:
    granularity = asked.whole("granularity", least=0, most=10**9, usual=60)
    if granularity not in GRANULARITIES:
        return RestAnswer(body={"message": "Unsupported granularity"}, status=400)
    try:
        start_ns, end_ns = (_time_ns(asked.query.get(name)) for name in ("start", "end"))
    except ValueError:
        return RestAnswer(body={"message": "Invalid time"}, status=400)
    if start_ns is not None and end_ns is not None and end_ns - start_ns > _MOST_CANDLES * granularity * NS_PER_S:
        return RestAnswer(
            body={
                "message": "granularity too small for the requested time range. "
                "Count of aggregations requested exceeds 300"
            },
            status=400,
        )
    candles = [
        candle
        for candle in market.tape.candles(granularity // 60)
        if (start_ns is None or candle.start_ns >= start_ns) and (end_ns is None or candle.start_ns <= end_ns)
    ]
    return RestAnswer(body=[_row(candle, market.listing.fine) for candle in candles[::-1][:_MOST_CANDLES]])


def _row(candle: Candle, places: int) -> list[object]:
    prices = (candle.low, candle.high, candle.open, candle.close)
    return [candle.start_ns // NS_PER_S, *(number(price, places) for price in prices), number(candle.volume, 8)]


def _time_ns(given: str | None) -> int | None:
    """Return the time of the query, seconds or ISO 8601; ValueError for neither."""
    if given is None:
        return None
    if len(given) > _LONGEST_TIME:
        raise ValueError("too long for a time")
    return int(given) * NS_PER_S if given.isascii() and given.isdigit() else parse_timestamp(given)
