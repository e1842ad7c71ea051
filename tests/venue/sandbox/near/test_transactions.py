"""NEAR transactions, made by the NEAR library: which run, which are refused, and that the same bytes run once."""

import base64
from typing import Any

import pytest

from tests.support.sandbox.near_transactions import TGAS, rpc, transaction
from tests.support.sandbox.signing import BTC_ADDRESS, Clock, Signer, funded, token_diff
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.verifier.accounts import Burn
from venue.sandbox.verifier.ledger import Ledger

WITHDRAW: dict[str, object] = {
    "token": BTC.near_token,
    "receiver_id": BTC.near_token,
    "amount": "700",
    "memo": f"WITHDRAW_TO:{BTC_ADDRESS}",
}


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def maker() -> Signer:
    return Signer("maker.near", 1)


@pytest.fixture
def ledger(clock: Clock, maker: Signer) -> Ledger:
    ledger = funded(clock, maker)
    ledger.add_access_key(maker.account, maker.public_key)
    return ledger


@pytest.fixture
def node(ledger: Ledger) -> NearRpc:
    return NearRpc(ledger)


async def send(node: NearRpc, signed: str) -> dict[str, Any]:
    return await rpc(node, "send_tx", {"signed_tx_base64": signed, "wait_until": "FINAL"})


async def refused(node: NearRpc, signed: str) -> Any:
    error = (await send(node, signed))["error"]
    assert error["cause"]["name"] == "INVALID_TRANSACTION"
    return error["data"]["TxExecutionError"]["InvalidTxError"]


def value_of(response: dict[str, Any]) -> str:
    """Return the transaction's result as JSON text."""
    return base64.b64decode(response["result"]["status"]["SuccessValue"], validate=True).decode()


def panic_of(response: dict[str, Any]) -> Any:
    return response["result"]["status"]["Failure"]["ActionError"]["kind"]["FunctionCallError"]["ExecutionError"]


async def test_a_withdrawal_burns_and_its_hash_was_known_before(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    burns: list[Burn] = []
    ledger.on_burn(burns.append)
    signed, tx_hash = transaction(maker, ledger, "ft_withdraw", WITHDRAW)
    response = await send(node, signed)
    assert value_of(response) == '"700"'
    assert response["result"]["transaction"]["hash"] == tx_hash
    assert response["result"]["final_execution_status"] == "FINAL"
    assert [(burn.account, burn.amount, burn.tx_hash) for burn in burns] == [("maker.near", 700, tx_hash)]
    assert ledger.balance("maker.near", BTC.token_id) == 10**9 - 700


async def test_the_same_bytes_run_once(node: NearRpc, ledger: Ledger, clock: Clock, maker: Signer) -> None:
    signed, tx_hash = transaction(maker, ledger, "ft_withdraw", WITHDRAW)
    first = await send(node, signed)
    assert await rpc(node, "broadcast_tx_commit", [signed]) == first
    found = await rpc(node, "tx", {"tx_hash": tx_hash, "sender_account_id": "maker.near", "wait_until": "FINAL"})
    assert found == first
    assert ledger.balance("maker.near", BTC.token_id) == 10**9 - 700


async def test_executed_bytes_are_expired_once_their_block_is_too_old(
    node: NearRpc, ledger: Ledger, clock: Clock, maker: Signer
) -> None:
    signed, tx_hash = transaction(maker, ledger, "ft_withdraw", WITHDRAW)
    first = await send(node, signed)
    clock.now_ns += 86_400 * NS_PER_S + 1
    assert await refused(node, signed) == "Expired"
    found = await rpc(node, "tx", {"tx_hash": tx_hash, "sender_account_id": "maker.near", "wait_until": "FINAL"})
    assert found == first


@pytest.mark.parametrize("deposit", [0, 2])
async def test_a_withdrawal_needs_one_yocto(node: NearRpc, ledger: Ledger, maker: Signer, deposit: int) -> None:
    signed, _ = transaction(maker, ledger, "ft_withdraw", WITHDRAW, deposit=deposit)
    text = "Smart contract panicked: Requires attached deposit of exactly 1 yoctoNEAR"
    assert panic_of(await send(node, signed)) == text
    assert ledger.balance("maker.near", BTC.token_id) == 10**9


async def test_a_withdrawal_of_zero(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    signed, _ = transaction(maker, ledger, "ft_withdraw", {**WITHDRAW, "amount": "0"})
    assert panic_of(await send(node, signed)) == "Smart contract panicked: invalid intent"


async def test_a_withdrawal_from_an_account_the_verifier_does_not_know(node: NearRpc, ledger: Ledger) -> None:
    nobody = Signer("nobody.near", 5)
    ledger.add_access_key(nobody.account, nobody.public_key)
    signed, _ = transaction(nobody, ledger, "ft_withdraw", WITHDRAW)
    assert panic_of(await send(node, signed)) == "Smart contract panicked: account 'nobody.near' not found"


async def test_a_failed_call_costs_its_nonce(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    before = ledger.access_keys.find("maker.near", maker.public_key)
    signed, _ = transaction(maker, ledger, "ft_withdraw", {**WITHDRAW, "amount": "0"})
    await send(node, signed)
    after = ledger.access_keys.find("maker.near", maker.public_key)
    assert before is not None
    assert after is not None
    assert after.nonce == before.nonce + 1


async def test_keys_are_registered_and_removed_with_one_yocto(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    quote_key = Signer("maker.near", 6)
    arguments = {"public_key": quote_key.public_key}
    unpaid, _ = transaction(maker, ledger, "add_public_key", arguments, deposit=0)
    assert "exactly 1 yoctoNEAR" in panic_of(await send(node, unpaid))
    added, _ = transaction(maker, ledger, "add_public_key", arguments)
    await send(node, added)
    assert ledger.has_public_key("maker.near", quote_key.public_key)
    ledger.execute_intents([quote_key.sign()])
    removed, _ = transaction(maker, ledger, "remove_public_key", arguments)
    await send(node, removed)
    assert not ledger.has_public_key("maker.near", quote_key.public_key)


async def test_execute_intents_as_a_transaction(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    transfer = {"intent": "transfer", "receiver_id": "other.near", "tokens": {EURE.token_id: "5"}}
    signed, _ = transaction(maker, ledger, "execute_intents", {"signed": [maker.sign(transfer)]}, deposit=0)
    response = await send(node, signed)
    assert ledger.balance("other.near", EURE.token_id) == 5
    assert any("intents_executed" in line for line in response["result"]["receipts_outcome"][0]["outcome"]["logs"])
    failing, _ = transaction(maker, ledger, "execute_intents", {"signed": [maker.sign(token_diff(btc=0))]}, deposit=0)
    assert panic_of(await send(node, failing)) == "Smart contract panicked: invalid intent"


async def test_a_forged_signature_is_refused(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    signed, _ = transaction(maker, ledger, "ft_withdraw", WITHDRAW, forged=True)
    assert await refused(node, signed) == "InvalidSignature"


async def test_a_used_nonce_is_refused(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    key = ledger.access_keys.find("maker.near", maker.public_key)
    assert key is not None
    signed, _ = transaction(maker, ledger, "ft_withdraw", WITHDRAW, nonce=key.nonce)
    assert await refused(node, signed) == {"InvalidNonce": {"tx_nonce": key.nonce, "ak_nonce": key.nonce}}


async def test_a_nonce_far_ahead_is_refused(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    bound = ledger.height * 1_000_000
    signed, _ = transaction(maker, ledger, "ft_withdraw", WITHDRAW, nonce=bound)
    assert await refused(node, signed) == {"NonceTooLarge": {"tx_nonce": bound, "upper_bound": bound}}


async def test_an_unknown_key_and_an_unknown_account_are_refused(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    other = Signer("maker.near", 8)
    signed, _ = transaction(other, ledger, "ft_withdraw", WITHDRAW)
    missing = {"account_id": "maker.near", "public_key": other.public_key}
    assert await refused(node, signed) == {"InvalidAccessKeyError": {"AccessKeyNotFound": missing}}
    signed, _ = transaction(Signer("nobody.near", 8), ledger, "ft_withdraw", WITHDRAW)
    assert await refused(node, signed) == {"SignerDoesNotExist": {"signer_id": "nobody.near"}}


async def test_a_limited_key_cannot_attach_the_yocto(node: NearRpc, ledger: Ledger) -> None:
    limited = Signer("maker.near", 8)
    ledger.add_access_key("maker.near", limited.public_key, full_access=False)
    signed, _ = transaction(limited, ledger, "ft_withdraw", WITHDRAW)
    assert await refused(node, signed) == {"InvalidAccessKeyError": "DepositWithFunctionCall"}


async def test_a_block_hash_expires_a_day_after_its_block(
    node: NearRpc, ledger: Ledger, clock: Clock, maker: Signer
) -> None:
    old = ledger.block_hash
    signed, _ = transaction(maker, ledger, "ft_withdraw", WITHDRAW, block_hash=old)
    ledger.advance_block()
    clock.now_ns += 86_400 * NS_PER_S + 1
    assert await refused(node, signed) == "Expired"
    unknown, _ = transaction(maker, ledger, "ft_withdraw", WITHDRAW, block_hash="1" * 32)
    assert await refused(node, unknown) == "Expired"


async def test_a_recent_block_hash_is_accepted(node: NearRpc, ledger: Ledger, clock: Clock, maker: Signer) -> None:
    signed, _ = transaction(maker, ledger, "ft_withdraw", WITHDRAW)
    for _ in range(5):
        ledger.advance_block()
    clock.now_ns += 86_400 * NS_PER_S
    assert value_of(await send(node, signed)) == '"700"'


async def test_too_little_gas_another_method_and_another_contract(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    poor, _ = transaction(maker, ledger, "ft_withdraw", WITHDRAW, gas=TGAS)
    assert panic_of(await send(node, poor)) == "Exceeded the prepaid gas."
    unknown, _ = transaction(maker, ledger, "mint_money", {})
    failure = (await send(node, unknown))["result"]["status"]["Failure"]["ActionError"]["kind"]
    assert failure == {"FunctionCallError": {"MethodResolveError": "MethodNotFound"}}
    elsewhere, _ = transaction(maker, ledger, "ft_withdraw", WITHDRAW, receiver="other.near")
    failure = (await send(node, elsewhere))["result"]["status"]["Failure"]["ActionError"]["kind"]
    assert failure == {"AccountDoesNotExist": {"account_id": "other.near"}}
    assert ledger.balance("maker.near", BTC.token_id) == 10**9


async def test_invalid_arguments_panic(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    signed, _ = transaction(maker, ledger, "ft_withdraw", {"token": BTC.near_token, "amount": 700})
    assert panic_of(await send(node, signed)) == (
        "Smart contract panicked: Failed to deserialize input from JSON. Error: `expected a string`"
    )
