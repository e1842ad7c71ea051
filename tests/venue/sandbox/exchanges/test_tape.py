"""The trades of a market and the figures of its day: seeded, bounded, and the same whoever looks when."""

from decimal import Decimal

import pytest

from tests.venue.sandbox.exchanges.market_rig import STARTED_NS, MarketRig
from venue.protocol.units import NS_PER_S
from venue.sandbox.base.fault_values import Exchange
from venue.sandbox.exchanges.markets.tape import DAY_NS, KEPT_MINUTES, KEPT_TRADES, Candle, Trade
from venue.sandbox.flow.recordings import Bar, RecordedPath

PRICE = Decimal(80_000)


def looked(seed: int, every_s: float, until_s: int) -> tuple[list[Trade], list[Candle], Candle]:
    rig = MarketRig(seed)
    tape = rig.market().tape
    for at_ns in range(0, until_s * NS_PER_S, int(every_s * NS_PER_S)):
        rig.offset_ns = at_ns
        tape.advance()
    rig.offset_ns = until_s * NS_PER_S
    return tape.trades(), tape.candles(), tape.day()


def test_the_trades_depend_on_the_seed_and_not_on_when_somebody_looks() -> None:
    often, once = looked(3, 0.7, 300), looked(3, 300, 300)
    assert often == once
    assert looked(4, 300, 300)[0] != once[0]
    # Somebody who looks for the first time after hours misses nothing either.
    late = MarketRig(3)
    late.offset_ns = 300 * NS_PER_S
    tape = late.market().tape
    assert (tape.trades(), tape.candles(), tape.day()) == once


def test_trades_are_numbered_without_gaps_in_the_order_of_their_times() -> None:
    rig = MarketRig()
    tape = rig.market().tape
    trades = tape.trades()
    assert len(trades) == KEPT_TRADES
    known = trades[-1].number
    for _ in range(20):
        rig.wait(15)
        trades += tape.since(known)
        known = tape.last().number
    assert known > trades[KEPT_TRADES - 1].number + 20
    numbers, times = [trade.number for trade in trades], [trade.at_ns for trade in trades]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))
    assert times == sorted(times)
    assert times[-1] <= STARTED_NS + rig.offset_ns
    assert {trade.taker_buys for trade in trades} == {True, False}


def test_a_trade_is_dealt_at_the_bid_or_the_ask_of_its_time() -> None:
    rig = MarketRig()
    market = rig.market()
    before = market.tape.last().number
    rig.wait(120)
    for trade in market.tape.since(before):
        now, rig.offset_ns = rig.offset_ns, trade.at_ns - STARTED_NS
        book = market.book()
        rig.offset_ns = now
        assert trade.price == (book.ask if trade.taker_buys else book.bid)


def test_candles_and_the_day_add_up_to_the_trades() -> None:
    rig = MarketRig()
    tape = rig.market().tape
    first = tape.last().number
    rig.wait(600)
    trades = tape.since(first)
    candles = [candle for candle in tape.candles() if candle.start_ns >= STARTED_NS]
    assert sum(candle.trades for candle in candles) == len(trades)
    assert sum(candle.volume for candle in candles) == sum(trade.size for trade in trades)
    assert max(candle.high for candle in candles) == max(trade.price for trade in trades)
    assert candles[-1].close == trades[-1].price == tape.day().close
    assert all(candle.low <= min(candle.open, candle.vwap) <= candle.high for candle in tape.candles())
    (ten,) = [candle for candle in tape.candles(10) if candle.start_ns == STARTED_NS]
    assert (ten.open, ten.trades, ten.low) == (trades[0].price, len(trades), min(trade.price for trade in trades))
    assert tape.today() == ten, "the venue started at midnight"
    day, minutes = tape.day(), tape.candles()
    covered = [one for one in minutes if one.start_ns > STARTED_NS + rig.offset_ns - DAY_NS]
    assert day.volume == sum(one.volume for one in covered)
    assert (day.open, day.high, day.low) == (
        covered[0].open,
        max(one.high for one in covered),
        min(one.low for one in covered),
    )


@pytest.mark.parametrize("exchange", ["kraken", "coinbase", "bitstamp"])
def test_the_figures_of_a_day_move_with_the_time(exchange: Exchange) -> None:
    rig = MarketRig()
    tape = rig.market(exchange).tape
    seen = set()
    for _ in range(5):
        day = tape.day()
        assert day.low < day.vwap < day.high
        assert day.trades > 1_000
        seen.add((day.volume, day.trades, day.vwap, day.open))
        rig.wait(1_800)
    assert len(seen) == 5
    assert len({row[3] for row in seen}) == 5


def test_what_a_tape_keeps_is_bounded() -> None:
    rig = MarketRig(path=RecordedPath((Bar(end=60, open=PRICE, high=PRICE, low=PRICE, close=PRICE),)))
    tape = rig.market().tape
    tape.advance()
    rig.offset_ns += 5 * DAY_NS
    assert len(tape.trades()) == KEPT_TRADES
    assert len(tape.candles()) == KEPT_MINUTES
    assert tape.day().trades > 1_000


def test_nothing_is_dealt_on_a_frozen_exchange() -> None:
    rig = MarketRig()
    tape = rig.market().tape
    last = tape.last()
    rig.faults.apply({"exchange_frozen": ["kraken"]})
    rig.wait(300)
    assert tape.last() == last
    rig.faults.apply({"mend": True})
    rig.wait(60)
    newer = tape.since(last.number)
    assert newer
    assert newer[0].at_ns >= STARTED_NS + 300 * NS_PER_S


def test_a_price_that_lies_is_traded_at_too() -> None:
    rig = MarketRig()
    tape = rig.market("coinbase").tape
    honest = tape.last()
    rig.faults.apply({"exchange_lie_bps": {"coinbase": 500}})
    rig.wait(60)
    assert tape.last().price / honest.price > Decimal("1.04")


def test_the_tapes_start_one_by_one_while_the_venue_runs() -> None:
    rig = MarketRig()
    tapes = [market.tape for markets in rig.exchanges.markets.values() for market in markets.values()]
    for count in range(3):
        assert sum(tape.started for tape in tapes) == count
        rig.exchanges.advance()
