"""Sending and following a transaction through nodes that lose answers, lag and contradict each other."""

import base64
import json
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from tests.support.venue.http_server import Handler, HttpServer, Reply, Request, http_server, rpc, rpc_error
from tests.venue.near.test_outcomes import answer, ok
from venue.near.outcomes import AccessKey
from venue.near.rpc import UNKNOWN_SENDING, NearRpc
from venue.transport.errors import RefusedError, UnreachableError
from venue.transport.messages import UNREADABLE

SIGNED = b"\x00signed\xff"
KEY = "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp"
EXECUTED = json.loads(answer(ok(b'"1000"')))
HEIGHTS = {"T": 100, "call": 101, "transfer": 102, "resolve": 103, "gas": 102}


def invalid(reason: Any) -> dict[str, Any]:
    return {
        "name": "HANDLER_ERROR",
        "cause": {"info": {}, "name": "INVALID_TRANSACTION"},
        "code": -32000,
        "message": "Server error",
        "data": {"TxExecutionError": {"InvalidTxError": reason}},
    }


def handler_error(cause: str, data: str = "") -> dict[str, Any]:
    return {"name": "HANDLER_ERROR", "cause": {"name": cause, "info": {}}, "message": "Server error", "data": data}


UNKNOWN = handler_error("UNKNOWN_TRANSACTION", "Transaction T doesn't exist")
NOT_A_METHOD = {
    "name": "REQUEST_VALIDATION_ERROR",
    "cause": {"name": "METHOD_NOT_FOUND", "info": {"method_name": "send_tx"}},
    "code": -32601,
    "message": "Method not found",
}
INVALID_NONCE = invalid({"InvalidNonce": {"tx_nonce": 6, "ak_nonce": 20}})


def by_method(**handlers: Handler) -> Handler:
    return lambda request: handlers[request.json["method"]](request)


def block(request: Request) -> Any:
    name = request.json["params"]["block_id"].removeprefix("block-of-")
    return {"header": {"height": HEIGHTS[name], "hash": name, "timestamp": 1}}


def node_answering(result: Any = EXECUTED, **others: Handler) -> Handler:
    """Answer everything with this outcome."""
    return by_method(**{"send_tx": rpc(result), "tx": rpc(result), "block": rpc(block), **others})


async def _nodes(stack: AsyncExitStack, *handlers: Handler) -> tuple[HttpServer, ...]:
    return tuple([await stack.enter_async_context(http_server(handler)) for handler in handlers])


async def test_the_bytes_are_sent_unchanged_and_the_outcome_has_its_height(client: httpx.AsyncClient) -> None:
    async with http_server(node_answering()) as node:
        outcome = await NearRpc([node.url], client).send_transaction(SIGNED, wait_until="FINAL")
        params = node.requests[0].json["params"]
    assert base64.b64decode(params["signed_tx_base64"]) == SIGNED
    assert params["wait_until"] == "FINAL"
    assert (outcome.state, outcome.value, outcome.final, outcome.block_height) == ("succeeded", b'"1000"', True, 103)


async def test_without_its_blocks_the_outcome_has_no_height(client: httpx.AsyncClient) -> None:
    async with http_server(node_answering(block=rpc_error(handler_error("UNKNOWN_BLOCK")))) as node:
        near = NearRpc([node.url], client)
        outcome = await near.send_transaction(SIGNED)
        assert near.endpoints[0].failures == 0
    assert (outcome.state, outcome.block_height) == ("succeeded", None)


@pytest.mark.parametrize("missing", [NOT_A_METHOD, {"code": -32601, "message": "Method not found"}])
async def test_an_older_node_is_sent_to_by_the_older_method(client: httpx.AsyncClient, missing: Any) -> None:
    older = {key: value for key, value in EXECUTED.items() if key != "final_execution_status"}
    node = by_method(send_tx=rpc_error(missing), broadcast_tx_commit=rpc(older), block=rpc(block))
    async with http_server(node) as server:
        outcome = await NearRpc([server.url], client).send_transaction(SIGNED)
        assert server.requests[1].json["params"] == [base64.b64encode(SIGNED).decode()]
    assert outcome.state == "succeeded"


@pytest.mark.parametrize(
    ("reason", "name"),
    [
        ({"InvalidNonce": {"tx_nonce": 6, "ak_nonce": 20}}, "InvalidNonce"),
        ("Expired", "Expired"),
        ({"NotEnoughBalance": {"signer_id": "m", "balance": "1", "cost": "2"}}, "NotEnoughBalance"),
        ({"InvalidAccessKeyError": {"AccessKeyNotFound": {}}}, "InvalidAccessKeyError"),
        ("InvalidSignature", "InvalidSignature"),
        ({"ShardCongested": {"shard_id": 1, "congestion_level": 1.0}}, "ShardCongested"),
    ],
)
async def test_a_transaction_that_may_not_run_is_refused_by_name(
    client: httpx.AsyncClient, reason: Any, name: str
) -> None:
    async with AsyncExitStack() as stack:
        node, other = await _nodes(stack, rpc_error(invalid(reason)), node_answering())
        with pytest.raises(RefusedError) as caught:
            await NearRpc([node.url, other.url], client).send_transaction(SIGNED)
        assert not other.requests
    assert (caught.value.name, caught.value.cause) == (name, "INVALID_TRANSACTION")


LOST: list[Handler] = [
    lambda _: Reply(hang=True),
    lambda _: Reply(raw=b""),
    lambda _: Reply(502, b"bad gateway"),
    lambda _: Reply(body=b"<html>"),
    rpc_error(handler_error("TIMEOUT_ERROR", "Timeout")),
    rpc_error(handler_error("REQUEST_ROUTED")),
    rpc_error({"name": "INTERNAL_ERROR", "cause": {"name": "INTERNAL_ERROR"}, "message": "Server error"}),
    rpc_error("rate limited"),
    rpc({"status": {"SuccessValue": 7}, "final_execution_status": "FINAL"}),
]


@pytest.mark.parametrize("losing", LOST)
async def test_a_lost_answer_leaves_it_unknown(client: httpx.AsyncClient, losing: Handler) -> None:
    async with http_server(losing) as node:
        with pytest.raises(UnreachableError, match=UNKNOWN_SENDING):
            await NearRpc([node.url], client, timeout_s=1).send_transaction(SIGNED)


@pytest.mark.parametrize("losing", LOST)
async def test_a_refusal_after_a_lost_answer_leaves_it_unknown(client: httpx.AsyncClient, losing: Handler) -> None:
    """The first node may have run it: then the second answers InvalidNonce."""
    async with AsyncExitStack() as stack:
        first, second = await _nodes(stack, losing, rpc_error(INVALID_NONCE))
        with pytest.raises(UnreachableError, match="InvalidNonce"):
            await NearRpc([first.url, second.url], client, timeout_s=1).send_transaction(SIGNED)


async def test_the_same_bytes_go_to_the_next_node_after_a_lost_answer(client: httpx.AsyncClient) -> None:
    async with AsyncExitStack() as stack:
        first, second = await _nodes(stack, lambda _: Reply(raw=b""), node_answering())
        assert (await NearRpc([first.url, second.url], client).send_transaction(SIGNED)).state == "succeeded"
        sent = [server.requests[0].json["params"]["signed_tx_base64"] for server in (first, second)]
    assert sent[0] == sent[1]


async def test_a_node_that_answers_twice_is_read_once(client: httpx.AsyncClient) -> None:
    """The second answer on the connection is not read as the next request's."""

    def twice(request: Request) -> Reply:
        body = node_answering()(request).body
        one = b"HTTP/1.1 200 X\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)
        return Reply(raw=one + one)

    async with http_server(twice) as node:
        near = NearRpc([node.url], client)
        for _ in range(2):
            assert (await near.send_transaction(SIGNED)).block_height == 103


async def test_a_transaction_one_node_does_not_know_is_found_at_the_other(client: httpx.AsyncClient) -> None:
    async with AsyncExitStack() as stack:
        first, second = await _nodes(stack, rpc_error(UNKNOWN), node_answering())
        near = NearRpc([first.url, second.url], client)
        outcome = await near.transaction("T", "maker.near")
        params = second.requests[0].json["params"]
        assert near.endpoints[0].failures == 0
    assert outcome is not None
    assert (outcome.state, outcome.block_height) == ("succeeded", 103)
    assert (params["tx_hash"], params["sender_account_id"]) == ("T", "maker.near")


@pytest.mark.parametrize("unknown", [UNKNOWN, {"code": -32000, "message": "Server error", "data": UNKNOWN["data"]}])
async def test_a_transaction_is_unknown_only_when_no_node_knows_it(client: httpx.AsyncClient, unknown: Any) -> None:
    async with AsyncExitStack() as stack:
        first, second = await _nodes(stack, rpc_error(unknown), rpc_error(unknown))
        near = NearRpc([first.url, second.url], client)
        assert await near.transaction("T", "maker.near") is None
        second.handler = lambda _: Reply(503)
        with pytest.raises(UnreachableError, match="HTTP 503"):
            await near.transaction("T", "maker.near")
        second.handler = rpc_error(handler_error("TIMEOUT_ERROR"))
        with pytest.raises(UnreachableError, match="TIMEOUT_ERROR"):
            await near.transaction("T", "maker.near")


def node_answering_later(first: Any, later: Handler) -> Handler:
    """Answer with ``first`` at once, and with ``later`` when the request waits."""

    def handler(request: Request) -> Reply:
        if request.json["method"] == "tx" and request.json["params"]["wait_until"] != "NONE":
            return later(request)
        return node_answering(first)(request)

    return handler


async def test_a_node_that_has_no_outcome_yet_is_waited_for(client: httpx.AsyncClient) -> None:
    async with http_server(node_answering_later({"final_execution_status": "NONE"}, rpc(EXECUTED))) as node:
        outcome = await NearRpc([node.url], client).transaction("T", "maker.near")
    assert outcome is not None
    assert outcome.state == "succeeded"


@pytest.mark.parametrize("later", [rpc_error(handler_error("TIMEOUT_ERROR")), lambda _: Reply(hang=True)])
async def test_a_node_that_knows_it_and_times_out_means_pending(client: httpx.AsyncClient, later: Handler) -> None:
    async with http_server(node_answering_later({"final_execution_status": "INCLUDED"}, later)) as node:
        outcome = await NearRpc([node.url], client, timeout_s=1).transaction("T", "maker.near")
    assert outcome is not None
    assert outcome.state == "pending"


def access_key(**changes: Any) -> dict[str, Any]:
    return {"nonce": 2**63 + 1, "permission": "FullAccess", "block_height": 9, "block_hash": "B", **changes}


LIMITED: dict[str, object] = {"FunctionCall": {"allowance": None, "receiver_id": "intents.near", "method_names": []}}


@pytest.mark.parametrize(("permission", "full"), [("FullAccess", True), (LIMITED, False), ({"GasKey": {}}, False)])
async def test_an_access_key_is_read_with_its_kind(client: httpx.AsyncClient, permission: Any, full: bool) -> None:
    async with http_server(rpc(access_key(permission=permission))) as node:
        key = await NearRpc([node.url], client).access_key("maker.near", KEY)
        params = node.requests[0].json["params"]
    assert key == AccessKey(2**63 + 1, full, 9, "B")
    assert params == {
        "request_type": "view_access_key",
        "finality": "final",
        "account_id": "maker.near",
        "public_key": KEY,
    }


@pytest.mark.parametrize(
    "missing",
    [
        rpc_error(handler_error("UNKNOWN_ACCESS_KEY", f"Access key for public key {KEY} has never been observed")),
        rpc_error(handler_error("UNKNOWN_ACCOUNT", "account maker.near does not exist while viewing")),
        rpc({"error": f"access key {KEY} does not exist while viewing", "logs": [], "block_height": 1}),
    ],
)
async def test_a_key_that_the_account_lacks_is_none(client: httpx.AsyncClient, missing: Handler) -> None:
    async with http_server(missing) as node:
        assert await NearRpc([node.url], client).access_key("maker.near", KEY) is None


@pytest.mark.parametrize(
    "result",
    [access_key(nonce=None), access_key(nonce=-1), access_key(permission=None), access_key(block_hash=None), [], "x"],
)
async def test_an_access_key_that_cannot_be_read_is_unknown(client: httpx.AsyncClient, result: Any) -> None:
    async with http_server(rpc(result)) as node:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await NearRpc([node.url], client).access_key("maker.near", KEY)


@pytest.mark.parametrize(
    "call",
    [
        lambda near: near.send_transaction(SIGNED),
        lambda near: near.transaction("T", "maker.near"),
        lambda near: near.access_key("maker.near", KEY),
    ],
)
async def test_a_malformed_request_is_refused_and_not_tried_elsewhere(
    client: httpx.AsyncClient, call: Callable[[NearRpc], Any]
) -> None:
    error = {"name": "REQUEST_VALIDATION_ERROR", "cause": {"name": "PARSE_ERROR"}, "message": "Parse error"}
    async with AsyncExitStack() as stack:
        node, other = await _nodes(stack, rpc_error(error), node_answering())
        with pytest.raises(RefusedError, match="Parse error"):
            await call(NearRpc([node.url, other.url], client))
        assert not other.requests
