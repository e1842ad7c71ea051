"""The NEAR RPC node: views, blocks, keys, errors in nearcore's shapes, and no exception for garbage."""

import base64
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.support.sandbox.near_transactions import rpc, view, view_params
from tests.support.sandbox.signing import NOW, SALT, Clock, Signer, funded, token_diff
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.near.rpc import NearRpc
from venue.sandbox.verifier.ledger import Ledger


@pytest.fixture
def maker() -> Signer:
    return Signer("maker.near", 1)


@pytest.fixture
def ledger(maker: Signer) -> Ledger:
    return funded(Clock(), maker)


@pytest.fixture
def node(ledger: Ledger) -> NearRpc:
    return NearRpc(ledger)


async def test_balances_are_decimal_strings_in_the_requested_order(node: NearRpc, ledger: Ledger) -> None:
    ledger.mint("maker.near", EURE.token_id, 5 * 10**18)
    ids = [EURE.token_id, "nep141:other.near", BTC.token_id]
    balances = await view(node, "mt_batch_balance_of", {"account_id": "maker.near", "token_ids": ids})
    assert balances == ["5000000001000000000", "0", "1000000000"]


async def test_keys_nonces_salts_and_the_fee(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    key = {"account_id": "maker.near", "public_key": maker.public_key}
    assert await view(node, "has_public_key", key) is True
    assert await view(node, "has_public_key", {**key, "account_id": "other.near"}) is False
    assert await view(node, "public_keys_of", {"account_id": "maker.near"}) == [maker.public_key]
    raw = maker.nonce()
    nonce = {"account_id": "maker.near", "nonce": base64.b64encode(raw).decode()}
    assert await view(node, "is_nonce_used", nonce) is False
    ledger.execute_intents([maker.sign(nonce=raw)])
    assert await view(node, "is_nonce_used", nonce) is True
    ledger.cleanup_nonces(NOW + 10**12)
    assert await view(node, "is_nonce_used", nonce) is False
    assert await view(node, "current_salt", {}) == "252812b3"
    assert await view(node, "is_valid_salt", {"salt": "252812b3"}) is True
    ledger.rotate_salt(b"\x01\x02\x03\x04", invalidate_old=True)
    assert await view(node, "is_valid_salt", {"salt": SALT.hex()}) is False
    assert await view(node, "fee", {}) == 1


async def test_a_simulation_through_the_node(node: NearRpc, maker: Signer) -> None:
    signed = [maker.sign(token_diff(btc=1_000, eure=-5_000))]
    output = await view(node, "simulate_intents", {"signed": signed})
    assert output["invariant_violated"]["unmatched_deltas"][EURE.token_id] == "-4999"


async def test_a_view_names_its_block(node: NearRpc, ledger: Ledger) -> None:
    response = await rpc(node, "query", view_params("fee", {}))
    assert response["id"] == "t"
    assert response["result"]["block_height"] == ledger.height
    assert response["result"]["block_hash"] == ledger.block_hash
    assert response["result"]["logs"] == []


@pytest.mark.parametrize(
    ("method", "args", "text"),
    [
        (
            "simulate_intents",
            {"signed": [Signer("maker.near", 1).sign(recipient="other.near")]},
            'HostError(GuestPanic { panic_msg: "wrong verifying_contract" })',
        ),
        ("mint_money", {}, "MethodResolveError(MethodNotFound)"),
        (
            "is_nonce_used",
            {"account_id": "maker.near", "nonce": "AA=="},
            "HostError(GuestPanic { panic_msg: \"Failed to deserialize input from JSON. Error: `Can't convert a Byte "
            'Vector of length 1 to the output type.`" })',
        ),
        (
            "mt_batch_balance_of",
            {"account_id": "maker.near"},
            'HostError(GuestPanic { panic_msg: "Failed to deserialize input from JSON. Error: `missing field '
            '`token_ids``" })',
        ),
    ],
)
async def test_a_failing_view_is_reported_in_either_form(
    ledger: Ledger, method: str, args: dict[str, object], text: str
) -> None:
    whole = f"wasm execution failed with error: {text}"
    older = await rpc(NearRpc(ledger), "query", view_params(method, args))
    assert older["result"]["error"] == whole
    newer = await rpc(NearRpc(ledger, view_errors="error"), "query", view_params(method, args))
    assert newer["error"]["cause"]["name"] == "CONTRACT_EXECUTION_ERROR"
    assert newer["error"]["data"] == whole


async def test_quotes_in_a_panic_are_escaped(node: NearRpc, maker: Signer) -> None:
    broken = {"signed": [maker.sign_text('{"signer_id":"A"}', maker.nonce())]}
    response = await rpc(node, "query", view_params("simulate_intents", broken))
    assert 'panic_msg: "JSON: ' in response["result"]["error"]


async def test_another_account_has_no_contract(node: NearRpc) -> None:
    response = await rpc(node, "query", view_params("fee", {}, account="other.near"))
    assert response["error"]["cause"]["name"] == "UNKNOWN_ACCOUNT"


async def test_access_keys(node: NearRpc, ledger: Ledger, maker: Signer) -> None:
    params = {
        "request_type": "view_access_key",
        "finality": "final",
        "account_id": "maker.near",
        "public_key": maker.public_key,
    }
    missing = await rpc(node, "query", params)
    assert missing["result"]["error"] == f"access key {maker.public_key} does not exist while viewing"
    ledger.add_access_key("maker.near", maker.public_key, nonce=41)
    found = await rpc(node, "query", params)
    assert (found["result"]["nonce"], found["result"]["permission"]) == (41, "FullAccess")
    listed = await rpc(node, "query", {**params, "request_type": "view_access_key_list"})
    assert [key["public_key"] for key in listed["result"]["keys"]] == [maker.public_key]


async def test_blocks_rise_with_every_call(node: NearRpc, ledger: Ledger) -> None:
    first = (await rpc(node, "block", {"finality": "final"}))["result"]["header"]
    ledger.mint("maker.near", BTC.token_id, 1)
    second = (await rpc(node, "block", {"finality": "optimistic"}))["result"]["header"]
    assert second["height"] == first["height"] + 1
    assert second["prev_hash"] == first["hash"]
    assert second["timestamp_nanosec"] == str(NOW)
    assert (await rpc(node, "block", {"block_id": first["height"]}))["result"]["header"]["hash"] == first["hash"]
    unknown = await rpc(node, "block", {"block_id": 5})
    assert unknown["error"]["cause"]["name"] == "UNKNOWN_BLOCK"


async def test_status_and_gas_price(node: NearRpc, ledger: Ledger) -> None:
    status = (await rpc(node, "status", []))["result"]
    assert status["sync_info"]["latest_block_height"] == ledger.height
    assert (await rpc(node, "gas_price", [None]))["result"] == {"gas_price": "100000000"}


async def test_an_unknown_method(node: NearRpc) -> None:
    error = (await rpc(node, "EXPERIMENTAL_all", {}))["error"]
    assert error["code"] == -32601
    assert error["message"] == "Method not found"
    assert error["data"] == "EXPERIMENTAL_all"
    assert error["cause"]["name"] == "METHOD_NOT_FOUND"
    assert error["name"] == "REQUEST_VALIDATION_ERROR"


async def test_an_unknown_transaction(node: NearRpc) -> None:
    error = (await rpc(node, "tx", ["1" * 32, "maker.near"]))["error"]
    assert error["cause"]["name"] == "UNKNOWN_TRANSACTION"


@pytest.mark.parametrize("raw", ["", "!!", "AAAA", base64.b64encode(b"\xff" * 500).decode(), 7, None])
async def test_bytes_that_are_no_transaction(node: NearRpc, raw: object) -> None:
    error = (await rpc(node, "send_tx", {"signed_tx_base64": raw}))["error"]
    assert error["cause"]["name"] == "PARSE_ERROR"


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=8,
)
PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "request_type": st.sampled_from(["call_function", "view_access_key", "view_access_key_list"]) | JSON,
        "account_id": st.just("intents.near") | JSON,
        "method_name": st.sampled_from(["fee", "simulate_intents", "public_keys_of", "is_valid_salt"]) | JSON,
        "args_base64": JSON.map(lambda value: base64.b64encode(json.dumps(value).encode()).decode()) | JSON,
        "signed_tx_base64": st.binary(max_size=200).map(lambda raw: base64.b64encode(raw).decode()) | JSON,
        "block_id": JSON,
        "tx_hash": JSON,
        "sender_account_id": JSON,
    },
)
METHODS = st.sampled_from(["query", "block", "status", "send_tx", "broadcast_tx_commit", "tx", "gas_price"])


@settings(max_examples=200, deadline=None)
@given(JSON | st.fixed_dictionaries({"id": JSON, "method": METHODS | JSON, "params": PARAMS | JSON}))
async def test_garbage_gets_an_answer(request: Any) -> None:
    answer = await NearRpc(Ledger(clock=Clock(), salt=SALT)).handle(request)
    assert answer["jsonrpc"] == "2.0"
    assert ("result" in answer) is not ("error" in answer)
    json.dumps(answer)
