"""A desk that streams canned snapshots and records commands, on a real Unix socket in a thread of its own."""

import asyncio
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from decimal import Decimal
from itertools import count
from pathlib import Path
from typing import Any

import msgspec
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect
from websockets.exceptions import InvalidState

from cockpit.client.desk_client import DeskClient
from cockpit.model.commands import ARMABLE, PARTS, REFRESHABLE, OperatorReport, Result, WithdrawalReview
from cockpit.model.pricing.pricing_set import PricingPreview, PricingTerms
from cockpit.model.snapshot import Snapshot
from tests.support.cockpit import samples
from tests.support.waiting import PATIENCE_S, until_blocking

Answering = Callable[[str, str, dict[str, Any]], Result | WithdrawalReview | PricingPreview | int | None]
MONEY = (
    "withdrawal-estimate",
    "withdraw",
    "freeze-withdrawals",
    "track-withdrawal",
    "untrack-withdrawal",
    "notify-deposit",
    "register-key",
)


class _Server(uvicorn.Server):
    """Ends as soon as it may: uvicorn itself looks ten times a second, and sleeps between its steps."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.left = asyncio.Event()

    async def main_loop(self) -> None:
        await self.on_tick(0)
        await self.left.wait()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        state = self.server_state
        for connection in list(state.connections):
            with suppress(InvalidState):  # It is closing already.
                connection.shutdown()
        for _ in range(200):
            if not state.connections and not state.tasks:
                break
            await asyncio.sleep(0.005)
        for task in state.tasks:
            task.cancel()


class FakeDesk:
    """Streams ``current`` whenever it is set; answers commands with ``answering``.

    An answer is a Result, a review, a bare status number, or None for never. ``reviewing`` makes the reviews.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self.current: Snapshot = samples.snapshot()
        self.asked: list[tuple[str, str, dict[str, Any]]] = []
        self.reports: list[OperatorReport] = []
        self.answering: Answering = self.accept
        self.reviewing: Callable[[dict[str, Any]], WithdrawalReview | Result] = lambda _body: samples.review()
        self.terms = PricingTerms(values={"half_spread_bps": Decimal(20)}, presets={"fixed": {"half_spread_bps": "20"}})
        self.previewing: Callable[[dict[str, Any]], PricingPreview | Result] = samples.pricing_preview
        self.before: Callable[[str], object] = lambda _verb: None
        self.held = threading.Event()
        self.held.set()
        self._streams: set[WebSocket] = set()
        self._server: _Server | None = None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def accept(self, part: str, verb: str, body: dict[str, Any]) -> Result | WithdrawalReview | PricingPreview:
        """Do everything that is asked."""
        if verb == "withdrawal-estimate":
            return self.reviewing(body)
        if verb == "preview":
            return self.previewing(body)
        return self.result(f"{verb} {part}".strip(), True, "done")

    def refuse(self, part: str, verb: str, _body: dict[str, Any]) -> Result:
        """Refuse everything that is asked."""
        return self.result(f"{verb} {part}".strip(), False, "the moon is not full")

    @staticmethod
    def result(command: str, accepted: bool, reason: str) -> Result:
        return Result(command_id="c", command=command, accepted=accepted, reason=reason, at_ns=1)

    def say(self, snapshot: Snapshot) -> None:
        """Stream this snapshot to everyone attached."""
        self.current = snapshot
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(self._send_all(), self._loop).result(PATIENCE_S)

    def verbs(self) -> list[tuple[str, str]]:
        """The commands received, without their bodies."""
        return [(part, verb) for part, verb, _ in self.asked]

    def bodies(self, wanted: str) -> list[dict[str, Any]]:
        """The bodies received with this command."""
        return [body for _, verb, body in self.asked if verb == wanted]

    def start(self) -> None:
        routes: list[Route | WebSocketRoute] = [
            WebSocketRoute("/stream", self._stream),
            Route("/healthz", self._healthz),
            Route("/shutdown", self._command("", "shutdown"), methods=["POST"]),
            Route("/alerts/acknowledge", self._command("alerts", "acknowledge"), methods=["POST"]),
            Route("/strategy-engine/limits", self._command("strategy-engine", "limits"), methods=["PUT"]),
            Route("/notes", self._command("", "notes"), methods=["POST"]),
            Route("/strategy-engine/trading", self._command("strategy-engine", "trading"), methods=["PUT"]),
            Route("/strategy-engine/pricing", self._command("strategy-engine", "pricing"), methods=["PUT"]),
            Route("/strategy-engine/pricing", self._pricing_terms, methods=["GET"]),
            Route("/strategy-engine/pricing/preview", self._command("strategy-engine", "preview"), methods=["POST"]),
        ]
        for part in PARTS:
            verbs = (["arm", "disarm"] if part in ARMABLE else []) + (["refresh"] if part in REFRESHABLE else [])
            verbs += ["hard-stop"] if part == "trade-executor" else []
            verbs += list(MONEY) if part == "liquidity-manager" else []
            routes += [Route(f"/{part}/{verb}", self._command(part, verb), methods=["POST"]) for verb in verbs]
        app = Starlette(routes=routes)
        config = uvicorn.Config(
            app,
            uds=str(self.path),
            log_level="critical",
            timeout_graceful_shutdown=1,
            lifespan="off",
            ws="websockets-sansio",
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        until_blocking(lambda: self._server is not None and self._server.started)

    def stop(self) -> None:
        """Stop listening and drop everyone attached."""
        if self._server is not None and self._thread is not None:
            self.held.set()
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._server.left.set)
            self._thread.join(PATIENCE_S)
            assert not self._thread.is_alive()
            self._server = self._thread = None
        self.path.unlink(missing_ok=True)

    def _run(self) -> None:
        assert self._server is not None
        server = self._server

        async def serve() -> None:
            self._loop = asyncio.get_running_loop()
            await server.serve()

        asyncio.run(serve())

    async def _stream(self, socket: WebSocket) -> None:
        await socket.accept()
        self._streams.add(socket)
        try:
            await socket.send_text(msgspec.json.encode(self.current).decode())
            while True:
                self.reports.append(msgspec.json.decode(await socket.receive_text(), type=OperatorReport))
        except WebSocketDisconnect:
            pass
        finally:
            self._streams.discard(socket)

    async def _send_all(self) -> None:
        for stream in list(self._streams):
            await stream.send_text(msgspec.json.encode(self.current).decode())

    async def _healthz(self, _request: Request) -> Response:
        body = {"ok": True, "run_id": "run-1", "mode": "SANDBOX", "account": "sandbox-maker.near", "pid": 4711}
        return Response(msgspec.json.encode(body))

    async def _pricing_terms(self, _request: Request) -> Response:
        return Response(msgspec.json.encode(self.terms))

    def _command(self, part: str, verb: str) -> Callable[[Request], Any]:
        async def handle(request: Request) -> Response:
            body = msgspec.json.decode(await request.body(), type=dict[str, Any])
            self.asked.append((part, verb, body))
            await asyncio.to_thread(self.held.wait, 20)
            await asyncio.to_thread(self.before, verb)
            answer = self.answering(part, verb, body)
            if answer is None:
                await asyncio.Event().wait()
            if isinstance(answer, int):
                return Response(b"broken", status_code=answer)
            assert isinstance(answer, Result | WithdrawalReview | PricingPreview)
            refused = isinstance(answer, Result) and not answer.accepted
            return Response(msgspec.json.encode(answer), status_code=409 if refused else 200)

        return handle


@pytest.fixture
def desk() -> Iterator[FakeDesk]:
    """A desk that listens. Its folder is short: the path of a Unix socket may have 107 bytes."""
    with tempfile.TemporaryDirectory(prefix="desk") as folder:
        fake = FakeDesk(Path(folder) / "desk.sock")
        fake.start()
        try:
            yield fake
        finally:
            fake.stop()


@pytest.fixture
def link(desk: FakeDesk) -> DeskClient:
    """The cockpit's side of the desk."""
    ids = count(1)
    return DeskClient(desk.path, actor="ops", new_id=lambda: f"id-{next(ids)}", timeout_s=5, backoff_s=(0.02,))
