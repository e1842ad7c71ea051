"""What a difference costs, and that known movements are taken out of it first."""

import asyncio
import gc
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cockpit.desk.funding.deposits import CERTAIN_NS
from cockpit.desk.inventory.explainer import NONCES_A_READING
from cockpit.desk.inventory.movements import Movement, believable, losses, total
from cockpit.desk.inventory.movements import given as given_away
from cockpit.desk.quote_book.commitment import Commitment
from tests.support.amounts import btc_eure
from tests.support.desk.builders import commitment
from tests.support.desk.chain import OPENING, InventoryHarness
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import EURE
from venue.relay.messages import QuoteStatus


@pytest.fixture
async def opened() -> InventoryHarness:
    """An inventory that has read its opening balances."""
    watched = InventoryHarness()
    watched.chain.head.balances = btc_eure(10**12, 10**15)
    await watched.inventory.sync("opening")
    return watched


def live(watched: InventoryHarness, count: int, *, claimed: bool = False) -> list[Commitment]:
    """Sign so many quotes of different amounts, as a busy desk has them."""
    made = []
    for number in range(count):
        one = commitment(
            f"q{number}",
            amount_in=1_000_003 + 7 * number**2,
            amount_out=2_000_003 + 11 * number**2 + number,
            sent_ns=watched.clock(),
            life_ms=60_000,
        )
        watched.clock.now_ns += 1_000
        watched.reservations.restore(one)
        watched.book.sent(one, number)
        watched.book.on_answer(number, None)
        if claimed:
            watched.book.on_status(QuoteStatus(one.quote_hash, "intent", "tx"))
        made.append(one)
    return made


async def read(watched: InventoryHarness) -> list[str]:
    """Read the balances after a moment; return the nonces that were asked for."""
    before = len(watched.chain.asked_nonces)
    watched.clock.pass_ms(1_000)
    watched.chain.advance()
    await watched.inventory.sync("poll")
    return watched.chain.asked_nonces[before:]


@pytest.mark.parametrize("claimed", [False, True])
async def test_a_base_unit_of_a_stranger_costs_few_nonces_at_a_thousand_live_quotes(
    opened: InventoryHarness, claimed: bool
) -> None:
    """Asked for one by one, all of them made the desk blind for minutes; a relay may report all of them settled."""
    live(opened, 1_000, claimed=claimed)
    opened.chain.advance(1, 0)
    asked: list[str] = []
    for _ in range(40):
        now = await read(opened)
        assert len(now) <= NONCES_A_READING == 32
        asked += now
    assert len(asked) == len(set(asked)) == 1_000, "each is asked for once, then no more"
    assert opened.inventory.ledger.unexplained == btc_eure(1, 0)
    assert await read(opened) == []


async def test_a_unit_every_second_stays_within_the_bound(opened: InventoryHarness) -> None:
    quotes = live(opened, 200)
    asked = []
    for _ in range(14):
        opened.chain.advance(1, 0)
        now = await read(opened)
        assert len(now) <= NONCES_A_READING
        asked += now
    assert {one.nonce for one in quotes} <= set(asked), "the others come up in turn"


@pytest.mark.parametrize("beside", [NOTHING, btc_eure(1, 0), btc_eure(0, 5)])
async def test_the_quote_that_fits_is_asked_for_first(opened: InventoryHarness, beside: TokenAmounts) -> None:
    quotes = live(opened, 1_000)
    opened.chain.settle(quotes[777])
    opened.chain.advance(moved=beside)
    asked = await read(opened)
    assert quotes[777].nonce in asked[:4]
    for _ in range(2):
        await read(opened)
    assert opened.outcomes() == [(quotes[777].quote_hash, "settled")]
    assert opened.inventory.ledger.unexplained == beside


async def test_two_unreported_fills_are_found_by_their_sum(opened: InventoryHarness) -> None:
    quotes = live(opened, 500)
    for number in (44, 404):
        opened.chain.settle(quotes[number])
    await read(opened)
    assert {name for name, _ in opened.outcomes()} == {quotes[44].quote_hash, quotes[404].quote_hash}
    assert opened.inventory.ledger.unexplained == NOTHING


async def test_a_fill_found_after_the_difference_was_recorded_is_booked(opened: InventoryHarness) -> None:
    """Beyond the bound it takes some readings; the difference is recorded meanwhile."""
    quotes = live(opened, 300)
    settled = quotes[::60]
    for one in settled:
        opened.chain.settle(one)
    opened.chain.advance(1, 0)
    for _ in range(16):
        await read(opened)
    assert {name for name, _ in opened.outcomes()} == {one.quote_hash for one in settled}
    assert opened.inventory.ledger.unexplained == btc_eure(1, 0)


@pytest.mark.slow
async def test_sixty_thousand_live_quotes_hold_up_nothing(opened: InventoryHarness) -> None:
    """The work goes on in slices; between two of them requests are answered."""
    quotes = live(opened, 60_000)
    opened.chain.settle(quotes[31_415])
    opened.chain.advance(1, 0)
    longest, at, over = 0.0, 0.0, False

    async def beat() -> None:
        nonlocal longest, at
        at = time.thread_time()
        while not over:
            longest, at = max(longest, time.thread_time() - at), time.thread_time()
            await asyncio.sleep(0)

    # As the desk does once it is built.
    gc.collect()
    gc.freeze()
    beating = asyncio.create_task(beat())
    await asyncio.sleep(0)
    started = time.thread_time()
    asked = await read(opened)
    took = time.thread_time() - started
    over = True
    await beating
    gc.unfreeze()
    assert quotes[31_415].nonce in asked
    assert len(asked) <= NONCES_A_READING + 1, "the used one is asked for again, of all nodes"
    assert took < 1, "measured: 0.13 s of processor time"
    assert longest < 0.05, f"the loop stood still for {longest * 1000:.0f} ms"


async def test_a_node_that_says_used_of_a_live_quote_is_not_believed_against_the_balances(
    opened: InventoryHarness,
) -> None:
    [made] = live(opened, 1)
    opened.chain.advance(1, 0)
    opened.chain.head.used |= {made.nonce}
    for _ in range(4):
        opened.chain.states[-1].used |= {made.nonce}
        await read(opened)
    assert opened.outcomes() == []
    assert opened.reservations.reserved(EURE.token_id) == made.amount_out
    assert opened.inventory.ledger.unexplained == btc_eure(1, 0)


units = st.integers(0, 10**6)


@settings(max_examples=60)
@given(deposit=st.integers(1, 10**6), gift=units, stolen=units, fill=st.booleans(), first=st.booleans())
def test_deposit_fill_gift_and_theft_between_two_readings_are_told_apart(
    deposit: int, gift: int, stolen: int, fill: bool, first: bool
) -> None:
    """Whatever the amounts, also where they cancel: the deposit is booked, and what is left is unexplained."""

    async def case() -> None:
        watched = InventoryHarness()
        watched.chain.head.balances = btc_eure(10**9, 10**15)
        await watched.inventory.sync("opening")
        [made] = live(watched, 1)
        if fill:
            watched.chain.settle(made)
        watched.chain.advance(deposit + gift - stolen, 0)
        listed = [Movement("deposit:1", btc_eure(deposit, 0))]
        watched.listed = listed if first else []
        await read(watched)
        watched.listed = listed
        await read(watched)
        watched.clock.pass_ms(CERTAIN_NS // 10**6)
        for _ in range(4):
            await read(watched)
        ledger = watched.inventory.ledger
        assert ledger.deposited == btc_eure(deposit, 0)
        assert ledger.filled == (btc_eure(made.amount_in, -made.amount_out) if fill else NOTHING)
        assert ledger.unexplained == btc_eure(gift - stolen, 0)
        held = watched.chain.head.balances
        assert ledger.usable == held - btc_eure(max(0, gift - stolen), 0)

    asyncio.run(case())


@pytest.mark.parametrize("later_gift", [0, 5])
async def test_an_unreported_fill_is_booked_beside_a_deposit_inside_the_recorded_difference(
    opened: InventoryHarness, later_gift: int
) -> None:
    opened.clock.pass_ms(1)
    opened.listed = [Movement("deposit:1", btc_eure(10**6, 0))]
    opened.chain.advance(10**6 + 7, 0)
    for _ in range(3):
        await read(opened)
    assert opened.inventory.ledger.recorded_difference == btc_eure(10**6 + 7, 0)
    opened.clock.pass_ms(CERTAIN_NS // 10**6)
    [made] = live(opened, 1)
    opened.chain.settle(made)
    opened.chain.advance(0, later_gift)
    await read(opened)
    assert opened.inventory.explained == (not later_gift)
    await read(opened)
    ledger = opened.inventory.ledger
    assert ledger.filled == btc_eure(made.amount_in, -made.amount_out)
    assert (ledger.deposited, ledger.unexplained) == (btc_eure(10**6, 0), btc_eure(7, later_gift))


async def test_a_theft_beside_a_deposit_is_a_loss(opened: InventoryHarness) -> None:
    opened.listed = [Movement("deposit:1", btc_eure(10**6, 0))]
    opened.chain.advance(10**6 - 10**5, 0)
    for _ in range(2):
        await read(opened)
    assert "1 credited deposit is not booked yet" in opened.inventory.accept(opened.inventory.ledger.unexplained)
    opened.clock.pass_ms(CERTAIN_NS // 10**6)
    for _ in range(2):
        await read(opened)
    assert opened.inventory.ledger.unexplained == btc_eure(-(10**5), 0)
    statuses = [(one.action_id, one.status) for one in opened.bookings()]
    assert statuses == [("opening", "OPENED"), ("deposit:1", "ASSUMED")]


async def test_a_deposit_that_the_bridge_takes_back_is_no_loss(opened: InventoryHarness) -> None:
    opened.listed = [Movement("deposit:lie", btc_eure(10**6, 0))]
    opened.chain.advance(1, 0)
    await read(opened)
    opened.clock.pass_ms(CERTAIN_NS // 10**6)
    for _ in range(2):
        await read(opened)
    assert opened.inventory.ledger.unexplained == btc_eure(1 - 10**6, 0)
    opened.listed = []
    for _ in range(2):
        await read(opened)
    assert (opened.inventory.ledger.unexplained, opened.inventory.ledger.deposited) == (btc_eure(1, 0), NOTHING)
    assert [one.status for one in opened.bookings()] == ["OPENED", "ASSUMED", "UNBOOKED"]


async def test_what_the_balances_have_shown_is_not_taken_back(opened: InventoryHarness) -> None:
    opened.listed = [Movement("deposit:1", btc_eure(10**6, 0))]
    opened.chain.advance(10**6, 0)
    await read(opened)
    opened.listed = []
    await read(opened)
    assert (opened.inventory.ledger.unexplained, opened.inventory.ledger.deposited) == (NOTHING, btc_eure(10**6, 0))


signed = st.integers(-(10**6), 10**6)
quote_moves = st.lists(st.tuples(st.integers(1, 10**6), st.integers(1, 10**6), st.booleans()), max_size=5).map(
    lambda drawn: [
        Movement(f"q{number}", btc_eure(a, -b) if buys else btc_eure(-a, b))
        for number, (a, b, buys) in enumerate(drawn)
    ]
)


@given(quote_moves, units, units)
def test_fills_that_happened_are_believed_whatever_strangers_send(fills: list[Movement], btc: int, eure: int) -> None:
    assert believable(total(fills) + btc_eure(btc, eure), fills) == fills


@given(st.integers(1, 10**6), st.integers(1, 10**6), units, units)
def test_a_claim_that_leaves_money_missing_is_not_believed(taken: int, lost: int, btc: int, eure: int) -> None:
    gifts, lie = btc_eure(btc, eure), Movement("q", btc_eure(taken, -lost))
    assert believable(gifts, [lie]) == ([lie] if btc >= taken else [])


@given(quote_moves, signed, signed)
def test_what_was_given_away_was_missing(fills: list[Movement], btc: int, eure: int) -> None:
    change = btc_eure(btc, eure)
    found = given_away(change, fills)
    before, after = losses(change), losses(change - total(found))
    assert all(after.get(token_id, 0) <= amount for token_id, amount in before.items())
    assert set(after) <= set(before)


@given(quote_moves, st.data(), units, units)
def test_what_gave_exactly_what_is_missing_is_picked(
    fills: list[Movement], data: st.DataObject, btc: int, eure: int
) -> None:
    """Whatever strangers send of the other token."""
    buys = [one for one in fills if losses(one.amounts).keys() == {EURE.token_id}]
    settled = [one for one in buys if data.draw(st.booleans())]
    change = total(settled) + btc_eure(btc, 0)
    assert losses(change - total(given_away(change, buys))) == {}


@given(quote_moves, st.data())
def test_of_claims_those_that_are_exactly_the_change_are_believed(fills: list[Movement], data: st.DataObject) -> None:
    """In whatever order one node claims those that did not happen beside them."""
    settled = [one for one in fills if data.draw(st.booleans())]
    change = total(settled)
    assert losses(change - total(believable(change, fills))) == {}


@pytest.mark.parametrize("first", [0, 1])
@pytest.mark.parametrize("beside", [NOTHING, btc_eure(0, 10)])
def test_a_claim_for_a_larger_fill_does_not_take_the_place_of_the_one_that_was(
    first: int, beside: TokenAmounts
) -> None:
    was, never = Movement("was", btc_eure(1_000, -500)), Movement("never", btc_eure(2_000, -900))
    claims = [was, never] if first == 0 else [never, was]
    assert believable(was.amounts + beside, claims) == [was]


@given(quote_moves, units)
def test_a_quote_that_received_what_did_not_come_did_not_give(fills: list[Movement], missing: int) -> None:
    change = btc_eure(0, -missing)
    assert given_away(change, [one for one in fills if EURE.token_id in losses(one.amounts)]) == []


def test_usable_is_the_smaller_of_what_is_held_and_what_is_explained() -> None:
    ledger = InventoryHarness().inventory.ledger
    assert ledger.usable is None
    ledger.balance, ledger.unexplained = OPENING, btc_eure(7, -9)
    assert ledger.usable == OPENING - btc_eure(7, 0)
    ledger.unexplained = NOTHING
    assert ledger.usable == OPENING
