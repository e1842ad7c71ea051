"""Orders: one key makes one withdrawal, and nothing is sent that history has not confirmed."""

import asyncio

import pytest

from cockpit.desk.funding import withdrawals
from cockpit.desk.funding.bridges.status import WithdrawalStatus
from cockpit.desk.funding.messages import OWN_DEPOSIT_ADDRESS
from cockpit.desk.funding.orders import NEW_ADDRESS_COMMAND
from cockpit.model.commands import MAX_FEE_PERCENT, NEW_ADDRESS, WithdrawalOrder
from cockpit.model.events import WithdrawalPrepared
from tests.support.amounts import btc_eure
from tests.support.funding.funding_harness import FundingBench, both
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.flow.wallet import Wallet
from venue.sandbox.wire.actions import CallPermission

AMOUNT = 100_000


async def test_an_order_is_paid_once_and_recorded_in_history(bench: FundingBench) -> None:
    life, before = await bench.life(), bench.held()
    result = await life.order(AMOUNT)
    assert result.accepted, result
    done = await life.reaches("completed")
    assert bench.held() == before - AMOUNT
    [payment] = bench.payments()
    assert payment["tx_hash"] == done.destination_hash
    assert life.funding.freeze.frozen
    assert [step for step in await life.rows() if step in ("requested", "prepared", "sent", "burned", "completed")] == [
        "requested",
        "prepared",
        "sent",
        "burned",
        "completed",
    ]
    await life.until_explained()
    assert life.trading.inventory.ledger.withdrawn == btc_eure(AMOUNT, 0)


async def test_without_a_key_or_while_frozen_nothing_happens(bench: FundingBench) -> None:
    life = await bench.life()
    no_key = await life.order(AMOUNT, "  ")
    assert (no_key.accepted, "idempotency_key" in no_key.reason) == (False, True)
    for key in ("k" * 129, "key\x1b]0;x\x07"):
        refused = await life.order(AMOUNT, key)
        assert (refused.accepted, "one line of at most 128" in refused.reason) == (False, True)
    life.funding.freeze.close("test")
    frozen = await life.order(AMOUNT, unfreeze=False)
    assert (frozen.accepted, "unfreeze" in frozen.reason) == (False, True)
    assert await life.rows() == []


INVALID_AMOUNTS = (
    *("1e3", "0,5", "٣", "1.000000000000000000001", "-1", "NaN", "0", "+5", "0x10", "1_000", " 7", "", "²", "inf"),
    *(-1, 0, 2**128),
)


async def test_invalid_amounts_are_refused_without_effect(bench: FundingBench) -> None:
    life, before = await bench.life(), bench.held()
    for amount in INVALID_AMOUNTS:
        result = await life.order(amount)
        assert not result.accepted, amount
        assert "amount" in result.reason or "u128" in result.reason, (amount, result.reason)
    assert await life.rows() == []
    assert bench.held() == before
    assert not life.funding.freeze.frozen


async def test_the_same_key_makes_one_withdrawal_in_turn_at_once_and_after_a_restart(bench: FundingBench) -> None:
    life = await bench.life(WITHDRAWALS_STAY_OPEN="true")
    answers = await asyncio.gather(*(life.order(AMOUNT) for _ in range(5)))
    assert all(answer.accepted for answer in answers)
    name = life.only().order.withdrawal_id
    assert sum(name in answer.reason for answer in answers) == 5
    await life.reaches("completed")
    await life.writer.flush()
    await life.crash()
    life = await bench.life()
    again = await life.order(AMOUNT)
    assert again.accepted
    assert name in again.reason
    assert "completed" in again.reason
    assert len(bench.withdrawals_listed()) == 1


async def test_a_key_used_for_another_order_is_refused(bench: FundingBench) -> None:
    life = await bench.life(follow=False)
    assert (await life.order(AMOUNT)).accepted
    other = await life.order(AMOUNT + 1)
    assert (other.accepted, "new idempotency_key" in other.reason) == (False, True)
    assert (await life.order(AMOUNT)).accepted
    life.only()


async def test_while_one_is_undecided_only_another_of_the_same_asset_waits(
    bench: FundingBench,
) -> None:
    await bench.faults(near_send=both(mode="drop", times=1000))
    life = await bench.life()
    assert (await life.order(AMOUNT, "a")).accepted
    first = life.only().order.withdrawal_id
    second = await life.order(AMOUNT, "b")
    assert not second.accepted
    assert f"withdrawal {first} of BTC has no known outcome; wait" in second.reason
    assert (await life.order(10 * 10**18, "c", asset=EURE)).accepted
    nonces = [fact.nonce for fact in await life.history.prepared_withdrawals()]
    assert len(set(nonces)) == 2
    await bench.faults(mend=True)
    await until(lambda: {one.state for one in life.all} == {"completed"}, 20, str(life.states()))
    assert len(bench.payments()) == len(bench.payments(EURE)) == 1
    await life.until_explained()


async def test_a_balance_read_too_early_is_read_again_and_one_that_stays_short_is_refused(bench: FundingBench) -> None:
    life = await bench.life(follow=False)
    life.trading.inventory.ledger.unexplained = btc_eure(-5, 0)
    assert (await life.order(AMOUNT, "a")).accepted
    await life.crash()

    life = await bench.life(follow=False)
    thief = Wallet(bench.account, bytes(bench.key))
    stolen = {"intent": "transfer", "receiver_id": "thief.near", "tokens": {EURE.token_id: "7"}}
    salt, deadline_ns = bench.venue.ledger.current_salt(), life.env.wall_ns() + 60 * 10**9
    signed = thief.sign([stolen], deadline_ns=deadline_ns, salt=salt, random=bytes(15))
    bench.venue.ledger.execute_intents([signed.data])
    await life.trading.inventory.sync("poll")
    refused = await life.order(10 * 10**18, "b", asset=EURE)
    assert not refused.accepted
    assert "without explanation" in refused.reason


async def test_a_fee_that_changed_sends_back_to_review(bench: FundingBench) -> None:
    life = await bench.life()
    review = await life.funding.orders.review(WithdrawalOrder(asset_id="BTC", amount=AMOUNT))
    await bench.faults(fee_factor="2")
    result = await life.order(AMOUNT, fee=int(review.fee_units))
    assert not result.accepted
    assert "fee has changed to" in result.reason
    assert "review" in result.reason
    assert bench.withdrawals_listed() == []


async def test_without_a_destination_the_refusal_names_the_setting(bench: FundingBench) -> None:
    life = await bench.life(TRADING_BTC_WITHDRAW_ADDRESS="")
    result = await life.order(AMOUNT)
    assert (result.accepted, "TRADING_BTC_WITHDRAW_ADDRESS is not configured" in result.reason) == (False, True)


@pytest.mark.parametrize(
    "to", ["tb1qw508d6qejxtdg4y5r3zarvary0c5xw7kxpjzsx", "0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed"]
)
async def test_an_address_of_another_network_is_refused(bench: FundingBench, to: str) -> None:
    life = await bench.life()
    result = await life.order(AMOUNT, to=to)
    assert not result.accepted
    assert await life.rows() == []


async def test_the_first_review_of_an_address_is_in_the_journal_once(bench: FundingBench) -> None:
    life = await bench.life(WITHDRAWAL_COOLING_MS="600000")
    to = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
    order = WithdrawalOrder(actor="bob", asset_id="BTC", amount=AMOUNT, destination_address=to)
    for _ in range(2):
        await life.funding.orders.review(order)
    [named] = [entry for entry in life.journal.entries if entry.command == NEW_ADDRESS_COMMAND]
    assert named.actor == "bob"
    assert to in named.reason
    assert "cooling-off of 600 s starts" in named.reason


async def test_a_new_address_cools_across_restarts_and_tracking_another_payment_does_not_shorten_it(
    bench: FundingBench,
) -> None:
    life = await bench.life(WITHDRAWAL_COOLING_MS="600000", TRADING_BTC_WITHDRAW_ADDRESS="")
    to = "1BvBMSEYstWetqTFn5Au4m4GFg7xJaNVN2"
    assert "wait 600 s" in (await life.order(AMOUNT, to=to)).reason
    await life.writer.flush()
    await life.crash()
    life = await bench.life(WITHDRAWAL_COOLING_MS="600000", TRADING_BTC_WITHDRAW_ADDRESS="")
    life.funding.withdrawals.adopt(asset=BTC, amount=AMOUNT, near_hash="9" * 44, destination=to, actor="test")
    tracked = life.only()
    life.funding.withdrawals._apply(
        tracked, WithdrawalStatus(state="completed", detail="paid out", destination_hash="x")
    )
    refused = await life.order(AMOUNT, to=to)
    assert not refused.accepted
    assert NEW_ADDRESS in refused.reason


@pytest.mark.parametrize("how", ["fails", "hangs"])
async def test_a_history_that_does_not_confirm_sends_nothing_ever(
    bench: FundingBench, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(withdrawals, "DURABLE_WITHIN_S", 0.3)
    life, before = await bench.life(), bench.held()
    life.history.only = WithdrawalPrepared
    if how == "fails":
        life.history.broken = True
    else:
        life.history.open_gate.clear()
    result = await life.order(AMOUNT)
    assert not result.accepted
    assert "nothing was sent" in result.reason
    assert life.only().state == "failed"
    assert life.trading.withdrawals.undecided(BTC) == ""
    life.history.broken = False
    life.history.open_gate.set()
    await until(lambda: life.writer.writable and life.writer.depth == 0)
    assert (await life.rows())[-1] == "failed"
    await life.crash()
    life = await bench.life()
    assert life.only().state == "failed"
    assert not life.only().followed
    assert bench.held() == before
    monkeypatch.undo()
    assert (await life.order(AMOUNT, "another")).accepted
    await until(lambda: any(one.state == "completed" for one in life.all))
    assert len(bench.withdrawals_listed()) == 1


async def test_a_record_that_lands_after_the_refusal_and_before_the_kill_is_not_sent_either(
    bench: FundingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawals, "DURABLE_WITHIN_S", 0.3)
    life, before = await bench.life(), bench.held()
    life.history.only = WithdrawalPrepared
    life.history.open_gate.clear()
    assert not (await life.order(AMOUNT)).accepted
    batch = list(life.history.held)
    await life.crash()
    life = await bench.life(follow=False)
    await life.history.write(batch)
    assert len(await life.history.prepared_withdrawals()) == 1
    await life.crash()
    life = await bench.life()
    assert life.only().state == "failed"
    again = await life.order(AMOUNT)
    assert not again.accepted
    assert "failed: the desk ended before it was sent; nothing left" in again.reason
    assert bench.held() == before
    assert bench.withdrawals_listed() == []


async def test_what_was_recorded_and_not_released_fails_after_a_restart(bench: FundingBench) -> None:
    life, before = await bench.life(follow=False), bench.held()
    assert (await life.order(AMOUNT)).accepted
    await life.crash()
    life = await bench.life()
    assert (life.only().state, (await life.rows())[-1]) == ("failed", "failed")
    assert "place a new order" in life.only().detail
    again = await life.order(AMOUNT)
    assert not again.accepted, "a repeated order must not look paid"
    assert "nothing left, place a new order" in again.reason
    assert "new idempotency_key" in again.reason
    assert bench.held() == before
    assert life.trading.book.reservations.leaving(BTC.token_id) == 0


async def test_a_history_that_stops_before_the_release_keeps_the_bytes_back(
    bench: FundingBench, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(withdrawals, "DURABLE_WITHIN_S", 0.2)
    life, before = await bench.life(follow=False), bench.held()
    assert (await life.order(AMOUNT)).accepted
    life.history.open_gate.clear()
    life.follow()
    await until(lambda: "does not confirm" in life.only().detail)
    assert life.only().state == "prepared"
    assert bench.held() == before
    life.history.open_gate.set()
    life.only().next_ns = 0
    await life.reaches("completed")
    assert len(bench.payments()) == 1


async def test_freezing_while_an_order_is_being_recorded_stops_it(bench: FundingBench) -> None:
    life, before = await bench.life(), bench.held()
    life.history.only = WithdrawalPrepared
    life.history.open_gate.clear()
    asked = asyncio.create_task(life.order(AMOUNT))
    await until(lambda: any(isinstance(event, WithdrawalPrepared) for event in life.history.held))
    life.funding.freeze.close("frozen by test")
    life.history.open_gate.set()
    result = await asked
    assert not result.accepted
    assert "frozen meanwhile" in result.reason
    assert (life.only().state, bench.held()) == ("failed", before)


async def test_the_amount_is_reserved_from_the_order_until_the_balances_show_that_it_left(bench: FundingBench) -> None:
    life = await bench.life(follow=False)
    reservations = life.trading.book.reservations
    assert (await life.order(AMOUNT)).accepted
    assert reservations.leaving(BTC.token_id) == AMOUNT
    too_much = await life.order(bench.held() - AMOUNT + 1, "b")
    assert "reduce it" in too_much.reason
    life.follow()
    await life.reaches("completed")
    await until(lambda: reservations.leaving(BTC.token_id) == 0)
    assert life.trading.inventory.ledger.balance is not None
    assert life.trading.inventory.ledger.balance[BTC.token_id] == bench.held()


@pytest.mark.parametrize("access", ["function_call", "none"])
async def test_a_key_that_may_not_attach_a_yocto_is_refused_with_the_setting_and_the_other_route_works(
    bench: FundingBench, access: str
) -> None:
    life, keys = await bench.life(), bench.venue.ledger.access_keys
    keys.remove(bench.account, life.trading.signer.public_key)
    if access == "function_call":
        keys.add(bench.account, life.trading.signer.public_key, nonce=1, permission=CallPermission("intents.near"))
    refused = await life.order(AMOUNT)
    assert not refused.accepted
    assert "set WITHDRAWAL_ROUTE=intent" in refused.reason
    assert (await life.order(AMOUNT, "b", route="intent")).accepted
    await until(lambda: any(one.state == "completed" for one in life.all))
    assert len(bench.payments()) == 1


async def test_a_fee_above_a_twentieth_has_to_be_named_and_a_review_shows_it(bench: FundingBench) -> None:
    life, before = await bench.life(), bench.held()
    await bench.faults(fee_factor=20)
    order = WithdrawalOrder(actor="test", asset_id="BTC", amount=AMOUNT)
    life.funding.freeze.open("test")
    review = await life.funding.orders.review(order)
    fee = int(review.fee_units)
    assert AMOUNT // 20 < fee < AMOUNT
    assert review.refusals == ()
    refused = await life.order(AMOUNT)
    assert not refused.accepted
    assert f"above {MAX_FEE_PERCENT} %; to accept it, give expected_fee ({fee} base units" in refused.reason
    assert (await life.rows(), bench.held()) == ([], before)
    assert (await life.order(AMOUNT, fee=fee)).accepted
    await life.reaches("completed")


async def test_the_accounts_own_deposit_addresses_are_refused(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.deposit(EURE, 10**18)
    for asset in (BTC, EURE):
        own = life.trading.deposits.addresses[asset.symbol].address
        for text in (own, own.upper() if asset is BTC else own):
            refused = await life.order(AMOUNT, f"{asset.symbol}-{text}", asset=asset, to=text, fee=1)
            assert not refused.accepted
            assert OWN_DEPOSIT_ADDRESS in refused.reason
    assert await life.rows() == []
