"""The three exchanges in their public shapes, over websocket and REST."""

import json
from decimal import Decimal
from typing import Any

from websockets.asyncio.client import ClientConnection, connect

from tests.support.sandbox.rig import Launch, Rig
from tests.venue.sandbox.exchanges.market_rig import MarketRig
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.fault_values import Exchange
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.exchanges.markets.prices import ExchangeFeed
from venue.sandbox.flow.price_path import RandomWalk

START = Decimal(80_000)


async def read(socket: ClientConnection) -> Any:
    return json.loads(await socket.recv(), parse_float=Decimal)


def near_start(price: Decimal) -> bool:
    return abs(price / START - 1) < Decimal("0.001")


async def test_kraken_acknowledges_then_sends_a_snapshot_and_updates(launch: Launch) -> None:
    rig = await launch()
    async with connect(rig.env["REFERENCE_KRAKEN_WS_URL"]) as socket:
        status = await read(socket)
        assert (status["channel"], status["data"][0]["system"]) == ("status", "online")
        await socket.send(json.dumps({"method": "ping", "req_id": 101}))
        pong = await read(socket)
        assert (pong["method"], pong["req_id"]) == ("pong", 101)
        await socket.send(
            json.dumps({"method": "subscribe", "params": {"channel": "ticker", "symbol": ["BTC/EUR"]}, "req_id": 7})
        )
        answer = await read(socket)
        assert answer["success"] is True
        assert answer["req_id"] == 7
        assert answer["result"] == {
            "channel": "ticker",
            "symbol": "BTC/EUR",
            "snapshot": True,
            "event_trigger": "trades",
        }
        snapshot = await read(socket)
        assert (snapshot["channel"], snapshot["type"]) == ("ticker", "snapshot")
        kinds: set[str] = set()
        while not {"update", "heartbeat"} <= kinds:
            message = await read(socket)
            kinds.add(message.get("type") or message["channel"])
            if message["channel"] == "ticker":
                (ticker,) = message["data"]
                assert ticker["symbol"] == "BTC/EUR"
                assert ticker["bid"] < ticker["ask"]
                assert near_start(ticker["bid"])
        await socket.send(json.dumps({"method": "subscribe", "params": {"channel": "ticker", "symbol": ["DOGE/EUR"]}}))
        while (refused := await read(socket)).get("method") != "subscribe":
            pass
        assert refused["success"] is False


async def test_coinbase_lists_the_subscription_then_ticks(launch: Launch) -> None:
    rig = await launch()
    async with connect(rig.env["REFERENCE_COINBASE_WS_URL"]) as socket:
        await socket.send(json.dumps({"type": "subscribe", "product_ids": ["BTC-EUR"], "channels": ["ticker"]}))
        assert await read(socket) == {
            "type": "subscriptions",
            "channels": [{"name": "ticker", "product_ids": ["BTC-EUR"], "account_ids": None}],
        }
        first, second = await read(socket), await read(socket)
        assert first["type"] == second["type"] == "ticker"
        assert second["sequence"] > first["sequence"]
        assert first["product_id"] == "BTC-EUR"
        assert Decimal(first["best_bid"]) < Decimal(first["best_ask"])
        assert near_start(Decimal(first["price"]))
        await socket.send(json.dumps({"type": "subscribe", "product_ids": ["BTC-EUR"], "channels": ["gossip"]}))
        while (refused := await read(socket))["type"] == "ticker":
            pass
        assert refused["type"] == "error"


async def test_bitstamp_sends_the_book_and_may_ask_to_reconnect(launch: Launch) -> None:
    rig = await launch()
    async with connect(rig.env["REFERENCE_BITSTAMP_WS_URL"]) as socket:
        await socket.send(json.dumps({"event": "bts:subscribe", "data": {"channel": "order_book_btceur"}}))
        assert await read(socket) == {
            "event": "bts:subscription_succeeded",
            "channel": "order_book_btceur",
            "data": {},
        }
        book = await read(socket)
        assert (book["event"], book["channel"]) == ("data", "order_book_btceur")
        bids = [Decimal(level[0]) for level in book["data"]["bids"]]
        asks = [Decimal(level[0]) for level in book["data"]["asks"]]
        assert bids == sorted(bids, reverse=True)
        assert asks == sorted(asks)
        assert bids[0] < asks[0]
        assert near_start(bids[0])
        assert book["data"]["microtimestamp"].startswith(book["data"]["timestamp"])
        await rig.control("/faults", {"bitstamp_reconnect": True})
        while (message := await read(socket))["event"] == "data":
            pass
        assert message == {"event": "bts:request_reconnect", "channel": "", "data": ""}


async def rest(rig: Rig, name: str, path: str) -> Any:
    origin = rig.env[f"REFERENCE_{name}_WS_URL"].replace("ws://", "http://").removesuffix("/v2")
    return (await rig.http.get(origin + path)).json()


async def test_rest_tickers_are_on_the_same_origins(launch: Launch) -> None:
    rig = await launch()
    kraken = await rest(rig, "KRAKEN", "/0/public/Ticker?pair=XBTEUR")
    assert kraken["error"] == []
    ticker = kraken["result"]["XXBTZEUR"]
    coinbase = await rest(rig, "COINBASE", "/products/BTC-EUR/ticker")
    bitstamp = await rest(rig, "BITSTAMP", "/api/v2/ticker/btceur/")
    quotes = [(ticker["b"][0], ticker["a"][0]), (coinbase["bid"], coinbase["ask"]), (bitstamp["bid"], bitstamp["ask"])]
    mids = set()
    for bid, ask in quotes:
        assert Decimal(bid) < Decimal(ask)
        assert near_start(Decimal(bid))
        mids.add(Decimal(bid) + Decimal(ask))
    assert len(mids) == 3


def test_an_exchange_shows_the_same_prices_to_every_reader() -> None:
    def seen(every_ns: int) -> list[tuple[Decimal, Decimal]]:
        now = 0
        path = RandomWalk(7, START)
        feed = ExchangeFeed(
            "kraken",
            seed=7,
            tick_s=0.25,
            step=Decimal("0.1"),
            path=path,
            offset_ns=lambda: now,
            clock=lambda: now,
            faults=FaultTable(lambda: now),
        )
        row: list[tuple[Decimal, Decimal]] = []
        for now in range(0, 20 * NS_PER_S, every_ns):  # noqa: B007 - the feed reads it
            book = feed.book()
            if (book.bid, book.ask) not in row[-1:]:
                row.append((book.bid, book.ask))
        return row

    often, seldom = seen(NS_PER_S // 100), seen(NS_PER_S // 17)
    assert len(often) > 40
    assert seldom == often


async def test_a_book_is_followed_over_a_socket_beside_a_refused_symbol(launch: Launch) -> None:
    rig = await launch()
    async with connect(rig.env["REFERENCE_KRAKEN_WS_URL"]) as socket:
        params = {"channel": "book", "symbol": ["BTC/EUR", "DOGE/EUR", "ETH/EUR"], "depth": 10}
        await socket.send(json.dumps({"method": "subscribe", "params": params}))
        updated: set[str] = set()
        refused: list[str] = []
        while updated != {"BTC/EUR", "ETH/EUR"} or not refused:
            message = await read(socket)
            if message.get("method") == "subscribe" and not message["success"]:
                refused.append(message["symbol"])
            if message.get("type") == "update" and message["channel"] == "book":
                (book,) = message["data"]
                assert 0 <= book["checksum"] < 2**32
                updated.add(book["symbol"])
        assert refused == ["DOGE/EUR"]
    assert (await rig.state())["failures"] == 0


RECORDED: dict[Exchange, list[tuple[str, str]]] = {
    "kraken": [("79985.8", "80007.1"), ("79982.3", "80003.6"), ("79928.4", "79949.6")],
    "coinbase": [("79978.80", "79998.14"), ("79973.92", "79993.26"), ("79920.12", "79939.44")],
    "bitstamp": [("80004.57", "80010.10"), ("80003.43", "80008.96"), ("79942.84", "79948.37")],
}
"""Bid and ask of seed 7 after 0, 10 and 39.9 s, as recordings of earlier runs have them."""


def test_a_seed_keeps_its_prices() -> None:
    rig = MarketRig(7)
    for exchange, recorded in RECORDED.items():
        seen = []
        for rig.offset_ns in (0, 10 * NS_PER_S, 399 * NS_PER_S // 10):
            book = rig.market(exchange).book()
            seen.append((str(book.bid), str(book.ask)))
        assert seen == recorded
