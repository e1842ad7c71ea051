"""What can never execute any more is called expired when the balances prove it, and not before."""

import asyncio
import base64
from functools import partial

import pytest

from tests.support.amounts import btc_eure
from tests.support.funding.funding_harness import FOREVER, HOURS, FundingBench, FundingRun, both
from tests.support.waiting import until
from venue.near.transactions import add_public_key_transaction
from venue.protocol.tokens import BTC, EURE

AMOUNT = 100_000
NODES = {"near_a": FOREVER, "near_b": FOREVER}


async def use_the_nonce(bench: FundingBench, life: FundingRun) -> None:
    """Another transaction of the same key: it runs, fails, and moves nothing but the nonce."""
    rpc = life.trading.rpc
    key = await rpc.access_key(bench.account, life.trading.signer.public_key)
    assert key is not None
    unsigned = add_public_key_transaction(
        bench.account, bytes(bench.key.verify_key), key.nonce, (await rpc.block("final")).hash
    )
    await rpc.send_transaction(unsigned.signed(bench.key.sign(unsigned.to_sign).signature), wait_until="FINAL")


async def polls_again(life: FundingRun, times: int = 3) -> None:
    """Let the tracker poll again; pauses are cut short."""
    for _ in range(times):
        seen = life.only().attempts
        life.only().next_ns = 0
        await until(partial(_polled, life, seen))


def _polled(life: FundingRun, seen: int) -> bool:
    return life.only().attempts != seen or not life.only().followed


async def test_a_transaction_nobody_took_expires_with_its_block_and_a_new_order_goes(bench: FundingBench) -> None:
    life, before = await bench.life(), bench.held()
    await bench.faults(near_send=both(mode="drop", times=1000))
    assert (await life.order(AMOUNT, "a")).accepted
    await life.reaches("unknown")
    second = await life.order(AMOUNT, "b")
    assert not second.accepted
    assert "has no known outcome; wait for it" in second.reason
    await bench.forward(26 * HOURS)
    life.only().next_ns = 0
    await life.reaches("expired")
    assert bench.held() == before
    await life.until_explained()
    await bench.faults(mend=True)
    assert (await life.order(AMOUNT, "b")).accepted
    await until(lambda: life.all[-1].state == "completed" or life.all[0].state == "completed")
    assert len(bench.payments()) == 1
    assert bench.held() == before - AMOUNT


async def test_within_its_time_it_is_never_called_expired(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(near_send=both(mode="drop", times=1000))
    assert (await life.order(AMOUNT)).accepted
    await life.reaches("unknown")
    await bench.forward(23 * HOURS)
    await polls_again(life)
    assert life.only().state == "unknown"
    await bench.faults(mend=True)
    await bench.forward(1)
    life.only().next_ns = 0
    await life.reaches("completed")
    assert len(bench.payments()) == 1


async def test_a_nonce_used_by_another_transaction_is_proof_once_receipts_have_run(bench: FundingBench) -> None:
    life, before = await bench.life(), bench.held()
    await bench.faults(near_send=both(mode="drop", times=1000))
    assert (await life.order(AMOUNT)).accepted
    await life.reaches("unknown")
    await bench.faults(near_send={})
    await use_the_nonce(bench, life)
    await until(lambda: "used its access-key nonce" in life.only().detail)
    await polls_again(life)
    assert life.only().state == "unknown"
    await bench.forward(121)
    life.only().next_ns = 0
    await life.reaches("expired")
    assert bench.held() == before
    assert (await life.order(AMOUNT, "b")).accepted


async def test_a_withdrawal_the_nodes_forgot_is_not_expired_after_a_restart_without_the_money(
    bench: FundingBench,
) -> None:
    """The balances of the new run are read after the amount left: that they do not change proves nothing."""
    life, before = await bench.life(), bench.held()
    await bench.faults(near_send=both(mode="swallow", times=1), near_tx_unknown_s=NODES, bridge_not_found_s=FOREVER)
    assert (await life.order(AMOUNT)).accepted
    await until(lambda: bench.held() == before - AMOUNT)
    await life.writer.flush()
    await life.crash()
    life = await bench.life()
    await bench.forward(200)
    await polls_again(life)
    await bench.forward(200)
    await polls_again(life)
    assert life.only().state == "unknown"
    assert not (await life.order(AMOUNT, "b")).accepted
    await bench.forward(26 * HOURS)
    await polls_again(life)
    assert life.only().state == "unknown"
    await bench.faults(mend=True)
    life.only().next_ns = 0
    await life.reaches("completed")
    assert len(bench.payments()) == 1
    await life.until_explained()


async def test_a_deposit_of_the_same_amount_does_not_hide_a_withdrawal(bench: FundingBench) -> None:
    life, before = await bench.life(follow=False), bench.held()
    await bench.faults(near_send=both(mode="swallow", times=1), near_tx_unknown_s=NODES, bridge_not_found_s=FOREVER)
    assert (await life.order(AMOUNT)).accepted
    following = asyncio.create_task(life.funding.withdrawals.run())
    await until(lambda: bench.held() == before - AMOUNT)
    await bench.deposit(BTC, AMOUNT)
    await until(lambda: bench.held() == before)
    await bench.forward(200)
    for _ in range(3):
        await polls_again(life, 1)
    assert life.only().state in ("unknown", "burned"), life.states()
    await bench.faults(mend=True)
    life.only().next_ns = 0
    await life.reaches("completed")
    await life.until_explained()
    assert life.trading.inventory.ledger.deposited == btc_eure(AMOUNT, 0)
    assert life.trading.inventory.ledger.withdrawn == btc_eure(AMOUNT, 0)
    following.cancel()


async def test_an_unknown_transfer_is_no_proof_either(bench: FundingBench) -> None:
    life, before = await bench.life(), bench.held()
    await bench.faults(near_send=both(mode="swallow", times=1), near_tx_unknown_s=NODES, bridge_not_found_s=FOREVER)
    bench.venue.ledger.mint(bench.account, BTC.token_id, 7)
    assert (await life.order(AMOUNT)).accepted
    await until(lambda: bench.held() == before - AMOUNT + 7)
    await bench.forward(200)
    await polls_again(life, 5)
    assert life.only().state != "expired"


async def test_after_a_restart_it_expires_when_the_balance_is_what_it_was(bench: FundingBench) -> None:
    life, before = await bench.life(), bench.held()
    await bench.faults(near_send=both(mode="drop", times=1000))
    assert (await life.order(AMOUNT)).accepted
    await life.reaches("unknown")
    await life.writer.flush()
    await life.crash()
    life = await bench.life()
    await bench.forward(26 * HOURS)
    life.only().next_ns = 0
    await life.reaches("expired")
    assert bench.held() == before


@pytest.mark.parametrize("restart", [False, True])
async def test_an_intent_the_relay_lost_expires_with_its_deadline(bench: FundingBench, restart: bool) -> None:
    life, before = await bench.life(), bench.held()
    await bench.faults(publish={"mode": "drop", "times": 1000})
    assert (await life.order(AMOUNT, route="intent")).accepted
    await life.reaches("unknown")
    if restart:
        await life.writer.flush()
        await life.crash()
        life = await bench.life()
    await bench.forward(500)
    await polls_again(life)
    assert life.only().state == "unknown"
    await bench.forward(112)
    life.only().next_ns = 0
    await life.reaches("expired")
    assert bench.held() == before
    await bench.faults(mend=True)
    assert (await life.order(AMOUNT, "b", route="intent")).accepted
    await until(lambda: any(one.state == "completed" for one in life.all), 20, str(life.states()))
    assert len(bench.payments()) == 1


async def test_an_intent_whose_salt_is_invalid_is_not_made_anew(bench: FundingBench) -> None:
    life, before = await bench.life(follow=False), bench.held()
    assert (await life.order(AMOUNT, route="intent")).accepted
    await bench.faults(rotate_salt="invalidate_old")
    life.follow()
    await life.reaches("unknown")
    assert "invalid salt" in life.only().detail
    assert len(await life.history.prepared_withdrawals()) == 1
    await bench.forward(612)
    life.only().next_ns = 0
    await life.reaches("expired")
    assert bench.held() == before


async def test_an_executed_intent_is_known_by_its_nonce_though_relay_and_nodes_forget(bench: FundingBench) -> None:
    life, before = await bench.life(), bench.held()
    await bench.faults(publish={"mode": "swallow", "times": 1}, relay_not_found_s=FOREVER, near_tx_unknown_s=NODES)
    assert (await life.order(AMOUNT, route="intent")).accepted
    await life.reaches("completed")
    assert bench.held() == before - AMOUNT
    assert len(bench.payments()) == 1
    await life.until_explained()


@pytest.mark.parametrize("route", ["transaction", "intent"])
@pytest.mark.parametrize("watched", [True, False])
async def test_a_refund_is_noticed_even_when_it_nets_to_nothing(bench: FundingBench, route: str, watched: bool) -> None:
    life, before = await bench.life(), bench.held()
    await bench.faults(ft_transfer_fails=1, **({} if watched else {"relay_not_found_s": FOREVER}))
    assert (await life.order(AMOUNT, route="intent" if route == "intent" else "transaction")).accepted
    await life.reaches("refunded")
    assert bench.held() == before
    await life.until_explained()
    assert life.trading.book.reservations.leaving(BTC.token_id) == 0
    assert (await life.order(AMOUNT, "b")).accepted


async def test_two_equal_intents_in_turn_are_not_confused(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(relay_not_found_s=FOREVER, near_tx_unknown_s=NODES)
    for key in ("a", "b"):
        assert (await life.order(10 * 10**18, key, asset=EURE, route="intent")).accepted
        await until(lambda: all(one.state == "completed" for one in life.all), 20, str(life.states()))
    paid = {one.destination_hash for one in life.all}
    assert paid == {payment["tx_hash"] for payment in bench.payments(EURE)}
    assert len(paid) == 2


async def test_the_bytes_that_are_sent_again_are_the_bytes_in_history(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(near_send=both(mode="drop", times=2))
    assert (await life.order(AMOUNT)).accepted
    done = await life.reaches("completed")
    [fact] = await life.history.prepared_withdrawals()
    assert done.near_hash == fact.hash
    assert base64.b64decode(fact.signed)
    assert [row["burn"] for row in bench.withdrawals_listed()] == [fact.hash]
