import base64
import json
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.support.venue.http_server import Reply, Request, http_server, rpc, view
from venue.near.rpc import NearRpc
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.tokens import BTC, EURE
from venue.transport.errors import UnreachableError
from venue.transport.messages import UNREADABLE
from venue.verifier import NONCES_AT_ONCE, Verifier


def _args(request: Request) -> Any:
    return json.loads(base64.b64decode(request.json["params"]["args_base64"]))


async def test_balances_are_exact_and_in_the_requested_order(client: httpx.AsyncClient) -> None:
    async with http_server(view(["340282366920938463463374607431768211455", "5000000000000000001"], 77)) as node:
        verifier = Verifier(NearRpc([node.url], client))
        balances = await verifier.balances("maker.near", [BTC.token_id, EURE.token_id])
        (request,) = node.requests
    assert balances.amounts == (MAX_AMOUNT, 5_000_000_000_000_000_001)
    assert balances.block_height == 77
    assert request.json["params"]["account_id"] == "intents.near"
    assert request.json["params"]["method_name"] == "mt_batch_balance_of"
    assert _args(request) == {"account_id": "maker.near", "token_ids": [BTC.token_id, EURE.token_id]}


@pytest.mark.parametrize(
    "unreadable",
    [
        ["1"],
        ["1", "2", "3"],
        ["1", ""],
        ["1", "-5"],
        ["1", "1e3"],
        ["1", "1.0"],
        ["1", " 7"],
        ["1", "1_000"],
        ["1", "\u0661"],
        ["1", str(MAX_AMOUNT + 1)],
        ["1", 5],
        ["1", None],
        {"1": "2"},
        None,
        "",
    ],
)
async def test_a_balance_that_cannot_be_read_is_unknown_and_never_zero(
    client: httpx.AsyncClient, unreadable: Any
) -> None:
    async with http_server(view(unreadable)) as node:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await Verifier(NearRpc([node.url], client)).balances("maker.near", [BTC.token_id, EURE.token_id])


async def test_an_empty_answer_is_unknown(client: httpx.AsyncClient) -> None:
    empty = rpc({"result": [], "logs": [], "block_height": 1, "block_hash": "x"})
    async with http_server(empty) as node:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await Verifier(NearRpc([node.url], client)).has_public_key("maker.near", "ed25519:x")


CALLS: dict[str, Callable[[Verifier], Awaitable[object]]] = {
    "has_public_key": lambda verifier: verifier.has_public_key("maker.near", "ed25519:abc"),
    "is_nonce_used": lambda verifier: verifier.is_nonce_used("maker.near", "Tm9uY2U="),
    "current_salt": lambda verifier: verifier.current_salt(),
    "fee": lambda verifier: verifier.fee_pips(),
}


@pytest.mark.parametrize(
    ("method", "answer", "expected", "args"),
    [
        ("has_public_key", True, True, {"account_id": "maker.near", "public_key": "ed25519:abc"}),
        ("has_public_key", False, False, {"account_id": "maker.near", "public_key": "ed25519:abc"}),
        ("is_nonce_used", True, True, {"account_id": "maker.near", "nonce": "Tm9uY2U="}),
        ("current_salt", "252812b3", bytes.fromhex("252812b3"), {}),
        ("fee", 1, 1, {}),
    ],
)
async def test_a_view_is_called_by_its_name_and_read_by_its_type(
    client: httpx.AsyncClient, method: str, answer: Any, expected: object, args: Any
) -> None:
    async with http_server(view(answer)) as node:
        assert await CALLS[method](Verifier(NearRpc([node.url], client))) == expected
        (request,) = node.requests
    assert request.json["params"]["method_name"] == method
    assert _args(request) == args


@pytest.mark.parametrize(
    ("method", "unreadable"),
    [
        ("has_public_key", "true"),
        ("has_public_key", 1),
        ("has_public_key", None),
        ("is_nonce_used", 0),
        ("current_salt", "2528"),
        ("current_salt", "2528 2b3"),
        ("current_salt", "zzzzzzzz"),
        ("current_salt", 252812),
        ("fee", -1),
        ("fee", 1_000_001),
        ("fee", 1.0),
        ("fee", True),
        ("fee", None),
    ],
)
async def test_a_view_of_the_wrong_shape_is_unknown(client: httpx.AsyncClient, method: str, unreadable: Any) -> None:
    async with http_server(view(unreadable)) as node:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await CALLS[method](Verifier(NearRpc([node.url], client)))


async def test_used_nonces_are_returned_with_their_blocks_however_many(client: httpx.AsyncClient) -> None:
    read: list[str] = []

    def handler(request: Request) -> Reply:
        nonce = _args(request)["nonce"]
        read.append(nonce)
        return view(int(nonce) % 2 == 0, height=100 + int(nonce))(request)

    nonces = [str(number) for number in range(2 * NONCES_AT_ONCE + 1)]
    async with http_server(handler) as node:
        used = await Verifier(NearRpc([node.url], client)).used_nonces("maker.near", nonces)
    assert used == {nonce: 100 + int(nonce) for nonce in nonces if int(nonce) % 2 == 0}
    assert sorted(read) == sorted(nonces)
