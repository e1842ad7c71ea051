import base64
import json
import time
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest

from tests.support.venue.http_server import Handler, Reply, Request, http_server, rpc, rpc_error, view
from venue.near.rpc import NearRpc
from venue.protocol.assets import MAX_AMOUNT
from venue.protocol.tokens import BTC, EURE
from venue.transport.errors import RefusedError, UnreachableError
from venue.transport.messages import UNREADABLE
from venue.verifier import MAX_FEATURES, NONCES_AT_ONCE, PAUSED, Verifier


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
    "is_valid_salt": lambda verifier: verifier.is_valid_salt(bytes.fromhex("252812b3")),
    "fee": lambda verifier: verifier.fee_pips(),
}


@pytest.mark.parametrize(
    ("method", "answer", "expected", "args"),
    [
        ("has_public_key", True, True, {"account_id": "maker.near", "public_key": "ed25519:abc"}),
        ("has_public_key", False, False, {"account_id": "maker.near", "public_key": "ed25519:abc"}),
        ("is_nonce_used", True, True, {"account_id": "maker.near", "nonce": "Tm9uY2U="}),
        ("current_salt", "252812b3", bytes.fromhex("252812b3"), {}),
        ("is_valid_salt", True, True, {"salt": "252812b3"}),
        ("is_valid_salt", False, False, {"salt": "252812b3"}),
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
        ("is_valid_salt", "true"),
        ("is_valid_salt", None),
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


ABSENT = "wasm execution failed with error: MethodResolveError(MethodNotFound)"
OPTIONAL: dict[str, Callable[[Verifier], Awaitable[object]]] = {
    "is_account_locked": lambda verifier: verifier.is_account_locked("maker.near"),
    "is_auth_by_predecessor_id_enabled": lambda verifier: verifier.is_predecessor_enabled("maker.near"),
    "pa_all_paused": lambda verifier: verifier.paused_features(),
    "simulate_intents": lambda verifier: verifier.settles_intents(),
}


def failed_view(text: str) -> Handler:
    """A view that failed, as older nodes report it."""
    return rpc({"error": text, "logs": [], "block_height": 1, "block_hash": "x"})


def failed_query(text: str) -> Handler:
    """A view that failed, as newer nodes report it."""
    return rpc_error({"name": "HANDLER_ERROR", "cause": {"name": "CONTRACT_EXECUTION_ERROR"}, "data": text})


async def ask(client: httpx.AsyncClient, method: str, answer: Handler) -> object:
    async with http_server(answer) as node:
        found = await OPTIONAL[method](Verifier(NearRpc([node.url], client)))
        assert node.requests[0].json["params"]["method_name"] == method
    return found


@pytest.mark.parametrize(
    ("method", "answer", "expected"),
    [
        ("is_account_locked", True, True),
        ("is_account_locked", False, False),
        ("is_auth_by_predecessor_id_enabled", False, False),
        ("pa_all_paused", None, ()),
        ("pa_all_paused", [], ()),
        ("pa_all_paused", ["intents", "ALL"], ("ALL", "intents")),
        ("pa_all_paused", ["a\x1b[31mb"], ("a [31mb",)),
        ("simulate_intents", {"intents_executed": []}, True),
    ],
)
async def test_what_the_administrators_shut_is_read(
    client: httpx.AsyncClient, method: str, answer: Any, expected: object
) -> None:
    assert await ask(client, method, view(answer)) == expected


@pytest.mark.parametrize("method", sorted(OPTIONAL))
@pytest.mark.parametrize("failed", [failed_view, failed_query])
async def test_a_view_that_the_contract_lacks_is_none(
    client: httpx.AsyncClient, method: str, failed: Callable[[str], Handler]
) -> None:
    assert await ask(client, method, failed(ABSENT)) is None


@pytest.mark.parametrize("failed", [failed_view, failed_query])
async def test_a_paused_contract_cannot_be_simulated(
    client: httpx.AsyncClient, failed: Callable[[str], Handler]
) -> None:
    panic = f'wasm execution failed with error: HostError(GuestPanic {{ panic_msg: "{PAUSED}" }})'
    assert await ask(client, "simulate_intents", failed(panic)) is False
    with pytest.raises(RefusedError, match="gas"):
        await ask(client, "simulate_intents", failed("Exceeded the prepaid gas"))


LIES: dict[str, list[Any]] = {
    "is_account_locked": ["true", 1, None, [], {}],
    "is_auth_by_predecessor_id_enabled": ["false", 0, None],
    "pa_all_paused": [False, {}, "intents", [1], [None], ["x" * 65], ["x"] * (MAX_FEATURES + 1)],
    "simulate_intents": [None, True, [], "done"],
}


@pytest.mark.parametrize(("method", "lie"), [(method, lie) for method, lies in LIES.items() for lie in lies])
async def test_an_answer_of_another_shape_says_nothing(client: httpx.AsyncClient, method: str, lie: Any) -> None:
    with pytest.raises(UnreachableError, match=UNREADABLE):
        await ask(client, method, view(lie))


def nonce_node(height: int, *used: str) -> Handler:
    """A node at this height that shows these nonces used."""

    def answer(request: Request) -> Any:
        if request.json["method"] == "block":
            return {"header": {"height": height, "hash": "H", "timestamp_nanosec": str(time.time_ns())}}
        asked = json.loads(base64.b64decode(request.json["params"]["args_base64"]))["nonce"]
        raw = list(json.dumps(asked in used).encode())
        return {"result": raw, "logs": [], "block_height": height, "block_hash": "H"}

    return rpc(answer)


async def test_a_nonce_is_used_when_two_endpoints_show_it_by_the_later_of_their_blocks(
    client: httpx.AsyncClient,
) -> None:
    async with (
        http_server(nonce_node(100, "a", "b")) as first,
        http_server(nonce_node(103, "b", "c")) as second,
        http_server(lambda _: Reply(503)) as down,
    ):
        both = Verifier(NearRpc([first.url, second.url], client))
        assert await both.confirmed_nonces("maker.near", ["a", "b", "c", "d"]) == {"b": 103}
        assert await both.used_nonces("maker.near", ["a", "b", "c", "d"]) == {"a": 100, "b": 100}
        alone = Verifier(NearRpc([first.url], client))
        assert await alone.confirmed_nonces("maker.near", ["a", "b", "c", "d"]) == {"a": 100, "b": 100}
        half = Verifier(NearRpc([first.url, down.url], client))
        assert await half.confirmed_nonces("maker.near", ["a", "b", "c", "d"]) == {}


SPOILED: list[tuple[Callable[[Verifier], Awaitable[Any]], Any, list[Any]]] = [
    (
        lambda one: one.balances("maker.near", [BTC.token_id]),
        ["7"],
        [[], ["7", "8"], ["-1"], ["1.5"], ["9" * 5_000], [7], "7", None, [str(MAX_AMOUNT + 1)]],
    ),
    (lambda one: one.fee_pips(), 1, [-1, 10**7, 1.5, "1", None, 2**70]),
    (lambda one: one.current_salt(), "252812b3", ["252812", "zz2812b3", 7, None, "2" * 5_000]),
    (lambda one: one.nonce("maker.near", "Tm9uY2U="), True, [1, "true", None, []]),
    (lambda one: one.is_valid_salt(b"salt"), True, [0, "no", None]),
    (lambda one: one.has_public_key("maker.near", "ed25519:x"), True, [1, None]),
    (lambda one: one.paused_features(), [], [7, ["x" * 65], ["a"] * (MAX_FEATURES + 1)]),
]


@pytest.mark.parametrize(("call", "good", "spoiled"), SPOILED)
async def test_a_value_that_the_contract_does_not_return_is_read_from_the_next_endpoint(
    client: httpx.AsyncClient, call: Callable[[Verifier], Awaitable[Any]], good: Any, spoiled: list[Any]
) -> None:
    async with http_server(view(good)) as liar, http_server(view(good)) as honest:
        expected = await call(Verifier(NearRpc([honest.url], client)))
        for value in spoiled:
            liar.handler = view(value)
            near = NearRpc([liar.url, honest.url], client)
            assert await call(Verifier(near)) == expected
            assert [one.current for one in near.endpoints] == [False, True]
            assert near.endpoints[0].failures > 0
