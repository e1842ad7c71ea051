"""Single steps of a restart that chance seldom brings together."""

import pytest

from cockpit.desk.inventory.movements import Movement
from cockpit.model.events import LiquidityAction, OperatorAction, TradeResult
from storage.history import PreviousRun
from storage.reporting.differences import DIFFERENCE_COMMAND
from tests.support.desk.builders import Clock
from tests.support.desk.chain import Chain
from tests.support.desk.restart_harness import Kept, Life, results
from venue.protocol.assets import NO_AMOUNTS, PairAmounts


class World:
    """A chain, a history, and the life that goes on now."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.chain = Chain(self.clock)
        self.chain.head.balances = PairAmounts(10**9, 10**9)
        self.history = Kept()
        self.lives = 0
        self.life: Life

    async def begin(self, former: PreviousRun | None = None) -> Life:
        self.lives += 1
        self.life = Life(self.clock, self.chain, self.history, self.lives)
        await self.life.begin(former)
        return self.life

    async def restart(self, *, clean: bool = False) -> Life:
        self.clock.pass_ms(10)
        return await self.begin(self.life.end(clean=clean))

    async def read(self) -> str | None:
        self.clock.pass_ms(1)
        return await self.life.inventory.sync("poll")


@pytest.fixture
async def world() -> World:
    """A first life that has read its opening balances."""
    world = World()
    await world.begin()
    await world.read()
    world.life.flush()
    return world


async def test_a_settlement_recorded_without_the_reading_that_showed_it_is_not_booked_again(world: World) -> None:
    made = world.life.send("a", amount_in=7, amount_out=1_000)
    world.chain.settle(made)
    await world.read()
    world.life.flush(1)
    assert results(world.history, "settled") == [made.quote_hash]
    life = await world.restart()
    await world.read()
    life.flush()
    assert results(world.history, "settled") == [made.quote_hash]
    assert (life.inventory.ledger.gap, life.inventory.ledger.unexplained) == (NO_AMOUNTS, NO_AMOUNTS)


async def test_a_reading_that_was_not_explained_is_no_base_to_start_from(world: World) -> None:
    made = world.life.send("a", amount_in=7, amount_out=1_000)
    world.chain.settle(made)
    world.chain.states[-1].used = frozenset()  # The node that is asked for the nonce lags behind.
    await world.read()
    assert world.life.inventory.ledger.unexplained == PairAmounts(7, -1_000)
    world.life.flush()
    world.chain.states[-1].used = frozenset({made.nonce})
    life = await world.restart()
    await world.read()
    life.flush()
    assert results(world.history, "settled") == [made.quote_hash]
    assert life.inventory.ledger.gap == NO_AMOUNTS


async def test_balances_older_than_the_block_that_used_the_nonce_burn_nothing(world: World) -> None:
    made = world.life.send("a", amount_in=7, amount_out=1_000)
    world.life.book.burn(made.quote_hash)
    world.chain.advance()
    world.chain.settle(made)
    world.life.book.nonce_used(made.quote_hash, world.chain.head.height)
    world.chain.behind = 1
    await world.read()
    assert world.life.book.reservations.get(made.quote_hash) is not None
    world.chain.behind = 0
    await world.read()
    world.life.flush()
    assert (results(world.history, "settled"), results(world.history, "burned")) == ([made.quote_hash], [])


async def test_an_opening_older_than_what_the_previous_run_saw_is_not_taken(world: World) -> None:
    world.chain.advance(5_000_000)
    world.life.listed = [Movement("deposit:1", PairAmounts(5_000_000, 0))]
    await world.read()
    world.life.flush()
    life = await world.restart()
    world.chain.behind = 1
    assert await world.read() is None
    assert life.inventory.ledger.balance is None
    assert "older than block" in life.inventory.last_error
    world.chain.behind = 0
    assert await world.read() == "opening balances read"


async def test_the_bridge_is_waited_for_before_a_difference_counts_as_unexplained(world: World) -> None:
    world.chain.advance(5_000_000)
    life = await world.restart(clean=True)
    life.listed = None
    for _ in range(3):
        assert await world.read() is None
        assert "has not reported deposits" in life.inventory.last_error
    await world.read()
    assert (life.inventory.ledger.gap, life.inventory.ledger.unexplained) == (
        PairAmounts(5_000_000, 0),
        PairAmounts(5_000_000, 0),
    )
    # The deposit is told of at last, and the proof is whole again.
    life.listed = [Movement("deposit:1", PairAmounts(5_000_000, 0))]
    await world.read()
    assert (life.inventory.ledger.deposited, life.inventory.ledger.unexplained) == (
        PairAmounts(5_000_000, 0),
        NO_AMOUNTS,
    )


async def test_a_deposit_of_long_ago_does_not_explain_what_came_since(world: World) -> None:
    old = Movement("deposit:old", PairAmounts(5_000_000, 0))
    world.life.listed = [old]
    world.life.volatile.append(
        LiquidityAction(
            at_ns=world.clock(),
            action_id=old.key,
            kind="deposit",
            asset=None,
            amount=old.amounts.base,
            chain=None,
            tx_hash=None,
            status="CREDITED",
            detail="",
        )
    )
    world.chain.advance(old.amounts.base)
    await world.read()
    world.clock.pass_ms(60_000)
    await world.read()
    world.life.flush()
    world.chain.advance(old.amounts.base)
    life = await world.restart(clean=True)
    life.listed = [old]
    await world.read()
    assert life.inventory.ledger.gap == PairAmounts(5_000_000, 0)
    assert any("is unexplained since" in one for one in life.former.findings())


async def test_a_withdrawal_of_an_earlier_run_explains_the_opening(world: World) -> None:
    life = await world.restart(clean=True)
    life.flows[:] = [Movement("w-1:out", PairAmounts(-20_000, 0))]
    world.chain.advance(-20_000)
    await world.read()
    assert life.inventory.ledger.gap == NO_AMOUNTS
    assert any(
        "deposits and withdrawals while no desk was running: -0.0002 BTC" in one for one in life.former.findings()
    )


async def test_how_long_quotes_of_the_previous_run_stay_live(world: World) -> None:
    world.life.send("a", amount_in=7, amount_out=1_000, life_ms=20_000)
    clean = await world.restart(clean=True)
    assert clean.former.unrecorded_left_ms() == 0
    assert 19_000 < clean.former.left_ms() <= 20_000
    broken = await world.restart()
    assert broken.former.unrecorded_left_ms() > 60_000
    assert broken.former.left_ms() == broken.former.unrecorded_left_ms()


@pytest.mark.parametrize("known", [True, False])
async def test_the_transaction_of_a_fill_is_asked_for_and_not_waited_for(world: World, known: bool) -> None:
    made = world.life.send("a", amount_in=7, amount_out=1_000)
    world.chain.settle(made)
    life = await world.restart()
    life.transactions = {made.quote_hash: "tx-1"}
    if not known:
        world.chain.down = {"relay"}
    await world.read()
    life.flush()
    [settled] = [e for e in world.history.events if isinstance(e, TradeResult) and e.outcome == "settled"]
    assert (settled.quote_hash, settled.tx_hash) == (made.quote_hash, "tx-1" if known else None)


async def strange(world: World, base: int) -> None:
    """Something that no movement explains, seen twice."""
    world.chain.advance(base)
    await world.read()
    await world.read()


async def test_a_difference_stays_visible_over_any_number_of_starts_until_it_is_accepted(world: World) -> None:
    await strange(world, 7)
    for clean in (True, False, True):
        world.life.flush()
        life = await world.restart(clean=clean)
        await world.read()
        assert (life.inventory.ledger.gap, life.inventory.ledger.unexplained) == (PairAmounts(7, 0), PairAmounts(7, 0))
        assert "+0.00000007 BTC was unexplained before and has not been accepted" in life.former.findings()
    assert world.life.inventory.accept(PairAmounts(7, 0)) == ""
    world.life.flush()
    life = await world.restart()
    await world.read()
    assert (life.inventory.ledger.gap, life.inventory.ledger.unexplained) == (NO_AMOUNTS, NO_AMOUNTS)
    assert not any("unexplained" in one for one in life.former.findings())


async def test_a_crash_before_the_reading_that_shows_a_difference_counts_it_once(world: World) -> None:
    await strange(world, 7)
    (at,) = [
        n
        for n, e in enumerate(world.life.volatile)
        if isinstance(e, OperatorAction) and e.command == DIFFERENCE_COMMAND
    ]
    world.life.flush(at + 1)
    life = await world.restart()
    await world.read()
    assert (life.inventory.ledger.gap, life.inventory.ledger.unexplained) == (PairAmounts(7, 0), PairAmounts(7, 0))


async def test_a_second_difference_is_added_to_the_one_of_the_previous_run(world: World) -> None:
    await strange(world, 7)
    life = await world.restart(clean=True)
    await world.read()
    await strange(world, 5)
    assert life.inventory.ledger.unexplained == PairAmounts(12, 0)
    life = await world.restart(clean=True)
    await world.read()
    assert life.inventory.ledger.unexplained == PairAmounts(12, 0)


async def test_a_difference_that_is_explained_later_is_not_carried_on(world: World) -> None:
    await strange(world, 5_000_000)
    world.life.listed = [Movement("deposit:1", PairAmounts(5_000_000, 0))]
    await world.read()
    assert world.life.inventory.ledger.unexplained == NO_AMOUNTS
    world.life.volatile.append(
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
    life = await world.restart(clean=True)
    life.listed = [Movement("deposit:1", PairAmounts(5_000_000, 0))]
    await world.read()
    assert (life.inventory.ledger.gap, life.inventory.ledger.unexplained) == (NO_AMOUNTS, NO_AMOUNTS)
