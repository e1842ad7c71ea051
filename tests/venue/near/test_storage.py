from typing import Any

import httpx
import pytest

from tests.support.venue.http_server import Reply, http_server, rpc_error, view
from venue.near.rpc import NearRpc
from venue.near.storage import available_storage
from venue.transport.errors import RefusedError, UnreachableError

HALF = 5 * 10**23


async def read(client: httpx.AsyncClient, handler: Any) -> int:
    async with http_server(handler) as server:
        return await available_storage(NearRpc([server.url], client), "omni.bridge.near", "intents.near")


@pytest.mark.parametrize(
    ("value", "available"),
    [({"total": str(2 * HALF), "available": str(HALF)}, HALF), ({"total": "1", "available": "0"}, 0), (None, 0)],
)
async def test_the_available_part_is_read(client: httpx.AsyncClient, value: Any, available: int) -> None:
    assert await read(client, view(value)) == available


@pytest.mark.parametrize(
    "value", [{}, {"available": None}, {"available": 5}, {"available": "-1"}, {"available": "1e24"}, "0", [], 7]
)
async def test_a_balance_that_cannot_be_read_is_unknown(client: httpx.AsyncClient, value: Any) -> None:
    with pytest.raises(UnreachableError):
        await read(client, view(value))


async def test_a_node_that_does_not_answer_leaves_it_unknown(client: httpx.AsyncClient) -> None:
    with pytest.raises(UnreachableError):
        await read(client, lambda _: Reply(500))


async def test_a_contract_that_panics_is_a_refusal(client: httpx.AsyncClient) -> None:
    error = {"name": "HANDLER_ERROR", "cause": {"name": "UNKNOWN_ACCOUNT"}, "message": "no such contract"}
    with pytest.raises(RefusedError):
        await read(client, rpc_error(error))
