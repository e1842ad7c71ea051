"""Bitstamp, channel ``order_book_btceur``: the top 100 of the book at every change, best first and dated.

The server sends nothing while the book stands still, so the client asks for a heartbeat. A market that does not trade
has a book that stands still, and its price grows old.
Source of the shapes: bitstamp.net, WebSocket API v2 (the server may send ``bts:request_reconnect``), HTTP API ticker,
which is dated in whole seconds.
"""

from decimal import Decimal

import msgspec

from venue.protocol.units import NS_PER_S
from venue.reference.errors import MalformedTickError, ReconnectError
from venue.reference.feed import Feed, read
from venue.reference.readings import Price, Reading, unix_ns

CHANNEL = "order_book_btceur"


class _Message(msgspec.Struct):
    event: str
    channel: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Book(msgspec.Struct):
    bids: list[list[str]]
    asks: list[list[str]]
    microtimestamp: object = None


class _Rest(msgspec.Struct):
    bid: Decimal
    ask: Decimal
    timestamp: object = None


_MESSAGE = msgspec.json.Decoder(_Message)
_BOOK = msgspec.json.Decoder(_Book)
_PRICE = msgspec.json.Decoder(Decimal)
_REST = msgspec.json.Decoder(_Rest)


class Bitstamp(Feed):
    source = "bitstamp"
    default_url = "wss://ws.bitstamp.net"
    rest_origin = "https://www.bitstamp.net"
    rest_path = "/api/v2/ticker/btceur/"
    subscription = msgspec.json.encode({"event": "bts:subscribe", "data": {"channel": CHANNEL}}).decode()
    beat = msgspec.json.encode({"event": "bts:heartbeat"}).decode()

    @staticmethod
    def parse(raw: bytes) -> Reading | None:
        message = read(_MESSAGE, raw)
        if message.event == "bts:request_reconnect":
            raise ReconnectError("the exchange asked for a new connection")
        if message.event == "bts:error":
            raise ReconnectError(
                f"the exchange refused the subscription: {bytes(message.data).decode(errors='replace')}"
            )
        if message.event != "data" or message.channel != CHANNEL:
            return None
        book = read(_BOOK, message.data)
        if not (book.bids and book.asks and book.bids[0] and book.asks[0]):
            raise MalformedTickError("the order book has an empty side")
        return Price(_price(book.bids[0][0]), _price(book.asks[0][0]), unix_ns(book.microtimestamp, 1_000))

    @staticmethod
    def parse_rest(raw: bytes) -> Price:
        ticker = read(_REST, raw)
        return Price(ticker.bid, ticker.ask, unix_ns(ticker.timestamp, NS_PER_S))


def _price(text: str) -> Decimal:
    return read(_PRICE, msgspec.json.encode(text))
