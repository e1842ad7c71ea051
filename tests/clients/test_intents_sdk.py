"""The venue's official SDK: quote, swap, settle, be refused, deposit, withdraw, invalidate nonces."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest

from tests.clients.conftest import Desk, Run, Venue
from tests.clients.trading import OTHER, USER, opened
from tests.support.processes.reconciliation import reconcile
from tests.support.processes.venue_process import QUIET, Control, VenueProcess
from venue.protocol.tokens import BTC, EURE, NBTC

pytestmark = pytest.mark.slow

EVM_KEY = "0x59c6995e998f97a5a0044966f0945389dc9e86dae88c7a8412f4603b6b78690d"
"""A key that every developer of Ethereum knows, and the address that belongs to it."""
EVM_ACCOUNT = "0x70997970c51812dc3a010c7d01b50e0d17dc79c8"
BTC_ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
GNOSIS_ADDRESS = "0x5aaeb6053f3e94c9b9a09f33669435e7ef1beaed"
SWAPPED = 100_000
QUICK_BRIDGES = (*QUIET, "--set", "index_after_s=1", "--set", "send_after_s=2", "--set", "complete_after_s=4")

Controls = Callable[[VenueProcess], Control]


@pytest.mark.parametrize("standard", ["nep413", "erc191"])
async def test_a_user_swaps_with_our_desk(
    standard: str, start_venue: Venue, controls: Controls, armed_desk: Desk, run_node: Run
) -> None:
    venue = start_venue()
    control = controls(venue)
    account = USER if standard == "nep413" else EVM_ACCOUNT
    settings = await opened(control, account)
    if standard == "erc191":
        settings["USER_KEY"] = EVM_KEY
    desk = await armed_desk(venue.env)
    before = await control.balances(account)

    found = await run_node("intents_sdk.cjs", "swap", standard, str(SWAPPED), **settings)

    assert found["status"]["status"] == "SETTLED"
    assert found["status"]["txHash"] == found["tx"]["hash"]
    after = await control.balances(account)
    assert before[BTC.token_id] - after[BTC.token_id] == int(found["given"]) >= SWAPPED
    assert after[EURE.token_id] - before[EURE.token_id] == int(found["out"]) > 0
    shot = await desk.until(lambda shot: shot.counts.settled == 1, 30, "the desk's fill")
    assert {row.quote_hash for row in shot.executions if row.confirmed} == {found["quote"]["quote_hash"]}
    await reconcile(desk, control, within_s=30)


async def test_a_user_is_told_that_an_intent_failed(start_venue: Venue, controls: Controls, run_node: Run) -> None:
    control = controls(start_venue())
    settings = await opened(control)
    held = (await control.balances(USER))[BTC.token_id]

    found = await run_node("intents_sdk.cjs", "failures", OTHER, str(held), **settings)

    assert sorted(end is None for end in found["ends"]) == [False, True], "one transfer, and one that failed on chain"
    failed = next(end for end in found["ends"] if end is not None)
    assert failed["name"] == "IntentSettlementError"
    assert found["tooMuch"]["code"] == "INSUFFICIENT_BALANCE"
    assert found["expired"]["code"] == "SIGNATURE_EXPIRED"
    assert (await control.balances(OTHER))[BTC.token_id] == held


async def test_a_user_signs_again_when_the_salt_was_rotated(
    start_venue: Venue, controls: Controls, run_node: Run
) -> None:
    control = controls(start_venue())
    found = await run_node("intents_sdk.cjs", "salt", OTHER, **await opened(control))
    assert found["tx"]["hash"]
    assert (await control.balances(OTHER))[EURE.token_id] == 3


async def test_a_deposit_is_pending_and_then_credited(start_venue: Venue, controls: Controls, run_node: Run) -> None:
    control = controls(start_venue())
    settings = await opened(control)
    before = (await control.balances(USER))[BTC.token_id]

    found = await run_node("intents_sdk.cjs", "deposits", USER, **settings)

    assert {token["asset_name"] for token in found["tokens"]} >= {"BTC", "nBTC", "EURe"}
    [pending] = found["pending"]
    assert (pending["status"], int(pending["amount"])) == ("PENDING", 70_000)
    assert pending["address"] == found["address"]["address"] == found["done"]["address"]
    assert found["done"]["status"] in ("CREDITED", "COMPLETED")
    assert (await control.balances(USER))[BTC.token_id] == before + 70_000


async def test_withdrawals_arrive_by_the_poa_bridge(start_venue: Venue, controls: Controls, run_node: Run) -> None:
    control = controls(start_venue(*QUICK_BRIDGES))
    settings = await opened(control)
    before = await control.balances(USER)

    found = await run_node("intents_sdk.cjs", "withdrawals", BTC_ADDRESS, GNOSIS_ADDRESS, "poa", **settings)

    btc, eure = found
    after = await control.balances(USER)
    assert before[BTC.token_id] - after[BTC.token_id] == 100_000 + int(btc["fee"])
    assert before[EURE.token_id] - after[EURE.token_id] == EURE.to_units(Decimal(50))
    arrived = await payments(control)
    assert arrived[btc["destinationTx"]["hash"]] == (BTC_ADDRESS, 100_000)
    assert arrived[eure["destinationTx"]["hash"]] == (
        GNOSIS_ADDRESS,
        EURE.to_units(Decimal(50)) - int(eure["fee"]),
    )


async def test_a_withdrawal_of_nbtc_arrives_by_the_omni_bridge(
    start_venue: Venue, controls: Controls, run_node: Run
) -> None:
    control = controls(start_venue(*QUICK_BRIDGES))
    settings = await opened(control)
    before = await control.balances(USER)

    [found] = await run_node("intents_sdk.cjs", "withdrawals", BTC_ADDRESS, GNOSIS_ADDRESS, "omni", **settings)

    after = await control.balances(USER)
    assert before[NBTC.token_id] - after[NBTC.token_id] == 200_000 + int(found["fee"])
    assert (await payments(control))[found["destinationTx"]["hash"]] == (BTC_ADDRESS, 200_000)


async def test_a_withdrawal_stays_on_near(start_venue: Venue, controls: Controls, run_node: Run) -> None:
    control = controls(start_venue())
    settings = await opened(control)
    await opened(control, OTHER)
    before = await control.balances(USER)
    found = await run_node("intents_sdk.cjs", "nearWithdrawal", OTHER, **settings)
    assert found["destinationTx"]["hash"] == found["intentTx"]["hash"]
    assert found["held"] == "12345"
    assert before[NBTC.token_id] - (await control.balances(USER))[NBTC.token_id] == 12_345


async def payments(control: Control) -> dict[str, tuple[str, int]]:
    """Return what arrived on all chains: hash to address and base units."""
    return {
        row["tx_hash"]: (row["to"].lower(), int(row["amount"]))
        for chain in (await control.chains()).values()
        for row in chain["payments"]
    }


async def test_a_withdrawal_that_the_bridge_would_not_pay_is_refused_before_anything_is_signed(
    start_venue: Venue, controls: Controls, run_node: Run
) -> None:
    control = controls(start_venue())
    found: dict[str, Any] = await run_node(
        "intents_sdk.cjs", "refusedWithdrawals", BTC_ADDRESS, **await opened(control)
    )
    assert found["small"]["name"] == "MinWithdrawalAmountError"
    assert found["elsewhere"]["name"] == "RpcRequestError", "the bridge knows no such address of its chain"


async def test_nonces_are_invalidated(start_venue: Venue, controls: Controls, run_node: Run) -> None:
    control = controls(start_venue())
    found = await run_node("intents_sdk.cjs", "invalidateNonces", OTHER, **await opened(control))
    assert found["used"] == [True, True]
    assert found["late"]["code"] == "NONCE_USED"
    assert await control.balances(OTHER) == {}


async def test_the_relay_can_be_open_to_users_without_a_key(
    start_venue: Venue, controls: Controls, run_node: Run
) -> None:
    control = controls(start_venue(*QUIET, "--set", "rpc_open=true"))
    settings = {**await opened(control), "NEAR_INTENTS_API_KEY": ""}
    found = await run_node("intents_sdk.cjs", "invalidateNonces", OTHER, **settings)
    assert found["used"] == [True, True]
