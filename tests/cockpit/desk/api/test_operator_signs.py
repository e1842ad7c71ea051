"""Who counts as an operator on the wire, and how a peer is cut off that is silent, reads nothing or floods."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import cast

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.websockets import WebSocket
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from cockpit.client.desk_client import DeskClient
from cockpit.desk.api.app import Api
from cockpit.desk.api.operator_signs import read_reports
from cockpit.desk.api.snapshot_stream import MadeSnapshot, SnapshotStream
from cockpit.desk.risk.operators import Operators
from cockpit.desk.runtime import stream_protocol, unix_server
from cockpit.desk.runtime.stream_protocol import MAX_BYTES, MAX_MESSAGE_BYTES
from cockpit.model.commands import MAX_KEY_AGE_MS, UNATTENDED, Result
from cockpit.model.environment import Environment
from tests.support.cockpit.samples import health, snapshot
from tests.support.desk.builders import Clock
from tests.support.desk.command_desk import Desk, made
from tests.support.venue.hostile import hostile
from tests.support.waiting import until
from venue.protocol.units import NS_PER_MS

HANDSHAKE = (
    b"GET /stream HTTP/1.1\r\nHost: desk\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
PING = bytes((0x89, 0x80, 0, 0, 0, 0))
TEXT = bytes((0x81, 0x80 + 2, 0, 0, 0, 0)) + b"{}"


class Streaming:
    """A desk's two sockets, its stream and its operators."""

    def __init__(self, directory: Path) -> None:
        self.path, self.read_only_path = directory / "desk.sock", directory / "desk-ro.sock"
        self.operators = Operators(Environment())
        self.stream = SnapshotStream(self.operators)
        self.desk = Desk()
        self._api = Api(
            self.desk.control,
            self.stream,
            made=made,
            health=health,
            part_state=lambda part, shot: {"part": part},
            identity={},
        )
        self._seq = 0

    async def serve(self) -> AsyncIterator["Streaming"]:
        servers = {
            self.path: unix_server.server(self._api.app()),
            self.read_only_path: unix_server.server(self._api.read_only_app()),
        }
        tasks = [asyncio.create_task(one.serve([unix_server.bind(path)])) for path, one in servers.items()]
        await until(lambda: all(one.started for one in servers.values()))
        yield self
        for one in servers.values():
            one.should_exit = True
        await asyncio.gather(*tasks)

    def put(self) -> int:
        """Send everybody the next snapshot; its number."""
        self._seq += 1
        self.stream.put(MadeSnapshot(snapshot(self._seq)))
        return self._seq

    async def fill(self) -> None:
        """Send more than a peer's buffers hold."""
        for _ in range(100):
            self.put()
            for _ in range(8):
                await asyncio.sleep(0)

    async def attached(self, count: int) -> None:
        await until(lambda: len(self.stream) == count, 10, f"{count} are attached")

    async def raw(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """A websocket without anything behind it."""
        reader, writer = await asyncio.open_unix_connection(str(self.path))
        writer.write(HANDSHAKE)
        assert b" 101 " in await reader.readline()
        await self.attached(1)
        return reader, writer


@pytest.fixture
async def desk(
    tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Streaming]:
    """A desk that is served; ``param`` changes how long the desk waits."""
    for name, seconds in getattr(request, "param", {}).items():
        for module in (stream_protocol, unix_server):
            if hasattr(module, name):
                monkeypatch.setattr(module, name, seconds)
    async for one in Streaming(tmp_path).serve():
        yield one


def attach(path: Path) -> AbstractAsyncContextManager[ClientConnection]:
    return unix_connect(str(path), uri="ws://desk/stream", compression=None)


async def report(cockpit: ClientConnection, **fields: object) -> None:
    await cockpit.send(json.dumps(fields))


async def test_a_cockpit_counts_once_it_reports_what_it_was_sent(desk: Streaming) -> None:
    async with attach(desk.path) as cockpit, attach(desk.path) as other:
        await desk.attached(2)
        seq = desk.put()
        await cockpit.recv()
        assert (desk.operators.attached, desk.operators.watched) == (2, 0)
        for painted in (None, seq + 1, -1, "1", 2**63):
            await report(cockpit, painted=painted, key_age_ms=0)
        for text in ("", "[" * 4_000, "\ud7ff", '{"painted"', b"\x00\xff"):
            await cockpit.send(text)
        await report(cockpit, painted=seq)
        await until(lambda: desk.operators.watched == 1)
        assert desk.operators.sign_ns is None, "what was ignored before pressed no key"
        await other.recv()
        await report(other, painted=seq, key_age_ms=60_000)
        await until(lambda: desk.operators.watched == 2)
        assert 60_000 <= (desk.operators.sign_age_ms() or 0) < 90_000
        await report(cockpit, painted=seq, key_age_ms=0)
        await until(lambda: (desk.operators.sign_age_ms() or 60_000) < 30_000)
    await until(lambda: desk.operators.watched == 0)


async def test_a_read_only_cockpit_never_counts(desk: Streaming) -> None:
    async with attach(desk.read_only_path) as cockpit:
        await desk.attached(1)
        for _ in range(3):
            seq = desk.put()
            await cockpit.recv()
            await report(cockpit, painted=seq, key_age_ms=0)
        await cockpit.ping()
        assert (desk.operators.attached, desk.operators.watched, desk.operators.sign_ns) == (0, 0, None)


async def test_a_command_is_a_sign_and_what_is_asked_or_sent_by_itself_is_not(desk: Streaming) -> None:
    transport = httpx.AsyncHTTPTransport(uds=str(desk.path))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk") as client:
        for method, path, body in (
            ("GET", "/state", b""),
            ("GET", "/healthz", b""),
            ("POST", "/no-such-path", b""),
            ("POST", "/liquidity-manager/withdrawal-estimate", b"{}"),
            ("POST", "/trade-executor/arm", b"nonsense"),
        ):
            await client.request(method, path, content=body)
            assert desk.operators.sign_ns is None, path
        by_itself = await client.post("/strategy-engine/arm", headers={UNATTENDED: "1"})
        assert (by_itself.status_code, desk.operators.sign_ns) == (200, None)
        program = DeskClient(desk.path, actor="a program", new_id=lambda: "id-1", unattended=True)
        assert isinstance(await program.send("strategy-engine", "disarm"), Result)
        await program.close()
        assert desk.operators.sign_ns is None
        assert (await client.post("/strategy-engine/arm")).status_code == 200
        first = desk.operators.sign_ns
        assert first is not None
        desk.desk.blocked = ("the relay is not connected",)
        assert (await client.post("/trade-executor/arm")).status_code == 409
        assert (desk.operators.sign_ns or 0) > first


@pytest.mark.parametrize("desk", [{"READ_WITHIN_S": 0.2}], indirect=True)
async def test_a_peer_that_reads_nothing_is_cut_off_with_its_buffer_full(desk: Streaming) -> None:
    _, writer = await desk.raw()
    await desk.fill()
    await desk.attached(0)
    writer.close()


@pytest.mark.parametrize("desk", [{"PING_EVERY_S": 0.1, "PONG_WITHIN_S": 0.2, "READ_WITHIN_S": 60.0}], indirect=True)
@pytest.mark.parametrize("reads", [True, False])
async def test_a_peer_that_answers_no_ping_is_cut_off(desk: Streaming, reads: bool) -> None:
    reader, writer = await desk.raw()
    if not reads:
        await desk.fill()  # Neither the ping nor the close can leave.
    await desk.attached(0)
    if reads:
        await reader.read()
        assert reader.at_eof()
    writer.close()


@pytest.mark.parametrize("frame", [PING, TEXT], ids=["pings", "reports"])
async def test_a_flood_is_cut_off_unread(desk: Streaming, frame: bytes) -> None:
    _, writer = await desk.raw()
    started = asyncio.get_running_loop().time()
    writer.write(frame * (MAX_BYTES // len(frame) + 1))
    await desk.attached(0)
    assert asyncio.get_running_loop().time() - started < 2
    writer.close()


async def test_a_message_that_is_no_report_by_its_size_ends_the_connection(desk: Streaming) -> None:
    async with attach(desk.path) as cockpit:
        await desk.attached(1)
        await cockpit.send("x" * (MAX_MESSAGE_BYTES + 1))
        with pytest.raises(ConnectionClosed):
            await cockpit.recv()
        await desk.attached(0)


@pytest.mark.parametrize("desk", [{"PING_EVERY_S": 0.05, "PONG_WITHIN_S": 2.0}], indirect=True)
async def test_a_program_that_only_reads_stays_attached(desk: Streaming) -> None:
    async with attach(desk.path) as reading:
        await desk.attached(1)
        for _ in range(20):
            desk.put()
            await reading.recv()
            await asyncio.sleep(0.02)
        assert (len(desk.stream), desk.operators.watched) == (1, 0)


class Peer:
    """The end of a websocket on which these messages have come, and then its end."""

    def __init__(self, raw: Iterable[bytes]) -> None:
        self._messages: list[dict[str, object]] = [
            {"type": "websocket.receive", "text": one.decode("utf-8", "surrogateescape")} for one in raw
        ]
        self._messages += [{"type": "websocket.receive", "bytes": b"{}"}, {"type": "websocket.disconnect"}]

    async def receive(self) -> dict[str, object]:
        return self._messages.pop(0)


@given(st.lists(hostile({"painted": 7, "key_age_ms": 1_000}), max_size=5))
@settings(deadline=None)
def test_whatever_a_peer_sends_it_is_at_most_what_it_was_sent_and_pressed(raw: list[bytes]) -> None:
    clock = Clock(10 * MAX_KEY_AGE_MS * NS_PER_MS)
    operators = Operators(Environment(monotonic_ns=clock))
    cockpit = operators.attach()
    cockpit.sent(7)
    with suppress(StopIteration):
        read_reports(cast(WebSocket, Peer(raw)), cockpit).send(None)
    assert operators.watched in (0, 1)
    if operators.sign_ns is not None:
        assert operators.watched == 1
        assert 0 <= clock() - operators.sign_ns <= MAX_KEY_AGE_MS * NS_PER_MS
