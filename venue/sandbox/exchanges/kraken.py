"""Kraken's websocket API v2: channels ``ticker``, ``book``, ``trade`` and ``ohlc``; prices are JSON numbers.

Each symbol of a subscription is answered on its own. Recorded refusals: of a symbol, and of a depth. Those of channels,
intervals and second subscriptions are the words of the API's version 1; version 2's are not published.
"""

from collections.abc import Callable, Iterable
from zlib import crc32

from venue.sandbox.base.fault_values import MarketState
from venue.sandbox.exchanges.dialect import MOST_NAMED, Message, number, section, shown, utc
from venue.sandbox.exchanges.markets.depth import Depth, Level, book_changes
from venue.sandbox.exchanges.markets.market import ExchangeMarket, Markets
from venue.sandbox.exchanges.markets.prices import Book
from venue.sandbox.exchanges.markets.tape import Candle, Trade
from venue.sandbox.wire.timestamps import format_timestamp

DEPTHS = (10, 25, 100, 500, 1000)
INTERVALS = (1, 5, 15, 30, 60, 240, 1440, 10_080, 21_600)
LOT_DECIMALS = 8
_SNAPSHOT_TRADES = 50
_SNAPSHOT_CANDLES = 60
_CHECKED_LEVELS = 10
NO_SUCH_PAIR = "Currency pair not supported"
NO_PAIR = "Currency pair not in ISO 4217-A3 format"
NO_SUCH_DEPTH = "Subscription depth not supported"

_Key = tuple[str, str, int]
"""Channel, symbol, and the depth or the interval."""


class Kraken:
    """One connection. ``markets`` are by symbol, ``BTC/EUR``."""

    heartbeat_s: float | None = 1.0

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        self._streams: dict[_Key, _Stream] = {}

    def status(self, state: MarketState, at_ns: int) -> Message | None:
        status = {"version": "2.0.0", "system": state, "api_version": "v2", "connection_id": at_ns // 1_000_000}
        return {"channel": "status", "type": "update", "data": [status]}

    def replies(self, message: Message) -> list[Message]:
        method = message.get("method")
        at = utc(next(iter(self._markets.values())).book().at_ns)
        given = message.get("req_id")
        echo: Message = {"req_id": given} if type(given) is int else {}
        times = {"time_in": at, "time_out": at}
        if method == "ping":
            return [{"method": "pong", **echo, **times}]

        def refusal(error: str, **of: object) -> Message:
            return {"error": error, "method": shown(method), **echo, "success": False, **of, **times}

        if method is None:
            return [refusal("Malformed request")]
        if method not in ("subscribe", "unsubscribe"):
            return [refusal("Event(s) not found")]
        params = section(message, "params")
        channel, symbols = params.get("channel"), params.get("symbol")
        if not isinstance(channel, str) or channel not in _STREAMS:
            return [refusal("Subscription name invalid")]
        if not isinstance(symbols, list) or len(symbols) > MOST_NAMED:
            return [refusal("Pair field must be an array")]
        if not symbols:
            return [refusal("Pair(s) not found")]
        size, wrong = _size(channel, params)
        if wrong:
            return [refusal(wrong)]
        answers: list[Message] = []
        for symbol in symbols:
            error = self._refused(symbol, (channel, str(symbol), size), subscribes=method == "subscribe")
            if error:
                answers.append(refusal(error, symbol=shown(symbol)))
                continue
            key = (channel, str(symbol), size)
            result: dict[str, object] = {"channel": channel, "symbol": symbol, **_named(channel, size)}
            first: list[Message] = []
            if method == "subscribe":
                wanted = params.get("snapshot") is not False
                stream = self._streams[key] = _STREAMS[channel](self._markets[str(symbol)], size)
                result |= {"snapshot": wanted}
                if channel == "ticker":
                    result |= {"event_trigger": shown(params.get("event_trigger", "trades"))}
                snapshot = stream.snapshot()
                first = [snapshot] if wanted else []
            else:
                del self._streams[key]
            answers += [{"method": method, "result": result, "success": True, **echo, **times}, *first]
        return answers

    def tick(self) -> list[Message]:
        updates = (stream.update() for stream in self._streams.values())
        return [update for update in updates if update is not None]

    def heartbeat(self, at_ns: int) -> list[Message]:
        return [{"channel": "heartbeat"}] if self._streams else []

    def _refused(self, symbol: object, key: _Key, *, subscribes: bool) -> str:
        if not isinstance(symbol, str) or "/" not in symbol:
            return f"{NO_PAIR} {shown(symbol)}"
        if symbol not in self._markets:
            return f"{NO_SUCH_PAIR} {shown(symbol)}"
        if subscribes and key in self._streams:
            return "Already subscribed"
        return "" if subscribes or key in self._streams else "Subscription Not Found"


def _size(channel: str, params: Message) -> tuple[int, str]:
    """Return the depth or the interval, and what is wrong with it."""
    if channel == "book":
        depth = params.get("depth", 10)
        if type(depth) is int and depth in DEPTHS:
            return depth, ""
        return 0, NO_SUCH_DEPTH
    if channel == "ohlc":
        interval = params.get("interval", 1)
        if type(interval) is int and interval in INTERVALS:
            return interval, ""
        return 0, "Subscription ohlc interval not supported"
    return 0, ""


def _named(channel: str, size: int) -> Message:
    return {"depth": size} if channel == "book" else {"interval": size} if channel == "ohlc" else {}


class _Stream:
    """One subscription to one symbol."""

    def __init__(self, market: ExchangeMarket, size: int) -> None:
        self.market = market
        self.size = size
        self.places = market.listing.decimals("kraken")

    def snapshot(self) -> Message:
        raise NotImplementedError

    def update(self) -> Message | None:
        raise NotImplementedError


class _TickerStream(_Stream):
    def snapshot(self) -> Message:
        return self._message("snapshot")

    def update(self) -> Message | None:
        return self._message("update")

    def _message(self, kind: str) -> Message:
        book = self.market.book()
        depth, day = self.market.depth(book, 1), self.market.tape.day()
        change = day.close - day.open
        data = {
            "symbol": self.market.listing.symbol,
            "bid": book.bid,
            "bid_qty": depth.bids[0].size,
            "ask": book.ask,
            "ask_qty": depth.asks[0].size,
            "last": day.close,
            "volume": day.volume,
            "vwap": day.vwap,
            "low": day.low,
            "high": day.high,
            "change": change,
            "change_pct": number(change / day.open * 100, 2),
        }
        if book.dated:
            data["timestamp"] = utc(book.at_ns)
        return {"channel": "ticker", "type": kind, "data": [data]}


class _BookStream(_Stream):
    def __init__(self, market: ExchangeMarket, size: int) -> None:
        super().__init__(market, size)
        self._sent = Depth(bids=(), asks=())

    def snapshot(self) -> Message:
        self._sent = self.market.depth(self.market.book(), self.size)
        return self._message("snapshot", self._sent.bids, self._sent.asks, None)

    def update(self) -> Message | None:
        book = self.market.book()
        now = self.market.depth(book, self.size)
        changed = book_changes(self._sent, now, beyond=False)
        self._sent = now
        return None if changed is None else self._message("update", changed.bids, changed.asks, book)

    def _message(self, kind: str, bids: Iterable[Level], asks: Iterable[Level], dated_by: Book | None) -> Message:
        data: dict[str, object] = {
            "symbol": self.market.listing.symbol,
            "bids": [self._level(level) for level in bids],
            "asks": [self._level(level) for level in asks],
            "checksum": checksum(self._sent, self.places),
        }
        if dated_by is not None and dated_by.dated:
            data["timestamp"] = utc(dated_by.at_ns)
        return {"channel": "book", "type": kind, "data": [data]}

    def _level(self, level: Level) -> Message:
        return {"price": number(level.price, self.places), "qty": number(level.size, LOT_DECIMALS)}


class _TradeStream(_Stream):
    def __init__(self, market: ExchangeMarket, size: int) -> None:
        super().__init__(market, size)
        self._number = 0

    def snapshot(self) -> Message:
        return self._message("snapshot", self.market.tape.trades(_SNAPSHOT_TRADES))

    def update(self) -> Message | None:
        newer = self.market.tape.since(self._number)
        return self._message("update", newer) if newer else None

    def _message(self, kind: str, trades: list[Trade]) -> Message:
        self._number = trades[-1].number
        return {"channel": "trade", "type": kind, "data": [self._trade(trade) for trade in trades]}

    def _trade(self, trade: Trade) -> Message:
        return {
            "symbol": self.market.listing.symbol,
            "side": "buy" if trade.taker_buys else "sell",
            "price": number(trade.price, self.places),
            "qty": number(trade.size, LOT_DECIMALS),
            "ord_type": "market",
            "trade_id": trade.number,
            "timestamp": utc(trade.at_ns + self.market.feed.skew_ns),
        }


class _CandleStream(_Stream):
    def __init__(self, market: ExchangeMarket, size: int) -> None:
        super().__init__(market, size)
        self._number = 0

    def snapshot(self) -> Message:
        return self._message("snapshot", self.market.tape.candles(self.size)[-_SNAPSHOT_CANDLES:])

    def update(self) -> Message | None:
        newest = self.market.tape.last()
        if newest.number == self._number:
            return None
        length_ns = self.size * 60 * 10**9
        since_ns = newest.at_ns // length_ns * length_ns
        return self._message("update", self.market.tape.candles(self.size, since_ns=since_ns)[-1:])

    def _message(self, kind: str, candles: list[Candle]) -> Message:
        self._number = self.market.tape.last().number
        at = f"{utc(self.market.feed.now_ns())[:-1]}000Z"
        return {"channel": "ohlc", "type": kind, "timestamp": at, "data": [self._candle(one) for one in candles]}

    def _candle(self, candle: Candle) -> Message:
        prices = {name: number(getattr(candle, name), self.places) for name in ("open", "high", "low", "close")}
        return {
            "symbol": self.market.listing.symbol,
            **prices,
            "trades": candle.trades,
            "volume": number(candle.volume, LOT_DECIMALS),
            "vwap": number(candle.vwap, self.places),
            "interval_begin": f"{format_timestamp(candle.start_ns)[:19]}.000000000Z",
            "interval": self.size,
            "timestamp": utc(candle.start_ns + self.size * 60 * 10**9),
        }


_STREAMS: dict[str, Callable[[ExchangeMarket, int], _Stream]] = {
    "ticker": _TickerStream,
    "book": _BookStream,
    "trade": _TradeStream,
    "ohlc": _CandleStream,
}


def checksum(depth: Depth, places: int) -> int:
    """Return the CRC32 of the ten best levels of each side: digits of price and size, asks first."""

    def digits(level: Level) -> str:
        parts = (f"{level.price:.{places}f}", f"{level.size:.{LOT_DECIMALS}f}")
        return "".join(part.replace(".", "").lstrip("0") for part in parts)

    best = (*depth.asks[:_CHECKED_LEVELS], *depth.bids[:_CHECKED_LEVELS])
    return crc32("".join(map(digits, best)).encode())
