"""An unexplained difference over any number of starts."""

import msgspec
import pytest

from cockpit.desk.inventory.movements import Movement
from cockpit.model.events import IntentInventory, LiquidityAction, OperatorAction
from storage.errors import HistoryError
from storage.reporting.differences import DIFFERENCE_COMMAND
from tests.support.amounts import btc_eure
from tests.support.desk.restart_world import World, unexplained
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import NBTC


async def transfer(world: World, base: int) -> None:
    """A transfer that no known movement explains, read twice."""
    world.chain.advance(base)
    await world.read()
    await world.read()


async def test_a_difference_stays_visible_over_any_number_of_starts_until_it_is_accepted(world: World) -> None:
    await transfer(world, 7)
    for clean in (True, False, True):
        world.run.flush()
        run = await world.restart(clean=clean)
        await world.read()
        assert (run.inventory.ledger.unexplained_opening, run.inventory.ledger.unexplained) == (
            btc_eure(7, 0),
            btc_eure(7, 0),
        )
        assert "+0.00000007 BTC was unexplained before and has not been accepted" in run.startup.findings()
    assert world.run.inventory.accept(btc_eure(7, 0)) == ""
    world.run.flush()
    run = await world.restart()
    await world.read()
    assert unexplained(run) == (NOTHING, NOTHING)
    assert not any("unexplained" in one for one in run.startup.findings())


async def test_a_crash_before_the_reading_that_shows_a_difference_counts_it_once(world: World) -> None:
    await transfer(world, 7)
    (at,) = [
        n for n, e in enumerate(world.run.volatile) if isinstance(e, OperatorAction) and e.command == DIFFERENCE_COMMAND
    ]
    world.run.flush(at + 1)
    run = await world.restart()
    await world.read()
    assert (run.inventory.ledger.unexplained_opening, run.inventory.ledger.unexplained) == (
        btc_eure(7, 0),
        btc_eure(7, 0),
    )


async def test_a_second_difference_is_added_to_the_one_of_the_previous_run(world: World) -> None:
    await transfer(world, 7)
    run = await world.restart(clean=True)
    await world.read()
    await transfer(world, 5)
    assert run.inventory.ledger.unexplained == btc_eure(12, 0)
    run = await world.restart(clean=True)
    await world.read()
    assert run.inventory.ledger.unexplained == btc_eure(12, 0)


async def test_a_difference_that_is_explained_later_is_not_carried_on(world: World) -> None:
    await transfer(world, 5_000_000)
    world.run.listed = [Movement("deposit:1", btc_eure(5_000_000, 0))]
    await world.read()
    assert world.run.inventory.ledger.unexplained == NOTHING
    world.run.volatile.append(
        LiquidityAction(
            at_ns=world.clock(),
            action_id="deposit:1",
            kind="deposit",
            asset=None,
            amount=5_000_000,
            chain=None,
            tx_hash=None,
            status="CREDITED",
            detail="",
        )
    )
    world.clock.pass_ms(60_000)
    await world.read()
    run = await world.restart(clean=True)
    run.listed = [Movement("deposit:1", btc_eure(5_000_000, 0))]
    await world.read()
    assert unexplained(run) == (NOTHING, NOTHING)


async def test_a_token_that_no_run_has_counted_is_taken_as_it_is(world: World) -> None:
    deposit = Movement("deposit:n", TokenAmounts({NBTC.token_id: 40}))
    world.history.events = [event for event in world.history.events if getattr(event, "asset", "") != NBTC.token_id]
    world.chain.advance(moved=deposit.amounts)
    run = await world.restart(clean=True)
    run.listed = None
    assert await world.read() is None, "what the bridge has credited of it must be known first"
    run.listed = [deposit]
    assert await world.read() == "opening balances read"
    assert unexplained(run) == (NOTHING, NOTHING)
    assert any("counted for the first time" in line for line in run.startup.findings())
    world.chain.advance(moved=deposit.amounts)
    await world.read()
    await world.read()
    assert unexplained(run)[1] == deposit.amounts, "the deposit is in the opening balance and explains nothing more"


async def test_a_balance_of_a_token_that_left_the_table_stops_the_start(world: World) -> None:
    row = next(event for event in world.history.events if isinstance(event, IntentInventory))
    world.history.events.append(msgspec.structs.replace(row, asset="nep141:gone.near", balance=1))
    with pytest.raises(HistoryError, match=r"gone\.near.*markets\.toml"):
        await world.restart(clean=True)
