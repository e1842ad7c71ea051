"""The sandbox's lies: each is told where it is switched on, by the peer it is switched on for, and by nobody else."""

import json
from collections.abc import AsyncIterator
from typing import Any, get_args

import httpx
import pytest

from tests.support.sandbox.signing import BTC_ADDRESS
from venue.protocol.tokens import BTC
from venue.sandbox.base.lies import (
    HEIGHT_AHEAD,
    LONG_HASH,
    BridgeLie,
    NearLie,
    RawLie,
    RelayLie,
    StatusLie,
    bridge_answer,
    near_answer,
    relay_answer,
    spoiled,
    statuses,
)
from venue.sandbox.config import VenueConfig
from venue.sandbox.server import Venue

RAW: tuple[RawLie, ...] = get_args(RawLie)
HONEST: dict[str, Any] = {"jsonrpc": "2.0", "id": "1", "result": {"a": 17}}


@pytest.fixture
async def venue() -> AsyncIterator[Venue]:
    venue = Venue(VenueConfig(rate=0, rivals=False, start_paused=True, deposit_after_s=None))
    await venue.start()
    yield venue
    await venue.stop()


@pytest.mark.parametrize("lie", RAW)
def test_a_spoiled_answer_is_not_the_honest_one(lie: RawLie) -> None:
    raw = spoiled(lie, HONEST)
    assert raw != json.dumps(HONEST).encode()
    if lie != "other_id":
        with pytest.raises((ValueError, RecursionError)):
            json.loads(raw)


def test_every_lie_about_content_changes_an_answer_that_it_is_about() -> None:
    view = {"block_height": 200_000, "result": list(b'["7","9"]')}
    header = {"header": {"height": 200_000, "timestamp": 10**18, "timestamp_nanosec": str(10**18)}}
    asked = {
        name: {"method": "query", "params": {"method_name": name}}
        for name in ("mt_batch_balance_of", "is_nonce_used", "is_valid_salt", "current_salt", "has_public_key")
    }
    for lie in get_args(NearLie):
        answers = [near_answer(lie, {"method": "block"}, {"id": "1", "result": header})["result"] != header]
        for name, request in asked.items():
            told: dict[str, Any] = view if name == "mt_batch_balance_of" else {**view, "result": list(b"true")}
            told = {**told, "result": list(b"false")} if lie == "nonces_used" else told
            answers.append(near_answer(lie, request, {"id": "1", "result": told})["result"] != told)
        assert any(answers) is (lie not in RAW), lie
    deposit = {"account_id": "a", "amount": "5", "status": "PENDING", "tx_hash": "x"}
    withdrawal = {"status": "PENDING", "data": {"tx_hash": "x"}}
    bridge: dict[str, dict[str, Any]] = {
        "recent_deposits": {"deposits": [deposit], "total": 1},
        "withdrawal_status": withdrawal,
        "recent_withdrawals": {"withdrawals": [withdrawal], "total": 1},
        "deposit_address": {"address": BTC_ADDRESS, "chain": BTC.chain},
        "withdrawal_estimate": {"withdrawalFee": "5", "withdrawalFeeDecimals": 8},
    }
    for lie in get_args(BridgeLie):
        changed = [
            method
            for method, result in bridge.items()
            if bridge_answer(lie, {"method": method}, {"result": result})["result"] != result
        ]
        assert bool(changed) is (lie not in RAW), lie
    for lie in get_args(RelayLie):
        call: dict[str, Any] = {"method": "get_status", "params": [{"intent_hash": "h"}]}
        status = relay_answer(lie, call, {"id": "1", "result": {"status": "PENDING"}})
        assert (status["result"] != {"status": "PENDING"}) is (lie not in RAW), lie


def test_what_is_told_of_a_settlement() -> None:
    true: dict[str, Any] = {"quote_hash": "q", "intent_hash": "i", "tx_hash": "t"}
    told = {lie: statuses(lie, true) for lie in get_args(StatusLie)}
    assert told["thrice"] == [true] * 3
    assert [one["tx_hash"] == "t" for one in told["other_hash"]] == [False, True]
    assert told["long_hash"][0]["tx_hash"] == LONG_HASH
    assert sum(one["quote_hash"] != "q" for one in told["flood"]) == 500


async def test_one_node_lies_and_the_other_does_not(venue: Venue, client: httpx.AsyncClient) -> None:
    env = venue.env()
    nodes = env["NEAR_RPC_URL"].split(",")
    order = {"near_lies": {"near_a": "height_ahead"}, "bridge_lies": "address", "relay_rpc_lies": "settled"}
    (await client.post(env["SANDBOX_CONTROL_URL"] + "/faults", json=order)).raise_for_status()
    asked = {"jsonrpc": "2.0", "id": "1", "method": "block", "params": {"finality": "final"}}
    heights = [(await client.post(url, json=asked)).json()["result"]["header"]["height"] for url in nodes]
    assert (heights[0], heights[1] < HEIGHT_AHEAD) == (HEIGHT_AHEAD, True)
    params = [{"account_id": env["NEAR_INTENTS_ACCOUNT_ID"], "chain": BTC.chain}]
    call = {"jsonrpc": "2.0", "id": "1", "method": "deposit_address", "params": params}
    address = (await client.post(env["NEAR_INTENTS_BRIDGE_URL"], json=call)).json()["result"]["address"]
    (await client.post(env["SANDBOX_CONTROL_URL"] + "/faults", json={"mend": True})).raise_for_status()
    assert (await client.post(env["NEAR_INTENTS_BRIDGE_URL"], json=call)).json()["result"]["address"] != address
