"""Bitstamp, channel ``order_book_btceur``: the top 100 of the book at every change, best first.

Source of the shapes: bitstamp.net, WebSocket API v2 (the server may send ``bts:request_reconnect``), HTTP API ticker.
"""

from decimal import Decimal

import msgspec

from venue.reference.errors import MalformedTickError, ReconnectError
from venue.reference.feed import Feed, Prices, read

CHANNEL = "order_book_btceur"


class _Message(msgspec.Struct):
    event: str
    channel: str = ""
    data: msgspec.Raw = msgspec.Raw(b"{}")


class _Book(msgspec.Struct):
    bids: list[list[str]]
    asks: list[list[str]]


class _Rest(msgspec.Struct):
    bid: Decimal
    ask: Decimal


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

    @staticmethod
    def parse(raw: bytes) -> Prices | None:
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
        return _price(book.bids[0][0]), _price(book.asks[0][0])

    @staticmethod
    def parse_rest(raw: bytes) -> Prices:
        ticker = read(_REST, raw)
        return ticker.bid, ticker.ask


def _price(text: str) -> Decimal:
    return read(_PRICE, msgspec.json.encode(text))
