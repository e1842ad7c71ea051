"""The port of the metrics over real sockets: peers that stall, flood, lie or hold it cost the others nothing."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator

import httpx
import pytest

from cockpit.config.loopback_address import LoopbackAddress
from cockpit.desk.metrics import port as module
from cockpit.desk.metrics.exposition import ScrapeText
from cockpit.desk.metrics.messages import port_taken
from cockpit.desk.metrics.port import APART_S, BACKLOG, MOST_CONNECTIONS, MetricsPort
from cockpit.desk.metrics.request_head import LONGEST_HEAD
from tests.support.waiting import until

HOSTS = ("127.0.0.1", "::1")
PATIENT = httpx.Timeout(30)


def free_address(host: str = "127.0.0.1") -> LoopbackAddress:
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.bind((host, 0))
        return LoopbackAddress(host, probe.getsockname()[1])


class Served:
    """A port with a text of a test's own. ``asked``: the form that each scrape asked for."""

    def __init__(self, address: LoopbackAddress, body: bytes = b"a 1.0\n") -> None:
        self.address, self.body = address, body
        self.asked: list[str] = []
        self.port = MetricsPort(address, self._text)

    async def _text(self, accept: str) -> ScrapeText:
        self.asked.append(accept)
        return ScrapeText("text/plain; version=0.0.4; charset=utf-8", self.body)

    @contextlib.asynccontextmanager
    async def running(self, *, ready: bool = True) -> AsyncIterator["Served"]:
        task = asyncio.create_task(self.port.run())
        try:
            if ready:
                await until(lambda: self.port.state.state == "ok", 30)
            yield self
        finally:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task

    async def get(self, path: str = "/metrics", **options: object) -> httpx.Response:
        url = f"http://{self.address}{path}"
        async with httpx.AsyncClient(timeout=PATIENT, trust_env=False) as client:
            return await client.request(str(options.get("method", "GET")), url, headers={"Accept": "text/plain"})

    async def connected(self) -> socket.socket:
        peer = socket.socket(socket.AF_INET)
        peer.setblocking(False)
        await asyncio.get_running_loop().sock_connect(peer, (self.address.host, self.address.port))
        return peer


async def ended(peer: socket.socket) -> bytes:
    """Read until the desk closes the connection."""
    loop, found = asyncio.get_running_loop(), b""
    async with asyncio.timeout(30):
        with contextlib.suppress(ConnectionResetError):
            while chunk := await loop.sock_recv(peer, 65_536):
                found += chunk
    return found


@pytest.mark.parametrize("host", HOSTS)
async def test_a_scrape_is_answered_and_the_connection_closed(host: str) -> None:
    async with Served(free_address(host)).running() as served:
        answer = await served.get()
        assert (answer.status_code, answer.text) == (200, "a 1.0\n")
        assert answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8"
        assert answer.headers["connection"] == "close"
        assert served.asked == ["text/plain"]
        head = await served.get(method="HEAD")
        assert (head.status_code, head.headers["content-length"], head.content) == (200, "6", b"")
        assert served.port.state.address == served.address.url


async def test_anything_else_is_refused_and_not_made() -> None:
    async with Served(free_address()).running() as served:
        assert (await served.get("/")).status_code == 404
        assert (await served.get("/state")).status_code == 404
        assert (await served.get(method="POST")).status_code == 405
        peer = await served.connected()
        peer.send(b"GET /metrics HTTP/1.1\r\nHost: evil.example.org\r\n\r\n")
        assert (await ended(peer)).startswith(b"HTTP/1.1 403 ")
        peer = await served.connected()
        peer.send(b"GET /metrics HTTP/1.1\r\n" + b"x" * (LONGEST_HEAD + 1))
        assert (await ended(peer)).startswith(b"HTTP/1.1 431 ")
        assert served.asked == []


async def test_connections_that_say_nothing_are_cut_off_and_others_are_answered(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(module, "HEAD_WITHIN_S", 0.3)
    async with Served(free_address()).running() as served:
        silent = [await served.connected() for _ in range(MOST_CONNECTIONS + 4)]
        silent[0].send(b"GET /metrics HT")
        assert (await served.get()).status_code == 200
        for peer in silent:
            assert await ended(peer) == b""
            peer.close()
        assert len(served.asked) == 1


async def test_a_peer_that_does_not_read_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ANSWERED_WITHIN_S", 0.5)
    async with Served(free_address(), b"a" * 20_000_000).running() as served:
        stalled = [await served.connected() for _ in range(MOST_CONNECTIONS)]
        for peer in stalled:
            peer.send(b"GET /metrics HTTP/1.1\r\n\r\n")
        await until(lambda: len(served.asked) == MOST_CONNECTIONS, 30)
        served.body = b"b 1.0\n"
        assert (await served.get()).text == "b 1.0\n"
        for peer in stalled:
            peer.close()


async def test_a_flood_is_taken_at_the_desks_own_pace() -> None:
    async with Served(free_address()).running() as served:
        flood = [await served.connected() for _ in range(BACKLOG - 2)]
        began = time.monotonic()
        for peer in flood:
            peer.send(b"GET /metrics HTTP/1.1\r\n\r\n")
        await until(lambda: len(served.asked) == len(flood), 30)
        # However fast they come, there is a pause after each; some were taken before they said anything.
        waiting = len(flood) - MOST_CONNECTIONS
        assert time.monotonic() - began >= (waiting - 1) * APART_S * 0.9
        assert [(await ended(peer))[:15] for peer in flood] == [b"HTTP/1.1 200 OK"] * len(flood)
        for peer in flood:
            peer.close()


async def test_a_port_that_is_taken_is_a_fault_and_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "BIND_AGAIN_S", 0.05)
    address = free_address()
    with socket.socket() as other:
        other.bind((address.host, address.port))
        other.listen()
        served = Served(address)
        async with served.running(ready=False):
            await until(lambda: served.port.state.state == "down", 30)
            assert served.port.state.problem == port_taken(str(address))
            other.close()
            await until(lambda: served.port.state.state == "ok", 30)
            assert served.port.state.problem == ""
            assert (await served.get()).status_code == 200


async def test_a_text_that_cannot_be_made_ends_its_own_connection_alone() -> None:
    async with Served(free_address()).running() as served:
        good = served.port._text

        async def broken(accept: str) -> ScrapeText:
            raise ZeroDivisionError

        served.port._text = broken
        peer = await served.connected()
        peer.send(b"GET /metrics HTTP/1.1\r\n\r\n")
        assert await ended(peer) == b""
        served.port._text = good
        assert (await served.get()).status_code == 200
