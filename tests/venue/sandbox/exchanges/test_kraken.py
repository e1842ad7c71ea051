"""Kraken's websocket: one answer a symbol, books with their checksum, trades and candles."""

from decimal import Decimal
from typing import Any
from zlib import crc32

import pytest

from tests.venue.sandbox.exchanges.market_rig import MarketRig, said, ticked
from venue.sandbox.exchanges.kraken import NO_PAIR, NO_SUCH_DEPTH, NO_SUCH_PAIR, Kraken


@pytest.fixture
def rig() -> MarketRig:
    return MarketRig()


@pytest.fixture
def kraken(rig: MarketRig) -> Kraken:
    return Kraken(rig.exchanges.markets["kraken"])


def asking(channel: str, *symbols: object, method: str = "subscribe", **params: object) -> dict[str, object]:
    return {"method": method, "params": {"channel": channel, "symbol": list(symbols), **params}, "req_id": 5}


def test_each_symbol_has_an_answer_of_its_own(kraken: Kraken) -> None:
    answers = said(kraken, asking("ticker", "BTC/EUR", "DOGE/EUR", "ETH/EUR", "XBTEUR", 7))
    assert all(answer["req_id"] == 5 for answer in answers if "method" in answer)
    told = [(one.get("error"), one.get("symbol") or one["result"]["symbol"]) for one in answers if "method" in one]
    assert told == [
        (None, "BTC/EUR"),
        (f"{NO_SUCH_PAIR} DOGE/EUR", "DOGE/EUR"),
        (None, "ETH/EUR"),
        (f"{NO_PAIR} XBTEUR", "XBTEUR"),
        (f"{NO_PAIR} 7", "7"),
    ]
    snapshots = [answer["data"][0]["symbol"] for answer in answers if answer.get("type") == "snapshot"]
    assert snapshots == ["BTC/EUR", "ETH/EUR"]
    assert [update["data"][0]["symbol"] for update in ticked(kraken)] == ["BTC/EUR", "ETH/EUR"]


def test_a_symbol_is_subscribed_once_and_ended_once(kraken: Kraken) -> None:
    said(kraken, asking("trade", "BTC/EUR"))
    assert said(kraken, asking("trade", "BTC/EUR"))[0]["error"] == "Already subscribed"
    ended, missing = said(kraken, asking("trade", "BTC/EUR", "ETH/EUR", method="unsubscribe"))
    assert ended["result"] == {"channel": "trade", "symbol": "BTC/EUR"}
    assert (missing["success"], missing["symbol"]) == (False, "ETH/EUR")
    assert ticked(kraken) == []
    assert kraken.heartbeat(0) == []


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"method": "add_order"},
        {"method": ["x"]},
        {"method": "subscribe"},
        asking("gossip", "BTC/EUR"),
        asking("ticker"),
        asking("ohlc", "BTC/EUR", interval=2),
        asking("ohlc", "BTC/EUR", interval=True),
        asking("ticker", *["BTC/EUR"] * 500),
        {"method": "subscribe", "params": {"channel": "book", "symbol": "BTC/EUR"}},
        {"method": "subscribe", "params": {"channel": {}, "symbol": ["BTC/EUR"]}},
        {"method": "subscribe", "params": "x" * 10_000, "req_id": "x" * 10_000},
    ],
)
def test_what_cannot_be_is_refused_once_and_shortly(kraken: Kraken, message: dict[str, object]) -> None:
    (answer,) = said(kraken, message)
    assert answer["success"] is False
    assert answer["error"]
    assert len(str(answer)) < 500


def test_a_depth_that_there_is_not_is_refused_in_the_recorded_words(kraken: Kraken) -> None:
    (answer,) = said(kraken, asking("book", "BTC/EUR", depth=27))
    assert answer["error"] == NO_SUCH_DEPTH
    assert "symbol" not in answer


class ClientBook:
    """A reader of updates, as Kraken's guide tells it."""

    def __init__(self, depth: int) -> None:
        self.depth = depth
        self.sides: dict[str, dict[Decimal, Decimal]] = {"asks": {}, "bids": {}}

    def take(self, data: dict[str, Any]) -> None:
        for name, held in self.sides.items():
            for level in data[name]:
                if level["qty"]:
                    held[level["price"]] = level["qty"]
                else:
                    held.pop(level["price"], None)
            best = sorted(held, reverse=name == "bids")[: self.depth]
            self.sides[name] = {price: held[price] for price in best}
        digits = "".join(
            str(part).replace(".", "").lstrip("0")
            for side in self.sides.values()
            for level in list(side.items())[:10]
            for part in level
        )
        assert data["checksum"] == crc32(digits.encode())


@pytest.mark.parametrize("depth", [10, 25])
def test_a_book_kept_from_updates_is_the_exchange_s_and_fits_its_checksum(
    rig: MarketRig, kraken: Kraken, depth: int
) -> None:
    answer, snapshot = said(kraken, asking("book", "BTC/EUR", depth=depth))
    assert answer["result"] == {"channel": "book", "symbol": "BTC/EUR", "depth": depth, "snapshot": True}
    client, told = ClientBook(depth), 0
    client.take(snapshot["data"][0])
    for _ in range(200):
        rig.wait(0.25)
        for update in ticked(kraken):
            client.take(update["data"][0])
            told += 1
        market = rig.market()
        whole = market.depth(market.book(), depth)
        assert list(client.sides["bids"].items()) == list(whole.bids)
        assert list(client.sides["asks"].items()) == list(whole.asks)
    assert told > 100


def test_the_best_levels_of_the_book_are_the_ticker_s(rig: MarketRig, kraken: Kraken) -> None:
    said(kraken, asking("ticker", "BTC/EUR"))
    for _ in range(20):
        rig.wait(0.25)
        (update,) = ticked(kraken)
        ticker, market = update["data"][0], rig.market()
        depth = market.depth(market.book(), 10)
        assert (ticker["bid"], ticker["bid_qty"]) == depth.bids[0]
        assert (ticker["ask"], ticker["ask_qty"]) == depth.asks[0]
        assert ticker["low"] <= ticker["last"] <= ticker["high"]
        assert ticker["last"] - ticker["change"] == market.tape.day().open


def test_trades_come_once_in_their_order(rig: MarketRig, kraken: Kraken) -> None:
    _, snapshot = said(kraken, asking("trade", "BTC/EUR"))
    numbers = [trade["trade_id"] for trade in snapshot["data"]]
    assert len(numbers) == 50
    for _ in range(240):
        rig.wait(0.25)
        numbers += [trade["trade_id"] for update in ticked(kraken) for trade in update["data"]]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert len(numbers) > 55


def test_a_subscription_without_a_snapshot_begins_with_what_is_new(rig: MarketRig, kraken: Kraken) -> None:
    answers = said(kraken, asking("trade", "BTC/EUR", snapshot=False))
    assert [answer["result"]["snapshot"] for answer in answers] == [False]
    assert ticked(kraken) == []


def test_candles_of_two_lengths_follow_the_trades(rig: MarketRig, kraken: Kraken) -> None:
    for interval in (1, 15):
        _, snapshot = said(kraken, asking("ohlc", "BTC/EUR", interval=interval))
        assert {candle["interval"] for candle in snapshot["data"]} == {interval}
        starts = [candle["interval_begin"] for candle in snapshot["data"]]
        assert starts == sorted(set(starts))
    rig.wait(60)
    short, long = (update["data"][0] for update in ticked(kraken))
    assert short["interval_begin"].endswith(":00.000000000Z")
    assert (short["interval"], long["interval"]) == (1, 15)
    assert short["close"] == long["close"] == rig.market().tape.last().price
