"""A restart whose first balances come from a node that lags behind what is on record: the withdrawal is not lost."""

import asyncio
import sqlite3

import pytest

from storage.history import PreviousRun
from tests.support.amounts import btc_eure
from tests.support.funding.funding_harness import FOREVER, FundingBench
from tests.support.waiting import until
from venue.protocol.amounts import NOTHING

AMOUNT = 100_174
PREVIOUS = PreviousRun(run_id="run-0", clean=True, last_deadline_ns=0, last_write_ns=0, max_deadline_ms=60_000)


@pytest.fixture
async def left(bench: FundingBench) -> FundingBench:
    """A run that ended when it had recorded that a withdrawal left, and no balances that show it."""
    life = await bench.life(follow=False)
    await bench.faults(near_stale_s={"near_a": FOREVER})
    assert (await life.order(AMOUNT)).accepted
    following = asyncio.create_task(life.funding.withdrawals.run())
    await life.reaches("burned", "bridging", "completed")
    following.cancel()
    await life.writer.flush()
    await life.crash()
    return bench


async def test_opening_balances_of_a_block_before_a_recorded_withdrawal_are_waited_out(left: FundingBench) -> None:
    life = await left.life(follow=False, opened=False)
    await life.trading.startup.load(PREVIOUS)
    inventory = life.trading.inventory
    assert life.only().left_at is not None
    assert await inventory.sync("opening") is None
    assert "older than block" in inventory.last_error
    await left.faults(near_stale_s={})
    assert await inventory.sync("opening") == "opening balances read"
    assert (inventory.ledger.unexplained, inventory.ledger.withdrawn) == (NOTHING, NOTHING)
    life.follow()
    await life.reaches("completed")
    await life.until_explained()


async def test_a_withdrawal_that_left_at_an_unknown_block_is_found_after_old_opening_balances(
    left: FundingBench,
) -> None:
    life = await left.life(follow=False, opened=False)
    await life.crash()
    with sqlite3.connect(life.settings.state_dir / "history.sqlite") as db:
        db.execute("UPDATE liquidity_actions SET block_height = NULL")
    life = await left.life(follow=False, opened=False)
    await life.trading.startup.load(PREVIOUS)
    assert life.only().left_at is None
    assert await life.trading.inventory.sync("opening") == "opening balances read"
    assert life.trading.inventory.ledger.unexplained == NOTHING
    assert life.trading.book.reservations.leaving(life.only().order.asset.token_id) == AMOUNT
    await left.faults(near_stale_s={})
    life.follow()
    await life.until_explained()
    await until(lambda: life.trading.inventory.ledger.withdrawn == btc_eure(AMOUNT, 0))
    await life.reaches("completed")
    await life.until_explained()
