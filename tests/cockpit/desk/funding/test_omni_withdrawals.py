"""nBTC leaves by the Omni bridge: orders, what is recorded and signed, faults, and what is never called a refund."""

from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import base58
import httpx
import msgspec
import pytest

from cockpit.desk.funding.bridges.omni import PAYING
from cockpit.desk.funding.messages import NOT_INDEXED, NOT_REFUNDED
from cockpit.model.commands import FEE_CHANGED, WithdrawalOrder
from tests.support.funding.crash_runs import INTENT_FAULTS
from tests.support.funding.funding_harness import CONFIG, FundingBench, FundingRun
from tests.support.funding.withdrawal_venue import ADDRESSES
from tests.support.waiting import until
from venue.protocol.nonce import decode_nonce
from venue.protocol.tokens import BTC, NBTC, OMNI_BRIDGE
from venue.sandbox.bridges.omni import GAS_FEE, MIN_AMOUNT, PROTOCOL_FEE
from venue.sandbox.server import Venue
from venue.sandbox.wire.intent_types import FtWithdraw, StorageDeposit
from venue.sandbox.wire.payload import open_payload

FEE = GAS_FEE + PROTOCOL_FEE
AMOUNT = 1_000_000
HELD = 30_000_000
WNEAR = "nep141:wrap.near"
NATIVE_FEE = 3 * 10**21


@pytest.fixture
async def bench(short_dir: Path) -> AsyncIterator[FundingBench]:
    """A venue where the maker holds both kinds of BTC."""
    venue = Venue(msgspec.structs.replace(CONFIG, maker_balances={"nBTC": HELD}))
    await venue.start()
    async with httpx.AsyncClient(trust_env=False) as client:
        bench = FundingBench(venue, client, short_dir)
        try:
            yield bench
        finally:
            await bench.end()
            await venue.stop()


def signed_intents(life: FundingRun) -> tuple[object, ...]:
    prepared = life.only().prepared
    assert prepared is not None
    return open_payload(msgspec.json.decode(prepared.signed.encode())).intents


async def test_an_order_goes_from_the_review_to_the_bitcoin_transaction(bench: FundingBench) -> None:
    life = await bench.life()
    order = WithdrawalOrder(asset_id="nBTC", amount=AMOUNT)
    review = await life.funding.orders.review(order)
    assert (review.bridge, review.route, review.destination) == ("omni", "intent", ADDRESSES["BTC"])
    assert (review.fee_units, review.native_fee_units) == (str(FEE), "0")
    fees = (NBTC.to_decimal(GAS_FEE), NBTC.to_decimal(PROTOCOL_FEE), Decimal(0))
    assert (review.gas_fee, review.protocol_fee, review.native_fee) == fees
    assert (review.arrives, review.minimum) == (NBTC.to_decimal(AMOUNT - FEE), NBTC.to_decimal(MIN_AMOUNT))
    result = await life.order(AMOUNT, asset=NBTC, route=None, fee=FEE)
    assert result.accepted, result.reason
    done = await life.reaches("completed")
    [payment] = bench.payments(NBTC)
    assert (payment["to"], int(payment["amount"])) == (ADDRESSES["BTC"], AMOUNT - FEE)
    assert done.destination_hash == payment["tx_hash"]
    assert base58.b58decode(done.near_hash)
    assert bench.held(NBTC) == HELD - AMOUNT
    await life.until_explained()
    prepared = done.prepared
    assert prepared is not None
    assert (prepared.bridge, prepared.route, prepared.fee, prepared.gas_fee) == ("omni", "intent", FEE, GAS_FEE)
    assert decode_nonce(prepared.nonce)
    [intent] = signed_intents(life)
    assert isinstance(intent, FtWithdraw)
    assert (intent.receiver_id, int(intent.amount), intent.memo) == (OMNI_BRIDGE, AMOUNT, None)
    assert prepared.external_id in str(intent.msg)


async def test_the_configured_route_is_for_tokens_that_have_a_choice(bench: FundingBench) -> None:
    life = await bench.life(WITHDRAWAL_ROUTE="transaction")
    assert (await life.funding.orders.review(WithdrawalOrder(asset_id="nBTC", amount=AMOUNT))).route == "intent"
    assert (await life.funding.orders.review(WithdrawalOrder(asset_id="BTC", amount=AMOUNT))).route == "transaction"
    refused = await life.order(AMOUNT, asset=NBTC, route="transaction")
    assert not refused.accepted
    assert "needs the intent route" in refused.reason
    assert life.all == []


@pytest.mark.parametrize(
    ("faults", "amount", "reason"),
    [
        ({"omni": {"insufficient_utxo": True}}, AMOUNT, "cannot pay this amount out now"),
        ({"omni": {"storage_low": True}}, AMOUNT, "0.4 NEAR of storage left"),
        ({"omni": {"native_fee": NATIVE_FEE}}, AMOUNT, "0 NEAR as wNEAR"),
        ({"omni": {"api": "500"}}, AMOUNT, "the bridge's fee is not known"),
        ({"omni": {"api": "garbage"}}, AMOUNT, "the bridge's fee is not known"),
        ({"omni": {"api": "429"}}, AMOUNT, "the bridge's fee is not known"),
        ({}, MIN_AMOUNT - 1, "below the bridge's minimum"),
        ({}, FEE, "leaves nothing to arrive"),
        ({"fee_factor": 2.6}, MIN_AMOUNT + 1, "would arrive, below"),
    ],
)
async def test_what_could_be_lost_is_refused_before_it_is_signed(
    bench: FundingBench, faults: dict[str, object], amount: int, reason: str
) -> None:
    life = await bench.life()
    await bench.faults(**faults)
    refused = await life.order(amount, asset=NBTC, route=None)
    assert not refused.accepted
    assert reason in refused.reason
    assert life.all == []
    assert bench.held(NBTC) == HELD


async def test_storage_that_cannot_be_read_refuses(bench: FundingBench) -> None:
    life = await bench.life()
    bench.venue.ledger.contracts.clear()
    refused = await life.order(AMOUNT, asset=NBTC, route=None)
    assert not refused.accepted
    assert "storage at the Omni bridge is not known" in refused.reason


async def test_a_fee_that_changed_since_the_review_is_refused(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(fee_factor=2)
    refused = await life.order(AMOUNT, asset=NBTC, route=None, fee=FEE)
    assert f"{FEE_CHANGED} to 0.00003 nBTC" in refused.reason
    await bench.faults(fee_factor=1, omni={"native_fee": NATIVE_FEE}, gift={"token_id": WNEAR, "amount": 10**24})
    refused = await life.order(AMOUNT, asset=NBTC, route=None, fee=FEE)
    assert f"{FEE_CHANGED}: 0.003 NEAR are asked beside it" in refused.reason
    assert bench.held(NBTC) == HELD


async def test_a_native_fee_is_paid_for_the_very_transfer(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(omni={"native_fee": NATIVE_FEE}, gift={"token_id": WNEAR, "amount": 10**24})
    review = await life.funding.orders.review(WithdrawalOrder(asset_id="nBTC", amount=AMOUNT))
    assert (review.refusals, review.native_fee_units) == (
        ("withdrawals are frozen; unfreeze them first",),
        str(NATIVE_FEE),
    )
    life.funding.freeze.open("test")
    result = await life.funding.orders.withdraw(
        WithdrawalOrder(
            actor="test",
            asset_id=NBTC.token_id,
            amount=AMOUNT,
            expected_fee=FEE,
            expected_native_fee=NATIVE_FEE,
            idempotency_key="key",
        )
    )
    assert result.accepted, result.reason
    done = await life.reaches("completed")
    assert done.prepared is not None
    assert done.prepared.native_fee == NATIVE_FEE
    deposit, _ = signed_intents(life)
    assert isinstance(deposit, StorageDeposit)
    assert bench.venue.ledger.balance(bench.account, WNEAR) == 10**24 - NATIVE_FEE
    assert len(bench.payments(NBTC)) == 1
    await life.until_explained()


async def test_the_form_of_the_api_does_not_matter(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(omni={"version": "v4"})
    assert (await life.order(AMOUNT, asset=NBTC, route=None)).accepted
    assert (await life.reaches("completed")).destination_hash == bench.payments(NBTC)[0]["tx_hash"]


@pytest.mark.parametrize("lies", ["amount", "recipient", "hash"])
async def test_a_lie_about_the_transfer_completes_nothing(bench: FundingBench, lies: str) -> None:
    life = await bench.life()
    await bench.faults(omni={"lies": lies})
    assert (await life.order(AMOUNT, asset=NBTC, route=None)).accepted
    left = await life.reaches("burned", "bridging")
    await until(lambda: bool(bench.payments(NBTC)))
    tried = left.attempts
    await until(lambda: left.attempts > tried + 1)
    assert left.state in ("burned", "bridging")
    await bench.faults(omni={})
    await life.reaches("completed")


async def test_what_is_not_indexed_is_followed_and_never_failed(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(omni_not_found_s=600_000)
    assert (await life.order(AMOUNT, asset=NBTC, route=None)).accepted
    left = await life.reaches("burned")
    await until(lambda: left.detail == NOT_INDEXED)
    second = await life.order(AMOUNT, "second", asset=NBTC, route=None)
    assert second.accepted, "what has left holds up no other"
    await bench.faults(omni_not_found_s=0)
    await until(lambda: {one.state for one in life.all} == {"completed"}, 30)
    assert len(bench.payments(NBTC)) == 2


async def test_what_the_bridge_holds_is_followed_and_never_failed(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(omni={"stuck": True})
    assert (await life.order(AMOUNT, asset=NBTC, route=None)).accepted
    held = await life.reaches("bridging")
    await until(lambda: held.detail == PAYING)
    await bench.faults(omni={})
    await life.reaches("completed")


async def test_a_transfer_that_fails_with_its_message_is_not_called_a_refund(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(ft_transfer_fails=1)
    assert (await life.order(AMOUNT, asset=NBTC, route=None)).accepted
    left = await life.reaches("burned")
    await until(lambda: NOT_REFUNDED in left.detail, 20, f"{left.detail}")
    # An equal amount from a stranger must not look like the refund that cannot come.
    await bench.faults(gift={"token_id": NBTC.token_id, "amount": AMOUNT})
    tried = left.attempts
    await until(lambda: left.attempts > tried + 1, 20)
    assert (left.state, left.back_booked) == ("burned", False)
    assert bench.payments(NBTC) == []
    assert bench.held(NBTC) == HELD
    again = await bench.life()
    assert again.only().state == "burned"


@pytest.mark.parametrize("fault", [name for name in INTENT_FAULTS if name not in ("none", "publish-hang")])
async def test_an_answer_that_is_lost_late_doubled_or_garbled_pays_once(bench: FundingBench, fault: str) -> None:
    life = await bench.life()
    await bench.faults(**INTENT_FAULTS[fault])
    assert (await life.order(AMOUNT, asset=NBTC, route=None)).accepted
    done = await life.reaches("completed", within_s=30)
    assert [payment["tx_hash"] for payment in bench.payments(NBTC)] == [done.destination_hash]
    assert bench.held(NBTC) == HELD - AMOUNT
    await life.until_explained()


async def test_an_intent_that_nobody_took_expires_and_a_new_order_goes(bench: FundingBench) -> None:
    life = await bench.life()
    await bench.faults(publish={"mode": "drop", "times": 1000})
    assert (await life.order(AMOUNT, asset=NBTC, route=None)).accepted
    await life.reaches("unknown")
    refused = await life.order(AMOUNT, "second", asset=NBTC, route=None)
    assert "has no known outcome; wait for it" in refused.reason
    await bench.forward(700)
    life.only().next_ns = 0
    await life.reaches("expired")
    assert bench.held(NBTC) == HELD
    await bench.faults(publish=None)
    assert (await life.order(AMOUNT, "third", asset=NBTC, route=None)).accepted
    await until(lambda: sorted(one.state for one in life.all) == ["completed", "expired"], 30)
    assert len(bench.payments(NBTC)) == 1
    assert bench.held(NBTC) == HELD - AMOUNT


async def test_what_a_killed_run_left_comes_back_by_no_gift(bench: FundingBench) -> None:
    first = await bench.life()
    await bench.faults(omni_not_found_s=600_000)
    assert (await first.order(AMOUNT, asset=NBTC, route=None)).accepted
    await first.reaches("burned")
    await first.until_explained()
    await first.crash()
    await bench.faults(gift={"token_id": NBTC.token_id, "amount": AMOUNT})
    later = await bench.life()
    assert later.only().state == "burned"
    assert [one.key for one in later.trading.withdrawals.movements() if one.key.endswith(":back")] == []
    await bench.faults(omni_not_found_s=0)
    await later.reaches("completed")
    assert len(bench.payments(NBTC)) == 1


async def test_a_token_with_nothing_available_names_the_other_one(bench: FundingBench) -> None:
    life = await bench.life()
    everything = bench.held(BTC)
    assert (await life.order(everything, asset=BTC)).accepted
    await life.reaches("completed")
    await life.until_explained()
    refused = await life.order(AMOUNT, "second", asset=BTC)
    assert "0 BTC available; 0.3 is in nBTC; order that token instead" in refused.reason


async def test_one_made_elsewhere_is_followed_by_its_hash(bench: FundingBench, short_dir: Path) -> None:
    life = await bench.life()
    assert (await life.order(AMOUNT, asset=NBTC, route=None)).accepted
    near_hash = (await life.reaches("completed")).near_hash
    await life.crash()
    other = short_dir / "other"
    other.mkdir(mode=0o700)
    later = await bench.life(COCKPIT_STATE_DIR=str(other))
    tracked = await later.funding.tracking.track(
        WithdrawalOrder(actor="test", asset_id="nBTC", amount=AMOUNT), near_hash
    )
    assert tracked.accepted, tracked.reason
    done = await later.reaches("completed")
    assert done.destination_hash == bench.payments(NBTC)[0]["tx_hash"]
