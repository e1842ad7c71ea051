import asyncio
import json
import os
import stat
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import pytest
from websockets.asyncio.client import unix_connect

from cockpit.desk.api.app import Api
from cockpit.desk.api.json_http import MAX_BODY
from cockpit.desk.api.snapshot_stream import MadeSnapshot, SnapshotStream
from cockpit.desk.risk.operators import Operators
from cockpit.desk.runtime.unix_server import bind, server
from cockpit.model.commands import ARMABLE, PARTS, REFRESHABLE, CommandRequest, Limits, Part, Result
from cockpit.model.environment import Environment
from cockpit.model.snapshot import PartHealth, Snapshot
from tests.support.cockpit.samples import health, snapshot
from tests.support.desk.command_desk import Desk
from tests.support.waiting import until


class Served:
    """A control API on a Unix socket, and the client of it."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.desk = Desk()
        self.stream = SnapshotStream(Operators(Environment()))
        self.healths: tuple[PartHealth, ...] = tuple(health(part) for part in PARTS)
        self.api = Api(
            self.desk.control,
            self.stream,
            made=self.made,
            health=self.health,
            part_state=lambda part, shot: {"part": part},
            identity={"run_id": "run-1", "mode": "SANDBOX", "account": "maker.near"},
        )
        self.client = httpx.AsyncClient(transport=httpx.AsyncHTTPTransport(uds=str(path)), base_url="http://desk")

    def snapshot(self) -> Snapshot:
        return msgspec.structs.replace(snapshot(), health=self.healths)

    async def made(self) -> MadeSnapshot:
        return MadeSnapshot(self.snapshot())

    def health(self, part: Part) -> PartHealth:
        return next(one for one in self.healths if one.part == part)

    async def result(self, method: str, path: str, status: int, body: object = ...) -> Result:
        """Ask, expect the status, and read the answer."""
        content = b"" if body is ... else body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await self.client.request(method, path, content=content)
        assert answer.status_code == status, answer.text
        return msgspec.json.decode(answer.content, type=Result)


@asynccontextmanager
async def serving(path: Path) -> AsyncIterator[Served]:
    """The API served on this path, stopped at the end."""
    served = Served(path)
    serving = server(served.api.app())
    task = asyncio.create_task(serving.serve([bind(path)]))
    await until(lambda: serving.started)
    try:
        yield served
    finally:
        await served.client.aclose()
        serving.should_exit = True
        await task


@pytest.fixture
async def served(tmp_path: Path) -> AsyncIterator[Served]:
    """A control API on a socket of its own."""
    async with serving(tmp_path / "desk.sock") as one:
        yield one


async def test_healthz_identifies_the_desk(served: Served) -> None:
    answer = await served.client.get("/healthz")
    assert answer.json() == {
        "ok": True,
        "run_id": "run-1",
        "mode": "SANDBOX",
        "account": "maker.near",
        "pid": os.getpid(),
    }
    assert answer.headers["content-type"] == "application/json"


async def test_the_state_is_a_snapshot(served: Served) -> None:
    answer = await served.client.get("/state")
    assert msgspec.json.decode(answer.content, type=Snapshot) == served.snapshot()


@pytest.mark.parametrize("part", PARTS)
async def test_every_part_has_its_health_and_its_state(served: Served, part: Part) -> None:
    answer = await served.client.get(f"/{part}/healthz")
    assert answer.status_code == 200
    assert msgspec.json.decode(answer.content, type=PartHealth).part == part
    assert (await served.client.get(f"/{part}/state")).json() == {"part": part}


async def test_a_part_that_is_down_answers_503_and_the_others_do_not(served: Served) -> None:
    served.healths = tuple(health(part, "down" if part == "inventory-sync" else "degraded") for part in PARTS)
    assert (await served.client.get("/inventory-sync/healthz")).status_code == 503
    assert (await served.client.get("/history-writer/healthz")).status_code == 200


@pytest.mark.parametrize("part", ARMABLE)
async def test_arm_and_disarm(served: Served, part: str) -> None:
    if part == "trade-executor":
        served.desk.arming.arm("strategy-engine", "ann", ())
    result = await served.result("POST", f"/{part}/arm", 200, {"command_id": "c-1", "actor": "ann"})
    assert (result.command_id, result.accepted) == ("c-1", True)
    assert served.desk.outcomes() == [(f"arm {part}", True)]
    assert served.desk.journal[0].actor == "ann"
    assert (await served.result("POST", f"/{part}/disarm", 200)).accepted
    assert served.desk.arming.rung == ("SAFE" if part == "strategy-engine" else "SHADOW")
    assert served.desk.journal[1].actor == "api"


async def test_a_refusal_is_409_with_its_reason(served: Served) -> None:
    served.desk.blocked = ("the relay is not connected",)
    result = await served.result("POST", "/trade-executor/arm", 409)
    assert not result.accepted
    assert "the relay is not connected" in result.reason
    served.desk.refused = "the bridge does not answer"
    assert (await served.result("POST", "/inventory-sync/refresh", 409)).reason == "the bridge does not answer"


async def test_limits_are_changed_exactly_and_refused_whole(served: Served) -> None:
    body = b'{"max_notional_eure": 123456789.123456789012, "max_promised_eure": 1e9, "min_edge_bps": 7, "actor": "ann"}'
    assert (await served.result("PUT", "/strategy-engine/limits", 200, body)).accepted
    current = served.desk.limits.current
    assert str(current.max_notional_eure) == "123456789.123456789012", "a number is no float on its way in"
    assert current.min_edge_bps == 7
    refused = await served.result("PUT", "/strategy-engine/limits", 409, {"min_edge_bps": 6, "max_deadline_ms": 1})
    assert "max_deadline_ms" in refused.reason
    assert served.desk.limits.current == current
    assert "cannot be read" in (await served.result("PUT", "/strategy-engine/limits", 409, {"no_such": 1})).reason
    assert (await served.result("PUT", "/strategy-engine/limits", 200, {"max_signed_eure": 77})).accepted
    assert served.desk.limits.current.max_signed_eure == 77
    refused = await served.result("PUT", "/strategy-engine/limits", 409, {"max_signed_eure": 0})
    assert "max_signed_eure must be above 0" in refused.reason


async def test_the_trading_state_is_set_over_the_api(served: Served) -> None:
    body = {"state": "HALTED", "reason": "lunch", "actor": "ann"}
    assert (await served.result("PUT", "/strategy-engine/trading", 200, body)).reason == "trading is HALTED"
    assert served.desk.trading.why == "HALTED by ann: lunch"
    refused = await served.result("PUT", "/strategy-engine/trading", 409, {"state": "OFF"})
    assert "REDUCING" in refused.reason
    assert served.desk.trading.state == "HALTED"


BAD_BODIES = [
    b"{",
    b"nonsense",
    b"[]",
    b"7",
    b'"text"',
    b'{"actor": 5}',
    b'{"command_id": null}',
    b'{"actor": "\xff"}',
    b'{"actor": "ops \\u001b]0;title\\u001b\\\\"}',
    b'{"command_id": "' + b"i" * 201 + b'"}',
    b'{"x": ' + b"[" * 5_000,
    b'{"x": "' + b"y" * MAX_BODY + b'"}',
]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:16]))
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", "/trade-executor/arm"),
        ("PUT", "/strategy-engine/limits"),
        ("PUT", "/strategy-engine/trading"),
        ("POST", "/inventory-sync/refresh"),
    ],
)
async def test_a_malformed_body_is_400_and_does_nothing(served: Served, method: str, path: str, body: bytes) -> None:
    answer = await served.client.request(method, path, content=body)
    assert answer.status_code == 400
    assert answer.json()["error"].startswith("the body")
    assert served.desk.journal == []
    assert served.desk.stopped == 0
    assert served.desk.limits.current == Limits()


STOPS = ["/trade-executor/disarm", "/strategy-engine/disarm", "/trade-executor/hard-stop", "/shutdown"]


@pytest.mark.parametrize("body", BAD_BODIES, ids=lambda body: repr(body[:16]))
@pytest.mark.parametrize("path", STOPS)
async def test_stopping_is_carried_out_whatever_the_body(served: Served, path: str, body: bytes) -> None:
    for part in ARMABLE:
        served.desk.control.arm(part, CommandRequest())
    result = await served.result("POST", path, 200, body)
    assert result.accepted
    assert "the body" in result.reason
    assert not served.desk.arming.executor
    assert served.desk.arming.strategy == (path == "/trade-executor/disarm")
    assert served.desk.stopped == (path == "/shutdown")
    assert served.desk.journal[-1].reason == result.reason


@pytest.mark.parametrize("path", STOPS)
async def test_stopping_does_not_wait_for_the_body(served: Served, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("cockpit.desk.api.json_http.STOP_BODY_S", 0.05 if path == "/shutdown" else 600)
    for part in ARMABLE:
        served.desk.control.arm(part, CommandRequest())
    _, writer = await asyncio.open_unix_connection(str(served.path))
    writer.write(f"POST {path} HTTP/1.1\r\nHost: desk\r\nContent-Length: 100\r\n\r\n{{".encode())
    await until(lambda: not served.desk.arming.executor)
    await until(lambda: served.desk.stopped == (path == "/shutdown"))
    # Whoever hangs up has stopped the desk all the same, and that is journalled.
    writer.close()
    await until(lambda: len(served.desk.journal) == 3)
    assert "did not arrive" in served.desk.journal[-1].reason


async def test_a_body_is_not_read_beyond_its_bound(served: Served) -> None:
    reader, writer = await asyncio.open_unix_connection(str(served.path))
    head = "PUT /strategy-engine/limits HTTP/1.1\r\nHost: desk\r\nContent-Length: 150000000\r\n\r\n"
    writer.write(head.encode() + b"x" * (MAX_BODY + 1))
    assert b"400" in await asyncio.wait_for(reader.readline(), 20)
    writer.close()


async def test_a_path_that_is_not_there_is_404_and_names_the_parts(served: Served) -> None:
    for path in ("/", "/nothing", "/inventory-sync", "/inventory-sync/arm", "/near-intents-ingest/refresh"):
        answer = await served.client.post(path)
        assert answer.status_code == 404, path
        assert "trade-executor" in answer.json()["error"]


async def test_another_method_is_405(served: Served) -> None:
    wrong = [("GET", "/trade-executor/arm"), ("POST", "/strategy-engine/limits"), ("GET", "/shutdown")]
    wrong += [("DELETE", "/state"), *(("GET", f"/{part}/refresh") for part in REFRESHABLE)]
    for method, path in wrong:
        answer = await served.client.request(method, path)
        assert answer.status_code == 405, path
        assert method in answer.json()["error"]
    assert served.desk.journal == []


async def test_shutdown_is_answered_before_the_desk_stops(served: Served) -> None:
    assert (await served.result("POST", "/shutdown", 200)).reason == "the desk is stopping"
    assert served.desk.stopped == 1


def seq(frame: str | bytes) -> int:
    return msgspec.json.decode(frame, type=Snapshot).seq


async def test_every_attached_cockpit_gets_the_snapshots_and_leaves_no_trace(served: Served) -> None:
    async with (
        unix_connect(str(served.path), uri="ws://desk/stream") as one,
        unix_connect(str(served.path), uri="ws://desk/stream") as two,
    ):
        await until(lambda: len(served.stream) == 2)
        served.stream.put(MadeSnapshot(snapshot(1)))
        assert [seq(await one.recv()), seq(await two.recv())] == [1, 1]
        await one.close()
        await until(lambda: len(served.stream) == 1)
        served.stream.put(MadeSnapshot(snapshot(2)))
        assert seq(await two.recv()) == 2
    await until(lambda: len(served.stream) == 0)


async def test_a_slow_reader_is_given_the_newest_and_never_an_old_one_again() -> None:
    stream = SnapshotStream(Operators(Environment()))
    with stream.attached() as slow:
        for number in range(5):
            stream.put(MadeSnapshot(snapshot(number)))
        assert (await slow.next()).seq == 4
        waiting = asyncio.create_task(slow.next())
        await asyncio.sleep(0)
        assert not waiting.done()
        stream.put(MadeSnapshot(snapshot(5)))
        assert (await waiting).seq == 5
    assert len(stream) == 0


async def test_an_attached_cockpit_does_not_keep_the_server_up(tmp_path: Path) -> None:
    async with serving(tmp_path / "desk.sock") as served:
        connection = await unix_connect(str(served.path), uri="ws://desk/stream")
        await until(lambda: len(served.stream) == 1)
    async with asyncio.timeout(20):
        await connection.wait_closed()
    assert len(served.stream) == 0


async def test_only_the_owner_may_open_the_socket(served: Served) -> None:
    mode = served.path.stat().st_mode
    assert stat.S_ISSOCK(mode)
    assert stat.S_IMODE(mode) == 0o600


async def test_a_stale_socket_is_replaced(tmp_path: Path) -> None:
    path = tmp_path / "desk.sock"
    bind(path).close()
    assert path.exists()
    async with serving(path) as served:
        assert (await served.client.get("/healthz")).status_code == 200
