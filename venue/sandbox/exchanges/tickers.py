"""Public market data of Kraken v2, Coinbase Exchange and Bitstamp, in the shapes of their documentation."""

from collections.abc import Mapping
from decimal import Decimal
from typing import Protocol

import msgspec

from venue.sandbox.base.fault_values import MarketState
from venue.sandbox.exchanges.prices import Book
from venue.sandbox.wire.timestamps import format_timestamp

Message = Mapping[str, object]


class Dialect(Protocol):
    """One exchange's protocol on one connection."""

    heartbeat_s: float | None

    def replies(self, message: Message, book: Book) -> list[Message]:
        """Return the answers to a client's message, which may start or end the subscription."""
        ...

    def tick(self, book: Book) -> Message | None:
        """Return the update to send, None without a subscription."""
        ...

    def heartbeat(self, at_ns: int) -> Message | None:
        """Return a heartbeat, None without a subscription."""
        ...

    def status(self, state: MarketState, at_ns: int) -> Message | None:
        """Return what the stream says of the market, None when it says nothing of that."""
        ...


def utc(at_ns: int) -> str:
    """Format as RFC 3339 with microseconds, as the exchanges do."""
    return f"{format_timestamp(at_ns)[:19]}.{at_ns % 1_000_000_000 // 1_000:06d}Z"


def _section(message: Message, name: str) -> Message:
    found = message.get(name)
    return found if isinstance(found, Mapping) else {}


class Kraken:
    """Websocket API v2, channel ``ticker``, symbol ``BTC/EUR``; prices are JSON numbers."""

    heartbeat_s: float | None = 1.0

    def __init__(self) -> None:
        self._subscribed = False

    def status(self, state: MarketState, at_ns: int) -> Message | None:
        status = {"version": "2.0.0", "system": state, "api_version": "v2", "connection_id": at_ns // 1_000_000}
        return {"channel": "status", "type": "update", "data": [status]}

    def replies(self, message: Message, book: Book) -> list[Message]:
        method = message.get("method")
        base = {name: message[name] for name in ("req_id",) if name in message}
        times = {"time_in": utc(book.at_ns), "time_out": utc(book.at_ns)}
        if method == "ping":
            return [{"method": "pong", **base, **times}]
        params = _section(message, "params")
        symbols = params.get("symbol")
        if method not in ("subscribe", "unsubscribe") or params.get("channel") != "ticker" or symbols != ["BTC/EUR"]:
            failed = {"method": str(method), **base, "success": False, "error": "Currency pair not supported", **times}
            return [failed]
        self._subscribed = method == "subscribe"
        result: dict[str, object] = {"channel": "ticker", "symbol": "BTC/EUR"}
        if self._subscribed:
            result |= {"snapshot": True, "event_trigger": params.get("event_trigger", "trades")}
        answer: Message = {"method": method, "result": result, "success": True, **base, **times}
        return [answer, self._ticker(book, "snapshot")] if self._subscribed else [answer]

    def tick(self, book: Book) -> Message | None:
        return self._ticker(book, "update") if self._subscribed else None

    def heartbeat(self, at_ns: int) -> Message | None:
        return {"channel": "heartbeat"} if self._subscribed else None

    def _ticker(self, book: Book, kind: str) -> Message:
        data = {
            "symbol": "BTC/EUR",
            "bid": book.bid,
            "bid_qty": book.size(),
            "ask": book.ask,
            "ask_qty": book.size(1),
            "last": book.last,
            "volume": Decimal("412.83651209"),
            "vwap": book.last,
            "low": book.bid,
            "high": book.ask,
            "change": Decimal("0.0"),
            "change_pct": Decimal("0.0"),
        }
        if book.dated:
            data["timestamp"] = utc(book.at_ns)
        return {"channel": "ticker", "type": kind, "data": [data]}


def kraken_depth(book: Book) -> Message:
    """``GET /0/public/Depth?pair=XBTEUR``: price, volume and time of the level's last change, seconds."""

    def levels(best: Decimal, step: int) -> list[list[object]]:
        dated = [book.at_ns // 1_000_000_000] if book.dated else []
        return [[f"{best + step * level:.5f}", str(book.size(level)), *dated] for level in range(5)]

    return {"error": [], "result": {"XXBTZEUR": {"asks": levels(book.ask, 1), "bids": levels(book.bid, -1)}}}


def kraken_rest(book: Book) -> Message:
    """``GET /0/public/Ticker?pair=XBTEUR``."""
    bid, ask, last = f"{book.bid:.5f}", f"{book.ask:.5f}", f"{book.last:.5f}"
    ticker = {
        "a": [ask, "1", "1.000"],
        "b": [bid, "1", "1.000"],
        "c": [last, str(book.size())],
        "v": ["118.52034911", "412.83651209"],
        "p": [last, last],
        "t": [9120, 31044],
        "l": [bid, bid],
        "h": [ask, ask],
        "o": last,
    }
    return {"error": [], "result": {"XXBTZEUR": ticker}}


class Coinbase:
    """Exchange websocket feed, channel ``ticker``, product ``BTC-EUR``; prices are strings."""

    heartbeat_s: float | None = 1.0

    def __init__(self) -> None:
        self._channels: set[str] = set()

    def status(self, state: MarketState, at_ns: int) -> Message | None:
        return None

    def replies(self, message: Message, book: Book) -> list[Message]:
        kind = message.get("type")
        if kind not in ("subscribe", "unsubscribe"):
            return [{"type": "error", "message": "Malformed JSON"}]
        wanted = message.get("channels")
        names: set[str] = set()
        for channel in wanted if isinstance(wanted, list) else []:
            own = channel.get("product_ids") if isinstance(channel, dict) else message.get("product_ids")
            name = channel.get("name") if isinstance(channel, dict) else channel
            if name not in ("ticker", "heartbeat"):
                reason = f"{name} is not a valid channel"
                return [{"type": "error", "message": "Failed to subscribe", "reason": reason}]
            if own != ["BTC-EUR"]:
                return [{"type": "error", "message": "Failed to subscribe", "reason": f"{own} is not a valid product"}]
            names.add(str(name))
        self._channels = self._channels | names if kind == "subscribe" else self._channels - names
        listed = [{"name": name, "product_ids": ["BTC-EUR"], "account_ids": None} for name in sorted(self._channels)]
        answers: list[Message] = [{"type": "subscriptions", "channels": listed}]
        if kind == "subscribe" and "ticker" in names:
            answers.append(self._ticker(book))
        return answers

    def tick(self, book: Book) -> Message | None:
        return self._ticker(book) if "ticker" in self._channels else None

    def heartbeat(self, at_ns: int) -> Message | None:
        if "heartbeat" not in self._channels:
            return None
        beat = {"last_trade_id": 20, "product_id": "BTC-EUR", "sequence": at_ns // 1_000_000, "time": utc(at_ns)}
        return {"type": "heartbeat", **beat}

    def _ticker(self, book: Book) -> Message:
        dated = {"time": utc(book.at_ns)} if book.dated else {}
        return {
            "type": "ticker",
            "sequence": book.sequence,
            "product_id": "BTC-EUR",
            "price": str(book.last),
            "open_24h": str(book.last),
            "volume_24h": "312.44708913",
            "low_24h": str(book.bid),
            "high_24h": str(book.ask),
            "volume_30d": "12866.10399481",
            "best_bid": str(book.bid),
            "best_bid_size": str(book.size()),
            "best_ask": str(book.ask),
            "best_ask_size": str(book.size(1)),
            "side": "buy" if book.last == book.ask else "sell",
            "trade_id": 90_000_000 + book.sequence,
            "last_size": str(book.size(2)),
            **dated,
        }


def coinbase_rest(book: Book) -> Message:
    """``GET /products/BTC-EUR/ticker``."""
    return {
        "ask": str(book.ask),
        "bid": str(book.bid),
        "volume": "312.44708913",
        "trade_id": 90_000_000 + book.sequence,
        "price": str(book.last),
        "size": str(book.size(2)),
        **({"time": utc(book.at_ns)} if book.dated else {}),
    }


def coinbase_product(state: MarketState) -> Message:
    """``GET /products/BTC-EUR``."""
    flags = {name: state == name for name in ("trading_disabled", "cancel_only", "post_only", "auction_mode")}
    return {
        "id": "BTC-EUR",
        "base_currency": "BTC",
        "quote_currency": "EUR",
        "quote_increment": "0.01",
        "base_increment": "0.00000001",
        "display_name": "BTC-EUR",
        "min_market_funds": "0.84",
        "margin_enabled": False,
        "limit_only": False,
        "status": "online" if state == "online" or state in flags else state,
        "status_message": "",
        **flags,
    }


BITSTAMP_RECONNECT: Message = {"event": "bts:request_reconnect", "channel": "", "data": ""}
"""Bitstamp's request that the client reconnect."""


class Bitstamp:
    """Websocket API v2, channel ``order_book_btceur``; levels are pairs of strings."""

    heartbeat_s: float | None = None
    CHANNEL = "order_book_btceur"

    def __init__(self) -> None:
        self._subscribed = False

    def status(self, state: MarketState, at_ns: int) -> Message | None:
        return None

    def replies(self, message: Message, book: Book) -> list[Message]:
        event = message.get("event")
        if event == "bts:heartbeat":
            return [{"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}}]
        if (
            event not in ("bts:subscribe", "bts:unsubscribe")
            or _section(message, "data").get("channel") != self.CHANNEL
        ):
            data = {"code": None, "message": "Bad subscription string."}
            return [{"event": "bts:error", "channel": "", "data": data}]
        self._subscribed = event == "bts:subscribe"
        done = "bts:subscription_succeeded" if self._subscribed else "bts:unsubscription_succeeded"
        return [{"event": done, "channel": self.CHANNEL, "data": {}}]

    def tick(self, book: Book) -> Message | None:
        if not self._subscribed:
            return None
        times = {"timestamp": str(book.at_ns // 1_000_000_000), "microtimestamp": str(book.at_ns // 1_000)}
        data = {
            **(times if book.dated else {}),
            "bids": [[str(book.bid - level), str(book.size(level))] for level in range(20)],
            "asks": [[str(book.ask + level), str(book.size(-1 - level))] for level in range(20)],
        }
        return {"data": data, "channel": self.CHANNEL, "event": "data"}

    def heartbeat(self, at_ns: int) -> Message | None:
        return None


def bitstamp_rest(book: Book) -> Message:
    """``GET /api/v2/ticker/btceur/``."""
    return {
        **({"timestamp": str(book.at_ns // 1_000_000_000)} if book.dated else {}),
        "open": str(book.last),
        "high": str(book.ask),
        "low": str(book.bid),
        "last": str(book.last),
        "volume": "97.30118264",
        "vwap": str(book.last),
        "bid": str(book.bid),
        "ask": str(book.ask),
        "side": "0" if book.last == book.ask else "1",
        "open_24": str(book.last),
        "percent_change_24": "0.00",
    }


ENCODER = msgspec.json.Encoder(decimal_format="number")
"""Kraken's prices are JSON numbers; every other Decimal is text before it gets here."""
