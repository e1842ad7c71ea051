"""Coinbase Exchange's websocket feed: item by item, books, matches, heartbeats."""

from decimal import Decimal
from typing import Any

import pytest

from tests.venue.sandbox.exchanges.market_rig import MarketRig, said, ticked
from venue.sandbox.exchanges.coinbase import NEEDS_KEY, Coinbase
from venue.sandbox.exchanges.coinbase_rest import product_id

KEY = {"key": "k", "signature": "s", "passphrase": "p", "timestamp": 1}


@pytest.fixture
def rig() -> MarketRig:
    return MarketRig()


@pytest.fixture
def coinbase(rig: MarketRig) -> Coinbase:
    return Coinbase({product_id(one): one for one in rig.exchanges.markets["coinbase"].values()})


def asking(*channels: object, products: object = ("BTC-EUR",), kind: str = "subscribe") -> dict[str, object]:
    return {
        "type": kind,
        "product_ids": list(products) if isinstance(products, tuple) else products,
        "channels": list(channels),
    }


def reasons(answers: list[Any]) -> list[str]:
    return [answer["reason"] for answer in answers if answer["type"] == "error"]


def listed(answers: list[Any]) -> dict[str, list[str]]:
    (found,) = [answer for answer in answers if answer["type"] == "subscriptions"]
    return {channel["name"]: channel["product_ids"] for channel in found["channels"]}


def test_what_cannot_be_is_told_item_by_item_and_the_rest_holds(coinbase: Coinbase) -> None:
    answers = said(
        coinbase,
        asking(
            "ticker",
            "gossip",
            "level2",
            {"name": "heartbeat", "product_ids": ["ETH-EUR"]},
            products=("BTC-EUR", "DOGE-EUR", 7),
        ),
    )
    assert reasons(answers) == [
        "DOGE-EUR is not a valid product",
        "7 is not a valid product",
        "gossip is not a valid channel",
        NEEDS_KEY,
    ]
    assert listed(answers) == {"heartbeat": ["ETH-EUR"], "ticker": ["BTC-EUR"]}
    assert [answer["product_id"] for answer in answers if answer["type"] == "ticker"] == ["BTC-EUR"]


@pytest.mark.parametrize(
    "message",
    [
        asking(),
        asking("ticker", products=()),
        asking("ticker", products="BTC-EUR"),
        asking({"name": {}}),
        asking(["ticker"]),
        asking(*["ticker"] * 500),
        asking("x" * 10_000),
        {"type": "subscribe", "channels": "ticker"},
    ],
)
def test_a_subscription_to_nothing_is_refused(coinbase: Coinbase, message: dict[str, object]) -> None:
    answers = said(coinbase, message)
    assert len(reasons(answers)) == 1
    assert listed(answers) == {}
    assert len(str(answers)) < 500


def test_a_product_is_subscribed_once_and_ended(coinbase: Coinbase) -> None:
    said(coinbase, asking("ticker", products=("BTC-EUR", "ETH-EUR")))
    again = said(coinbase, asking("ticker"))
    assert [answer["type"] for answer in again] == ["subscriptions"]
    assert listed(said(coinbase, asking("ticker", kind="unsubscribe"))) == {"ticker": ["ETH-EUR"]}
    assert [update["product_id"] for update in ticked(coinbase)] == ["ETH-EUR"]
    assert listed(said(coinbase, {"type": "unsubscribe", "channels": ["ticker"]})) == {}
    assert ticked(coinbase) == []


@pytest.mark.parametrize("channel", ["level2", "level2_batch"])
def test_a_book_kept_from_updates_is_the_exchange_s(rig: MarketRig, coinbase: Coinbase, channel: str) -> None:
    answers = said(coinbase, asking(channel) | KEY)
    assert listed(answers) == {"level2" if channel == "level2" else "level2_50": ["BTC-EUR"]}
    snapshot = answers[-1]
    sides = {
        side: {Decimal(p): Decimal(s) for p, s in snapshot[name]} for side, name in (("buy", "bids"), ("sell", "asks"))
    }
    told = 0
    for _ in range(60):
        rig.wait(0.2)
        for update in ticked(coinbase):
            told += 1
            for side, price, size in update["changes"]:
                sides[side][Decimal(price)] = Decimal(size)
        market = rig.market("coinbase")
        whole = market.depth(market.book(), 500)
        for side, levels in (("buy", whole.bids), ("sell", whole.asks)):
            assert {price: size for price, size in sides[side].items() if size} == dict(levels)
    assert told > 30


def test_matches_begin_with_the_last_one_and_go_on_without_a_gap(rig: MarketRig, coinbase: Coinbase) -> None:
    *_, last = said(coinbase, asking("matches", "heartbeat"))
    assert last["type"] == "last_match"
    numbers, sequences = [last["trade_id"]], [last["sequence"]]
    for _ in range(300):
        rig.wait(0.2)
        for match in ticked(coinbase):
            assert match["type"] == "match"
            numbers.append(match["trade_id"])
            sequences.append(match["sequence"])
    assert len(numbers) > 5
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert sequences == sorted(set(sequences))
    (beat,) = coinbase.heartbeat(10**18)
    assert beat["sequence"] > sequences[-1], "one numbering for all channels of a product"
    assert (beat["last_trade_id"], beat["product_id"]) == (numbers[-1], "BTC-EUR")


def test_the_ticker_has_the_figures_of_the_day(rig: MarketRig, coinbase: Coinbase) -> None:
    *_, ticker = said(coinbase, asking("ticker"))
    market = rig.market("coinbase")
    day, depth = market.tape.day(), market.depth(market.book(), 1)
    assert (Decimal(ticker["high_24h"]), Decimal(ticker["low_24h"])) == (day.high, day.low)
    assert (Decimal(ticker["volume_24h"]), Decimal(ticker["open_24h"])) == (day.volume, day.open)
    assert (Decimal(ticker["best_bid"]), Decimal(ticker["best_bid_size"])) == depth.bids[0]
    assert (Decimal(ticker["best_ask"]), Decimal(ticker["best_ask_size"])) == depth.asks[0]
    assert Decimal(ticker["price"]) == market.tape.last().price


def test_the_channel_of_the_status_names_every_product(rig: MarketRig, coinbase: Coinbase) -> None:
    assert coinbase.status("online", 0) is None
    *_, status = said(coinbase, asking("status"))
    assert [one["id"] for one in status["products"]] == ["BTC-EUR", "BTC-USD", "ETH-EUR"]
    rig.faults.apply({"exchange_status": {"coinbase": "post_only"}})
    changed = coinbase.status("post_only", 0)
    assert changed is not None
    assert str(changed["products"]).count("'post_only': True") == 3
