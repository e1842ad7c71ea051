"""Deposits and withdrawals through the venue's real endpoints: lost answers, both routes, the control endpoint."""

import asyncio
import json
from typing import Any

import base58
import httpx
import pytest

from tests.support.sandbox.near_transactions import transaction, view_params
from tests.support.sandbox.rig import Launch, Rig, launch
from tests.support.sandbox.signing import BTC_ADDRESS, Signer
from venue.protocol.tokens import BTC, EURE

__all__ = ["launch"]

FAST = {"index_after_s": 0.0, "send_after_s": 0.05, "complete_after_s": 0.1}
WITHDRAW: dict[str, object] = {
    "token": BTC.near_token,
    "receiver_id": BTC.near_token,
    "amount": "70000",
    "memo": f"WITHDRAW_TO:{BTC_ADDRESS}",
}


class Desk:
    """A maker's program and its calls of the venue."""

    def __init__(self, rig: Rig) -> None:
        self.rig = rig
        self.nodes = rig.env["NEAR_RPC_URL"].split(",")
        self.account = rig.env["NEAR_INTENTS_ACCOUNT_ID"]
        self.signer = Signer(self.account, 1)
        self.signer.key = rig.signer.key
        self.signer.raw_public = bytes(rig.signer.key.verify_key)
        self.signer.public_key = "ed25519:" + base58.b58encode(self.signer.raw_public).decode()

    async def near(self, method: str, params: object, node: int = 0, timeout_s: float = 5) -> Any:
        body = {"jsonrpc": "2.0", "id": "1", "method": method, "params": params}
        response = await self.rig.http.post(self.nodes[node], json=body, timeout=timeout_s)
        response.raise_for_status()
        return response.json()

    async def send(self, signed: str, node: int = 0, timeout_s: float = 5) -> Any:
        return await self.near("send_tx", {"signed_tx_base64": signed, "wait_until": "FINAL"}, node, timeout_s)

    async def tx(self, tx_hash: str, node: int = 0) -> Any:
        return await self.near("tx", {"tx_hash": tx_hash, "sender_account_id": self.account}, node)

    async def balance(self) -> int:
        params = view_params("mt_batch_balance_of", {"account_id": self.account, "token_ids": [BTC.token_id]})
        return int(json.loads(bytes((await self.near("query", params))["result"]["result"]))[0])

    def withdrawal(self) -> tuple[str, str]:
        return transaction(self.signer, self.rig.venue.ledger, "ft_withdraw", WITHDRAW)

    async def bridge(self, method: str, **params: object) -> Any:
        call = {"id": 1, "method": method, "params": [params]}
        return (await self.rig.http.post(self.rig.env["NEAR_INTENTS_BRIDGE_URL"], json=call)).json()

    async def chains(self) -> Any:
        return (await self.rig.http.get(self.rig.env["SANDBOX_CONTROL_URL"] + "/chains")).json()

    async def paid(self) -> Any:
        """Return the payments to the destination, once every withdrawal has ended."""

        async def done() -> Any:
            chain = (await self.chains())[BTC.chain]
            ended = all(row["status"] in ("COMPLETED", "RETURNED") for row in chain["withdrawals"])
            return chain if ended and chain["withdrawals"] else None

        return (await self.rig.until(done))["payments"]


@pytest.fixture
async def desk(launch: Launch) -> Desk:
    return Desk(await launch(**FAST))


async def test_a_withdrawal_by_transaction_ends_as_one_payment(desk: Desk) -> None:
    before = await desk.balance()
    signed, tx_hash = desk.withdrawal()
    await desk.send(signed)
    await desk.send(signed, node=1)
    (payment,) = await desk.paid()
    assert (payment["to"], payment["amount"], payment["burn"]) == (BTC_ADDRESS, "68500", tx_hash)
    status_answer = (await desk.bridge("withdrawal_status", withdrawal_hash=tx_hash))["result"]
    assert (status_answer["status"], status_answer["data"]["transfer_tx_hash"]) == ("COMPLETED", payment["tx_hash"])
    assert await desk.balance() == before - 70_000


@pytest.mark.parametrize(
    ("silence", "error"),
    [("close", httpx.RemoteProtocolError), ("500", httpx.HTTPStatusError), ("timeout", httpx.ReadTimeout)],
)
@pytest.mark.parametrize(("mode", "burned"), [("swallow", 70_000), ("drop", 0)])
async def test_an_answer_is_lost_after_or_before_the_transaction_ran(
    desk: Desk, silence: str, error: type[Exception], mode: str, burned: int
) -> None:
    before = await desk.balance()
    await desk.rig.control("/faults", {"near_send": {"near_a": {"mode": mode, "silence": silence}}})
    signed, tx_hash = desk.withdrawal()
    with pytest.raises(error):
        await desk.send(signed, timeout_s=0.5)
    assert await desk.balance() == before - burned
    assert ("result" in await desk.tx(tx_hash)) is bool(burned)
    await desk.send(signed)
    assert await desk.balance() == before - 70_000
    assert len(await desk.paid()) == 1


async def test_a_fault_of_one_node_leaves_the_other_alone(desk: Desk) -> None:
    await desk.rig.control("/faults", {"near_send": {"near_a": {"mode": "drop", "times": 3}}})
    signed, _ = desk.withdrawal()
    assert "result" in await desk.send(signed, node=1)
    faults = (await desk.rig.state())["faults"]
    assert faults["near_send"]["near_a"]["times"] == 3


async def test_a_transaction_may_run_late_and_still_runs_once(desk: Desk) -> None:
    before = await desk.balance()
    late = {"mode": "late", "delay_s": 0.3, "silence": "close"}
    await desk.rig.control("/faults", {"near_send": {"near_a": late}})
    signed, tx_hash = desk.withdrawal()
    with pytest.raises(httpx.RemoteProtocolError):
        await desk.send(signed)
    assert (await desk.tx(tx_hash))["error"]["cause"]["name"] == "UNKNOWN_TRANSACTION"

    async def ran() -> bool:
        return "result" in await desk.tx(tx_hash)

    await desk.rig.until(ran)
    await desk.send(signed)
    assert await desk.balance() == before - 70_000
    assert len(await desk.paid()) == 1


async def test_a_transaction_delivered_twice_may_be_answered_by_an_invalid_nonce(desk: Desk) -> None:
    before = await desk.balance()
    faults: dict[str, object] = {"near_send": {"near_a": {"mode": "twice"}}, "near_resend": "invalid_nonce"}
    await desk.rig.control("/faults", faults)
    signed, tx_hash = desk.withdrawal()
    assert "InvalidNonce" in json.dumps(await desk.send(signed))
    assert "result" in await desk.tx(tx_hash)
    assert await desk.balance() == before - 70_000


async def test_an_answer_may_come_twice_in_one_body(desk: Desk) -> None:
    await desk.rig.control("/faults", {"near_send": {"near_a": {"mode": "garbled"}}})
    signed, tx_hash = desk.withdrawal()
    with pytest.raises(json.JSONDecodeError):
        await desk.send(signed)
    assert "result" in await desk.tx(tx_hash)


async def published(desk: Desk) -> Any:
    salt, deadline_ns = desk.rig.salt, desk.rig.deadline_ms() * 1_000_000
    intent = {"intent": "ft_withdraw", **WITHDRAW}
    nonce = desk.signer.nonce(deadline_ns, salt)
    return desk.signer.sign(intent, deadline_ns=deadline_ns, nonce=nonce)


async def settled(desk: Desk, intent_hash: str) -> Any:
    async def done() -> Any:
        status_answer = await desk.rig.rpc("get_status", {"intent_hash": intent_hash})
        return status_answer if status_answer["status"] == "SETTLED" else None

    return await desk.rig.until(done)


async def test_a_withdrawal_by_intent_ends_as_one_payment(desk: Desk) -> None:
    signed = await published(desk)
    answer = await desk.rig.rpc("publish_intent", {"signed_data": signed, "quote_hashes": []})
    assert answer["status"] == "OK"
    tx_hash = (await settled(desk, answer["intent_hash"]))["data"]["hash"]
    (payment,) = await desk.paid()
    assert (payment["burn"], payment["amount"]) == (tx_hash, "68500")
    status_answer = (await desk.bridge("withdrawal_status", withdrawal_hash=tx_hash))["result"]
    assert status_answer["status"] == "COMPLETED"
    outcome = (await desk.tx(tx_hash))["result"]
    assert outcome["status"] == {"SuccessValue": ""}


@pytest.mark.parametrize("mode", ["swallow", "drop", "late", "twice", "garbled"])
async def test_a_published_intent_is_paid_once_whatever_its_answer(desk: Desk, mode: str) -> None:
    await desk.rig.control("/faults", {"publish": {"mode": mode, "delay_s": 0.2}})
    signed = await published(desk)
    params = {"signed_data": signed, "quote_hashes": []}
    if mode == "twice":
        assert (await desk.rig.rpc("publish_intent", params))["reason"] == "already processed"
    else:
        with pytest.raises((httpx.RemoteProtocolError, json.JSONDecodeError)):
            await desk.rig.rpc("publish_intent", params)
    answer = await desk.rig.rpc("publish_intent", params)
    await settled(desk, answer["intent_hash"])
    again = await desk.rig.rpc("publish_intent", params)
    assert again["intent_hash"] == answer["intent_hash"]
    assert len(await desk.paid()) == 1
    assert (await desk.rig.state())["failures"] == 0


async def test_the_relay_may_not_know_an_intent_for_a_while(desk: Desk) -> None:
    answer = await desk.rig.rpc("publish_intent", {"signed_data": await published(desk), "quote_hashes": []})
    await settled(desk, answer["intent_hash"])
    await desk.rig.control("/faults", {"relay_not_found_s": 600})
    status_answer = await desk.rig.rpc("get_status", {"intent_hash": answer["intent_hash"]})
    assert status_answer["status"] == "NOT_FOUND_OR_NOT_VALID"
    await desk.rig.control("/time", {"forward_s": 600})
    await settled(desk, answer["intent_hash"])


async def test_a_block_hash_expires_when_time_is_put_forward(desk: Desk) -> None:
    signed, _ = desk.withdrawal()
    moved = (await desk.rig.control("/time", {"forward_s": 86_401})).json()
    header = (await desk.near("block", {"finality": "final"}))["result"]["header"]
    assert abs(int(header["timestamp_nanosec"]) - moved["now_ns"]) < 5 * 10**9
    refused = await desk.send(signed)
    assert refused["error"]["data"] == {"TxExecutionError": {"InvalidTxError": "Expired"}}
    fresh, _ = desk.withdrawal()
    assert "result" in await desk.send(fresh)


async def test_the_validity_of_a_block_hash_is_a_setting(launch: Launch) -> None:
    desk = Desk(await launch(tx_validity_s=5.0))
    signed, _ = desk.withdrawal()
    await desk.rig.control("/time", {"forward_s": 6})
    assert "Expired" in json.dumps(await desk.send(signed))
    assert (await desk.rig.control("/time", {"forward_s": -1})).status_code == 400


@pytest.mark.parametrize(("access", "error"), [("function_call", "DepositWithFunctionCall"), ("none", "SignerDoesNot")])
async def test_the_makers_key_may_be_a_limited_one_or_none(launch: Launch, access: str, error: str) -> None:
    desk = Desk(await launch(access=access, key_registered=False))
    signed, _ = desk.withdrawal()
    assert error in json.dumps(await desk.send(signed))
    params = {"account_id": desk.account, "public_key": desk.signer.public_key}
    answer = await desk.near("query", view_params("has_public_key", params))
    assert json.loads(bytes(answer["result"]["result"])) is False


async def test_a_requested_deposit_is_listed_on_its_chain(desk: Desk) -> None:
    order = {"token_id": EURE.token_id, "amount": str(5 * 10**18), "seen_after_s": 600, "confirm_after_s": 0}
    assert (await desk.rig.control("/deposit", order)).status_code == 200
    (row,) = (await desk.chains())[EURE.chain]["deposits"]
    assert (row["amount"], row["seen"], row["status"], row["confirmations"]) == (str(5 * 10**18), False, "PENDING", 12)
    params = {"chain": EURE.chain, "deposit_address": row["to"], "tx_hash": row["tx_hash"]}
    await desk.bridge("notify_deposit", **params)

    async def credited() -> bool:
        return bool((await desk.chains())[EURE.chain]["deposits"][0]["status"] == "CREDITED")

    await desk.rig.until(credited)
    refused = await desk.rig.control("/deposit", {**order, "tx_hash": row["tx_hash"]})
    assert (refused.status_code, "must be new" in refused.json()["error"]) == (400, True)


@pytest.mark.parametrize(("fault", "status"), [("500", 500), ("429", 429), ("garbage", 200)])
async def test_the_bridge_as_a_whole_may_be_broken(desk: Desk, fault: str, status: int) -> None:
    await desk.rig.control("/faults", {"bridge": fault})
    call = {"id": 1, "method": "supported_tokens", "params": [{}]}
    response = await desk.rig.http.post(desk.rig.env["NEAR_INTENTS_BRIDGE_URL"], json=call)
    assert response.status_code == status
    assert "asset_name" not in response.text
    await desk.rig.control("/faults", {"mend": True})
    assert (await desk.rig.state())["faults"]["bridge"] == "ok"
    assert "result" in await desk.bridge("supported_tokens")


async def test_two_copies_at_the_same_time_burn_once(desk: Desk) -> None:
    before = await desk.balance()
    signed, _ = desk.withdrawal()
    await asyncio.gather(*(desk.send(signed, node=index % 2) for index in range(6)))
    assert await desk.balance() == before - 70_000
    assert len(await desk.paid()) == 1
