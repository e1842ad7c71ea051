"""Kraken, websocket API v2, channel ``ticker`` on changes of the best bid and offer, BTC/EUR.

Source of the shapes: docs.kraken.com, Spot WebSocket v2 ``ticker``, and REST ``Ticker``. Prices are JSON numbers in
the stream and texts in REST; both are read as exact decimals.
"""

from decimal import Decimal

import msgspec

from venue.reference.errors import MalformedTickError, ReconnectError
from venue.reference.feed import Feed, Prices, read
from venue.transport.errors import RefusedError
from venue.transport.jsonrpc import plain

SYMBOL = "BTC/EUR"


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


class _RestTicker(msgspec.Struct):
    a: list[Decimal]
    b: list[Decimal]


class _Rest(msgspec.Struct):
    error: list[str] = []
    result: dict[str, _RestTicker] = {}


_MESSAGE = msgspec.json.Decoder(_Message)
_TICKERS = msgspec.json.Decoder(list[_Ticker])
_REST = msgspec.json.Decoder(_Rest)


class Kraken(Feed):
    source = "kraken"
    default_url = "wss://ws.kraken.com/v2"
    rest_origin = "https://api.kraken.com"
    rest_path = "/0/public/Ticker?pair=XBTEUR"
    subscription = msgspec.json.encode(
        {"method": "subscribe", "params": {"channel": "ticker", "symbol": [SYMBOL], "event_trigger": "bbo"}}
    ).decode()

    @staticmethod
    def parse(raw: bytes) -> Prices | None:
        message = read(_MESSAGE, raw)
        if not message.success:
            raise ReconnectError(f"the exchange refused the subscription: {message.error}")
        if message.channel != "ticker":
            return None
        tickers = [ticker for ticker in read(_TICKERS, message.data) if ticker.symbol == SYMBOL]
        if not tickers:
            raise MalformedTickError(f"the ticker has no {SYMBOL}")
        return tickers[-1].bid, tickers[-1].ask

    @staticmethod
    def parse_rest(raw: bytes) -> Prices:
        answer = read(_REST, raw)
        if answer.error:
            raise RefusedError(plain("Kraken: " + "; ".join(answer.error)))
        if len(answer.result) != 1:
            raise MalformedTickError("unreadable message: it does not hold exactly one ticker")
        (ticker,) = answer.result.values()
        if not (ticker.a and ticker.b):
            raise MalformedTickError("unreadable message: the ticker has no prices")
        return ticker.b[0], ticker.a[0]
