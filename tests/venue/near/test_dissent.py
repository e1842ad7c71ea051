"""Nodes that lie about height and time, on real sockets: their answers are not used, and the next one is asked."""

import json
import time
from contextlib import AsyncExitStack

import httpx
import pytest

from cockpit.model.environment import Environment
from tests.support.desk.builders import Clock
from tests.support.venue.http_server import Reply, Request, http_server, rpc
from venue.near import survey
from venue.near.heads import PATIENCE_NS
from venue.near.rpc import NearRpc
from venue.transport.errors import UnreachableError

HUGE = 999_999_999_999
START = 200_000_000


class Node:
    """Answers views and blocks; a test changes what it claims."""

    def __init__(self, height: int = START, ahead_s: float = 0) -> None:
        self.height, self.ahead_s = height, ahead_s
        self.down = False

    def __call__(self, request: Request) -> Reply:
        if self.down:
            return Reply(503)
        now = time.time_ns() + int(self.ahead_s * 10**9)
        header = {"height": self.height, "hash": "Hash", "timestamp": now, "timestamp_nanosec": str(now)}
        view = {"result": list(b"7"), "logs": [], "block_height": self.height, "block_hash": "Hash"}
        key = {"nonce": 1, "permission": "FullAccess", "block_height": self.height, "block_hash": "Hash"}
        if request.json["method"] == "block":
            return rpc({"header": header})(request)
        return rpc(key if request.json["params"]["request_type"] == "view_access_key" else view)(request)


async def test_a_height_of_one_node_for_three_seconds_is_never_used(
    client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    first, second = Node(), Node()
    async with http_server(first) as a, http_server(second) as b:
        near = NearRpc([a.url, b.url], client)
        assert (await near.view("c", "m", {})).block_height == START
        first.height = HUGE
        for _ in range(3):
            assert (await near.view("c", "m", {})).block_height == START
            assert (await near.block()).height == START
            key = await near.access_key("a.near", "ed25519:x")
            assert key is not None
            assert key.block_height == START
        host = a.url.removeprefix("http://")
        assert host in near.survey.dissent
        assert "999,999,999,999" in near.survey.dissent
        assert [one.host for one in near.endpoints if one.current] == [b.url.removeprefix("http://")]
        assert near.endpoints[0].failures == 1
        assert "is not believed" in near.endpoints[0].last_error
        assert [host in record.getMessage() for record in caplog.records] == [True]
        first.height, second.down = START + 1, True
        assert (await near.view("c", "m", {})).block_height == START + 1
        assert near.survey.dissent == ""


async def test_a_node_that_lies_at_the_start_is_not_believed_either(client: httpx.AsyncClient) -> None:
    async with http_server(Node(HUGE)) as a, http_server(Node()) as b:
        near = NearRpc([a.url, b.url], client)
        assert (await near.view("c", "m", {})).block_height == START
        assert not near.survey.is_plausible(HUGE)


async def test_a_node_that_is_far_behind_is_left_for_the_other(client: httpx.AsyncClient) -> None:
    first = Node()
    async with http_server(first) as a, http_server(Node()) as b:
        near = NearRpc([a.url, b.url], client)
        await near.survey.ask()
        first.height = START - 5_000
        assert (await near.view("c", "m", {})).block_height == START
        assert "5,000 blocks behind the others" in near.survey.dissent


@pytest.mark.parametrize("ahead_s", [700, -700, 10 * 365 * 86_400])
async def test_a_block_whose_time_is_not_of_now_is_not_used(client: httpx.AsyncClient, ahead_s: float) -> None:
    async with http_server(Node(ahead_s=ahead_s)) as a, http_server(Node(START + 1)) as b:
        near = NearRpc([a.url, b.url], client)
        block = await near.block()
        assert block.height == START + 1
        assert abs(block.timestamp_ns - time.time_ns()) < 5 * 10**9
        with pytest.raises(UnreachableError, match=f"{a.url.removeprefix('http://')} is not believed: its .*clock"):
            await NearRpc([a.url], client).block()


async def test_a_lone_node_is_asked_again_until_its_word_has_lasted(client: httpx.AsyncClient) -> None:
    monotonic, node = Clock(), Node()
    async with http_server(node) as server:
        near = NearRpc([server.url], client, env=Environment(monotonic_ns=monotonic))
        await near.view("c", "m", {})
        for height in (HUGE, START + 100):
            node.height = height
            for _ in range(3):
                with pytest.raises(UnreachableError, match="is not believed"):
                    await near.view("c", "m", {})
                monotonic.pass_ms(1_000)
            monotonic.pass_ms(PATIENCE_NS // 10**6)
            assert (await near.view("c", "m", {})).block_height == height
        assert not near.survey.is_plausible(HUGE)


async def test_a_survey_is_not_held_up_by_a_node_that_hangs(
    client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(survey, "ANSWER_S", 0.2)
    async with AsyncExitStack() as stack:
        hanging = await stack.enter_async_context(http_server(lambda _: Reply(hang=True)))
        good = await stack.enter_async_context(http_server(Node()))
        near = NearRpc([good.url, hanging.url], client, timeout_s=60)
        started = time.monotonic()
        assert (await near.view("c", "m", {})).value == b"7"
        assert time.monotonic() - started < 10
        # And not asked for at every answer.
        for _ in range(5):
            await near.view("c", "m", {})
        assert len(hanging.requests) == 1


async def test_a_height_of_a_transactions_block_is_unknown_when_nobody_is_near_it(client: httpx.AsyncClient) -> None:
    node = Node()

    def lying(request: Request) -> Reply:
        if request.json["method"] != "tx":
            return node(request)
        outcome = {"status": {"SuccessReceiptId": "r"}, "receipt_ids": [], "executor_id": "x"}
        part = {"id": "t", "block_hash": "Hash", "outcome": outcome}
        return rpc(
            {
                "final_execution_status": "FINAL",
                "status": {"SuccessValue": ""},
                "transaction_outcome": part,
                "receipts_outcome": [],
            }
        )(request)

    async with http_server(lying) as server:
        near = NearRpc([server.url], client)
        await near.view("c", "m", {})
        node.height = HUGE
        outcome = await near.transaction("t", "a.near")
    assert outcome is not None
    assert (outcome.state, outcome.block_height) == ("succeeded", None)


WRONG = ("9" * 5_000, "-1", "1.5", '"soon"', "1e400", str(2**64))


@pytest.mark.parametrize("field", ["height", "timestamp", "timestamp_nanosec", "block_height", "nonce"])
async def test_no_number_of_a_node_keeps_the_next_from_being_asked(client: httpx.AsyncClient, field: str) -> None:
    good, wrong = Node(), "1"

    def lying(request: Request) -> Reply:
        answer = good(request)
        body = json.loads(answer.body)
        where = body["result"].get("header", body["result"])
        if field not in where:
            return answer
        where[field] = "REPLACED"
        return Reply(body=json.dumps(body).replace('"REPLACED"', wrong).encode())

    async with http_server(lying) as bad, http_server(good) as other:
        for wrong in WRONG:  # noqa: B007
            near = NearRpc([bad.url, other.url], client)
            assert (await near.block()).height == START
            assert (await near.view("c", "m", {})).block_height == START
            key = await near.access_key("a.near", "ed25519:x")
            assert key is not None
            assert (key.nonce, key.block_height) == (1, START)


async def test_the_newest_block_is_that_of_any_endpoint_that_is_believed(client: httpx.AsyncClient) -> None:
    first, second, third = Node(START), Node(START + 50), Node(START + 2)
    async with http_server(first) as a, http_server(second) as b, http_server(third) as c:
        near = NearRpc([a.url, b.url, c.url], client)
        assert await near.survey.newest() == START + 50
        first.height = HUGE
        assert await near.survey.newest() == START + 50
        first.down = second.down = third.down = True
        assert await near.survey.newest() is None
