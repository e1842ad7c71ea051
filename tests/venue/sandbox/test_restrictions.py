"""What Verifier, bridge and relay can shut: features, accounts, tokens, and bearer tokens that end."""

import base64
import json
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.sandbox.near_transactions import transaction, view_params
from tests.support.sandbox.rig import Launch, Rig
from tests.support.sandbox.signing import BTC_ADDRESS
from tests.support.sandbox.signing import Signer as NearSigner
from venue.protocol.tokens import BTC, EURE
from venue.protocol.units import NS_PER_S
from venue.sandbox.relay.bearer_tokens import BearerTokens
from venue.sandbox.wire.errors import PAUSED

WITHDRAW: dict[str, object] = {
    "token": BTC.near_token,
    "receiver_id": BTC.near_token,
    "amount": "70000",
    "memo": f"WITHDRAW_TO:{BTC_ADDRESS}",
}


async def near(rig: Rig, method: str, params: object) -> Any:
    node = rig.env["NEAR_RPC_URL"].split(",")[0]
    return (await rig.http.post(node, json={"jsonrpc": "2.0", "id": "1", "method": method, "params": params})).json()


async def view(rig: Rig, method: str, args: dict[str, object]) -> Any:
    """The view's value, or the text of its panic."""
    result = (await near(rig, "query", view_params(method, args)))["result"]
    return result["error"] if "error" in result else json.loads(bytes(result["result"]))


def maker(rig: Rig) -> NearSigner:
    return NearSigner(rig.signer.account, int.from_bytes(bytes(rig.signer.key), "big"))


async def withdraw(rig: Rig) -> str:
    """Withdraw by transaction; the panic, empty when it went through."""
    signed, _ = transaction(maker(rig), rig.venue.ledger, "ft_withdraw", WITHDRAW)
    result = (await near(rig, "send_tx", {"signed_tx_base64": signed, "wait_until": "FINAL"}))["result"]
    failure = result["status"].get("Failure")
    return "" if failure is None else str(failure["ActionError"]["kind"]["FunctionCallError"]["ExecutionError"])


async def publish(rig: Rig) -> str:
    """Publish an intent that only uses its nonce; the reason why not, empty when it was taken."""
    _, signed = rig.signer.sign([], rig.salt, rig.deadline_ms())
    answer = await rig.rpc("publish_intent", {"quote_hashes": [], "signed_data": signed})
    return str(answer.get("reason", ""))


async def test_a_paused_feature_is_listed_and_refuses_in_the_contracts_words(launch: Launch) -> None:
    rig = await launch()
    assert await view(rig, "pa_all_paused", {}) is None
    assert (await withdraw(rig), await publish(rig)) == ("", "")

    await rig.control("/faults", {"paused": ["intents"]})
    assert await view(rig, "pa_all_paused", {}) == ["intents"]
    assert await view(rig, "pa_is_paused", {"key": "intents"}) is True
    assert await view(rig, "pa_is_paused", {"key": "ft_withdraw"}) is False
    assert PAUSED in await view(rig, "simulate_intents", {"signed": []})
    assert await publish(rig) == PAUSED
    assert await withdraw(rig) == ""

    await rig.control("/faults", {"paused": ["ft_withdraw"]})
    assert await withdraw(rig) == f"Smart contract panicked: {PAUSED}"
    assert await publish(rig) == ""

    await rig.control("/faults", {"paused": ["ALL"]})
    assert await view(rig, "pa_is_paused", {"key": "ft_withdraw"}) is True
    assert (PAUSED in await withdraw(rig), await publish(rig)) == (True, PAUSED)


async def test_a_paused_contract_settles_nothing_that_was_published_before(launch: Launch) -> None:
    rig = await launch(settle_s=(0.4, 0.5))
    quote_hash, signed = rig.signer.sign([], rig.salt, rig.deadline_ms())
    await rig.rpc("publish_intent", {"quote_hashes": [], "signed_data": signed})
    await rig.control("/faults", {"paused": ["intents"]})

    async def failed() -> bool:
        return bool((await rig.rpc("get_status", {"intent_hash": quote_hash})).get("status_details") == "FAILED")

    await rig.until(failed)
    nonce = signed["payload"]["nonce"]  # type: ignore[index]
    assert await view(rig, "is_nonce_used", {"account_id": rig.signer.account, "nonce": nonce}) is False


async def test_a_locked_account_can_receive_and_do_nothing_else(launch: Launch) -> None:
    rig = await launch()
    args: dict[str, object] = {"account_id": rig.signer.account}
    assert await view(rig, "is_account_locked", args) is False
    await rig.control("/faults", {"account_locked": True})
    assert await view(rig, "is_account_locked", args) is True
    assert await view(rig, "is_account_locked", {"account_id": "trader-0.sandbox.near"}) is False
    text = f"account '{rig.signer.account}' is locked"
    assert await publish(rig) == text
    assert await withdraw(rig) == f"Smart contract panicked: {text}"
    await rig.control("/faults", {"gift": {"token_id": EURE.token_id, "amount": 7}})
    assert await view(rig, "mt_balance_of", {**args, "token_id": EURE.token_id}) == str(15_000 * 10**18 + 7)
    await rig.control("/faults", {"mend": True})
    assert await publish(rig) == ""


async def test_without_predecessor_authentication_only_intents_act(launch: Launch) -> None:
    rig = await launch()
    args: dict[str, object] = {"account_id": rig.signer.account}
    assert await view(rig, "is_auth_by_predecessor_id_enabled", args) is True
    await rig.control("/faults", {"no_predecessor": True})
    assert await view(rig, "is_auth_by_predecessor_id_enabled", args) is False
    text = f"authentication by PREDECESSOR_ID is disabled for account '{rig.signer.account}'"
    assert await withdraw(rig) == f"Smart contract panicked: {text}"
    assert await publish(rig) == ""


async def test_a_contract_can_lack_a_view(launch: Launch) -> None:
    rig = await launch()
    await rig.control("/faults", {"verifier_lacks": ["pa_all_paused"]})
    assert "MethodNotFound" in await view(rig, "pa_all_paused", {})
    assert await view(rig, "is_account_locked", {"account_id": rig.signer.account}) is False


async def test_the_bridge_can_delist_a_token(launch: Launch) -> None:
    rig = await launch()

    async def listed() -> set[str]:
        call = {"id": 1, "method": "supported_tokens", "params": [{}]}
        answer = (await rig.http.post(rig.env["NEAR_INTENTS_BRIDGE_URL"], json=call)).json()
        return {token["intents_token_id"] for token in answer["result"]["tokens"]}

    before = await listed()
    await rig.control("/faults", {"bridge_delists": [EURE.token_id]})
    assert await listed() == before - {EURE.token_id}


@pytest.mark.parametrize(("fault", "status"), [("401", 401), ("403", 403), ("429", 429), ("500", 500)])
async def test_the_relays_rpc_can_refuse_everything(launch: Launch, fault: str, status: int) -> None:
    rig = await launch()
    await rig.control("/faults", {"relay_rpc": fault})
    answer = await rig.http.post(rig.env["NEAR_INTENTS_RELAY_RPC_URL"], json={"method": "get_status"})
    assert answer.status_code == status


async def test_a_token_with_an_end_is_refused_after_it_everywhere(launch: Launch) -> None:
    rig = await launch(token_life_s=3600.0)
    token = rig.env["NEAR_INTENTS_API_KEY"]
    claims = json.loads(base64.urlsafe_b64decode(token.split(".")[1] + "=="))
    assert 3590 < claims["exp"] - rig.venue._parts.clock() // NS_PER_S <= 3600
    headers = {"Authorization": f"Bearer {token}"}
    assert (await rig.rpc("get_status", {"intent_hash": "1" * 32}))["status"] == "NOT_FOUND_OR_NOT_VALID"
    async with connect(rig.env["NEAR_INTENTS_RELAY_WS_URL"], additional_headers=headers) as before:
        await rig.control("/time", {"forward_s": 3600})
        answer = await rig.http.post(rig.env["NEAR_INTENTS_RELAY_RPC_URL"], json={}, headers=headers)
        assert (answer.status_code, answer.json()) == (401, {"error": "Unauthorized"})
        with pytest.raises(InvalidStatus) as refused:
            await connect(rig.env["NEAR_INTENTS_RELAY_WS_URL"], additional_headers=headers)
        assert refused.value.response.status_code == 401
        # A connection that is open stays open.
        await before.send(json.dumps({"jsonrpc": "2.0", "id": 1, "method": "subscribe", "params": ["quote"]}))
        assert "result" in json.loads(await before.recv())

    issued = (await rig.control("/token", {"life_s": 60})).json()["token"]
    answer = await rig.http.post(rig.env["NEAR_INTENTS_RELAY_RPC_URL"], json={}, headers={"X-API-Key": issued})
    assert answer.status_code == 200
    assert (await rig.control("/token", {"life_s": "soon"})).status_code == 400


def test_a_token_of_another_venue_or_a_changed_one_is_not_taken() -> None:
    now = 1_700_000_000 * NS_PER_S
    tokens, others = BearerTokens(1, lambda: now, life_s=60), BearerTokens(2, lambda: now, life_s=60)
    assert tokens.accepts(tokens.first)
    assert not tokens.accepts(others.first)
    assert not tokens.accepts(tokens.first + "x")
    assert not tokens.accepts_header(tokens.first)
    assert tokens.accepts_header(f"Bearer {tokens.first}")
    assert not tokens.accepts(None)
