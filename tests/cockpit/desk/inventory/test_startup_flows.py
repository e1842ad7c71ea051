"""Deposits and withdrawals over a restart: booked once, taken back, and part of a recorded difference."""

import pytest

from cockpit.desk.inventory.bookings import bookings_by
from cockpit.desk.inventory.movements import Movement
from cockpit.model.events import LiquidityAction
from tests.support.amounts import btc_eure
from tests.support.desk.restart_world import World, unexplained
from venue.protocol.amounts import NOTHING
from venue.protocol.tokens import BTC


async def test_the_bridge_is_waited_for_before_a_difference_counts_as_unexplained(world: World) -> None:
    world.chain.advance(5_000_000)
    run = await world.restart(clean=True)
    run.listed = None
    for _ in range(3):
        assert await world.read() is None
        assert "has not reported deposits" in run.inventory.last_error
    await world.read()
    assert (run.inventory.ledger.unexplained_opening, run.inventory.ledger.unexplained) == (
        btc_eure(5_000_000, 0),
        btc_eure(5_000_000, 0),
    )
    # The deposit is reported at last, and the balances are explained again.
    run.listed = [Movement("deposit:1", btc_eure(5_000_000, 0))]
    await world.read()
    assert (run.inventory.ledger.deposited, run.inventory.ledger.unexplained) == (
        btc_eure(5_000_000, 0),
        NOTHING,
    )


@pytest.mark.parametrize("clean", [True, False])
async def test_what_the_bridge_lists_first_in_a_second_run_was_there_before(clean: bool) -> None:
    """The first run never heard of the bridge: that deposit is in the balances that it opened with."""
    world = World()
    run = await world.start()
    run.listed = None
    for _ in range(2):
        await world.read()
        run.flush()
    run = await world.restart(clean=clean)
    run.listed = None
    while await world.read() is None:
        pass
    run = await world.restart(clean=clean)
    run.listed = [Movement("deposit:1", btc_eure(5_000_000, 0))]
    for _ in range(3):
        world.clock.pass_ms(60_000)
        await world.read()
    assert unexplained(run) == (NOTHING, NOTHING)
    run.flush()
    run = await world.restart(clean=clean)
    run.listed = [Movement("deposit:1", btc_eure(5_000_000, 0)), Movement("deposit:2", btc_eure(7, 0))]
    world.chain.advance(7)
    for _ in range(3):
        world.clock.pass_ms(60_000)
        await world.read()
    assert unexplained(run) == (NOTHING, NOTHING)
    assert run.inventory.ledger.balance == world.chain.head.balances


def credited(world: World, deposit: Movement) -> LiquidityAction:
    """What history records of a deposit once the bridge lists it as credited."""
    return LiquidityAction(
        at_ns=world.clock(),
        action_id=deposit.key,
        kind="deposit",
        asset=None,
        amount=deposit.amounts[BTC.token_id],
        chain=None,
        tx_hash=None,
        status="CREDITED",
        detail="",
    )


async def test_a_deposit_of_long_ago_does_not_explain_what_came_since(world: World) -> None:
    old = Movement("deposit:old", btc_eure(5_000_000, 0))
    world.run.listed = [old]
    world.run.volatile.append(credited(world, old))
    world.chain.advance(old.amounts[BTC.token_id])
    await world.read()
    world.clock.pass_ms(60_000)
    await world.read()
    world.run.flush()
    world.chain.advance(old.amounts[BTC.token_id])
    run = await world.restart(clean=True)
    run.listed = [old]
    await world.read()
    assert run.inventory.ledger.unexplained_opening == btc_eure(5_000_000, 0)
    assert any("is unexplained since" in one for one in run.startup.findings())


async def test_a_deposit_inside_a_recorded_difference_is_booked_by_a_later_run(world: World) -> None:
    """However long ago the bridge credited it: no run has booked it."""
    deposit = Movement("deposit:1", btc_eure(5_000_000, 0))
    world.clock.pass_ms(1)
    world.run.listed = [deposit]
    world.run.volatile.append(credited(world, deposit))
    world.chain.advance(5_000_000 + 7)
    for _ in range(3):
        await world.read()
    assert unexplained(world.run)[1] == btc_eure(5_000_007, 0)
    for _ in range(2):
        run = await world.restart(clean=True)
        run.listed = [deposit]
        world.clock.pass_ms(60_000)
        await world.read()
    world.clock.pass_ms(60_000)
    for _ in range(3):
        await world.read()
    assert unexplained(run)[1] == btc_eure(7, 0)


async def test_a_booking_whose_reading_was_lost_is_taken_back(world: World) -> None:
    """A crash lost the balances that showed the deposit; those that the next run finds, it finds beside a gift."""
    deposit = Movement("deposit:1", btc_eure(5_000_000, 0))
    world.run.listed = [deposit]
    world.chain.advance(5_000_000)
    await world.read()
    world.run.volatile[:] = [event for event in world.run.volatile if isinstance(event, LiquidityAction)]
    world.run.flush()
    world.chain.advance(7)
    run = await world.restart()
    run.listed = [deposit]
    for _ in range(4):
        await world.read()
    assert unexplained(run)[1] == btc_eure(5_000_007, 0)
    run = await world.restart(clean=True)
    run.listed = [deposit]
    for _ in range(3):
        world.clock.pass_ms(60_000)
        await world.read()
    assert unexplained(run)[1] == btc_eure(7, 0)
    assert run.inventory.ledger.deposited == deposit.amounts


async def test_a_withdrawal_of_an_earlier_run_explains_the_opening(world: World) -> None:
    run = await world.restart(clean=True)
    run.flows[:] = [Movement("w-1:out", btc_eure(-20_000, 0))]
    world.chain.advance(-20_000)
    await world.read()
    assert run.inventory.ledger.unexplained_opening == NOTHING
    assert any(
        "deposits and withdrawals while no desk was running: -0.0002 BTC" in one for one in run.startup.findings()
    )


def row(key: str, status: str, at_ns: int, amount: int = 7) -> LiquidityAction:
    return LiquidityAction(
        at_ns=at_ns,
        action_id=key,
        kind="booking",
        asset=BTC.token_id,
        amount=amount,
        chain=None,
        tx_hash=None,
        status=status,
        detail="",
    )


def test_bookings_up_to_the_balances_to_start_from_count() -> None:
    rows = [
        row("opening", "OPENED", 1),
        row("a", "BOOKED", 2),
        row("b", "ASSUMED", 2),
        row("c", "ASSUMED", 2),
        row("c", "BOOKED", 3),
        row("d", "ASSUMED", 3),
        row("d", "UNBOOKED", 4),
        row("e", "BOOKED", 9),
    ]
    found = bookings_by(rows, 5)
    assert (sorted(found.known), sorted(found.taken_back)) == (["a", "b", "c"], ["d"])
    assert found.assumed == (Movement("b", btc_eure(7, 0)),)
    assert found.recorded_since_ns == 1
    assert found.later == (Movement("e", btc_eure(7, 0)),)
    assert bookings_by(rows, 0).recorded_since_ns is None


async def test_a_deposit_assumed_by_one_run_is_taken_back_by_the_next(world: World) -> None:
    """The bridge no longer lists what it called credited."""
    lie = Movement("deposit:lie", btc_eure(5_000_000, 0))
    world.run.listed = [lie]
    world.chain.advance(1)
    await world.read()
    world.clock.pass_ms(60_000)
    for _ in range(3):
        await world.read()
    assert unexplained(world.run)[1] == btc_eure(1 - 5_000_000, 0)
    run = await world.restart(clean=True)
    run.listed = [lie]
    await world.read()
    assert unexplained(run)[1] == btc_eure(1 - 5_000_000, 0)
    run.listed = []
    for _ in range(3):
        await world.read()
    assert unexplained(run)[1] == btc_eure(1, 0)
    run = await world.restart(clean=True)
    run.listed = []
    for _ in range(3):
        await world.read()
    assert unexplained(run)[1] == btc_eure(1, 0)
