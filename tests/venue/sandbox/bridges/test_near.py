"""The NEAR side of withdrawals: outcomes with every receipt, access keys, and nodes that lag, forget or refuse."""

import base64
from typing import Any

import pytest

from tests.support.sandbox.near_transactions import rpc, transaction, view
from tests.support.sandbox.signing import BTC_ADDRESS, Signer, withdrawal
from tests.venue.sandbox.bridges.conftest import MAKER, World
from venue.protocol.tokens import BTC
from venue.sandbox.near.rpc import NearRpc

WITHDRAW: dict[str, object] = {
    "token": BTC.near_token,
    "receiver_id": BTC.near_token,
    "amount": "70000",
    "memo": f"WITHDRAW_TO:{BTC_ADDRESS}",
}


@pytest.fixture
def node(world: World) -> NearRpc:
    world.ledger.add_access_key(MAKER, world.maker.public_key)
    return NearRpc(world.ledger, faults=world.faults)


@pytest.fixture
def twin(world: World, node: NearRpc) -> NearRpc:
    return NearRpc(
        world.ledger, transactions=node.transactions, view_errors="error", name="near_b", faults=world.faults
    )


async def send(node: NearRpc, signed: str, wait_until: str = "FINAL") -> dict[str, Any]:
    return await rpc(node, "send_tx", {"signed_tx_base64": signed, "wait_until": wait_until})


async def tx(node: NearRpc, tx_hash: str, sender: str = MAKER) -> dict[str, Any]:
    return await rpc(node, "tx", {"tx_hash": tx_hash, "sender_account_id": sender, "wait_until": "FINAL"})


def invalid(response: dict[str, Any]) -> Any:
    return response["error"]["data"]["TxExecutionError"]["InvalidTxError"]


def receipts(response: dict[str, Any]) -> list[tuple[str, Any]]:
    rows = response["result"]["receipts_outcome"]
    return [(row["outcome"]["executor_id"], row["outcome"]["status"]) for row in rows]


async def test_a_withdrawal_returns_what_left_after_its_transfer_and_its_resolution(
    node: NearRpc, world: World
) -> None:
    signed, _ = transaction(world.maker, world.ledger, "ft_withdraw", WITHDRAW)
    response = await send(node, signed)
    assert base64.b64decode(response["result"]["status"]["SuccessValue"]) == b'"70000"'
    called, sent, resolved = receipts(response)
    resolution = response["result"]["receipts_outcome"][2]["id"]
    assert called == ("intents.near", {"SuccessReceiptId": resolution})
    assert sent == (BTC.near_token, {"SuccessValue": ""})
    assert resolved == ("intents.near", response["result"]["status"])


async def test_a_failed_transfer_is_a_success_that_returns_zero(node: NearRpc, world: World) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    world.faults.apply({"ft_transfer_fails": 1})
    signed, tx_hash = transaction(world.maker, world.ledger, "ft_withdraw", WITHDRAW)
    response = await send(node, signed)
    assert base64.b64decode(response["result"]["status"]["SuccessValue"]) == b'"0"'
    _, sent, resolved = receipts(response)
    kind = {"FunctionCallError": {"ExecutionError": "Smart contract panicked: no"}}
    assert sent == (BTC.near_token, {"Failure": {"ActionError": {"index": 0, "kind": kind}}})
    assert resolved == ("intents.near", response["result"]["status"])
    (line,) = response["result"]["receipts_outcome"][2]["outcome"]["logs"]
    assert '"mt_mint"' in line
    assert '"memo":"refund"' in line
    assert world.ledger.balance(MAKER, BTC.token_id) == before
    assert (await tx(node, tx_hash))["result"] == response["result"]


async def test_a_failed_transfer_with_a_message_is_not_credited_back(node: NearRpc, world: World) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    world.faults.apply({"ft_transfer_fails": 1})
    signed, _ = transaction(world.maker, world.ledger, "ft_withdraw", {**WITHDRAW, "msg": ""})
    assert base64.b64decode((await send(node, signed))["result"]["status"]["SuccessValue"]) == b'"70000"'
    assert world.ledger.balance(MAKER, BTC.token_id) == before - 70_000


async def test_the_transaction_of_a_settled_intent_is_known_to_the_node(node: NearRpc, world: World) -> None:
    executed = world.ledger.execute_intents([world.maker.sign(withdrawal(70_000))])
    response = await tx(node, executed.tx_hash)
    assert response["result"]["status"] == {"SuccessValue": ""}
    assert response["result"]["transaction"]["hash"] == executed.tx_hash
    assert [executor for executor, _ in receipts(response)] == ["intents.near", BTC.near_token, "intents.near"]


async def test_an_unknown_access_key_is_reported_in_either_form(node: NearRpc, twin: NearRpc, world: World) -> None:
    other = Signer(MAKER, 9).public_key
    params = {"request_type": "view_access_key", "finality": "final", "account_id": MAKER, "public_key": other}
    flat = (await rpc(node, "query", params))["result"]
    assert flat["error"] == f"access key {other} does not exist while viewing"
    error = (await rpc(twin, "query", params))["error"]
    assert error["cause"]["name"] == "UNKNOWN_ACCESS_KEY"
    assert error["cause"]["info"]["public_key"] == other
    assert error["cause"]["info"]["block_hash"] == world.ledger.block_hash


async def test_without_waiting_a_node_does_not_report_an_invalid_transaction(node: NearRpc, world: World) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    signed, tx_hash = transaction(world.maker, world.ledger, "ft_withdraw", WITHDRAW, nonce=1)
    assert (await send(node, signed, "NONE"))["result"] == {"final_execution_status": "NONE"}
    assert (await tx(node, tx_hash))["error"]["cause"]["name"] == "UNKNOWN_TRANSACTION"
    assert world.ledger.balance(MAKER, BTC.token_id) == before


async def test_a_node_may_answer_executed_bytes_with_an_invalid_nonce(node: NearRpc, world: World) -> None:
    before = world.ledger.balance(MAKER, BTC.token_id)
    world.faults.apply({"near_resend": "invalid_nonce"})
    signed, tx_hash = transaction(world.maker, world.ledger, "ft_withdraw", WITHDRAW)
    await send(node, signed)
    assert "InvalidNonce" in invalid(await send(node, signed))
    assert "result" in await tx(node, tx_hash)
    assert world.ledger.balance(MAKER, BTC.token_id) == before - 70_000


async def test_an_account_without_near_cannot_pay_for_a_transaction(node: NearRpc, world: World) -> None:
    world.faults.apply({"near_no_gas": True})
    signed, _ = transaction(world.maker, world.ledger, "ft_withdraw", WITHDRAW)
    assert invalid(await send(node, signed))["NotEnoughBalance"]["signer_id"] == MAKER
    world.faults.apply({"near_no_gas": False})
    assert "result" in await send(node, signed)


async def test_one_node_forgets_transactions_for_a_while_the_other_does_not(
    node: NearRpc, twin: NearRpc, world: World
) -> None:
    world.faults.apply({"near_tx_unknown_s": {"near_a": 30}})
    signed, tx_hash = transaction(world.maker, world.ledger, "ft_withdraw", WITHDRAW)
    await send(node, signed)
    assert (await tx(node, tx_hash))["error"]["cause"]["name"] == "UNKNOWN_TRANSACTION"
    assert "result" in await tx(twin, tx_hash)
    world.wait(30)
    assert "result" in await tx(node, tx_hash)


async def test_a_stalled_node_answers_as_of_its_block_until_it_resumes(
    node: NearRpc, twin: NearRpc, world: World
) -> None:
    params = {"account_id": MAKER, "token_ids": [BTC.token_id]}
    old, height = await view(node, "mt_batch_balance_of", params), world.ledger.height
    world.faults.apply({"near_stale_s": {"near_a": 20}})
    signed, tx_hash = transaction(world.maker, world.ledger, "ft_withdraw", WITHDRAW)
    await send(node, signed)
    assert await view(node, "mt_batch_balance_of", params) == old
    assert (await rpc(node, "block", {"finality": "final"}))["result"]["header"]["height"] == height
    assert (await tx(node, tx_hash))["error"]["cause"]["name"] == "UNKNOWN_TRANSACTION"
    key = {"request_type": "view_access_key", "finality": "final", "account_id": MAKER}
    nonces = [
        (await rpc(each, "query", key | {"public_key": world.maker.public_key}))["result"]["nonce"]
        for each in (node, twin)
    ]
    assert nonces[1] == nonces[0] + 1
    assert await view(twin, "mt_batch_balance_of", params) == [str(int(old[0]) - 70_000)]
    world.wait(20)
    assert await view(node, "mt_batch_balance_of", params) == [str(int(old[0]) - 70_000)]
    assert "result" in await tx(node, tx_hash)


async def test_a_block_has_its_time(node: NearRpc, world: World) -> None:
    made_ns = world.clock.now_ns
    world.wait(5)
    header = (await rpc(node, "block", {"finality": "final"}))["result"]["header"]
    assert header["timestamp"] == made_ns
