"""The relay's websocket: bearer token, subscriptions, and makers' answers with their replies."""

import asyncio
import contextlib
from typing import Any

import msgspec
from starlette.responses import JSONResponse
from starlette.websockets import WebSocket, WebSocketDisconnect

from venue.sandbox.base.faults import FaultTable
from venue.sandbox.base.seeding import rng
from venue.sandbox.relay.bearer_tokens import BearerTokens
from venue.sandbox.relay.errors import INVALID_PARAMS, AuctionRefusedError
from venue.sandbox.relay.relay import Relay
from venue.sandbox.relay.responses import Decline, Response
from venue.sandbox.relay.subscriptions import TOPICS, Filter

QUEUE = 20_000
"""Queued messages at which a slow maker's connection is dropped."""

MAX_INSTANCE = 64
"""Characters of an instance's name that count."""

CLOSE_S = 1.0
"""How long a maker has to read the close frame."""


class _Call(msgspec.Struct):
    method: str
    id: int | str | None = None
    params: Any = None


_CALL = msgspec.json.Decoder(_Call)


class SocketLink:
    """One maker's connection: messages are queued, and written by its own task."""

    def __init__(self, socket: WebSocket, faults: FaultTable, instance_id: str) -> None:
        self._socket = socket
        self.instance_id = instance_id
        self._faults = faults
        self._queue: asyncio.Queue[bytes] = asyncio.Queue(QUEUE)
        self._end = asyncio.Event()
        self._close = (1000, "")

    def send(self, message: bytes) -> None:
        """Queue one text message; none while the relay stalls."""
        if self._faults.current.relay_stall:
            return
        try:
            self._queue.put_nowait(message)
        except asyncio.QueueFull:
            self.close(1008, "too far behind")

    def close(self, code: int, reason: str) -> None:
        """Close the connection from the relay's side."""
        self._close = (code, reason)
        self._end.set()

    async def ended(self) -> None:
        """Wait for ``close`` and send the close frame, unless the peer no longer reads even that."""
        await self._end.wait()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSE_S):
                await self._socket.close(*self._close)

    async def write(self) -> None:
        """Write queued messages until the connection ends."""
        while True:
            message = await self._queue.get()
            if self._end.is_set():
                return  # Nothing may follow the close frame.
            await self._socket.send({"type": "websocket.send", "text": message.decode()})


class RelaySocket:
    """The endpoint ``/ws``. One of ``tokens`` must come as ``Authorization: Bearer``.

    Without one, or with one that has ended, the handshake gets 401; with one that the relay does not know, 403.
    """

    def __init__(self, relay: Relay, faults: FaultTable, *, tokens: BearerTokens, seed: int) -> None:
        self._relay = relay
        self._faults = faults
        self._tokens = tokens
        self._seed = seed
        self._links: set[SocketLink] = set()
        self._refusals = 0

    def connections(self) -> int:
        return len(self._links)

    def drop(self) -> None:
        for link in tuple(self._links):
            link.close(1012, "service restart")

    async def serve(self, socket: WebSocket) -> None:
        """Run one connection from its handshake to its end."""
        bearer = socket.headers.get("authorization")
        known = self._tokens.knows_header(bearer)
        if known and not self._tokens.accepts_header(bearer):
            await socket.send_denial_response(JSONResponse({"error": "Unauthorized"}, 401))
            return
        if not known or self._faults.current.relay_forbidden:
            await socket.send_denial_response(JSONResponse({"error": "Forbidden"}, 403))
            return
        await socket.accept()
        link = SocketLink(socket, self._faults, socket.query_params.get("instance_id", "")[:MAX_INSTANCE])
        self._links.add(link)
        writer = asyncio.create_task(link.write())
        reader = asyncio.create_task(self._read(socket, link))
        ended = asyncio.create_task(link.ended())
        try:
            await asyncio.wait((writer, reader, ended), return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._links.discard(link)
            self._relay.subscriptions.forget(link)
            for task in (writer, reader, ended):
                task.cancel()
            results = await asyncio.gather(writer, reader, ended, return_exceptions=True)
        for result in results:
            if isinstance(result, Exception) and not isinstance(result, (WebSocketDisconnect, OSError)):
                raise result

    async def _read(self, socket: WebSocket, link: SocketLink) -> None:
        while (event := await socket.receive())["type"] == "websocket.receive":
            text = event.get("text")
            self._handle(text.encode() if text is not None else event["bytes"], link)

    def _handle(self, text: bytes, link: SocketLink) -> None:
        try:
            call = _CALL.decode(text)
        except (ValueError, RecursionError):
            self._relay.counts["malformed"] += 1
            link.send(_encode(None, error={"code": -32700, "message": "Parse error"}))
            return
        try:
            result = self._result(call, link)
        except AuctionRefusedError as refusal:
            self._relay.counts["refused"] += 1
            self._reply(call, link, _encode(call.id, error=self._error(refusal)))
        except msgspec.ValidationError as error:
            self._relay.counts["refused"] += 1
            self._reply(
                call,
                link,
                _encode(call.id, error=self._error(AuctionRefusedError(INVALID_PARAMS, f"Invalid params: {error}"))),
            )
        else:
            self._reply(call, link, _encode(call.id, result=result))
            if call.method == "subscribe":
                self._relay.subscriptions.replay(result)

    def _result(self, call: _Call, link: SocketLink) -> str:
        params = call.params if isinstance(call.params, list) and call.params else [None]
        match call.method:
            case "subscribe":
                return self._subscribe(params, link)
            case "acknowledge" if not self._faults.current.relay_plain:
                return self._acknowledge(params, link)
            case "unsubscribe":
                if not isinstance(params[0], str) or not self._relay.subscriptions.remove(params[0], link):
                    raise AuctionRefusedError(INVALID_PARAMS, "unknown subscription")
                return "OK"
            case "quote_response":
                self._relay.counts["answers"] += 1
                taken = self._relay.answer(msgspec.convert(params[0], Response))
                self._relay.counts["declined" if isinstance(taken, Decline) else "accepted"] += 1
                return "OK"
            case other:
                raise AuctionRefusedError(-32601, f"Method not found: {other[:64]}")

    def _subscribe(self, params: list[Any], link: SocketLink) -> str:
        plain = self._faults.current.relay_plain
        topic = next((topic for topic in TOPICS if topic == params[0]), None)
        if topic is None or (plain and topic == "quote_status_extended"):
            raise AuctionRefusedError(INVALID_PARAMS, "unknown subscription, quote or quote_status is expected")
        if len(params) > (1 if plain else 3):
            raise AuctionRefusedError(INVALID_PARAMS, "Invalid params: too many")
        wanted = Filter() if len(params) < 2 or params[1] is None else msgspec.convert(params[1], Filter)
        if len(params) < 3 or params[2] is not True:
            return self._relay.subscriptions.add(topic, link, wanted)
        if topic != "quote_status" or wanted != Filter():
            raise AuctionRefusedError(INVALID_PARAMS, "guaranteed delivery is for quote_status without filters")
        if not link.instance_id:
            raise AuctionRefusedError(INVALID_PARAMS, "guaranteed delivery needs an instance_id in the URL")
        return self._relay.subscriptions.add(topic, link, instance_id=link.instance_id)

    def _acknowledge(self, params: list[Any], link: SocketLink) -> str:
        subscription, seq = msgspec.convert(params, tuple[str, int])
        if not self._relay.subscriptions.acknowledge(subscription, seq, link):
            raise AuctionRefusedError(INVALID_PARAMS, "unknown subscription or seq")
        return "OK"

    def _reply(self, call: _Call, link: SocketLink, message: bytes) -> None:
        faults = self._faults.current
        if call.method != "quote_response":
            link.send(message)
        elif faults.relay_mute:
            return
        elif faults.relay_late_ms:
            asyncio.get_running_loop().call_later(faults.relay_late_ms / 1000, link.send, message)
        else:
            link.send(message)

    def _error(self, refusal: AuctionRefusedError) -> object:
        self._refusals += 1
        if rng(self._seed, "error form", self._refusals).random() < 0.5:
            return str(refusal)
        return {"code": refusal.code, "message": str(refusal)}


def _encode(call_id: int | str | None, **outcome: object) -> bytes:
    return msgspec.json.encode({"jsonrpc": "2.0", "id": call_id, **outcome})
