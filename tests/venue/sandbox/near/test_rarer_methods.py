"""Configurations, changes by block, single receipts, and nearcore's own errors for what a node does not have."""

from typing import Any

import pytest

from tests.support.sandbox import near_actions as act
from tests.support.sandbox.near_transactions import rpc
from tests.support.sandbox.signing import Clock, Signer, funded, withdrawal
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.near_accounts import OPENING

MAKER, OTHER = Signer("maker.near", 1), Signer("maker.near", 2)


@pytest.fixture
def ledger() -> Ledger:
    ledger = funded(Clock(), MAKER)
    ledger.add_access_key("maker.near", MAKER.public_key)
    return ledger


@pytest.fixture
def node(ledger: Ledger) -> NearRpc:
    return NearRpc(ledger)


async def result(node: NearRpc, method: str, params: object) -> Any:
    answer = await rpc(node, method, params)
    assert "error" not in answer, answer
    return answer["result"]


async def cause(node: NearRpc, method: str, params: object) -> object:
    return (await rpc(node, method, params))["error"]["cause"]["name"]


async def sent(node: NearRpc, ledger: Ledger, receiver: str, *actions: bytes) -> dict[str, Any]:
    signed, _ = act.signed_actions(MAKER, ledger, receiver, *actions)
    found: dict[str, Any] = await result(node, "send_tx", {"signed_tx_base64": signed, "wait_until": "FINAL"})
    return found


async def test_what_is_paid_is_what_the_protocol_states(node: NearRpc, ledger: Ledger) -> None:
    config = await result(node, "EXPERIMENTAL_protocol_config", {"finality": "final"})
    runtime = config["runtime_config"]
    assert runtime["storage_amount_per_byte"] == "10000000000000000000"
    costs = runtime["transaction_costs"]
    fees = (costs["action_receipt_creation_config"], costs["action_creation_config"]["transfer_cost"])
    gas = sum(fee["send_sir"] + fee["execution"] for fee in fees)
    await sent(node, ledger, "maker.near", act.transfer(1))
    assert OPENING - ledger.near_balances.of("maker.near") == gas * 10**8 == 44_636_512_500_000_000_000
    status = await result(node, "status", [])
    assert config["protocol_version"] == status["protocol_version"] == 83
    genesis = await result(node, "genesis_config", None)
    assert config["genesis_height"] == genesis["genesis_height"]


async def test_the_changes_of_a_block(node: NearRpc, ledger: Ledger) -> None:
    done = await sent(node, ledger, "maker.near", act.add_key(OTHER.public_key), act.transfer(1))
    block: dict[str, object] = {"block_id": done["transaction_outcome"]["block_hash"]}
    account = {**block, "changes_type": "account_changes", "account_ids": ["maker.near", "eve.near"]}
    changed = await result(node, "EXPERIMENTAL_changes", account)
    (one,) = changed["changes"]
    assert changed["block_hash"] == block["block_id"]
    assert one["change"]["amount"] == str(ledger.near_balances.of("maker.near"))
    assert one["cause"]["receipt_hash"] == done["transaction_outcome"]["outcome"]["receipt_ids"][0]
    keys = {**block, "changes_type": "all_access_key_changes", "account_ids": ["maker.near"]}
    rows = (await result(node, "changes", keys))["changes"]
    assert {row["change"]["public_key"] for row in rows} == {MAKER.public_key, OTHER.public_key}
    named = [{"account_id": "maker.near", "public_key": OTHER.public_key}]
    single = {**block, "changes_type": "single_access_key_changes", "keys": named}
    (row,) = (await result(node, "changes", single))["changes"]
    assert row["change"]["access_key"]["permission"] == "FullAccess"
    kinds = await result(node, "EXPERIMENTAL_changes_in_block", block)
    assert [change["type"] for change in kinds["changes"]] == ["account_touched", "access_key_touched"]
    ledger.advance_block()
    later = {"finality": "final", "changes_type": "account_changes", "account_ids": ["maker.near"]}
    assert (await result(node, "changes", later))["changes"] == []


async def test_a_deleted_key_and_account_are_changes_too(node: NearRpc, ledger: Ledger) -> None:
    ledger.near_balances.open("eve.near")
    await sent(node, ledger, "maker.near", act.add_key(OTHER.public_key), act.delete_key(OTHER.public_key))
    keys = {"finality": "final", "changes_type": "all_access_key_changes", "account_ids": ["maker.near"]}
    types = [row["type"] for row in (await result(node, "changes", keys))["changes"]]
    assert types == ["access_key_update", "access_key_deletion"]
    await sent(node, ledger, "maker.near", act.delete_account("eve.near"))
    account = {"finality": "final", "changes_type": "account_changes", "account_ids": ["maker.near"]}
    (row,) = (await result(node, "changes", account))["changes"]
    assert row == {"cause": row["cause"], "type": "account_deletion", "change": {"account_id": "maker.near"}}


async def test_receipts_are_found_by_their_names(node: NearRpc, ledger: Ledger) -> None:
    executed = ledger.execute_intents([MAKER.sign(withdrawal(700))])
    found = await result(node, "tx", [executed.tx_hash, "maker.near"])
    for outcome in found["receipts_outcome"]:
        receipt = await result(node, "EXPERIMENTAL_receipt", {"receipt_id": outcome["id"]})
        assert receipt["receiver_id"] == outcome["outcome"]["executor_id"]
    assert await cause(node, "EXPERIMENTAL_receipt", {"receipt_id": "1" * 32}) == "UNKNOWN_RECEIPT"
    assert await cause(node, "EXPERIMENTAL_receipt", {"receipt_id": "?"}) == "PARSE_ERROR"


@pytest.mark.parametrize(
    ("method", "params", "expected"),
    [
        ("EXPERIMENTAL_protocol_config", {"block_id": 5}, "UNKNOWN_BLOCK"),
        ("EXPERIMENTAL_protocol_config", [], "PARSE_ERROR"),
        ("changes", {"finality": "final", "changes_type": "everything", "account_ids": []}, "PARSE_ERROR"),
        ("changes", {"finality": "final", "changes_type": "account_changes"}, "PARSE_ERROR"),
        ("changes", {"finality": "final", "changes_type": "single_access_key_changes", "keys": [1]}, "PARSE_ERROR"),
        (
            "light_client_proof",
            {"type": "transaction", "transaction_hash": "1" * 32, "sender_id": "a.near"},
            "UNKNOWN_TRANSACTION_OR_RECEIPT",
        ),
        ("client_config", None, "METHOD_NOT_FOUND"),
        ("EXPERIMENTAL_light_client_block_proof", {}, "METHOD_NOT_FOUND"),
    ],
)
async def test_what_is_not_there_has_nearcores_error(node: NearRpc, method: str, params: object, expected: str) -> None:
    assert await cause(node, method, params) == expected


async def test_a_proof_of_what_ran_is_not_kept(node: NearRpc, ledger: Ledger) -> None:
    done = await sent(node, ledger, "maker.near", act.transfer(1))
    asked = {"type": "transaction", "transaction_hash": done["transaction"]["hash"], "sender_id": "maker.near"}
    assert await cause(node, "EXPERIMENTAL_light_client_proof", asked) == "UNAVAILABLE_SHARD"


@pytest.mark.parametrize(
    ("method", "expected"),
    [
        ("EXPERIMENTAL_congestion_level", {"congestion_level": 0.0}),
        ("maintenance_windows", []),
        ("next_light_client_block", {}),
    ],
)
async def test_quiet_answers(node: NearRpc, method: str, expected: object) -> None:
    assert await result(node, method, {}) == expected
    (validator,) = await result(node, "EXPERIMENTAL_validators_ordered", {})
    assert validator["validator_stake_struct_version"] == "V1"
    assert (await result(node, "EXPERIMENTAL_split_storage_info", {}))["cold_head_height"] is None


async def test_a_chunk_holds_its_transactions(node: NearRpc, ledger: Ledger) -> None:
    done = await sent(node, ledger, "maker.near", act.transfer(1))
    chunk = await result(node, "chunk", {"block_id": done["transaction_outcome"]["block_hash"], "shard_id": 0})
    assert chunk["transactions"] == [done["transaction"]]
    assert [one["receipt_id"] for one in chunk["receipts"]] == done["transaction_outcome"]["outcome"]["receipt_ids"]
    ledger.advance_block()
    assert (await result(node, "chunk", [[ledger.height, 0]]))["transactions"] == []


@pytest.mark.parametrize("wait", ["SOON", 7, None])
async def test_a_node_waits_for_what_it_knows(node: NearRpc, ledger: Ledger, wait: object) -> None:
    signed, tx_hash = act.signed_actions(MAKER, ledger, "maker.near", act.transfer(1))
    asked = {"tx_hash": tx_hash, "sender_account_id": "maker.near", "wait_until": wait}
    assert await cause(node, "tx", asked) == "PARSE_ERROR"
    assert await cause(node, "send_tx", {"signed_tx_base64": signed, "wait_until": wait}) == "PARSE_ERROR"
    assert ledger.near_balances.of("maker.near") == OPENING
