"""Whatever the relay, a node, a bridge, an exchange or a source of alarms answers over HTTP: it is read within bounds,
or refused by a typed error whose text is short and can be shown."""

import asyncio
import base64
import gzip
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cockpit.model.environment import Environment
from tests.support.funding.withdrawal_venue import ADDRESSES
from tests.support.venue.hostile import check_bounded, hostile
from tests.support.venue.http_server import Reply, http_server
from venue.alarms.client import AlarmSource
from venue.alarms.shield import SHIELD, read_incidents
from venue.alarms.status_page import read_posts
from venue.bridges.omni.client import OmniBridge
from venue.bridges.poa.client import Bridge
from venue.near.errors import UnreadableOutcomeError
from venue.near.outcomes import withdrawn_amount
from venue.near.rpc import NearRpc
from venue.near.storage import available_storage
from venue.protocol.tokens import BTC, EURE, NBTC
from venue.protocol.units import NS_PER_S
from venue.reference.bitstamp import Bitstamp
from venue.reference.coinbase import Coinbase
from venue.reference.kraken import Kraken
from venue.reference.tick import Tick
from venue.relay.rpc import RelayRpc
from venue.transport.errors import UnreachableError, VenueError
from venue.transport.jsonrpc import fetch
from venue.transport.messages import COMPRESSED
from venue.verifier import Verifier

ACCOUNT = "maker.near"
URL = "http://127.0.0.1:1/rpc"
KEY = "ed25519:" + "1" * 43
BLOCK = {"block_height": 100, "block_hash": "Hash111"}
NOW = 1_790_000_000 * NS_PER_S
HEADER = {"height": 100, "hash": "Hash111", "timestamp": NOW, "timestamp_nanosec": str(NOW)}
Client = httpx.AsyncClient
Call = Callable[[Client], Awaitable[object]]


def view(value: object) -> dict[str, object]:
    return {"result": list(json.dumps(value).encode()), "logs": [], **BLOCK}


def outcome(value: str = "100") -> dict[str, object]:
    returned = base64.b64encode(json.dumps(value).encode()).decode()
    status = {"SuccessValue": returned}
    part = {"id": "r1", "block_hash": "Hash111", "outcome": {"status": status, "executor_id": "intents.near"}}
    failed = {"ActionError": {"kind": {"FunctionCallError": {"ExecutionError": "Smart contract panicked"}}}}
    return {
        "final_execution_status": "FINAL",
        "status": status,
        "transaction_outcome": {**part, "outcome": {"status": {"SuccessReceiptId": "r1"}, "receipt_ids": ["r1"]}},
        "receipts_outcome": [part, {**part, "id": "r2", "outcome": {"status": {"Failure": failed}}}],
    }


DEPOSIT = {
    "tx_hash": "0xabc",
    "chain": EURE.chain,
    "defuse_asset_identifier": "eth:100:0x42",
    "near_token_id": EURE.near_token,
    "decimals": 18,
    "amount": "100",
    "account_id": ACCOUNT,
    "address": "0xabc",
    "status": "CREDITED",
    "created_at": "2026-11-23T10:00:00Z",
    "from": "0xdef",
}
WITHDRAWAL = {
    "status": "COMPLETED",
    "data": {
        "tx_hash": "Hash111",
        "transfer_tx_hash": "a" * 64,
        "chain": BTC.chain,
        "near_token_id": BTC.near_token,
        "decimals": 8,
        "amount": 100,
        "account_id": ACCOUNT,
        "address": ADDRESSES["BTC"],
        "created_at": "2026-11-23T10:00:00Z",
        "withdrawal_fee": "10",
        "withdraw_amount": "90",
    },
}
TOKEN = {
    "defuse_asset_identifier": "btc:mainnet:native",
    "near_token_id": BTC.near_token,
    "intents_token_id": BTC.token_id,
    "standard": "nep141",
    "decimals": 8,
    "asset_name": "BTC",
    "min_deposit_amount": "700",
    "min_withdrawal_amount": 1500,
    "withdrawal_fee": "1500",
}
ESTIMATE = {
    "tokenAddress": BTC.near_token,
    "userAddress": ADDRESSES["BTC"],
    "withdrawalFee": "1500",
    "withdrawalFeeDecimals": 8,
    "token": TOKEN,
}
REFUSAL = {
    "name": "HANDLER_ERROR",
    "cause": {"name": "INVALID_TRANSACTION", "info": {}},
    "code": -32000,
    "message": "Server error",
    "data": {"TxExecutionError": {"InvalidTxError": {"InvalidNonce": {"tx_nonce": 1, "ak_nonce": 2}}}},
}


def _withdrawn(found: Any) -> object:
    if found is not None:
        try:
            assert 0 <= withdrawn_amount(found, 100) <= 100
        except UnreadableOutcomeError as error:
            check_bounded(str(error))
    return found


def near(client: Client) -> NearRpc:
    return NearRpc([URL, "http://127.0.0.1:2/"], client, env=Environment(wall_ns=lambda: NOW))


def verifier(client: Client) -> Verifier:
    return Verifier(near(client))


def relay(client: Client) -> RelayRpc:
    return RelayRpc(URL, client, lambda: "canary-token-0123456789")


async def _transaction(client: Client) -> object:
    return _withdrawn(await near(client).transaction("Hash111", ACCOUNT))


async def _sent(client: Client) -> object:
    return _withdrawn(await near(client).send_transaction(b"signed", wait_until="EXECUTED_OPTIMISTIC"))


RPC_CALLS: tuple[tuple[str, object, Call], ...] = (
    ("block", {"header": HEADER}, lambda client: near(client).block()),
    ("access key", {**BLOCK, "nonce": 5, "permission": "FullAccess"}, lambda c: near(c).access_key(ACCOUNT, KEY)),
    ("tx", outcome(), _transaction),
    ("send_tx", outcome(), _sent),
    ("balances", view(["1", "2"]), lambda c: verifier(c).balances(ACCOUNT, [BTC.token_id, EURE.token_id])),
    ("key", view(True), lambda client: verifier(client).has_public_key(ACCOUNT, KEY)),
    ("nonce", view(False), lambda client: verifier(client).nonce(ACCOUNT, "Vij2xg==")),
    ("salt", view("252812b3"), lambda client: verifier(client).current_salt()),
    ("salt is valid", view(True), lambda client: verifier(client).is_valid_salt(b"1234")),
    ("fee", view(1), lambda client: verifier(client).fee_pips()),
    ("locked", view(False), lambda client: verifier(client).is_account_locked(ACCOUNT)),
    ("paused", view(["ALL"]), lambda client: verifier(client).paused_features()),
    ("storage", view({"available": "5"}), lambda c: available_storage(near(c), "omni.bridge.near", ACCOUNT)),
    ("publish", {"status": "OK", "intent_hash": "h", "reason": "r"}, lambda c: relay(c).publish_intent(b"{}")),
    ("publish many", {"status": "OK", "intent_hashes": ["h"]}, lambda c: relay(c).publish_intents([b"{}"])),
    (
        "status",
        {"status": "SETTLED", "intent_hash": "h", "data": {"hash": "tx"}, "status_details": "FAILED"},
        lambda client: relay(client).get_status("h"),
    ),
    ("tokens", {"tokens": [TOKEN]}, lambda client: Bridge(URL, client).supported_tokens([BTC.chain])),
    (
        "address",
        {"address": ADDRESSES["BTC"], "chain": BTC.chain, "memo": "m"},
        lambda client: Bridge(URL, client).deposit_address(ACCOUNT, BTC.chain),
    ),
    (
        "deposits",
        {"deposits": [DEPOSIT, DEPOSIT], "total": 2, "limit": 100, "offset": 0},
        lambda client: Bridge(URL, client).recent_deposits(ACCOUNT),
    ),
    ("withdrawals", {"withdrawals": [WITHDRAWAL], "total": 1}, lambda c: Bridge(URL, c).recent_withdrawals(ACCOUNT)),
    (
        "withdrawal",
        {"withdrawals": [WITHDRAWAL], **WITHDRAWAL},
        lambda client: Bridge(URL, client).withdrawal_status("Hash111", near_token=BTC.near_token, amount=100),
    ),
    (
        "estimate",
        ESTIMATE,
        lambda client: Bridge(URL, client).withdrawal_estimate(BTC.chain, BTC.near_token, ADDRESSES["BTC"]),
    ),
    ("notify", {"status": "OK"}, lambda client: Bridge(URL, client).notify_deposit(BTC.chain, "bc1", "a" * 64)),
)
_UTXO = {"UtxoLog": {"transaction_hash": "a" * 64}}
_MESSAGE = {
    "token": f"near:{NBTC.near_token}",
    "amount": "100",
    "recipient": f"btc:{ADDRESSES['nBTC']}",
    "sender": "near:intents.near",
}
GET_CALLS: tuple[tuple[str, object, Call], ...] = (
    (
        "fees",
        {
            "native_token_fee": "0",
            "gas_fee": "5",
            "protocol_fee": 5,
            "min_amount": "50",
            "usd_fee": 1.5,
            "insufficient_utxo": False,
        },
        lambda client: OmniBridge("http://127.0.0.1:1", client).fees(NBTC, 100, ADDRESSES["nBTC"]),
    ),
    (
        "transfer",
        [{"finalised": _UTXO, "transfer_message": _MESSAGE}],
        lambda client: OmniBridge("http://127.0.0.1:1", client).transfer("Hash111", NBTC, 100, ADDRESSES["nBTC"]),
    ),
    (
        "transfer of the fourth version",
        {"transfers": [{"finalised": _UTXO, "transfer_message": _MESSAGE}]},
        lambda client: OmniBridge("http://127.0.0.1:1", client).transfer("Hash111", NBTC, 100, ADDRESSES["nBTC"]),
    ),
    (
        "kraken",
        {
            "error": [],
            "result": {
                "XXBTZEUR": {"asks": [["78123.4", "1", 1_767_225_600]], "bids": [["78123.1", "1", 1_767_225_600]]}
            },
        },
        lambda client: Kraken("ws://127.0.0.1:1").refresh(client),
    ),
    (
        "coinbase",
        {"bid": "78123.1", "ask": "78123.4", "time": "2026-01-01T00:00:00Z"},
        lambda client: Coinbase("ws://127.0.0.1:1").refresh(client),
    ),
    (
        "bitstamp",
        {"bid": "78123.1", "ask": "78123.4", "timestamp": "1767225600"},
        lambda client: Bitstamp("ws://127.0.0.1:1").refresh(client),
    ),
    (
        "incidents",
        {"activeIncidentCount": 1, "activeIncidents": [{"id": "1", "scopeType": "chain", "scopeValue": "btc"}]},
        lambda client: AlarmSource(SHIELD, URL, client, read_incidents).read(),
    ),
    (
        "posts",
        {"posts": [{"id": 1, "post_type": "incident", "starts_at": "2026-11-23T10:00:00Z", "title": "Upgrade"}]},
        lambda client: AlarmSource("status page", URL, client, read_posts).read(),
    ),
)
STATUSES = st.sampled_from((200, 200, 200, 200, 400, 401, 403, 404, 422, 429, 500, 302))
replies = st.one_of(
    st.sampled_from(RPC_CALLS).flatmap(
        lambda one: st.tuples(
            st.just(one),
            STATUSES,
            st.one_of(
                hostile({"jsonrpc": "2.0", "id": "1", "result": one[1]}),
                hostile({"jsonrpc": "2.0", "id": "1", "error": REFUSAL}),
            ),
        )
    ),
    st.sampled_from(GET_CALLS).flatmap(lambda one: st.tuples(st.just(one), STATUSES, hostile(one[1]))),
)


async def _one_answer(call: Call, status: int, body: bytes) -> None:
    asked = 0

    def answer(request: httpx.Request) -> httpx.Response:
        nonlocal asked
        asked += 1
        return httpx.Response(status, content=body)

    async with Client(transport=httpx.MockTransport(answer), trust_env=False) as client:
        try:
            found = await call(client)
        except VenueError as error:
            check_bounded(str(error))
        else:
            check_bounded(found)
            if isinstance(found, Tick):
                assert 0 < found.bid <= found.ask < 10**9
    assert asked <= MOST_REQUESTS, f"one call made {asked} requests"


MOST_REQUESTS = 50
"""Of one call, whatever it is answered: the pages of a list that never ends."""
QUICK = settings(max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@QUICK
@given(replies)
def test_an_answer_is_read_within_bounds_or_refused(reply: tuple[tuple[str, object, Call], int, bytes]) -> None:
    (_, _, call), status, body = reply
    asyncio.run(_one_answer(call, status, body))


@pytest.mark.slow
@settings(QUICK, max_examples=10_000)
@given(replies)
def test_thousands_of_answers_are_read_within_bounds_or_refused(
    reply: tuple[tuple[str, object, Call], int, bytes],
) -> None:
    (_, _, call), status, body = reply
    asyncio.run(_one_answer(call, status, body))


@pytest.mark.parametrize("one", [*RPC_CALLS, *GET_CALLS], ids=lambda one: one[0].replace(" ", "-"))
async def test_the_honest_answers_of_these_tests_are_read(one: tuple[str, object, Call]) -> None:
    _, honest, call = one
    body = honest if one in GET_CALLS else {"jsonrpc": "2.0", "id": "1", "result": honest}
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json=body))
    async with Client(transport=transport, trust_env=False) as client:
        check_bounded(await call(client))


def _zeros(layers: int) -> bytes:
    data = b"0" * 2**24
    for _ in range(layers):
        data = gzip.compress(data, 1)
    return data


@pytest.mark.parametrize("layers", [1, 2])
async def test_a_compressed_answer_is_refused_before_it_is_unpacked(client: Client, layers: int) -> None:
    encoding, body = ", ".join(["gzip"] * layers), _zeros(layers)
    head = f"HTTP/1.1 200 X\r\nContent-Encoding: {encoding}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    async with http_server(lambda request: Reply(raw=head + body)) as server:
        with pytest.raises(UnreachableError, match=COMPRESSED):
            await fetch(client, "GET", server.url, timeout_s=5)
        assert server.requests[0].headers["accept-encoding"] == "identity"


async def test_an_endless_answer_is_given_up_at_its_bound(client: Client) -> None:
    head = b"HTTP/1.1 200 X\r\nContent-Length: 999999999\r\n\r\n"
    async with http_server(lambda request: Reply(raw=head + b" " * 200_000)) as server:
        with pytest.raises(UnreachableError, match="exceeds 100000 bytes"):
            await fetch(client, "GET", server.url, timeout_s=5, max_bytes=100_000)
