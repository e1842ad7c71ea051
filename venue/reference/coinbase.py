"""Coinbase Exchange, channel ``ticker``, BTC-EUR, and ``heartbeat`` to tell a quiet market from a lost connection.

Source of the shapes: docs.cdp.coinbase.com, Exchange WebSocket channels, and REST "Get product ticker".
"""

from decimal import Decimal

import msgspec

from venue.reference.errors import MalformedTickError, ReconnectError
from venue.reference.feed import Feed, Prices, read

PRODUCT = "BTC-EUR"


class _Message(msgspec.Struct):
    type: str
    message: str = ""
    reason: str = ""
    product_id: str = ""
    best_bid: Decimal | None = None
    best_ask: Decimal | None = None


class _Rest(msgspec.Struct):
    bid: Decimal
    ask: Decimal


_MESSAGE = msgspec.json.Decoder(_Message)
_REST = msgspec.json.Decoder(_Rest)


class Coinbase(Feed):
    source = "coinbase"
    default_url = "wss://ws-feed.exchange.coinbase.com"
    rest_origin = "https://api.exchange.coinbase.com"
    rest_path = f"/products/{PRODUCT}/ticker"
    subscription = msgspec.json.encode(
        {"type": "subscribe", "product_ids": [PRODUCT], "channels": ["ticker", "heartbeat"]}
    ).decode()

    @staticmethod
    def parse(raw: bytes) -> Prices | None:
        message = read(_MESSAGE, raw)
        if message.type == "error":
            raise ReconnectError(f"the exchange refused the subscription: {message.message} {message.reason}".rstrip())
        if message.type != "ticker":
            return None
        if message.product_id != PRODUCT or message.best_bid is None or message.best_ask is None:
            raise MalformedTickError(f"the ticker has no prices of {PRODUCT}")
        return message.best_bid, message.best_ask

    @staticmethod
    def parse_rest(raw: bytes) -> Prices:
        ticker = read(_REST, raw)
        return ticker.bid, ticker.ask
