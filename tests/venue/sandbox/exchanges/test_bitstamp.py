"""Bitstamp's websocket: books, their changes, trades."""

from decimal import Decimal
from typing import Any

import pytest

from tests.venue.sandbox.exchanges.market_rig import MarketRig, said, ticked
from venue.sandbox.exchanges.bitstamp import Bitstamp


@pytest.fixture
def rig() -> MarketRig:
    return MarketRig()


@pytest.fixture
def bitstamp(rig: MarketRig) -> Bitstamp:
    return Bitstamp({"btceur": rig.market("bitstamp"), "etheur": rig.market("bitstamp", "ETH/EUR")})


def asking(channel: object, event: str = "bts:subscribe") -> dict[str, object]:
    return {"event": event, "data": {"channel": channel}}


def sides(data: dict[str, Any]) -> dict[str, dict[Decimal, Decimal]]:
    return {name: {Decimal(row[0]): Decimal(row[1]) for row in data[name]} for name in ("bids", "asks")}


def test_a_book_kept_from_its_changes_is_that_of_the_snapshots(rig: MarketRig, bitstamp: Bitstamp) -> None:
    market = rig.market("bitstamp")
    for channel in ("order_book_btceur", "diff_order_book_btceur"):
        (answer,) = said(bitstamp, asking(channel))
        assert answer == {"event": "bts:subscription_succeeded", "channel": channel, "data": {}}
    first = market.depth(market.book(), 500)
    held = {"bids": dict(first.bids), "asks": dict(first.asks)}
    told = 0
    for _ in range(60):
        rig.wait(0.3)
        whole, *rest = ticked(bitstamp)
        for update in rest:
            assert update["channel"] == "diff_order_book_btceur"
            assert update["data"]["microtimestamp"].startswith(update["data"]["timestamp"])
            told += 1
            for name, rows in sides(update["data"]).items():
                held[name] |= rows
        for name, rows in sides(whole["data"]).items():
            assert len(rows) == 100
            kept = sorted((row for row in held[name].items() if row[1]), reverse=name == "bids")
            assert kept[:100] == list(rows.items())
    assert told > 30


def test_trades_of_two_pairs_come_once_in_their_order(rig: MarketRig, bitstamp: Bitstamp) -> None:
    for pair in ("btceur", "etheur"):
        said(bitstamp, asking(f"live_trades_{pair}"))
    numbers: dict[str, list[int]] = {}
    for _ in range(200):
        rig.wait(0.3)
        for update in ticked(bitstamp):
            assert update["event"] == "trade"
            trade = update["data"]
            assert str(trade["price"]) == trade["price_str"]
            numbers.setdefault(update["channel"], []).append(trade["id"])
    assert sorted(numbers) == ["live_trades_btceur", "live_trades_etheur"]
    for row in numbers.values():
        assert row == list(range(row[0], row[0] + len(row)))
    said(bitstamp, asking("live_trades_btceur", "bts:unsubscribe"))
    rig.wait(120)
    assert {update["channel"] for update in ticked(bitstamp)} == {"live_trades_etheur"}


@pytest.mark.parametrize(
    "message",
    [
        {},
        {"event": "x"},
        asking("order_book_"),
        asking("live_trades_dogeeur"),
        asking(None),
        asking({}),
        asking(["order_book_btceur"]),
    ],
)
def test_what_cannot_be_is_refused(bitstamp: Bitstamp, message: dict[str, object]) -> None:
    (answer,) = said(bitstamp, message)
    assert answer["event"] == "bts:error"
    assert ticked(bitstamp) == []
