"""Token contracts of a running venue, over its sockets: a withdrawal to a NEAR account, and back."""

import base64
import json
from collections.abc import Mapping
from typing import Any

from tests.support.sandbox import near_actions as act
from tests.support.sandbox.near_transactions import view_params
from tests.support.sandbox.rig import Launch, Rig
from tests.support.sandbox.signing import Signer
from venue.protocol.tokens import BTC

STORAGE = 1_250_000_000_000_000_000_000
TOKEN, VERIFIER = BTC.near_token, "intents.near"


async def near(rig: Rig, method: str, params: object) -> Any:
    url = rig.env["NEAR_RPC_URL"].split(",")[1]
    answer = (await rig.http.post(url, json={"jsonrpc": "2.0", "id": "1", "method": method, "params": params})).json()
    assert "error" not in answer, answer
    return answer["result"]


async def call(rig: Rig, contract: str, method: str, args: Mapping[str, object], deposit: int) -> object:
    signer = Signer(rig.signer.account, int.from_bytes(bytes(rig.signer.key), "big"))
    action = act.call(method, json.dumps(args).encode(), gas=100 * act.TGAS, deposit=deposit)
    signed, _ = act.signed_actions(signer, rig.venue.ledger, contract, action)
    done = await near(rig, "send_tx", {"signed_tx_base64": signed, "wait_until": "FINAL"})
    assert "SuccessValue" in done["status"], done["status"]
    return json.loads(base64.b64decode(done["status"]["SuccessValue"]))


async def test_tokens_go_to_a_near_account_and_come_back(launch: Launch) -> None:
    rig = await launch()
    account = rig.signer.account

    async def held() -> tuple[object, object]:
        asked = {"account_id": account, "token_id": BTC.token_id}
        inside = await near(rig, "query", view_params("mt_balance_of", asked))
        outside = await near(rig, "query", view_params("ft_balance_of", {"account_id": account}, TOKEN))
        return json.loads(bytes(inside["result"])), json.loads(bytes(outside["result"]))

    before, none = await held()
    args = {"token": TOKEN, "receiver_id": account, "amount": "700"}
    assert none == "0"
    assert await call(rig, VERIFIER, "ft_withdraw", args, 1) == "0"
    assert await held() == (before, "0")
    await call(rig, TOKEN, "storage_deposit", {}, STORAGE)
    assert await call(rig, VERIFIER, "ft_withdraw", args, 1) == "700"
    assert await held() == (str(int(str(before)) - 700), "700")
    back = {"receiver_id": VERIFIER, "amount": "700", "msg": ""}
    assert await call(rig, TOKEN, "ft_transfer_call", back, 1) == "700"
    assert await held() == (before, "0")
