"""Coinbase Exchange, channel ``ticker``, BTC-EUR, and ``heartbeat`` once a second.

A ticker is sent with each trade, and a subscription repeats the last one: between trades the book may move unseen. So
a price is as old as its trade, unless a heartbeat shows by the book's number that nothing has changed since.
The channel ``status`` lists every product of the exchange at an interval, some hundreds of kilobytes each time; REST
"Get single product" says the same of one.
Source of the shapes: docs.cdp.coinbase.com, Exchange WebSocket channels, REST "Get product ticker" and "Get single
product".
"""

from decimal import Decimal

import msgspec

from venue.reference.errors import MalformedTickError, ReconnectError
from venue.reference.feed import Feed, read
from venue.reference.readings import BookAt, MarketStatus, Price, Reading
from venue.transport.bounds import optional_line
from venue.transport.timestamps import nanoseconds

PRODUCT = "BTC-EUR"


class _Message(msgspec.Struct):
    type: str
    message: str = ""
    reason: str = ""
    product_id: str = ""
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None
    sequence: object = None
    time: object = None


class _Rest(msgspec.Struct):
    bid: Decimal
    ask: Decimal
    time: object = None


class _Product(msgspec.Struct):
    id: str
    status: object = None
    trading_disabled: object = False
    cancel_only: object = False
    post_only: object = False
    auction_mode: object = False


_NOT_TRADING = ("trading_disabled", "cancel_only", "post_only", "auction_mode")
"""No order is matched under any of these."""


_MESSAGE = msgspec.json.Decoder(_Message)
_REST = msgspec.json.Decoder(_Rest)
_PRODUCT = msgspec.json.Decoder(_Product)


class Coinbase(Feed):
    source = "coinbase"
    default_url = "wss://ws-feed.exchange.coinbase.com"
    rest_origin = "https://api.exchange.coinbase.com"
    rest_path = f"/products/{PRODUCT}/ticker"
    status_path = f"/products/{PRODUCT}"
    subscription = msgspec.json.encode(
        {"type": "subscribe", "product_ids": [PRODUCT], "channels": ["ticker", "heartbeat"]}
    ).decode()

    @staticmethod
    def parse(raw: bytes) -> Reading | None:
        message = read(_MESSAGE, raw)
        if message.type == "error":
            raise ReconnectError(f"the exchange refused the subscription: {message.message} {message.reason}".rstrip())
        sequence = message.sequence if isinstance(message.sequence, int) else None
        if message.type == "heartbeat" and message.product_id == PRODUCT and sequence is not None:
            return BookAt(sequence, nanoseconds(message.time))
        if message.type != "ticker":
            return None
        if message.product_id != PRODUCT or message.best_bid is None or message.best_ask is None:
            raise MalformedTickError(f"the ticker has no prices of {PRODUCT}")
        return Price(message.best_bid, message.best_ask, nanoseconds(message.time), sequence)

    @staticmethod
    def parse_rest(raw: bytes) -> Price:
        ticker = read(_REST, raw)
        return Price(ticker.bid, ticker.ask, nanoseconds(ticker.time))

    @staticmethod
    def parse_status(raw: bytes) -> MarketStatus:
        product = read(_PRODUCT, raw)
        if product.id != PRODUCT:
            raise MalformedTickError(f"the product is not {PRODUCT}")
        held = [name for name in _NOT_TRADING if getattr(product, name) not in (False, None)]
        if product.status != "online":
            held.insert(0, optional_line(product.status) or "in an unknown state")
        return MarketStatus(", ".join(held))
