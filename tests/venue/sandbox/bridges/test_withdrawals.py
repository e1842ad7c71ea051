"""Withdrawals: each is paid once or returned, and the bridge reports it in its shapes."""

from collections.abc import Mapping
from typing import Any

import pytest

from tests.support.sandbox.signing import BTC_ADDRESS, GNOSIS_ADDRESS, withdrawal
from tests.venue.sandbox.bridges.conftest import MAKER, World
from venue.protocol.assets import Token
from venue.protocol.tokens import BTC, EURE, NBTC, OMNI_BRIDGE
from venue.sandbox.bridges.pace import BridgePace


def burn(world: World, *amounts: int, **changes: object) -> str:
    intents = [withdrawal(amount, **changes) for amount in amounts]
    return world.ledger.execute_intents([world.maker.sign(*intents, deadline_ns=world.clock.now_ns)]).tx_hash


async def status(world: World, tx_hash: str) -> Any:
    return await world.call("withdrawal_status", withdrawal_hash=tx_hash)


async def test_the_destination_receives_the_amount_less_the_fee(world: World) -> None:
    tx_hash = burn(world, 100_000)
    for _ in range(4):
        world.wait(10)
    balances = world.bridge.chains[BTC.chain].balances
    assert balances == {BTC_ADDRESS: 98_500}
    (payment,) = world.bridge.chains[BTC.chain].transfers
    status_answer = await status(world, tx_hash)
    assert (status_answer["status"], status_answer["data"]["transfer_tx_hash"]) == ("COMPLETED", payment.tx_hash)
    assert len(payment.tx_hash) == 64


async def test_gnosis_is_paid_in_the_chains_spelling_of_the_address(world: World) -> None:
    fields = {"token": EURE.near_token, "receiver_id": EURE.near_token}
    burn(world, 10**18, memo=f"WITHDRAW_TO:{GNOSIS_ADDRESS.lower()}", **fields)
    world.wait(20)
    assert world.bridge.chains[EURE.chain].balances == {GNOSIS_ADDRESS: 99 * 10**16}
    assert world.bridge.chains[EURE.chain].transfers[0].tx_hash.startswith("0x")


@pytest.mark.parametrize(
    ("amount", "changes", "reason"),
    [
        (2_199, {}, "below the minimum"),
        (100_000, {"memo": "WITHDRAW_TO:"}, "not an address of btc:mainnet"),
        (100_000, {"memo": f"WITHDRAW_TO:{GNOSIS_ADDRESS}"}, "not an address of btc:mainnet"),
        (100_000, {"memo": f"WITHDRAW_TO:{BTC_ADDRESS[:-1]}5"}, "not an address of btc:mainnet"),
    ],
)
async def test_an_unpayable_withdrawal_is_rejected_and_returned(
    world: World, amount: int, changes: Mapping[str, object], reason: str
) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    tx_hash = burn(world, amount, **changes)
    seen = []
    for seconds in (2, 4, 14):
        world.wait(seconds)
        seen.append(((await status(world, tx_hash))["status"], world.ledger.balance(MAKER, BTC.token_id)))
    assert seen == [("REJECTED", before - amount), ("RETURNING", before - amount), ("RETURNED", before)]
    assert world.bridge.withdrawals[0].reason == reason
    assert world.bridge.chains[BTC.chain].transfers == []


async def test_the_next_withdrawals_are_rejected(world: World) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    world.faults.apply({"withdrawal_rejects": 1})
    first, second = burn(world, 100_000), burn(world, 200_000)
    world.wait(20)
    assert [(await status(world, name))["status"] for name in (first, second)] == ["RETURNED", "COMPLETED"]
    assert world.ledger.balance(MAKER, BTC.token_id) == before - 200_000
    assert world.faults.current.withdrawal_rejects == 0


async def test_a_call_with_a_message_is_not_paid(world: World) -> None:
    burn(world, 100_000, msg="")
    world.wait(60)
    assert world.bridge.withdrawals == []


async def test_the_bridge_may_not_know_a_withdrawal_for_a_minute(world: World) -> None:
    tx_hash = burn(world, 100_000)
    world.wait(30)
    world.faults.apply({"bridge_not_found_s": 60})
    assert await world.refusal("withdrawal_status", withdrawal_hash=tx_hash) == "Withdrawals not found"
    assert (await world.call("recent_withdrawals", account_id=MAKER))["total"] == 0
    world.wait(59)
    assert await world.refusal("withdrawal_status", withdrawal_hash=tx_hash) == "Withdrawals not found"
    world.wait(1)
    assert (await status(world, tx_hash))["status"] == "COMPLETED"


async def test_every_shape_of_the_status(world: World) -> None:
    one, several = burn(world, 100_000), burn(world, 10_000, 20_000, 30_000, 40_000)
    world.wait(3)
    both = await status(world, one)
    assert both["data"]["tx_hash"] == one
    assert both["withdrawals"] == [{"status": both["status"], "data": both["data"]}]
    world.faults.apply({"status_shape": "auto"})
    assert set(await status(world, one)) == {"status", "data"}
    orders = set()
    for _ in range(20):
        rows = (await status(world, several))["withdrawals"]
        assert sorted(int(row["data"]["amount"]) for row in rows) == [10_000, 20_000, 30_000, 40_000]
        orders.add(tuple(int(row["data"]["amount"]) for row in rows))
    assert len(orders) > 1
    world.faults.apply({"status_shape": "list"})
    (row,) = (await status(world, one))["withdrawals"]
    assert row["status"] == "PENDING"


async def test_estimates_fail_and_fees_change_on_request(world: World) -> None:
    params = {"chain": BTC.chain, "token": BTC.near_token, "address": BTC_ADDRESS}
    world.faults.apply({"estimate_fails": 1, "fee_factor": "2.5"})
    assert await world.refusal("withdrawal_estimate", **params) == "Failed to estimate the withdrawal fee"
    fees = [(await world.call("withdrawal_estimate", **params))["withdrawalFee"] for _ in range(2)]
    assert sorted(map(str, fees)) == ["3750", "3750"]
    assert {type(fee) for fee in fees} == {str, int}
    burn(world, 100_000)
    world.faults.apply({"fee_factor": 1})
    world.wait(20)
    assert world.bridge.chains[BTC.chain].balances == {BTC_ADDRESS: 96_250}


@pytest.mark.parametrize("returned", [150_000, 150_699])
async def test_a_withdrawal_that_leaves_less_than_the_minimum_above_the_fee_is_returned(
    world: World, returned: int
) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    world.faults.apply({"fee_factor": 100})
    burn(world, returned)
    burn(world, 150_700)
    world.wait(20)
    assert world.bridge.chains[BTC.chain].balances == {BTC_ADDRESS: 700}
    assert world.ledger.balance(MAKER, BTC.token_id) == before - 150_700


async def test_a_payment_to_a_deposit_address_is_a_deposit(world: World) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    address = (await world.call("deposit_address", account_id=MAKER, chain=BTC.chain))["address"]
    burn(world, 100_000, memo=f"WITHDRAW_TO:{address}")
    world.wait(20)
    world.wait(20)
    assert world.ledger.balance(MAKER, BTC.token_id) == before - 1_500


async def test_a_transfer_that_fails_is_credited_back_and_unknown_to_the_bridge(world: World) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    world.faults.apply({"ft_transfer_fails": 1})
    tx_hash = burn(world, 100_000)
    assert world.ledger.balance(MAKER, BTC.token_id) == before
    world.wait(60)
    assert await world.refusal("withdrawal_status", withdrawal_hash=tx_hash) == "Withdrawals not found"


@pytest.mark.parametrize(
    ("token", "receiver"),
    [(NBTC, NBTC.near_token), (BTC, OMNI_BRIDGE), (EURE, OMNI_BRIDGE)],
    ids=["nBTC", "BTC", "EURe"],
)
async def test_what_leaves_by_the_other_route_is_lost(world: World, token: Token, receiver: str) -> None:
    before = world.ledger.balance(MAKER, token.token_id)
    tx_hash = burn(world, 10**18 if token == EURE else 100_000, token=token.near_token, receiver_id=receiver)
    for _ in range(10):
        world.wait(60)
    (lost,) = world.bridge.lost
    assert (lost.token.asset, lost.burn.tx_hash, lost.burn.account) == (token, tx_hash, MAKER)
    assert world.ledger.balance(MAKER, token.token_id) == before - lost.burn.amount
    assert world.bridge.totals(token.token_id).lost == lost.burn.amount
    assert world.bridge.withdrawals == []
    assert world.bridge.chains[token.chain].transfers == []
    assert await world.refusal("withdrawal_status", withdrawal_hash=tx_hash) == "Withdrawals not found"


async def test_withdrawals_of_one_chain_are_told_apart_by_their_token(world: World) -> None:
    tx_hash = burn(world, 100_000)
    world.wait(3)
    row = (await status(world, tx_hash))["data"]
    assert (row["near_token_id"], row["defuse_asset_identifier"]) == (BTC.near_token, "btc:mainnet:native")


@pytest.mark.parametrize(
    ("pace", "waits"),
    [
        (BridgePace(), (2, 6, 20)),
        (BridgePace(index_after_s=30), (30, 30, 30)),
        (BridgePace(index_after_s=5, send_after_s=40, complete_after_s=60), (5, 40, 60)),
    ],
)
async def test_the_pace_holds_for_what_leaves_from_then_on(
    world: World, pace: BridgePace, waits: tuple[int, int, int]
) -> None:
    before = burn(world, 100_000)
    world.bridge.set_pace(pace)
    after = burn(world, 200_000)
    reached: dict[tuple[str, str], int] = {}
    for second in range(1, 62):
        world.wait(1)
        for row in world.bridge.withdrawals:
            steps = {
                "indexed": row.indexed_ns <= world.clock.now_ns,
                "paid": row.payment is not None,
                "done": row.status == "COMPLETED",
            }
            for what in (name for name, holds in steps.items() if holds):
                reached.setdefault((row.tx_hash, what), second)
    assert [reached[before, what] for what in ("indexed", "paid", "done")] == [2, 6, 20]
    assert [reached[after, what] for what in ("indexed", "paid", "done")] == list(waits)
    world.bridge.set_pace(BridgePace())
    again = burn(world, 300_000)
    world.wait(20)
    assert (await status(world, again))["status"] == "COMPLETED"
