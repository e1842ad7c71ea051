"""Bitstamp's websocket API v2; levels are pairs of strings.

Channels ``live_trades_<pair>``, ``order_book_<pair>`` and ``diff_order_book_<pair>``, one a message.
"""

from collections.abc import Sequence

from venue.sandbox.base.fault_values import MarketState
from venue.sandbox.base.seeding import derive
from venue.sandbox.exchanges.dialect import Message, number, section
from venue.sandbox.exchanges.markets.depth import Depth, Level, book_changes
from venue.sandbox.exchanges.markets.market import ExchangeMarket, Markets
from venue.sandbox.exchanges.markets.prices import Book
from venue.sandbox.exchanges.markets.tape import Trade

BITSTAMP_RECONNECT: Message = {"event": "bts:request_reconnect", "channel": "", "data": ""}
"""Bitstamp's request that the client reconnect."""
TRADES, BOOK, BOOK_CHANGES = "live_trades_", "order_book_", "diff_order_book_"
SHOWN_LEVELS = 100
BOOK_LEVELS = 500


class Bitstamp:
    """One connection. ``markets`` are by pair, ``btceur``."""

    heartbeat_s: float | None = None

    def __init__(self, markets: Markets) -> None:
        self._markets = {
            kind + pair: market for kind in (TRADES, BOOK, BOOK_CHANGES) for pair, market in markets.items()
        }
        self._held: dict[str, Depth | int | None] = {}
        """By channel what the client knows: the number of a trade, or the whole book."""

    def status(self, state: MarketState, at_ns: int) -> Message | None:
        return None

    def replies(self, message: Message) -> list[Message]:
        event = message.get("event")
        if event == "bts:heartbeat":
            return [{"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}}]
        given = section(message, "data").get("channel")
        name = given if isinstance(given, str) else ""
        if event not in ("bts:subscribe", "bts:unsubscribe") or name not in self._markets:
            data = {"code": None, "message": "Bad subscription string."}
            return [{"event": "bts:error", "channel": "", "data": data}]
        if event == "bts:subscribe":
            self._held[name] = self._known(name)
            return [{"event": "bts:subscription_succeeded", "channel": name, "data": {}}]
        self._held.pop(name, None)
        return [{"event": "bts:unsubscription_succeeded", "channel": name, "data": {}}]

    def tick(self) -> list[Message]:
        return [update for name, known in self._held.items() for update in self._updates(name, known)]

    def heartbeat(self, at_ns: int) -> list[Message]:
        return []

    def _known(self, name: str) -> Depth | int | None:
        market = self._markets[name]
        if name.startswith(TRADES):
            return market.tape.last().number
        return market.depth(market.book(), BOOK_LEVELS) if name.startswith(BOOK_CHANGES) else None

    def _updates(self, name: str, known: Depth | int | None) -> list[Message]:
        market = self._markets[name]
        if isinstance(known, int):
            trades = market.tape.since(known)
            self._held[name] = trades[-1].number if trades else known
            return [{"data": _trade(market, one), "channel": name, "event": "trade"} for one in trades]
        book = market.book()
        if known is None:
            depth = market.depth(book, SHOWN_LEVELS)
            return [_levels(name, book, depth.bids, depth.asks)]
        now = self._held[name] = market.depth(book, BOOK_LEVELS)
        changed = book_changes(known, now, beyond=True)
        return [] if changed is None else [_levels(name, book, changed.bids, changed.asks)]


def dated(book: Book) -> Message:
    """Return the two times of a book; none when it states none."""
    times = {"timestamp": str(book.at_ns // 1_000_000_000), "microtimestamp": str(book.at_ns // 1_000)}
    return times if book.dated else {}


def pairs(levels: Sequence[Level]) -> list[list[str]]:
    return [[str(level.price), f"{level.size:.8f}"] for level in levels]


def _levels(name: str, book: Book, bids: Sequence[Level], asks: Sequence[Level]) -> Message:
    return {"data": {**dated(book), "bids": pairs(bids), "asks": pairs(asks)}, "channel": name, "event": "data"}


def _trade(market: ExchangeMarket, trade: Trade) -> Message:
    at_ns = trade.at_ns + market.feed.skew_ns
    orders = [
        int.from_bytes(derive(side, market.listing.symbol, trade.number)[:6]) for side in ("buy order", "sell order")
    ]
    return {
        "id": trade.number,
        "timestamp": str(at_ns // 1_000_000_000),
        "amount": number(trade.size, 8),
        "amount_str": f"{trade.size:.8f}",
        "price": number(trade.price, market.listing.fine),
        "price_str": str(trade.price),
        "type": 0 if trade.taker_buys else 1,
        "microtimestamp": str(at_ns // 1_000),
        "buy_order_id": orders[0],
        "sell_order_id": orders[1],
    }
