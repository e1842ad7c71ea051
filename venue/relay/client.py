"""The Solver Relay client: one websocket with two streams, reconnected whenever it ends.

Source: docs.near-intents.org, Message Bus.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from functools import partial
from typing import Any, Literal, Protocol

import msgspec

from cockpit.model.environment import Environment
from cockpit.model.events import SwapDemand
from venue.protocol.assets import Market
from venue.relay.errors import MalformedMessageError
from venue.relay.messages import (
    MAX_MESSAGE,
    QuoteStatus,
    RelayMessage,
    decode_message,
    read_event,
    read_reply,
    subscribe_frame,
)
from venue.transport.errors import WsClosedError
from venue.transport.websocket import WsConnection, connect

STREAMS = ("quote", "quote_status")
NO_ANSWER = "the relay did not answer in time"
PING_EVERY_S = 10.0
PONG_WITHIN_S = 5.0
SUBSCRIBE_WITHIN_S = 10.0
UNSENT_WITHIN_S = 0.25
"""How long a disarmed desk waits for written quotes to leave before it drops the connection."""
BACKOFF_S = (0.25, 15.0)
"""First and longest pause before a new connection; doubled each time, and jittered to 50-100 %."""


class RelayListener(Protocol):
    """Acts on the relay's messages. The methods are called inside the read from the socket and must not block."""

    def on_request(self, request: SwapDemand, received_ns: int) -> None:
        """Act on a valid request for the active pair; ``received_ns`` is monotonic."""

    def on_status(self, status: QuoteStatus) -> None:
        """Act on a settlement, ours or another maker's."""

    def on_answer(self, request_id: int, error: str | None, code: int | None = None) -> None:
        """Act on the relay's answer to a quote of ours: ``error`` is None when it was accepted, ``code`` its number."""

    def on_lost(self, reason: str) -> None:
        """Act on a lost connection: quotes without an answer will not get one."""


class Relay:
    """The connection to the Message Bus, held open by ``run``.

    ``counters`` counts messages, ``malformed_*`` by kind; ``state`` is ok once both streams are acknowledged.
    """

    def __init__(
        self,
        url: str,
        api_key: Callable[[], str],
        pair: Market,
        env: Environment,
    ) -> None:
        self._url = url
        self._api_key = api_key
        self._pair = pair
        self._env = env
        self._connection: WsConnection | None = None
        self._next_id = 0
        self._acknowledged: dict[int, asyncio.Future[None]] = {}
        self.counters: Counter[str] = Counter()
        self.state: Literal["ok", "starting", "down"] = "starting"
        self.last_error = ""
        self.last_message_ns: int | None = None

    @property
    def writable(self) -> bool:
        """Whether a quote written now leaves at once."""
        connection = self._connection
        return self.state == "ok" and connection is not None and connection.writable

    def next_id(self) -> int:
        """A JSON-RPC id not used before in this run."""
        self._next_id += 1
        return self._next_id

    def send(self, frame: bytes) -> None:
        """Write one frame; WsClosedError without a connection."""
        connection = self._connection
        if connection is None:
            raise WsClosedError("the relay is not connected")
        connection.send(frame)

    async def flush(self) -> None:
        """Return once all written frames have left this process; drop the connection when that takes too long."""
        connection = self._connection
        if connection is not None and not await connection.sent_out(UNSENT_WITHIN_S):
            self.counters["dropped_unsent"] += 1
            connection.abort()

    async def run(self, listener: RelayListener) -> None:
        """Keep one subscribed connection and pass its messages to ``listener``, until cancelled."""
        attempt = 0
        while True:
            try:
                reason = await self._session(listener)
                attempt = 0
            except (WsClosedError, TimeoutError) as exc:
                reason = str(exc) or NO_ANSWER
            self.state = "down"
            self.last_error = reason
            self.counters["disconnects"] += 1
            shortest, longest = BACKOFF_S
            pause = min(longest, shortest * 2**attempt)
            attempt = min(attempt + 1, 10)
            await asyncio.sleep(pause * (0.5 + self._env.jitter() / 2))

    async def _session(self, listener: RelayListener) -> str:
        """Run one connection and return why it ended."""
        self.state = "starting"
        headers = {"Authorization": f"Bearer {self._api_key()}"}
        on_message = partial(self._on_message, listener)
        connection = await connect(self._url, headers, on_message, env=self._env)
        self._connection = connection
        try:
            await self._subscribe(connection)
            self.state = "ok"
            self.counters["connects"] += 1
            return await self._keep_alive(connection)
        finally:
            self._connection = None
            self.state = "down"
            for waiter in self._acknowledged.values():
                waiter.cancel()
            self._acknowledged.clear()
            connection.abort()
            listener.on_lost("the relay connection was lost before it answered")

    async def _subscribe(self, connection: WsConnection) -> None:
        """Subscribe to both streams and wait for both acknowledgements."""
        loop = asyncio.get_running_loop()
        waiters = []
        for topic in STREAMS:
            request_id = self.next_id()
            waiter: asyncio.Future[None] = loop.create_future()
            self._acknowledged[request_id] = waiter
            waiters.append(waiter)
            connection.send(subscribe_frame(request_id, topic))
        acknowledged = asyncio.gather(*waiters)
        either: set[asyncio.Future[Any]] = {acknowledged, connection.closed}
        done, _ = await asyncio.wait(either, timeout=SUBSCRIBE_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        if acknowledged in done:
            acknowledged.result()
            return
        acknowledged.cancel()
        if connection.closed.done():
            raise WsClosedError(connection.closed.result())
        raise TimeoutError("the relay did not acknowledge the subscriptions in time")

    async def _keep_alive(self, connection: WsConnection) -> str:
        """Ping until the connection ends, and return why it ended."""
        while True:
            done, _ = await asyncio.wait({connection.closed}, timeout=PING_EVERY_S)
            if done:
                return connection.closed.result()
            try:
                await connection.ping(PONG_WITHIN_S)
            except TimeoutError:
                return "the relay did not answer a ping in time"
            except WsClosedError as exc:
                return str(exc)

    def _on_message(self, listener: RelayListener, raw: bytes) -> None:
        counters = self.counters
        counters["messages"] += 1
        if len(raw) > MAX_MESSAGE:
            counters["malformed_oversize"] += 1
            return
        try:
            message = decode_message(raw)
            at_ns = self._env.wall_ns()
            self.last_message_ns = at_ns
            event = read_event(message, self._pair, at_ns)
        except MalformedMessageError as exc:
            counters["malformed_" + exc.kind] += 1
            return
        except msgspec.ValidationError:
            counters["malformed_shape"] += 1
            return
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            counters["malformed_json"] += 1
            return
        if event == "other_pair":
            counters["other_pairs"] += 1
        elif isinstance(event, SwapDemand):
            connection = self._connection
            received_ns = connection.received_ns if connection is not None else self._env.monotonic_ns()
            listener.on_request(event, received_ns)
        elif isinstance(event, QuoteStatus):
            counters["statuses"] += 1
            listener.on_status(event)
        else:
            self._on_reply(listener, message)

    def _on_reply(self, listener: RelayListener, message: RelayMessage) -> None:
        try:
            request_id = int(message.id) if message.id is not None else -1
        except ValueError:
            request_id = -1
        if request_id < 0 or message.method is not None or request_id > self._next_id:
            self.counters["unknown_messages"] += 1
            return
        error = read_reply(message)
        waiter = self._acknowledged.pop(request_id, None)
        if waiter is None:
            text, code = (error.text, error.code) if error is not None else (None, None)
            listener.on_answer(request_id, text, code)
        elif error is not None:
            waiter.set_exception(WsClosedError(f"the relay refused a subscription: {error.text}"))
        else:
            waiter.set_result(None)
