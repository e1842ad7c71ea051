"""Single steps of a restart that chance seldom brings together."""

import msgspec
import pytest

from cockpit.desk.inventory import startup_findings as findings
from cockpit.desk.inventory.bookings import bookings_by
from cockpit.desk.inventory.explainer import NONCES_A_READING
from cockpit.desk.inventory.movements import Movement
from cockpit.desk.inventory.startup_reconciliation import MAX_NONCES, MAX_ROUNDS
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.events import IntentInventory, LiquidityAction, OperatorAction, TradeResult
from storage.errors import HistoryError
from storage.history import PreviousRun
from storage.reporting.differences import DIFFERENCE_COMMAND
from tests.support.amounts import btc_eure
from tests.support.counted_lines import Lines
from tests.support.desk.builders import Clock
from tests.support.desk.chain import Chain
from tests.support.desk.restart_harness import DeskRun, MemoryHistory, results
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import BTC, NBTC
from venue.relay.messages import QuoteStatus


def unexplained(run: DeskRun) -> tuple[TokenAmounts, TokenAmounts]:
    """What of the opening balances, and of the last ones, nothing explains."""
    return run.inventory.ledger.unexplained_opening, run.inventory.ledger.unexplained


class World:
    """A chain, a history, and the current run."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.chain = Chain(self.clock)
        self.chain.head.balances = btc_eure(10**9, 10**9)
        self.history = MemoryHistory()
        self.runs = 0
        self.run: DeskRun

    async def start(self, previous: PreviousRun | None = None) -> DeskRun:
        self.runs += 1
        self.run = DeskRun(self.clock, self.chain, self.history, self.runs)
        await self.run.start(previous)
        return self.run

    async def restart(self, *, clean: bool = False) -> DeskRun:
        self.clock.pass_ms(10)
        return await self.start(self.run.end(clean=clean))

    async def read(self) -> str | None:
        self.clock.pass_ms(1)
        return await self.run.inventory.sync("poll")


@pytest.fixture
async def world() -> World:
    """A first run that has read its opening balances."""
    world = World()
    await world.start()
    await world.read()
    world.run.flush()
    return world


async def test_a_settlement_recorded_without_the_reading_that_showed_it_is_not_booked_again(world: World) -> None:
    made = world.run.send("a", amount_in=7, amount_out=1_000)
    world.chain.settle(made)
    await world.read()
    world.run.flush(1)
    assert results(world.history, "settled") == [made.quote_hash]
    run = await world.restart()
    await world.read()
    run.flush()
    assert results(world.history, "settled") == [made.quote_hash]
    assert unexplained(run) == (NOTHING, NOTHING)


async def test_a_fill_of_the_previous_run_that_is_reported_again_is_ours_and_is_not_booked_again(world: World) -> None:
    made = world.run.send("a", amount_in=7, amount_out=1_000)
    world.chain.settle(made)
    world.run.book.on_status(QuoteStatus(made.quote_hash, None, None))
    await world.read()
    world.run.flush()
    run = await world.restart()
    await world.read()
    assert run.book.on_status(QuoteStatus(made.quote_hash, None, None)), "it is not another maker's"
    assert run.book.settling() == ()
    assert results(world.history, "settled") == [made.quote_hash]
    assert not run.book.on_status(QuoteStatus("another-makers", None, None))


async def test_a_reading_that_was_not_explained_is_no_base_to_start_from(world: World) -> None:
    made = world.run.send("a", amount_in=7, amount_out=1_000)
    world.chain.settle(made)
    world.chain.states[-1].used = frozenset()  # The node that is asked for the nonce lags behind.
    await world.read()
    assert world.run.inventory.ledger.unexplained == btc_eure(7, -1_000)
    world.run.flush()
    world.chain.states[-1].used = frozenset({made.nonce})
    run = await world.restart()
    await world.read()
    run.flush()
    assert results(world.history, "settled") == [made.quote_hash]
    assert run.inventory.ledger.unexplained_opening == NOTHING


async def test_balances_older_than_the_block_that_used_the_nonce_burn_nothing(world: World) -> None:
    made = world.run.send("a", amount_in=7, amount_out=1_000)
    world.run.book.burn(made.quote_hash)
    world.chain.advance()
    world.chain.settle(made)
    world.run.book.nonce_used(made.quote_hash, world.chain.head.height)
    world.chain.behind = 1
    await world.read()
    assert world.run.book.reservations.get(made.quote_hash) is not None
    world.chain.behind = 0
    await world.read()
    world.run.flush()
    assert (results(world.history, "settled"), results(world.history, "burned")) == ([made.quote_hash], [])


async def test_an_opening_older_than_what_the_previous_run_saw_is_not_taken(world: World) -> None:
    world.chain.advance(5_000_000)
    world.run.listed = [Movement("deposit:1", btc_eure(5_000_000, 0))]
    await world.read()
    world.run.flush()
    run = await world.restart()
    world.chain.behind = 1
    assert await world.read() is None
    assert run.inventory.ledger.balance is None
    assert "older than block" in run.inventory.last_error
    world.chain.behind = 0
    assert await world.read() == "opening balances read"


async def test_an_opening_older_than_an_unexplained_reading_is_not_taken(world: World) -> None:
    """It would not show the fill that was booked by that reading."""
    made = world.run.send("q", amount_in=8, amount_out=101)
    world.chain.advance(1_000)
    await world.restart()
    world.chain.settle(made)
    await world.read()
    assert results(world.history, "settled") == [], "not on record yet"
    run = await world.restart(clean=True)
    assert results(world.history, "settled") == [made.quote_hash]
    world.chain.behind = 1
    assert await world.read() is None
    assert "older than block" in run.inventory.last_error
    world.chain.behind = 0
    assert await world.read() == "opening balances read"
    assert unexplained(run) == (btc_eure(1_000, 0), btc_eure(1_000, 0))


async def fill_whose_reading_was_lost(world: World) -> Commitment:
    """A fill is booked, and of all that its reading recorded a crash leaves only the fill."""
    made = world.run.send("q", amount_in=8, amount_out=101)
    world.chain.settle(made)
    world.run.book.on_status(QuoteStatus(made.quote_hash, "intent", "tx"))
    await world.read()
    world.run.volatile[:] = [event for event in world.run.volatile if isinstance(event, TradeResult)]
    world.run.flush()
    return made


@pytest.mark.parametrize("starts", [1, 2])
async def test_a_fill_on_record_that_the_opening_is_too_old_to_show_is_no_difference_later(
    world: World, starts: int
) -> None:
    """Its own reading was lost in a crash, so that nothing tells how new the balances must be."""
    made = await fill_whose_reading_was_lost(world)
    assert results(world.history, "settled") == [made.quote_hash]
    world.chain.behind = 1
    for _ in range(starts):
        run = await world.restart()
        assert await world.read() == "opening balances read"
        run.flush()
    world.chain.behind = 0
    assert await world.read() == "the balances are explained"
    world.run.flush()
    assert unexplained(run) == (NOTHING, NOTHING)
    assert run.inventory.ledger.filled == btc_eure(8, -101)
    assert results(world.history, "settled") == [made.quote_hash]


async def test_a_start_finds_a_fill_on_record_that_the_start_before_was_too_old_to_show(world: World) -> None:
    made = await fill_whose_reading_was_lost(world)
    world.chain.behind = 1
    await world.restart()
    await world.read()
    run = await world.restart(clean=True)
    world.chain.behind = 0
    await world.read()
    assert unexplained(run) == (NOTHING, NOTHING)
    assert not any("while no desk was running" in one for one in run.startup.findings())
    assert results(world.history, "settled") == [made.quote_hash]


async def test_beside_a_gift_the_burned_quote_that_gave_what_is_missing_was_settled(world: World) -> None:
    """And not another that the balances to start from may show already."""
    booked, burned = (world.run.send(f"q{n}", amount_in=8 + n, amount_out=101 + n) for n in range(2))
    world.chain.settle(booked)
    world.run.book.on_status(QuoteStatus(booked.quote_hash, "intent", "tx"))
    await world.read()
    world.run.book.burn(burned.quote_hash)
    world.run.flush()
    world.chain.settle(burned)
    world.chain.advance(1_000)
    run = await world.restart()
    await world.read()
    run.flush()
    assert results(world.history, "settled") == [booked.quote_hash, burned.quote_hash]
    assert unexplained(run)[1] == btc_eure(1_000, 0)


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


async def test_how_long_quotes_of_the_previous_run_stay_live(world: World) -> None:
    world.run.send("a", amount_in=7, amount_out=1_000, life_ms=20_000)
    clean = await world.restart(clean=True)
    assert clean.startup.unrecorded_left_ms() == 0
    assert 19_000 < clean.startup.left_ms() <= 20_000
    broken = await world.restart()
    assert broken.startup.unrecorded_left_ms() > 60_000
    assert broken.startup.left_ms() == broken.startup.unrecorded_left_ms()


@pytest.mark.parametrize("clean", [True, False])
async def test_refused_quotes_are_waited_for_until_they_are_over(world: World, clean: bool) -> None:
    made = world.run.send("a", amount_in=7, amount_out=1_000, life_ms=60_000)
    world.run.refuse(made)
    world.run.flush()
    run = await world.restart(clean=clean)
    reservations = run.book.reservations
    assert (len(reservations), reservations.signed_count(), run.book.recent[0].state) == (0, 1, "refused")
    assert run.startup.left_ms() >= 59_000
    await world.read()
    assert findings.still_live(1) in run.startup.findings()
    world.clock.pass_ms(61_000)
    run.tick()
    assert world.history.accounted() == 0
    assert reservations.signed_count() == 1, "no block has shown yet that it was not settled"
    world.chain.advance()
    await world.read()
    run.tick()
    run.flush()
    assert (reservations.signed_count(), results(world.history, "expired")) == (0, [made.quote_hash])
    assert world.history.accounted() == 1


@pytest.mark.parametrize("claimed", [True, False])
async def test_a_refused_quote_that_settled_while_no_desk_ran_is_booked_once(world: World, claimed: bool) -> None:
    made = world.run.send("a", amount_in=7, amount_out=1_000)
    world.run.refuse(made)
    if claimed:
        world.run.book.on_status(QuoteStatus(made.quote_hash, "intent", "tx", "ready"))
    world.run.flush()
    world.chain.settle(made)
    for _ in range(2):
        run = await world.restart()
        assert run.inventory.ledger.unexplained_opening == NOTHING
        await world.read()
        run.flush()
    assert results(world.history, "settled") == [made.quote_hash]
    assert results(world.history, "accepted") == [made.quote_hash]
    assert run.book.reservations.signed_count() == 0
    assert (run.inventory.ledger.unexplained, run.inventory.ledger.balance) == (NOTHING, world.chain.head.balances)


@pytest.mark.parametrize("known", [True, False])
async def test_the_transaction_of_a_fill_is_asked_for_and_not_waited_for(world: World, known: bool) -> None:
    made = world.run.send("a", amount_in=7, amount_out=1_000)
    world.chain.settle(made)
    run = await world.restart()
    run.transactions = {made.quote_hash: "tx-1"}
    if not known:
        world.chain.down = {"relay"}
    await world.read()
    run.flush()
    [settled] = [e for e in world.history.events if isinstance(e, TradeResult) and e.outcome == "settled"]
    assert (settled.quote_hash, settled.tx_hash) == (made.quote_hash, "tx-1" if known else None)


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


HUGE = 999_999_999_999


async def test_a_recorded_height_that_the_chain_cannot_have_is_set_aside_and_told(world: World) -> None:
    await world.read()
    world.run.flush()
    rows = [e for e in world.history.events if isinstance(e, IntentInventory)]
    world.history.events += [msgspec.structs.replace(row, block_height=HUGE, cause="poll") for row in rows[-3:]]
    world.chain.advance(-20_000)
    run = await world.restart()
    run.flows[:] = [Movement("w-1:out", btc_eure(-20_000, 0))]
    assert await world.read() == "opening balances read"
    assert unexplained(run) == (NOTHING, NOTHING)
    assert run.inventory.ledger.height == world.chain.head.height
    assert findings.set_aside(HUGE) in run.startup.findings()
    world.chain.advance()
    await world.read()
    assert run.inventory.ledger.height == world.chain.head.height


async def test_a_withdrawal_at_a_height_that_the_chain_cannot_have_holds_up_no_start(world: World) -> None:
    run = await world.restart()
    run.withdrawals.blocks_left += [HUGE, world.chain.head.height + 1]
    assert await world.read() is None, "the block that is possible is waited for"
    world.chain.advance()
    assert await world.read() == "opening balances read"


async def test_a_node_that_calls_nonces_used_books_no_fill_that_the_balances_contradict(world: World) -> None:
    made = world.run.send("a", amount_in=7, amount_out=1_000)
    world.run.flush()
    # A deposit that the bridge does not list, so that nothing explains the change, and a false nonce.
    world.chain.advance(0, 500)
    true, world.chain.head.used = world.chain.head.used, frozenset({made.nonce})
    run = await world.restart()
    await world.read()
    run.flush()
    assert results(world.history, "settled") == []
    assert run.book.reservations.is_signed(made.quote_hash), "it can still settle"
    assert unexplained(run)[0] == btc_eure(0, 500)
    world.chain.head.used = true
    world.chain.settle(made)
    for _ in range(3):
        await world.read()
    run.flush()
    assert results(world.history, "settled") == [made.quote_hash]
    assert unexplained(run)[1] == btc_eure(0, 500)


@pytest.mark.parametrize("at_start", [True, False])
async def test_what_one_node_alone_calls_used_is_not_booked_beside_money_that_came_from_elsewhere(
    world: World, at_start: bool
) -> None:
    """A deposit that the bridge does not list yet would hide what the fill says came in."""
    made = world.run.send("q", amount_in=40_000, amount_out=100)
    world.run.flush()
    world.chain.said_used = {made.nonce}
    world.chain.advance(5_000_000)
    if at_start:
        await world.restart()
    for _ in range(4):
        await world.read()
    assert world.run.book.reservations.is_signed(made.quote_hash)
    assert unexplained(world.run)[1] == btc_eure(5_000_000, 0)
    world.chain.said_used = set()
    world.chain.settle(made)
    await world.read()
    world.run.flush()
    assert results(world.history, "settled") == [made.quote_hash]
    assert unexplained(world.run)[1] == btc_eure(5_000_000, 0)


async def test_a_quote_that_explains_a_recorded_difference_is_not_released_without_it(world: World) -> None:
    """The node denied its nonce until it expired, and the run that found out was lost."""
    made = world.run.send("a", amount_in=7, amount_out=1_000, life_ms=5_000)
    world.run.flush()
    world.chain.settle(made)
    world.chain.head.used = frozenset()
    for _ in range(3):
        await world.read()
    world.run.flush()
    assert unexplained(world.run)[1] == btc_eure(7, -1_000)
    run = await world.restart()
    world.clock.pass_ms(10_000)
    world.chain.advance()
    for _ in range(3):
        await world.read()
    run.flush()
    assert results(world.history, "settled") == [made.quote_hash]
    assert unexplained(run)[1] == NOTHING


async def test_a_start_whose_balances_match_asks_for_none_of_many_quotes_and_for_all_of_few(world: World) -> None:
    for count in (MAX_NONCES, 1):
        for n in range(count):
            world.run.send(f"{count}-{n}", amount_in=1_003 + n, amount_out=2_003 + n)
        run = await world.restart()
        before = len(world.chain.asked_nonces)
        await world.read()
        assert len(world.chain.asked_nonces) - before == (MAX_NONCES if count > 1 else 0)
        assert unexplained(run) == (NOTHING, NOTHING)
        assert len(run.book.reservations) == run.book.restored_count


async def test_earlier_quotes_are_counted_until_the_last_of_them_is_over(world: World) -> None:
    """What they hold up is known without a look at each of them, however many there are."""
    for n in range(40):
        world.run.send(str(n), amount_in=7, amount_out=1_000, life_ms=60_000 + n)
    run = await world.restart()
    await world.read()
    assert findings.still_live(40) in run.startup.findings()
    last_ms = run.startup.left_ms()
    with Lines() as few:
        run.startup.tick()
        run.startup.findings()
        run.startup.left_ms()
    assert few.count < 40
    run.book.confirm("hash-39", "")
    assert findings.still_live(39) in run.startup.findings()
    assert run.startup.left_ms() <= last_ms


async def test_a_start_asks_for_the_nonces_that_fit_and_leaves_the_others_to_later_readings(world: World) -> None:
    quotes = [world.run.send(str(n), amount_in=1_003 + 7 * n * n, amount_out=2_003 + 11 * n * n) for n in range(300)]
    world.chain.settle(quotes[222])
    world.chain.settle(quotes[3])
    world.chain.advance(1)
    run = await world.restart()
    before = len(world.chain.asked_nonces)
    await world.read()
    assert len(world.chain.asked_nonces) - before <= MAX_ROUNDS * MAX_NONCES + 1, "the used one is asked for again"
    for _ in range(16):
        world.chain.advance()
        before = len(world.chain.asked_nonces)
        await world.read()
        assert len(world.chain.asked_nonces) - before <= NONCES_A_READING + 1
    run.flush()
    assert sorted(results(world.history, "settled")) == sorted(one.quote_hash for one in (quotes[3], quotes[222]))
    assert run.inventory.ledger.unexplained == btc_eure(1, 0)


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
