"""What clients of other authors expect of the endpoints: any origin, an open RPC or bridge status by setting, GETs."""

import pytest

from tests.support.sandbox.rig import Launch

ORIGIN = {"Origin": "https://dapp.example"}


async def test_pages_of_any_origin_may_call(launch: Launch) -> None:
    rig = await launch()
    near = rig.env["NEAR_RPC_URL"].split(",")[0]
    for url in (rig.env["NEAR_INTENTS_RELAY_RPC_URL"], rig.env["NEAR_INTENTS_BRIDGE_URL"], near):
        asked = {**ORIGIN, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
        preflight = await rig.http.options(url, headers=asked)
        assert preflight.status_code == 200
        assert preflight.headers["access-control-allow-origin"] == "*"
        assert "authorization" in preflight.headers["access-control-allow-headers"].lower()
        answer = await rig.http.post(url, json={}, headers=ORIGIN)
        assert answer.headers["access-control-allow-origin"] == "*"


async def test_an_open_rpc_needs_no_key_and_still_refuses_a_wrong_one(launch: Launch) -> None:
    rig = await launch(rpc_open=True)
    url = rig.env["NEAR_INTENTS_RELAY_RPC_URL"]
    call = {"id": "7", "jsonrpc": "2.0", "method": "get_status", "params": [{"intent_hash": "none"}]}
    assert (await rig.http.post(url, json=call)).json()["result"]["status"] == "NOT_FOUND_OR_NOT_VALID"
    for wrong in ({"X-API-Key": "nonsense"}, {"Authorization": "Bearer nonsense"}):
        assert (await rig.http.post(url, json=call, headers=wrong)).status_code == 401


async def test_the_bridge_answers_with_another_status_by_setting(launch: Launch) -> None:
    rig = await launch(bridge_http=201)
    call = {"id": 1, "jsonrpc": "2.0", "method": "supported_tokens", "params": [{}]}
    answer = await rig.http.post(rig.env["NEAR_INTENTS_BRIDGE_URL"], json=call)
    assert answer.status_code == 201
    assert answer.json()["result"]["tokens"]


async def test_a_node_answers_gets(launch: Launch) -> None:
    rig = await launch()
    near = rig.env["NEAR_RPC_URL"].split(",")[1]
    assert (await rig.http.get(f"{near}/status")).json()["sync_info"]["syncing"] is False
    assert (await rig.http.get(f"{near}/health")).json() is None
    await rig.control("/faults", {"near_b": "500"})
    assert (await rig.http.get(f"{near}/status")).status_code == 500


@pytest.mark.parametrize("none", [{}, {"quote_hashes": None}, {"quote_hashes": []}])
async def test_an_intent_without_quotes_is_published_however_that_is_said(
    launch: Launch, none: dict[str, object]
) -> None:
    rig = await launch()
    for method, name, several in (("publish_intent", "signed_data", False), ("publish_intents", "signed_datas", True)):
        _, signed = rig.signer.sign([], rig.salt, rig.deadline_ms())
        answer = await rig.rpc(method, {name: [signed] if several else signed, **none})
        assert answer["status"] == "OK", answer
