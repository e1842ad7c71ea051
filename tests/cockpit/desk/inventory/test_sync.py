import asyncio

import pytest

from cockpit.desk.inventory.movements import Movement
from cockpit.desk.inventory.reconciliation import movement
from cockpit.desk.inventory.sync import TOLD_AFTER
from tests.support.amounts import btc_eure
from tests.support.desk.chain import OPENING, InventoryHarness
from tests.support.waiting import until
from venue.protocol.amounts import NOTHING
from venue.protocol.tokens import BTC, EURE, NBTC


@pytest.fixture
async def opened() -> InventoryHarness:
    """An inventory that has read its opening balances."""
    watched = InventoryHarness()
    assert await watched.inventory.sync("opening") == "opening balances read"
    return watched


async def test_nothing_is_known_before_the_first_answer() -> None:
    watched = InventoryHarness()
    watched.chain.down.add("balances")
    assert await watched.inventory.sync("opening") is None
    inventory = watched.inventory
    assert inventory.ledger.balance is None
    assert inventory.ledger.opening is None
    assert inventory.counters["failures"] == 1
    assert "does not answer" in inventory.last_error
    assert watched.rows == []


async def test_the_first_answer_is_the_opening(opened: InventoryHarness) -> None:
    inventory = opened.inventory
    assert inventory.ledger.opening == inventory.ledger.balance == OPENING
    assert (inventory.ledger.filled, inventory.ledger.deposited, inventory.ledger.unexplained) == (
        NOTHING,
        NOTHING,
        NOTHING,
    )
    assert [(row.asset, row.balance, row.cause) for row in opened.rows] == [
        (BTC.token_id, OPENING[BTC.token_id], "opening"),
        (NBTC.token_id, 0, "opening"),
        (EURE.token_id, OPENING[EURE.token_id], "opening"),
    ]


async def test_a_fill_is_booked_when_the_balances_show_it(opened: InventoryHarness) -> None:
    made = opened.send()
    opened.chain.settle(made)
    opened.claim(made)
    assert opened.outcomes() == []
    await opened.inventory.sync("settlement")
    assert opened.outcomes() == [(made.quote_hash, "settled")]
    assert opened.inventory.ledger.balance == btc_eure(OPENING[BTC.token_id] + 100, OPENING[EURE.token_id] - 1_000)
    assert opened.inventory.ledger.filled == btc_eure(100, -1_000)
    assert opened.inventory.ledger.unexplained == NOTHING
    assert opened.reservations.reserved(EURE.token_id) == 0
    assert opened.chain.asked_nonces == []


async def test_a_claimed_fill_that_the_balances_do_not_show_stays_reserved(opened: InventoryHarness) -> None:
    made = opened.send()
    opened.claim(made)
    opened.block_after()
    await opened.inventory.sync("settlement")
    assert opened.outcomes() == []
    assert opened.reservations.reserved(EURE.token_id) == 1_000
    opened.chain.settle(made)
    await opened.inventory.sync("settlement")
    assert opened.outcomes() == [(made.quote_hash, "settled")]


async def test_one_of_two_claimed_fills_is_told_apart_from_the_other(opened: InventoryHarness) -> None:
    one, two = opened.send(amount_out=1_000), opened.send(amount_out=2_000)
    opened.claim(one)
    opened.claim(two)
    opened.chain.settle(two)
    await opened.inventory.sync("settlement")
    assert opened.outcomes() == [(two.quote_hash, "settled")]
    assert opened.reservations.reserved(EURE.token_id) == 1_000


async def test_a_claim_that_comes_while_the_balances_are_read_explains_them(opened: InventoryHarness) -> None:
    made = opened.send()

    def settles_now() -> None:
        opened.chain.settle(made)
        opened.claim(made)

    opened.chain.before_balances = settles_now
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [(made.quote_hash, "settled")]
    assert opened.chain.asked_nonces == [], "no nonce has to be asked for what the relay reported in time"


async def test_a_claim_that_comes_before_the_second_reading_explains_it(opened: InventoryHarness) -> None:
    unreported, late = opened.send(amount_out=1_000), opened.send(amount_out=2_500)
    opened.chain.settle(unreported)

    def settles_too() -> None:
        opened.chain.settle(late)
        opened.claim(late)

    def reads() -> None:
        # Its nonce was asked before, when it was not used yet.
        opened.chain.before_balances = settles_too

    opened.chain.before_balances = reads
    await opened.inventory.sync("poll")
    assert set(opened.chain.asked_nonces) == {unreported.nonce, late.nonce}
    assert set(opened.outcomes()) == {(unreported.quote_hash, "settled"), (late.quote_hash, "settled")}
    assert opened.inventory.ledger.unexplained == NOTHING


async def test_a_claim_that_comes_while_the_nonces_are_asked_explains_the_reading(opened: InventoryHarness) -> None:
    made = opened.send(amount_out=2_500)
    # The node shows the balances, and not yet the nonce.
    opened.chain.advance(moved=movement(made).amounts)
    opened.chain.before_nonces = lambda: opened.claim(made)
    await opened.inventory.sync("poll")
    assert opened.chain.asked_nonces == [made.nonce]
    assert opened.outcomes() == [(made.quote_hash, "settled")]
    assert opened.inventory.ledger.unexplained == NOTHING


async def test_an_old_claim_whose_nonce_is_unused_explains_nothing(opened: InventoryHarness) -> None:
    unreported, claimed = opened.send(amount_out=1_000), opened.send(amount_out=2_500)
    opened.claim(claimed)
    opened.chain.settle(unreported)
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [(unreported.quote_hash, "settled")]
    assert opened.reservations.reserved(EURE.token_id) == 2_500


async def test_an_unreported_settlement_is_found_by_its_nonce(opened: InventoryHarness) -> None:
    other, made = opened.send(amount_out=1_000), opened.send(amount_out=2_000)
    opened.chain.settle(made)
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [(made.quote_hash, "settled")]
    assert set(opened.chain.asked_nonces) == {other.nonce, made.nonce}
    assert opened.inventory.ledger.unexplained == NOTHING
    assert opened.reservations.reserved(EURE.token_id) == 1_000


async def test_a_fill_whose_expired_nonce_the_contract_has_cleared_is_booked(opened: InventoryHarness) -> None:
    other, made = opened.send(amount_out=1_000), opened.send(amount_out=2_000)
    opened.chain.down.add("balances")
    opened.chain.settle(made)
    opened.expire(made)
    opened.block_after()
    opened.chain.head.used = frozenset()
    opened.chain.down.clear()
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [(made.quote_hash, "settled"), (other.quote_hash, "expired")]
    assert opened.inventory.ledger.filled == btc_eure(100, -2_000)
    assert opened.inventory.ledger.unexplained == NOTHING
    assert opened.reservations.reserved(EURE.token_id) == 0


async def test_many_claims_of_which_some_are_settled_are_told_apart_by_their_nonces(opened: InventoryHarness) -> None:
    quotes = [opened.send(amount_out=1_000 + number) for number in range(24)]
    for made in quotes:
        opened.claim(made)
    for made in quotes[::2]:
        opened.chain.settle(made)
    await opened.inventory.sync("settlement")
    assert {name for name, _ in opened.outcomes()} == {made.quote_hash for made in quotes[::2]}
    assert opened.inventory.ledger.unexplained == NOTHING


async def test_a_deposit_is_distinguished_from_a_fill(opened: InventoryHarness) -> None:
    made = opened.send()
    opened.claim(made)
    opened.chain.settle(made)
    opened.listed = [Movement("deposit:btc", btc_eure(5_000, 0))]
    opened.chain.advance(5_000, 0)
    await opened.inventory.sync("poll")
    assert opened.inventory.ledger.deposited == btc_eure(5_000, 0)
    assert opened.inventory.ledger.filled == btc_eure(100, -1_000)
    assert opened.inventory.ledger.unexplained == NOTHING


async def test_a_deposit_is_booked_once(opened: InventoryHarness) -> None:
    opened.listed = [Movement("deposit:btc", btc_eure(5_000, 0))]
    opened.chain.advance(5_000, 0)
    await opened.inventory.sync("poll")
    opened.chain.advance(5_000, 0)
    await opened.inventory.sync("poll")
    assert opened.inventory.ledger.deposited == btc_eure(5_000, 0)
    assert opened.inventory.ledger.unexplained == btc_eure(5_000, 0), "a second one of the same size is another deposit"


async def test_an_older_block_changes_nothing(opened: InventoryHarness) -> None:
    made = opened.send()
    opened.claim(made)
    opened.chain.settle(made)
    await opened.inventory.sync("settlement")
    known, read_ns = opened.inventory.ledger.balance, opened.inventory.ledger.at_ns
    opened.chain.behind = 1
    opened.clock.pass_ms(500)
    assert "older block" in str(await opened.inventory.sync("poll"))
    assert opened.inventory.ledger.balance == known
    assert opened.inventory.ledger.at_ns == read_ns, "what is known is no younger for it"
    assert opened.inventory.counters["stale_readings"] == 1


@pytest.mark.parametrize("down", ["balances", "nonces"])
async def test_what_cannot_be_read_leaves_what_is_known_to_age(opened: InventoryHarness, down: str) -> None:
    opened.send()
    read_ns, version = opened.inventory.ledger.at_ns, opened.inventory.ledger.version
    opened.chain.advance(7, 0)
    opened.chain.down.add(down)
    opened.clock.pass_ms(9_000)
    assert await opened.inventory.sync("poll") is None
    assert opened.inventory.ledger.balance == OPENING
    assert (opened.inventory.ledger.at_ns, opened.inventory.ledger.version) == (read_ns, version)
    assert opened.inventory.last_error
    opened.chain.down.clear()
    assert await opened.inventory.sync("poll") is not None
    assert opened.inventory.last_error == ""


async def test_the_age_counts_from_when_the_balances_were_asked_for(opened: InventoryHarness) -> None:
    asked_ns = opened.clock()
    opened.chain.before_balances = lambda: opened.clock.pass_ms(3_000)
    await opened.inventory.sync("poll")
    assert opened.inventory.ledger.at_ns == asked_ns


async def test_an_unexplained_difference_is_shown_and_the_balance_is_the_chains(opened: InventoryHarness) -> None:
    opened.chain.advance(-3, 11)
    assert await opened.inventory.sync("poll") == "the balances are not explained"
    assert opened.inventory.ledger.unexplained == btc_eure(-3, 11)
    assert opened.inventory.ledger.balance == btc_eure(OPENING[BTC.token_id] - 3, OPENING[EURE.token_id] + 11)
    assert opened.inventory.counters["unexplained"] == 1


async def test_an_expired_quote_is_released_only_by_a_block_after_its_deadline(
    opened: InventoryHarness,
) -> None:
    made = opened.send()
    opened.expire(made)
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [], "the newest block is from before the deadline"
    opened.clock.now_ns = made.deadline_ns
    opened.chain.advance()
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [], "a block at the very deadline may still settle it"
    opened.clock.now_ns = made.deadline_ns + 1
    opened.chain.advance()
    assert opened.reservations.reserved(EURE.token_id) == 1_000
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [(made.quote_hash, "expired")]
    assert opened.reservations.reserved(EURE.token_id) == 0


async def test_balances_older_than_the_block_release_nothing(opened: InventoryHarness) -> None:
    made = opened.send()
    opened.expire(made)
    opened.block_after()

    def lags() -> None:
        opened.chain.behind = 1

    opened.chain.before_balances = lags
    await opened.inventory.sync("poll")
    assert opened.outcomes() == []
    opened.chain.behind = 0
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [(made.quote_hash, "expired")]


async def test_without_a_block_nothing_is_released(opened: InventoryHarness) -> None:
    made = opened.send()
    opened.expire(made)
    opened.block_after()
    opened.chain.down.add("block")
    assert await opened.inventory.sync("poll") is None
    assert opened.reservations.reserved(EURE.token_id) == 1_000


async def test_an_expired_quote_with_an_unreported_settlement_is_a_fill(opened: InventoryHarness) -> None:
    made = opened.send()
    opened.chain.settle(made)
    opened.expire(made)
    opened.block_after()
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [(made.quote_hash, "settled")]
    assert opened.reservations.reserved(EURE.token_id) == 0


async def test_a_claim_that_never_came_true_ends_with_the_quote(opened: InventoryHarness) -> None:
    made = opened.send()
    opened.claim(made)
    opened.expire(made)
    opened.block_after()
    await opened.inventory.sync("poll")
    assert opened.outcomes() == [(made.quote_hash, "expired")]
    assert opened.book.settling() == ()


async def test_an_unexplained_transfer_neither_hides_fills_nor_keeps_quotes(
    opened: InventoryHarness,
) -> None:
    """Anybody may send an account one unit; that must not stop a desk."""
    silent, brief = opened.send(amount_out=1_000), opened.send(amount_out=2_000, life_ms=5_000)
    opened.chain.advance(1, 0)
    opened.chain.settle(silent)
    await opened.inventory.sync("poll")
    opened.expire(brief)
    opened.block_after()
    await opened.inventory.sync("poll")
    assert (silent.quote_hash, "settled") in opened.outcomes()
    await opened.inventory.sync("poll")
    assert (brief.quote_hash, "expired") in opened.outcomes()
    assert opened.inventory.ledger.unexplained == btc_eure(1, 0), "the unit stays in sight"
    assert opened.reservations.reserved(EURE.token_id) == 0

    asked = len(opened.chain.asked_nonces)
    reported = opened.send(amount_out=3_000)
    opened.claim(reported)
    opened.chain.settle(reported)
    await opened.inventory.sync("settlement")
    assert (reported.quote_hash, "settled") in opened.outcomes()
    assert opened.inventory.ledger.unexplained == btc_eure(1, 0)
    assert len(opened.chain.asked_nonces) == asked, "a recorded difference is not asked about again"


async def test_what_was_set_aside_is_explained_once_the_bridge_reports_it(opened: InventoryHarness) -> None:
    opened.chain.advance(5_000, 0)
    for _ in range(3):
        await opened.inventory.sync("poll")
    assert opened.inventory.ledger.unexplained == btc_eure(5_000, 0)
    opened.listed = [Movement("deposit:btc", btc_eure(5_000, 0))]
    await opened.inventory.sync("poll")
    assert opened.inventory.ledger.deposited == btc_eure(5_000, 0)
    assert opened.inventory.ledger.unexplained == NOTHING


async def test_old_deposits_first_listed_after_the_opening_explain_nothing_later() -> None:
    watched = InventoryHarness()
    watched.listed = None
    await watched.inventory.sync("opening")
    watched.listed = [Movement(f"deposit:old-{number}", btc_eure(1_000 + number, 0)) for number in range(40)]
    await watched.inventory.sync("poll")
    assert watched.inventory.ledger.deposited == NOTHING
    quotes = [watched.send(amount_out=1_000 + number) for number in range(3)]
    for made in quotes:
        watched.claim(made)
    for made in quotes[:2]:
        watched.chain.settle(made)
    watched.chain.advance(1_000, 0)
    watched.listed.append(Movement("deposit:new", btc_eure(1_000, 0)))
    await watched.inventory.sync("settlement")
    assert watched.inventory.ledger.filled == btc_eure(200, -2_001)
    assert watched.inventory.ledger.deposited == btc_eure(1_000, 0)
    assert watched.inventory.ledger.unexplained == NOTHING


async def test_a_deposit_credited_between_the_opening_and_the_first_list_is_booked() -> None:
    watched = InventoryHarness()
    watched.listed = None
    await watched.inventory.sync("opening")
    watched.chain.advance(777, 0)
    watched.listed = [Movement(f"deposit:old-{number}", btc_eure(1_000 + number, 0)) for number in range(40)]
    watched.listed.append(Movement("deposit:new", btc_eure(777, 0)))
    await watched.inventory.sync("poll")
    assert watched.inventory.ledger.deposited == btc_eure(777, 0)
    assert watched.inventory.ledger.unexplained == NOTHING


async def test_the_rows_record_what_was_committed_at_that_moment(opened: InventoryHarness) -> None:
    opened.send(amount_out=OPENING[EURE.token_id])
    await opened.inventory.sync("refresh")
    btc, _, eure = opened.rows[-3:]
    assert (btc.reserved, btc.spendable) == (0, OPENING[BTC.token_id])
    assert (eure.balance, eure.reserved, eure.spendable, eure.cause) == (
        OPENING[EURE.token_id],
        OPENING[EURE.token_id],
        0,
        "refresh",
    )


async def test_the_worker_reads_at_once_and_again_when_something_settles(opened: InventoryHarness) -> None:
    made = opened.send()
    worker = asyncio.create_task(opened.inventory.run())
    opened.chain.settle(made)
    opened.claim(made)
    opened.inventory.request_sync()
    await until(lambda: opened.outcomes() == [(made.quote_hash, "settled")])
    assert opened.rows[-1].cause == "settlement"
    worker.cancel()
    with pytest.raises(asyncio.CancelledError):
        await worker


async def found_twice(opened: InventoryHarness) -> None:
    for _ in range(2):
        await opened.inventory.sync("poll")


async def test_a_difference_is_accepted_to_the_base_unit_and_then_counts_as_explained(opened: InventoryHarness) -> None:
    inventory = opened.inventory
    opened.chain.advance(7, -3)
    await inventory.sync("poll")
    assert "only once" in inventory.accept(btc_eure(7, -3))
    await inventory.sync("poll")
    assert "has changed" in inventory.accept(btc_eure(7, -2))
    assert "has changed" in inventory.accept(NOTHING)
    assert inventory.ledger.accepted == NOTHING
    assert inventory.accept(btc_eure(7, -3)) == ""
    assert (inventory.ledger.accepted, inventory.ledger.unexplained) == (btc_eure(7, -3), NOTHING)
    assert inventory.accept(btc_eure(7, -3)) != ""
    made = opened.send()
    opened.chain.settle(made)
    opened.claim(made)
    await inventory.sync("settlement")
    assert (inventory.ledger.filled, inventory.ledger.unexplained, inventory.explained) == (
        btc_eure(100, -1_000),
        NOTHING,
        True,
    )
    assert opened.rows[-1].cause == "settlement"


async def test_a_second_transfer_after_an_accepted_one_is_distinguished(opened: InventoryHarness) -> None:
    inventory = opened.inventory
    opened.chain.advance(1, 0)
    await found_twice(opened)
    assert inventory.accept(btc_eure(1, 0)) == ""
    opened.chain.advance(2, 0)
    await found_twice(opened)
    assert inventory.ledger.unexplained == btc_eure(2, 0)
    assert inventory.accept(btc_eure(2, 0)) == ""
    assert inventory.ledger.accepted == btc_eure(3, 0)


async def test_nothing_is_accepted_while_a_quote_is_open(opened: InventoryHarness) -> None:
    opened.send()
    opened.chain.advance(1, 0)
    await found_twice(opened)
    assert "1 quote is still open and may explain it" in opened.inventory.accept(btc_eure(1, 0))
    opened.block_after(100)
    opened.book.tick(opened.clock())
    await opened.inventory.sync("poll")
    assert opened.inventory.accept(btc_eure(1, 0)) == ""


async def test_a_difference_accepted_during_a_reading_leaves_it_explained(
    opened: InventoryHarness,
) -> None:
    inventory = opened.inventory
    opened.chain.advance(1, 0)
    await found_twice(opened)
    answers: list[str] = []
    opened.chain.before_balances = lambda: answers.append(inventory.accept(btc_eure(1, 0)))
    await inventory.sync("poll")
    assert answers == [""]
    assert (inventory.ledger.accepted, inventory.ledger.unexplained, inventory.explained) == (
        btc_eure(1, 0),
        NOTHING,
        True,
    )


async def test_a_height_that_the_chain_cannot_have_is_given_up(opened: InventoryHarness) -> None:
    ledger = opened.inventory.ledger
    ledger.height = ledger.opening_height = 999_999_999_999
    opened.chain.advance()
    assert await opened.inventory.sync("poll") == "the balances are explained"
    assert ledger.height == ledger.opening_height == opened.chain.head.height
    assert opened.inventory.counters["heights_set_aside"] == 1


async def test_nodes_that_keep_answering_with_older_blocks_are_told(opened: InventoryHarness) -> None:
    opened.chain.advance()
    await opened.inventory.sync("poll")
    opened.chain.behind = 1
    for _ in range(TOLD_AFTER - 1):
        await opened.inventory.sync("poll")
    assert opened.inventory.last_error == ""
    await opened.inventory.sync("poll")
    assert "older blocks" in opened.inventory.last_error
    opened.chain.behind = 0
    await opened.inventory.sync("poll")
    assert opened.inventory.last_error == ""


async def test_a_nonce_that_one_endpoint_alone_calls_used_releases_no_burning_quote(opened: InventoryHarness) -> None:
    made = opened.send(nonce="nonce")
    opened.book.burn(made.quote_hash)
    opened.book.nonce_used(made.quote_hash, opened.chain.head.height)
    opened.chain.advance()
    assert await opened.inventory.sync("poll") == "the balances are explained"
    assert opened.reservations.reserved(EURE.token_id) == made.amount_out
    opened.chain.advance(nonce=made.nonce)
    await opened.inventory.sync("poll")
    assert opened.reservations.reserved(EURE.token_id) == 0
    assert opened.outcomes()[-1] == (made.quote_hash, "burned")
