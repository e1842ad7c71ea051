"""Old requests and prices are deleted step by step; money stays, and with it what it is explained and valued by."""

import asyncio
from collections.abc import Sequence
from decimal import Decimal

import msgspec
import pytest

from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent, MarketPrice
from storage.errors import HistoryError
from storage.history import History
from storage.retention import retain
from tests.support.history import rows as facts
from tests.support.history.engines import Engine, PostgresEngine
from tests.support.history.severable_wire import SeverableWire
from tests.support.waiting import until
from venue.protocol.units import NS_PER_S

DAY_NS = 86_400 * NS_PER_S
NOON_NS = facts.START_NS - facts.START_NS % DAY_NS + DAY_NS // 2
LATER_NS = NOON_NS + DAY_NS


def price(second: int) -> MarketPrice:
    mid = Decimal(50_000)
    return MarketPrice(at_ns=NOON_NS + second * NS_PER_S, source="composite", bid=mid, ask=mid, mid=mid)


def at(event: AnyEvent, second: int) -> AnyEvent:
    return msgspec.structs.replace(event, at_ns=NOON_NS + second * NS_PER_S)


async def prune_all(history: History, before_ns: int) -> int:
    steps = 1
    while await history.prune(before_ns):
        steps += 1
    return steps


async def filled(engine: Engine, events: Sequence[AnyEvent]) -> History:
    history = engine.make()
    await history.open(facts.run())
    await history.write(events)
    return history


async def seconds(engine: Engine, table: str) -> list[int]:
    rows = await engine.rows(f"SELECT at_ns FROM {table} ORDER BY at_ns")
    return [(at_ns - NOON_NS) // NS_PER_S for (at_ns,) in rows]


async def test_old_requests_are_pruned_but_quoted_ones_stay(engine: Engine) -> None:
    asked = [at(facts.demand(n), n) for n in range(1_300)]
    answered = [at(facts.decision(7), 7), at(facts.command(7), 7), at(facts.decision(8), 8)]
    history = await filled(engine, [*asked, *answered])
    assert await prune_all(history, NOON_NS + 1_200 * NS_PER_S) >= 3
    assert await seconds(engine, "swap_demand_events") == [7, *range(1_200, 1_300)]
    counts = await history.counts()
    assert (counts["trade_decisions"], counts["execute_trade_commands"]) == (2, 1)
    await prune_all(history, LATER_NS)
    assert await seconds(engine, "swap_demand_events") == [7]
    await history.close(None)


async def test_what_options_were_worth_long_ago_is_pruned(engine: Engine) -> None:
    history = await filled(engine, [at(facts.option_value(n), 60 * n) for n in range(600)])
    await prune_all(history, NOON_NS + 60 * 590 * NS_PER_S)
    assert await seconds(engine, "option_values") == [60 * n for n in range(590, 600)]
    await history.close(None)


async def test_old_prices_are_pruned_but_those_that_value_money_or_an_hour_stay(engine: Engine) -> None:
    """A fill keeps the minute before it and 310 s after; a moment the mids on either side of it, however far."""
    events = [
        *(price(second) for second in [*range(0, 2_000, 10), 3_500, 7_150, 7_250]),
        at(facts.result(1, "accepted"), 200),
        at(facts.result(2, "settled"), 500),
        at(facts.deposit(1), 1_505),
        at(facts.deposit(2), 5_000),
    ]
    history = await filled(engine, events)
    await prune_all(history, LATER_NS)
    first_and_last, the_hour, second_deposit = [0], [3_500, 7_150, 7_250], [3_500, 7_150]
    kept = {*first_and_last, *range(450, 810, 10), 1_500, 1_510, *the_hour, *second_deposit}
    assert await seconds(engine, "market_price_events") == sorted(kept)
    await prune_all(history, LATER_NS)
    assert await seconds(engine, "market_price_events") == sorted(kept)
    await history.close(None)


async def test_both_ends_of_a_run_keep_their_mids(engine: Engine) -> None:
    first = engine.make()
    await first.open(msgspec.structs.replace(facts.run(), started_ns=NOON_NS + 100 * NS_PER_S))
    await first.write([price(second) for second in range(0, 310, 10)])
    await first.close(NOON_NS + 305 * NS_PER_S)
    second = engine.make()
    await second.open(msgspec.structs.replace(facts.run(), run_id="second", started_ns=NOON_NS + 722 * NS_PER_S))
    await second.write([price(second) for second in range(310, 1_000, 10)])
    await prune_all(second, LATER_NS)
    assert set(await seconds(engine, "market_price_events")) >= {100, 300, 310, 720, 730}
    await second.close(None)


async def test_many_rows_of_one_moment_do_not_stop_pruning(engine: Engine) -> None:
    history = await filled(engine, [at(facts.demand(n), 5) for n in range(1_200)])
    await prune_all(history, LATER_NS)
    assert await seconds(engine, "swap_demand_events") == []
    await history.close(None)


async def test_nothing_is_pruned_while_the_database_is_away(postgres: PostgresEngine) -> None:
    port = int(postgres.url.rpartition(":")[2].partition("/")[0])
    async with SeverableWire(port) as wire:
        url = f"postgresql://desk@127.0.0.1:{wire.port}/{postgres.url.rpartition('/')[2]}"
        history = postgres.make(url=url)
        await history.open(facts.run())
        await history.write([at(facts.demand(1), 1)])
        wire.cut()
        with pytest.raises(HistoryError):
            await history.prune(LATER_NS)
        assert not await history.prune(LATER_NS)
        await history.close(None)
    assert await seconds(postgres, "swap_demand_events") == [1]


async def test_a_desk_prunes_by_its_clock_when_it_is_not_busy(engine: Engine) -> None:
    history = await filled(engine, [at(facts.demand(n), n) for n in range(1_300)])
    busy = True
    task = asyncio.create_task(
        retain(
            history,
            1,
            env=Environment(wall_ns=lambda: NOON_NS + DAY_NS + 1_000 * NS_PER_S),
            busy=lambda: busy,
            first_s=0,
            step_s=0.001,
        )
    )
    for _ in range(20):
        await asyncio.sleep(0.001)
    assert len(await seconds(engine, "swap_demand_events")) == 1_300
    busy = False

    async def pruned() -> bool:
        return await seconds(engine, "swap_demand_events") == [*range(1_000, 1_300)]

    await until(pruned)
    task.cancel()
    await asyncio.wait({task})
    await history.close(None)
