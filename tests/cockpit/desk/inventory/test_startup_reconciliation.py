"""Single steps of a restart that chance seldom brings together."""

import msgspec
import pytest

from cockpit.desk.inventory import startup_findings as findings
from cockpit.desk.inventory.explainer import NONCES_A_READING
from cockpit.desk.inventory.movements import Movement
from cockpit.desk.inventory.startup_reconciliation import MAX_NONCES, MAX_ROUNDS
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.model.events import IntentInventory, TradeResult
from tests.support.amounts import btc_eure
from tests.support.counted_lines import Lines
from tests.support.desk.restart_harness import results
from tests.support.desk.restart_world import World, unexplained
from venue.protocol.amounts import NOTHING
from venue.relay.messages import QuoteStatus


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
