"""A desk that was away signs nothing on what it knew before, nor for what waited in its sockets."""

from collections.abc import AsyncIterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.model.events import OperatorAction, TradeDecision
from tests.support.desk.desk_harness import DeskHarness, World

TEXT = "the desk was away for"


@pytest.fixture
async def desk() -> AsyncIterator[DeskHarness]:
    made = await live(World())
    yield made
    await made.end(clean=True)


async def live(world: World) -> DeskHarness:
    desk = DeskHarness(world)
    desk.line.backlog = True
    await desk.start()
    for _ in range(3):
        await desk.pass_ms(1_000)
    for part in ("strategy-engine", "trade-executor"):
        assert desk.trading.arming.arm(part, "test", ()) is None
    return desk


def journal(desk: DeskHarness) -> list[OperatorAction]:
    return [one for one in desk.events if isinstance(one, OperatorAction) and one.command == "away"]


def last_reason(desk: DeskHarness) -> str:
    decision = [one for one in desk.events if isinstance(one, TradeDecision)][-1]
    return decision.checks[-1].detail


async def test_after_an_absence_no_quote_is_signed_until_all_it_rests_on_is_of_after_it(desk: DeskHarness) -> None:
    assert await desk.ask("before", "buy", amount_in=8_000)
    desk.be_away(4_000)
    # The relay's frames are read before the first tick.
    assert not await desk.ask("before the tick", "buy", amount_in=8_000)
    desk.world.frozen = True
    await desk.pass_ms(0)
    assert [one.reason for one in journal(desk)] == [f"{TEXT} 4.0 s"]
    assert not await desk.ask("old price", "buy", amount_in=8_000)
    desk.world.frozen = False
    await desk.pass_ms(250)
    assert not await desk.ask("old balances", "buy", amount_in=8_000)
    await desk.read()
    await desk.pass_ms(250)
    assert not await desk.ask("the relay's backlog", "buy", amount_in=8_000)
    assert TEXT in last_reason(desk)
    assert "waits for a fresh price" in desk.shot().health[-1].detail
    desk.line.answer_probes()
    await desk.pass_ms(250)
    assert await desk.ask("after", "buy", amount_in=8_000)
    assert desk.trading.arming.executor
    assert len(journal(desk)) == 1


async def test_prices_that_waited_in_the_buffer_are_no_fresh_price(desk: DeskHarness) -> None:
    desk.be_away(4_000)
    await desk.pass_ms(0)
    await desk.read()
    desk.line.answer_probes()
    for back_ms in (3_000, 2_000, 1_000):
        desk.world.wall.pass_ms(-back_ms)
        desk.tick_exchanges()
        desk.world.wall.pass_ms(back_ms)
        desk.absence.tick()
        assert not await desk.ask(f"{back_ms} ms old", "buy", amount_in=8_000)
    await desk.pass_ms(250)
    assert await desk.ask("after", "buy", amount_in=8_000)


async def test_a_long_absence_disarms_and_says_so(desk: DeskHarness) -> None:
    desk.be_away(12_300)
    assert not await desk.ask("before the tick", "buy", amount_in=8_000)
    await desk.pass_ms(0)
    assert not desk.trading.arming.executor
    assert desk.trading.arming.strategy
    why = desk.shot().executor_why
    assert why == f"disarmed by desk: {TEXT} 12.3 s, longer than 10 s"
    (noted,) = journal(desk)
    assert (noted.arguments, noted.accepted) == ('{"away_ms":12300}', True)
    assert [one.command for one in desk.events if isinstance(one, OperatorAction)][-2:] == [
        "away",
        "disarm trade-executor",
    ]


async def test_a_lost_relay_holds_nothing_up(desk: DeskHarness) -> None:
    desk.be_away(3_000)
    desk.disconnect()
    await desk.pass_ms(0)
    await desk.read()
    desk.connect()
    await desk.pass_ms(250)
    assert await desk.ask("after", "buy", amount_in=8_000)


@settings(max_examples=8)
@given(st.lists(st.tuples(st.integers(0, 3_000), st.booleans(), st.booleans(), st.booleans()), max_size=12))
async def test_whatever_happens_no_quote_rests_on_a_price_of_before_an_absence(
    steps: list[tuple[int, bool, bool, bool]],
) -> None:
    world = World()
    desk = await live(world)
    back_ns = 0
    for number, (ms, priced, read, caught_up) in enumerate(steps):
        # A tick was due a quarter of a second after the last.
        desk.be_away(ms)
        world.frozen = not priced
        asked_at_ns = world.wall()
        if await desk.ask(f"{number} early", "buy", amount_in=8_000):
            assert ms <= 1_000
        if ms > 1_000:
            back_ns = asked_at_ns
        await desk.pass_ms(0)
        if read:
            await desk.read()
        if caught_up:
            desk.line.answer_probes()
        desk.absence.tick()
        if await desk.ask(f"{number} late", "buy", amount_in=8_000):
            current = desk.trading.reference.current
            assert current.at_ns is not None
            assert current.at_ns >= back_ns
            assert desk.trading.inventory.ledger.at_ns >= back_ns
            assert all(probe.done() for probe in desk.line.probes[-1:])
    await desk.end(clean=True)
