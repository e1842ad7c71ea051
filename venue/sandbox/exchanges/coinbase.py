"""Coinbase Exchange's websocket feed; prices are strings.

Channels ``ticker``, ``level2``, ``level2_batch``, ``matches``, ``heartbeat`` and ``status``. What of a subscription is
refused is told item by item, and the list of what holds follows, with the rest: recorded of channels that need a key,
taken to be so of products.
"""

from collections.abc import Iterable
from itertools import chain

from venue.sandbox.base.fault_values import MarketState
from venue.sandbox.base.seeding import derive_uuid
from venue.sandbox.exchanges.coinbase_rest import currencies, product, product_id
from venue.sandbox.exchanges.dialect import MOST_NAMED, Message, shown, utc
from venue.sandbox.exchanges.markets.depth import Depth, book_changes
from venue.sandbox.exchanges.markets.market import ExchangeMarket, Markets
from venue.sandbox.exchanges.markets.tape import Trade

BOOK_LEVELS = 500
NEEDS_KEY = (
    "level2, level3, and full channels now require authentication. "
    "https://docs.cloud.coinbase.com/exchange/docs/websocket-auth"
)
_KEY_FIELDS = ("key", "signature", "passphrase", "timestamp")
_LISTED_AS = {"level2_batch": "level2_50"}
"""The name under which the list of subscriptions has a channel."""
_CHANNELS = ("heartbeat", "level2", "level2_50", "matches", "status", "ticker")
_WITH_KEY = ("full", "level2", "level3")


class Coinbase:
    """One connection. ``markets`` are by product, ``BTC-EUR``. A client's key is not checked; any will do."""

    heartbeat_s: float | None = 1.0

    def __init__(self, markets: Markets) -> None:
        self._markets = markets
        self._held: dict[str, dict[str, None]] = {}
        self._books: dict[tuple[str, str], Depth] = {}
        self._told: dict[str, int] = {}

    def status(self, state: MarketState, at_ns: int) -> Message | None:
        if "status" not in self._held:
            return None
        return {
            "type": "status",
            "products": [product(one) for one in self._markets.values()],
            "currencies": currencies(),
        }

    def replies(self, message: Message) -> list[Message]:
        kind = message.get("type")
        if kind not in ("subscribe", "unsubscribe"):
            return [{"type": "error", "message": "Malformed JSON"}]
        errors: list[Message] = []
        wanted = list(self._wanted(message, errors, with_key=_has_key(message)))
        added: list[tuple[str, str]] = []
        for channel, products in wanted:
            if kind == "subscribe":
                held = self._held.setdefault(channel, {})
                added += [(channel, one) for one in products if one not in held]
                held.update(dict.fromkeys(products))
            else:
                self._drop(channel, products)
        listed = [
            {"name": name, "product_ids": list(held), "account_ids": None} for name, held in sorted(self._held.items())
        ]
        started = chain.from_iterable(self._first(channel, one) for channel, one in added)
        return [*errors, {"type": "subscriptions", "channels": listed}, *started, *self._states(kind, wanted)]

    def tick(self) -> list[Message]:
        updates: list[Message] = [self._ticker(self._markets[one]) for one in self._held.get("ticker", ())]
        for key in self._books:
            updates += self._update(*key)
        for one in self._held.get("matches", ()):
            for trade in self._markets[one].tape.since(self._told[one]):
                updates.append(self._match(self._markets[one], trade, "match"))
                self._told[one] = trade.number
        return updates

    def heartbeat(self, at_ns: int) -> list[Message]:
        return [
            {
                "type": "heartbeat",
                "last_trade_id": self._markets[one].tape.last().number,
                "product_id": one,
                "sequence": self._markets[one].feed.next_sequence(),
                "time": utc(at_ns),
            }
            for one in self._held.get("heartbeat", ())
        ]

    def _wanted(self, message: Message, errors: list[Message], *, with_key: bool) -> Iterable[tuple[str, list[str]]]:
        """Return channels with their products, and add to ``errors`` what cannot be."""
        channels, refused = message.get("channels"), set[str]()

        def refuse(reason: str) -> None:
            if reason not in refused:
                refused.add(reason)
                errors.append({"type": "error", "message": "Failed to subscribe", "reason": reason})

        if not isinstance(channels, list) or not 0 < len(channels) <= MOST_NAMED:
            refuse("no channels provided")
            return
        for given in channels:
            own = given.get("product_ids") if isinstance(given, dict) else None
            name = given.get("name") if isinstance(given, dict) else given
            channel = _LISTED_AS.get(name, name) if isinstance(name, str) else ""
            if channel in _WITH_KEY and not with_key:
                refuse(NEEDS_KEY)
            elif channel not in _CHANNELS:
                refuse(f"{shown(name)} is not a valid channel")
            elif channel == "status":
                yield channel, []
            else:
                products = own if isinstance(own, list) else message.get("product_ids")
                if message.get("type") == "unsubscribe" and products is None:
                    yield channel, list(self._held.get(channel, ()))
                    continue
                asked = products[:MOST_NAMED] if isinstance(products, list) else []
                if not asked:
                    refuse("no product_ids provided")
                known = [one for one in asked if isinstance(one, str) and one in self._markets]
                for one in asked:
                    if one not in known:
                        refuse(f"{shown(one)} is not a valid product")
                if known:
                    yield channel, known

    def _drop(self, channel: str, products: list[str]) -> None:
        held = self._held.get(channel, {})
        for one in products:
            held.pop(one, None)
            self._books.pop((channel, one), None)
        if not held:
            self._held.pop(channel, None)

    def _states(self, kind: object, wanted: list[tuple[str, list[str]]]) -> list[Message]:
        states = self.status("online", 0) if kind == "subscribe" and ("status", []) in wanted else None
        return [] if states is None else [states]

    def _first(self, channel: str, one: str) -> list[Message]:
        """Return what a subscription starts with."""
        market = self._markets[one]
        if channel == "ticker":
            return [self._ticker(market)]
        if channel == "matches":
            last = market.tape.last()
            self._told[one] = last.number
            return [self._match(market, last, "last_match")]
        if channel not in ("level2", "level2_50"):
            return []
        book = market.book()
        depth = self._books[channel, one] = market.depth(book, BOOK_LEVELS)
        sides = {
            side: [[str(p), str(s)] for p, s in levels] for side, levels in (("bids", depth.bids), ("asks", depth.asks))
        }
        return [{"type": "snapshot", "product_id": one, **sides, **({"time": utc(book.at_ns)} if book.dated else {})}]

    def _update(self, channel: str, one: str) -> list[Message]:
        before, market = self._books[channel, one], self._markets[one]
        book = market.book()
        now = self._books[channel, one] = market.depth(book, BOOK_LEVELS)
        changed = book_changes(before, now, beyond=True)
        if changed is None:
            return []
        rows = [
            [side, str(level.price), f"{level.size:.8f}"]
            for side, levels in (("buy", changed.bids), ("sell", changed.asks))
            for level in levels
        ]
        dated = {"time": utc(book.at_ns)} if book.dated else {}
        return [{"type": "l2update", "product_id": one, "changes": rows, **dated}]

    def _ticker(self, market: ExchangeMarket) -> Message:
        book, day, last = market.book(), market.tape.day(), market.tape.last()
        depth = market.depth(book, 1)
        dated = {"time": utc(book.at_ns)} if book.dated else {}
        return {
            "type": "ticker",
            "sequence": book.sequence,
            "product_id": product_id(market),
            "price": str(last.price),
            "open_24h": str(day.open),
            "volume_24h": str(day.volume),
            "low_24h": str(day.low),
            "high_24h": str(day.high),
            "volume_30d": str(day.volume * 30),
            "best_bid": str(book.bid),
            "best_bid_size": str(depth.bids[0].size),
            "best_ask": str(book.ask),
            "best_ask_size": str(depth.asks[0].size),
            "side": "buy" if last.taker_buys else "sell",
            "trade_id": last.number,
            "last_size": str(last.size),
            **dated,
        }

    def _match(self, market: ExchangeMarket, trade: Trade, kind: str) -> Message:
        one = product_id(market)
        return {
            "type": kind,
            "trade_id": trade.number,
            "maker_order_id": derive_uuid("maker of", one, trade.number),
            "taker_order_id": derive_uuid("taker of", one, trade.number),
            # The maker's side.
            "side": "sell" if trade.taker_buys else "buy",
            "size": str(trade.size),
            "price": str(trade.price),
            "product_id": one,
            "sequence": market.feed.next_sequence(),
            "time": utc(trade.at_ns + market.feed.skew_ns),
        }


def _has_key(message: Message) -> bool:
    return all(isinstance(message.get(name), (str, int)) for name in _KEY_FIELDS)
