import base64
import json
from contextlib import AsyncExitStack
from typing import Any

import httpx
import pytest

from cockpit.model.environment import Environment
from tests.support.venue.http_server import Handler, HttpServer, Reply, Request, http_server, rpc, rpc_error, view
from venue.near.rpc import NearRpc
from venue.transport.errors import RefusedError, UnreachableError
from venue.transport.messages import UNREADABLE


async def _nodes(stack: AsyncExitStack, *handlers: Handler) -> tuple[HttpServer, ...]:
    return tuple([await stack.enter_async_context(http_server(handler)) for handler in handlers])


async def test_a_view_is_called_and_read_in_the_shape_of_the_rpc(client: httpx.AsyncClient) -> None:
    async with http_server(view(["1", "2"], 42)) as node:
        answer = await NearRpc([node.url], client).view("intents.near", "mt", {"account_id": "a.near"}, "final")
        params = node.requests[0].json["params"]
    assert json.loads(answer.value) == ["1", "2"]
    assert (answer.block_height, answer.block_hash) == (42, "Hash111")
    assert params["request_type"] == "call_function"
    assert params["finality"] == "final"
    assert (params["account_id"], params["method_name"]) == ("intents.near", "mt")
    assert json.loads(base64.b64decode(params["args_base64"])) == {"account_id": "a.near"}


@pytest.mark.parametrize(
    "failing",
    [
        lambda _: Reply(500, b"oops"),
        lambda _: Reply(429, b"slow down"),
        lambda _: Reply(401, b"who are you"),
        lambda _: Reply(body=b"<html>"),
        lambda _: Reply(hang=True),
        lambda _: Reply(raw=b""),
        rpc("a view is an object"),
        rpc({"result": [1, 2, 300], "block_height": 1, "block_hash": "x"}),
        rpc({"result": [49]}),
        rpc_error({"code": -32000, "message": "rate limit"}),
        rpc_error({"name": "INTERNAL_ERROR", "cause": {"name": "INTERNAL_ERROR"}, "message": "Server error"}),
        rpc_error({"name": "HANDLER_ERROR", "cause": {"name": "NOT_SYNCED_YET"}, "message": "Server error"}),
        rpc_error({"name": "HANDLER_ERROR", "cause": {"name": "UNKNOWN_BLOCK"}, "message": "Server error"}),
    ],
)
async def test_the_next_endpoint_is_tried_when_one_fails(client: httpx.AsyncClient, failing: Handler) -> None:
    async with AsyncExitStack() as stack:
        bad, good = await _nodes(stack, failing, view(7))
        near = NearRpc([bad.url, good.url], client, timeout_s=1.5)
        assert (await near.view("c", "m", {})).value == b"7"
        assert (await near.view("c", "m", {})).value == b"7"
        assert [sum(one.json["method"] == "query" for one in server.requests) for server in (bad, good)] == [1, 2]
    first, second = near.endpoints
    assert (first.failures > 0, first.current) == (True, False)
    assert first.last_error
    assert second.current


async def test_a_refused_connection_also_fails_over(client: httpx.AsyncClient, closed_url: str) -> None:
    async with http_server(view(7)) as good:
        assert (await NearRpc([closed_url, good.url], client).view("c", "m", {})).value == b"7"


async def test_the_first_endpoint_is_used_again_when_the_second_fails(client: httpx.AsyncClient) -> None:
    async with AsyncExitStack() as stack:
        first, second = await _nodes(stack, lambda _: Reply(500), view(2))
        near = NearRpc([first.url, second.url], client)
        await near.view("c", "m", {})
        first.handler, second.handler = view(1), lambda _: Reply(500)
        assert (await near.view("c", "m", {})).value == b"1"
        assert [endpoint.current for endpoint in near.endpoints] == [True, False]


PANIC = "wasm execution failed with error: HostError(GuestPanic { panic_msg: \"account 'x' not found\" })"


@pytest.mark.parametrize(
    "panicking",
    [
        rpc({"error": PANIC, "logs": [], "block_height": 1, "block_hash": "x"}),
        rpc_error(
            {
                "name": "HANDLER_ERROR",
                "cause": {"name": "CONTRACT_EXECUTION_ERROR", "info": {"vm_error": PANIC}},
                "code": -32000,
                "message": "Server error",
                "data": PANIC,
            }
        ),
    ],
)
async def test_a_panic_is_the_contracts_answer_and_no_other_node_is_tried(
    client: httpx.AsyncClient, panicking: Handler
) -> None:
    async with AsyncExitStack() as stack:
        node, other = await _nodes(stack, panicking, view(7))
        near = NearRpc([node.url, other.url], client)
        with pytest.raises(RefusedError, match="account 'x' not found"):
            await near.view("c", "m", {})
        assert not other.requests
        assert near.endpoints[0].failures == 0


@pytest.mark.parametrize(
    "error",
    [
        {"name": "HANDLER_ERROR", "cause": {"name": "UNKNOWN_ACCOUNT"}, "message": "Server error"},
        {"name": "REQUEST_VALIDATION_ERROR", "cause": {"name": "PARSE_ERROR"}, "message": "Parse error"},
    ],
)
async def test_a_definitive_refusal_is_not_tried_elsewhere(client: httpx.AsyncClient, error: Any) -> None:
    async with AsyncExitStack() as stack:
        node, other = await _nodes(stack, rpc_error(error), view(7))
        with pytest.raises(RefusedError):
            await NearRpc([node.url, other.url], client).view("c", "m", {})
        assert not other.requests


async def test_when_none_answers_every_reason_is_named(client: httpx.AsyncClient, closed_url: str) -> None:
    async with http_server(lambda _: Reply(503)) as bad:
        with pytest.raises(UnreachableError) as caught:
            await NearRpc([bad.url, closed_url], client).view("c", "m", {})
    assert "HTTP 503" in str(caught.value)
    assert "cannot be reached" in str(caught.value)


async def test_a_block_has_height_hash_and_time_to_the_nanosecond(client: httpx.AsyncClient) -> None:
    time_ns = 1_795_000_000_123_456_789

    def node(request: Request) -> Any:
        assert request.json["method"] == "block"
        assert request.json["params"] == {"finality": "final"}
        return {"header": {"height": 9, "hash": "H", "timestamp": time_ns, "timestamp_nanosec": str(time_ns)}}

    async with http_server(rpc(node)) as server:
        block = await NearRpc([server.url], client, env=Environment(wall_ns=lambda: time_ns)).block()
    assert (block.height, block.hash, block.timestamp_ns) == (9, "H", time_ns)


async def test_a_block_without_a_time_is_unreadable(client: httpx.AsyncClient) -> None:
    async with http_server(rpc({"header": {"height": 9, "hash": "H", "timestamp_nanosec": "soon"}})) as server:
        with pytest.raises(UnreachableError, match=UNREADABLE):
            await NearRpc([server.url], client).block()
