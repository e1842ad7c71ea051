"""What several endpoints must say alike before a withdrawal can no longer leave."""

import base64
import json
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack

import httpx
import pytest

from cockpit.model.environment import Environment
from tests.support.venue.http_server import Reply, Request, http_server, rpc, rpc_error
from venue.near.outcomes import TxOutcome
from venue.near.rpc import NearRpc
from venue.protocol.units import NS_PER_S
from venue.witnesses import ALONE_NS, MARGIN_NS, Witnesses

KEY = "ed25519:6E8sCci9badyRkXb3JoRpBj5p8C6Tw41ELDZoiihKEtp"
UNKNOWN = {"name": "HANDLER_ERROR", "cause": {"name": "UNKNOWN_TRANSACTION", "info": {}}, "message": "Server error"}


def executed(value: str) -> dict[str, object]:
    """A final outcome that returned this text."""
    returned = {"SuccessValue": base64.b64encode(json.dumps(value).encode()).decode()}
    part = {"id": "T", "block_hash": "H", "outcome": {"status": {"SuccessReceiptId": "r"}, "executor_id": "a.near"}}
    return {
        "final_execution_status": "FINAL",
        "status": returned,
        "transaction_outcome": part,
        "receipts_outcome": [],
    }


class Node:
    """A node at a height, with a time, that shows a nonce, a key nonce and an outcome."""

    def __init__(self) -> None:
        self.behind_s = 0.0
        self.used = False
        self.key_nonce = 5
        self.outcome: object = executed("0")
        self.down = False

    def __call__(self, request: Request) -> Reply:
        if self.down:
            return Reply(503)
        method, params = request.json["method"], request.json["params"]
        at_ns = time.time_ns() - int(self.behind_s * NS_PER_S)
        if method == "block":
            return rpc({"header": {"height": 100, "hash": "H", "timestamp_nanosec": str(at_ns)}})(request)
        if method == "tx":
            return (rpc(self.outcome) if self.outcome else rpc_error(UNKNOWN))(request)
        as_of = {"block_height": 100, "block_hash": "H"}
        if params["request_type"] == "view_access_key":
            return rpc({"nonce": self.key_nonce, "permission": "FullAccess", **as_of})(request)
        assert json.loads(base64.b64decode(params["args_base64"]))["nonce"] == "nonce"
        return rpc({"result": list(json.dumps(self.used).encode()), "logs": [], **as_of})(request)


class Case:
    """Two nodes, or one, and who asks them."""

    def __init__(self, client: httpx.AsyncClient, urls: list[str], nodes: list[Node]) -> None:
        self.nodes = nodes
        self.clock_right = True
        both, alone = NearRpc(urls, client), NearRpc(urls[:1], client)
        self.rpc = both
        self.both, self.alone = (
            Witnesses(one, "intents.near", Environment(), lambda: self.clock_right) for one in (both, alone)
        )


@pytest.fixture
async def case(client: httpx.AsyncClient) -> AsyncIterator[Case]:
    nodes = [Node(), Node()]
    async with AsyncExitStack() as stack:
        servers = [await stack.enter_async_context(http_server(node)) for node in nodes]
        yield Case(client, [server.url for server in servers], nodes)


def ago(ns: int) -> int:
    return time.time_ns() - ns


LONG_AGO = MARGIN_NS + 60 * NS_PER_S


async def test_a_deadline_is_over_by_the_clock_and_by_both_nodes(case: Case) -> None:
    assert await case.both.why_not_over(ago(LONG_AGO)) == ""
    assert "the local clock is past its deadline in 1 s" in await case.both.why_not_over(ago(MARGIN_NS - NS_PER_S // 2))
    case.clock_right = False
    assert "not known to be right" in await case.both.why_not_over(ago(LONG_AGO))


async def test_one_node_that_has_not_passed_the_deadline_or_is_down_leaves_it_open(case: Case) -> None:
    case.nodes[1].behind_s = 120
    assert "1 of 2" in await case.both.why_not_over(ago(LONG_AGO))
    case.nodes[1].behind_s, case.nodes[1].down = 0, True
    assert "1 of 2" in await case.both.why_not_over(ago(LONG_AGO))


async def test_a_lone_endpoint_needs_an_hour_more(case: Case) -> None:
    assert "past its deadline in" in await case.alone.why_not_over(ago(LONG_AGO))
    assert await case.alone.why_not_over(ago(ALONE_NS + NS_PER_S)) == ""


async def test_an_intent_is_dead_when_both_nodes_show_its_nonce_unused(case: Case) -> None:
    assert await case.both.why_not_dead("a.near", "nonce", ago(LONG_AGO)) == ""
    case.nodes[1].used = True
    assert "shows its nonce used" in await case.both.why_not_dead("a.near", "nonce", ago(LONG_AGO))
    assert sorted(state.used for state in await case.both.nonces("a.near", "nonce")) == [False, True]
    case.nodes[1].down = True
    assert "1 of 2" in await case.both.why_not_dead("a.near", "nonce", ago(LONG_AGO))


async def test_a_key_nonce_is_used_when_both_nodes_show_it(case: Case) -> None:
    assert await case.both.why_key_nonce_free("a.near", KEY, 5) == ""
    case.nodes[0].key_nonce = 4
    assert "1 of 2" in await case.both.why_key_nonce_free("a.near", KEY, 5)


async def test_an_outcome_is_certain_when_both_nodes_report_it(case: Case) -> None:
    outcome = await case.rpc.transaction("T", "a.near")
    assert isinstance(outcome, TxOutcome)
    assert await case.both.why_not_so(outcome, "T", "a.near") == ""
    assert await case.alone.why_not_so(outcome, "T", "a.near") == ""
    for other in (None, executed("1000")):
        case.nodes[1].outcome = other
        assert "1 of 2" in await case.both.why_not_so(outcome, "T", "a.near")
