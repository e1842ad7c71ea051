"""Blocks by any name, whole headers, accounts with what they hold, and the errors that nodes give for the rest."""

import base64
import json
from typing import Any

import pytest

from tests.support.sandbox.near_transactions import rpc, transaction, view_params
from tests.support.sandbox.signing import SALT, Clock, Signer
from venue.protocol.tokens import BTC
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.near_accounts import OPENING


@pytest.fixture
def ledger() -> Ledger:
    ledger = Ledger(clock=Clock(), salt=SALT)
    maker = Signer("maker.near", 1)
    ledger.add_access_key("maker.near", maker.public_key)
    ledger.mint("maker.near", BTC.token_id, 1_000)
    ledger.register_key("maker.near", maker.public_key)
    return ledger


@pytest.fixture
def node(ledger: Ledger) -> NearRpc:
    return NearRpc(ledger)


async def query(node: NearRpc, request_type: str, account: str = "maker.near", **fields: object) -> dict[str, Any]:
    params = {"finality": "final", **fields, "request_type": request_type, "account_id": account}
    return await rpc(node, "query", {name: value for name, value in params.items() if value is not None})


def cause(answer: dict[str, Any]) -> object:
    return answer["error"]["cause"]["name"]


async def test_a_block_is_the_same_by_every_name(node: NearRpc, ledger: Ledger) -> None:
    block = (await rpc(node, "block", {"finality": "final"}))["result"]
    height, name = block["header"]["height"], block["header"]["hash"]
    ledger.advance_block()
    for params in ({"block_id": height}, {"block_id": name}, [height], [name]):
        assert (await rpc(node, "block", params))["result"] == block
    chunk = block["chunks"][0]["chunk_hash"]
    for params in ({"chunk_id": chunk}, {"block_id": name, "shard_id": 0}, [chunk], [[height, 0]]):
        assert (await rpc(node, "chunk", params))["result"]["header"] == block["chunks"][0]


@pytest.mark.parametrize(
    ("params", "expected"),
    [
        ({"block_id": 5}, "UNKNOWN_BLOCK"),
        ({"block_id": "1" * 32}, "UNKNOWN_BLOCK"),
        ({"block_id": "no hash"}, "PARSE_ERROR"),
        ({"block_id": True}, "PARSE_ERROR"),
        ({"finality": "soon"}, "PARSE_ERROR"),
        ({}, "PARSE_ERROR"),
        ([], "PARSE_ERROR"),
    ],
)
async def test_a_block_that_is_not_there(node: NearRpc, params: object, expected: str) -> None:
    assert cause(await rpc(node, "block", params)) == expected


async def test_two_queries_of_one_block_see_one_state(node: NearRpc, ledger: Ledger) -> None:
    """However much happens in between: by height, by hash, of accounts, keys, the Verifier and a token."""
    ledger.keep_states(3)
    ledger.mint("maker.near", BTC.token_id, 5)
    pinned, named = ledger.height, ledger.block_hash
    asked: list[dict[str, object]] = [
        {"request_type": "view_account", "account_id": "maker.near"},
        {"request_type": "view_access_key_list", "account_id": "maker.near"},
        {
            "request_type": "call_function",
            "account_id": "intents.near",
            "method_name": "mt_balance_of",
            "args_base64": base64.b64encode(
                json.dumps({"account_id": "maker.near", "token_id": BTC.token_id}).encode()
            ).decode(),
        },
    ]
    before = [(await rpc(node, "query", {"block_id": pinned, **one}))["result"] for one in asked]
    ledger.mint("maker.near", BTC.token_id, 7)
    ledger.near_balances.give("maker.near", 10**24)
    ledger.add_access_key("maker.near", Signer("maker.near", 2).public_key)
    ledger.advance_block()
    for block in (pinned, named):
        assert [(await rpc(node, "query", {"block_id": block, **one}))["result"] for one in asked] == before
    now = [(await rpc(node, "query", {"finality": "final", **one}))["result"] for one in asked]
    assert [one for one, other in zip(now, before, strict=True) if one == other] == []
    for _ in range(3):
        ledger.advance_block()
    assert cause(await rpc(node, "query", {"block_id": pinned, **asked[0]})) == "GARBAGE_COLLECTED_BLOCK"


async def test_a_query_names_its_block_and_a_much_older_state_is_not_kept(node: NearRpc, ledger: Ledger) -> None:
    pinned = ledger.height
    assert (await query(node, "view_account", block_id=pinned))["result"]["block_height"] == pinned
    ledger.advance_block()
    assert cause(await query(node, "view_account", block_id=pinned)) == "GARBAGE_COLLECTED_BLOCK"
    assert cause(await query(node, "view_account", block_id=pinned + 50)) == "UNKNOWN_BLOCK"
    assert cause(await query(node, "view_account", finality=None)) == "PARSE_ERROR"
    assert cause(await query(node, "view_account", finality="nonsense")) == "PARSE_ERROR"


async def test_accounts(node: NearRpc) -> None:
    found = (await query(node, "view_account"))["result"]
    assert (found["amount"], found["code_hash"]) == (str(OPENING), "1" * 32)
    contract = (await query(node, "view_account", "intents.near"))["result"]
    code = (await query(node, "view_code", "intents.near"))["result"]
    assert contract["code_hash"] == code["hash"] != found["code_hash"]
    assert cause(await query(node, "view_code")) == "NO_CONTRACT_CODE"
    assert (await query(node, "view_state", prefix_base64=""))["result"]["values"] == []
    assert cause(await query(node, "view_state", "intents.near", prefix_base64="")) == "TOO_LARGE_CONTRACT_STATE"
    for request_type in ("view_account", "view_code", "view_state"):
        assert cause(await query(node, request_type, "nobody.near")) == "UNKNOWN_ACCOUNT"
        assert cause(await query(node, request_type, "NOBODY")) == "INVALID_ACCOUNT"


async def test_a_key_may_be_named_without_its_curve(node: NearRpc) -> None:
    whole = Signer("maker.near", 1).public_key
    found = await query(node, "view_access_key", public_key=whole)
    assert await query(node, "view_access_key", public_key=whole.removeprefix("ed25519:")) == found
    assert found["result"]["permission"] == "FullAccess"


async def test_the_older_form_of_a_query(node: NearRpc) -> None:
    key = Signer("maker.near", 1).public_key
    for path, request_type, fields in (
        ("account/maker.near", "view_account", {}),
        (f"access_key/maker.near/{key}", "view_access_key", {"public_key": key}),
        ("access_key/maker.near", "view_access_key_list", {}),
    ):
        assert await rpc(node, "query", [path, ""]) == await query(node, request_type, **fields)
    by_path = await rpc(node, "query", ["call/intents.near/fee", "9KA"])
    assert by_path["result"]["result"] == (await rpc(node, "query", view_params("fee", {})))["result"]["result"]
    assert cause(await rpc(node, "query", ["nothing/maker.near", ""])) == "PARSE_ERROR"


async def test_a_transaction_costs_gas_and_its_deposit(node: NearRpc, ledger: Ledger) -> None:
    signed, tx_hash = transaction(
        Signer("maker.near", 1),
        ledger,
        "ft_withdraw",
        {"token": "btc.omft.near", "receiver_id": "x.near", "amount": "5"},
    )
    sent = (await rpc(node, "send_tx", {"signed_tx_base64": signed, "wait_until": "FINAL"}))["result"]
    parts = [sent["transaction_outcome"], *sent["receipts_outcome"]]
    assert all(part["outcome"]["metadata"]["version"] == 3 for part in parts)
    spent = OPENING - int((await query(node, "view_account"))["result"]["amount"])
    assert spent == sum(int(part["outcome"]["tokens_burnt"]) for part in parts) + 1
    status = (await rpc(node, "EXPERIMENTAL_tx_status", [tx_hash, "maker.near"]))["result"]
    assert status["receipts"][0]["receipt_id"] == sent["transaction_outcome"]["outcome"]["receipt_ids"][0]
    assert cause(await rpc(node, "tx", ["no hash", "maker.near"])) == "PARSE_ERROR"


async def test_an_account_that_cannot_pay_sends_nothing(node: NearRpc, ledger: Ledger) -> None:
    ledger.near_balances.take("maker.near", OPENING)
    signed, _ = transaction(Signer("maker.near", 1), ledger, "ft_withdraw", {"token": "btc.omft.near"})
    refused = await rpc(node, "send_tx", {"signed_tx_base64": signed})
    assert "NotEnoughBalance" in refused["error"]["data"]["TxExecutionError"]["InvalidTxError"]
