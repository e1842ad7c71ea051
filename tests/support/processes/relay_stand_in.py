"""A relay whose answers the test decides; the rest of the venue is unchanged."""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from websockets.asyncio.server import ServerConnection, serve

from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE


class RelayStandIn:
    """Acknowledges subscriptions, keeps the quotes it gets, and answers them with ``answer`` (None: never)."""

    def __init__(self) -> None:
        self.answer: dict[str, object] | None = {"result": "OK"}
        self.quotes: list[dict[str, Any]] = []
        self.request_ids: list[int] = []
        self.url = ""
        self.connections = 0
        self.closed = 0
        self._subscriptions = 0
        self._sockets: set[ServerConnection] = set()
        self._ids = 0

    async def serve(self, socket: ServerConnection) -> None:
        self.connections += 1
        self._sockets.add(socket)
        try:
            async for raw in socket:
                message = json.loads(raw)
                if message["method"] == "subscribe":
                    self._subscriptions += 1
                    await socket.send(json.dumps({"id": message["id"], "result": f"s{self._subscriptions}"}))
                    continue
                self.quotes.append(message["params"][0])
                self.request_ids.append(message["id"])
                if self.answer is not None:
                    await socket.send(json.dumps({"jsonrpc": "2.0", "id": message["id"], **self.answer}))
        finally:
            self._sockets.discard(socket)
            self.closed += 1

    async def send(self, frame: str | bytes) -> None:
        """Send one frame to every maker, text or binary."""
        for socket in tuple(self._sockets):
            await socket.send(frame)

    def hold_reading(self, held: bool) -> None:
        """Stop reading, or resume."""
        for socket in tuple(self._sockets):
            transport = socket.transport
            (transport.pause_reading if held else transport.resume_reading)()

    async def drop(self) -> None:
        """Abort every connection."""
        for socket in tuple(self._sockets):
            socket.transport.abort()

    async def ask(self, **changes: object) -> str:
        """Broadcast a request, good but for ``changes`` (None removes a field); its id."""
        self._ids += 1
        fields: dict[str, object] = {
            "quote_id": f"q{self._ids}",
            "defuse_asset_identifier_in": BTC.token_id,
            "defuse_asset_identifier_out": EURE.token_id,
            "exact_amount_in": "50000",
            "min_deadline_ms": 1000,
            **changes,
        }
        data = {name: value for name, value in fields.items() if value is not None}
        await self.send(
            json.dumps({"jsonrpc": "2.0", "method": "event", "params": {"subscription": "s1", "data": data}})
        )
        return str(fields["quote_id"])

    def quoted(self, quote_id: str) -> int:
        """Return how many quotes came for the request."""
        return sum(quote["quote_id"] == quote_id for quote in self.quotes)

    async def is_quoted(self, **changes: object) -> str:
        """Ask and wait for the quote; the request's id."""
        quote_id = await self.ask(**changes)
        await until(lambda: self.quoted(quote_id) == 1, 10, f"the desk quotes {quote_id}")
        return quote_id


@asynccontextmanager
async def standing_in() -> AsyncIterator[RelayStandIn]:
    """The stand-in, served on a free port of loopback."""
    relay = RelayStandIn()
    async with serve(relay.serve, "127.0.0.1", 0, compression=None) as server:
        relay.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/ws"
        yield relay
        server.close()
        await asyncio.sleep(0)
