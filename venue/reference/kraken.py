"""Kraken, websocket API v2, channel ``ticker`` on changes of the best bid and offer, BTC/EUR.

Every change is dated, so a price is as old as the newest change. Heartbeats come once a second while nothing else
does; they are not dated. ``status`` comes with each connection and with each change of the trading engine.
Source of the shapes: docs.kraken.com, Spot WebSocket v2 ``ticker``, ``heartbeat`` and ``status``, and REST ``Depth``:
unlike ``Ticker`` it dates its levels. Prices are JSON numbers in the stream and texts in REST; both are read as exact
decimals.
"""

from decimal import Decimal

import msgspec

from venue.protocol.units import NS_PER_S
from venue.reference.errors import MalformedTickError, ReconnectError
from venue.reference.feed import Feed, read
from venue.reference.readings import MarketStatus, Price, Reading, unix_ns
from venue.transport.bounds import optional_line
from venue.transport.errors import RefusedError
from venue.transport.jsonrpc import plain
from venue.transport.timestamps import nanoseconds

SYMBOL = "BTC/EUR"
TRADING = "online"
"""Any other status of the trading engine matches no orders."""


class _Message(msgspec.Struct):
    channel: str = ""
    method: str = ""
    success: bool = True
    error: str = ""
    data: msgspec.Raw = msgspec.Raw(b"[]")


class _Ticker(msgspec.Struct):
    symbol: str
    bid: Decimal
    ask: Decimal
    timestamp: object = None


class _System(msgspec.Struct):
    system: object = None


class _Level(msgspec.Struct, array_like=True):
    price: Decimal
    volume: object = None
    changed_s: object = None


class _Depth(msgspec.Struct):
    asks: list[_Level]
    bids: list[_Level]


class _Rest(msgspec.Struct):
    error: list[str] = []
    result: dict[str, _Depth] = {}


_MESSAGE = msgspec.json.Decoder(_Message)
_TICKERS = msgspec.json.Decoder(list[_Ticker])
_SYSTEMS = msgspec.json.Decoder(list[_System])
_REST = msgspec.json.Decoder(_Rest)


class Kraken(Feed):
    source = "kraken"
    default_url = "wss://ws.kraken.com/v2"
    rest_origin = "https://api.kraken.com"
    rest_path = "/0/public/Depth?pair=XBTEUR&count=1"
    subscription = msgspec.json.encode(
        {"method": "subscribe", "params": {"channel": "ticker", "symbol": [SYMBOL], "event_trigger": "bbo"}}
    ).decode()

    @staticmethod
    def parse(raw: bytes) -> Reading | None:
        message = read(_MESSAGE, raw)
        if not message.success:
            raise ReconnectError(f"the exchange refused the subscription: {message.error}")
        if message.channel == "status":
            return _status(message.data)
        if message.channel != "ticker":
            return None
        tickers = [ticker for ticker in read(_TICKERS, message.data) if ticker.symbol == SYMBOL]
        if not tickers:
            raise MalformedTickError(f"the ticker has no {SYMBOL}")
        newest = tickers[-1]
        return Price(newest.bid, newest.ask, nanoseconds(newest.timestamp))

    @staticmethod
    def parse_rest(raw: bytes) -> Price:
        answer = read(_REST, raw)
        if answer.error:
            raise RefusedError(plain("Kraken: " + "; ".join(answer.error)))
        if len(answer.result) != 1:
            raise MalformedTickError("unreadable message: it does not hold exactly one book")
        (depth,) = answer.result.values()
        if not (depth.asks and depth.bids):
            raise MalformedTickError("unreadable message: the book has an empty side")
        bid, ask = depth.bids[0], depth.asks[0]
        changed = [at for one in (bid, ask) if (at := unix_ns(one.changed_s, NS_PER_S)) is not None]
        return Price(bid.price, ask.price, max(changed) if len(changed) == 2 else None)


def _status(data: msgspec.Raw) -> MarketStatus | None:
    systems = read(_SYSTEMS, data)
    if not systems:
        return None
    said = systems[-1].system
    return MarketStatus("" if said == TRADING else optional_line(said) or "in an unknown state")
