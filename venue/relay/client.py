"""The Solver Relay client: one websocket with the streams of requests and settlements, reconnected whenever it ends.

Source: docs.near-intents.org, Message Bus.
"""

import asyncio
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from typing import Any, Literal

import msgspec

from cockpit.model.environment import Environment
from cockpit.model.events import SwapDemand
from venue.protocol.tokens import TokenTable
from venue.relay.deliveries import Deliveries
from venue.relay.errors import MalformedMessageError
from venue.relay.frames import Decline, decline_frame, subscribe_frame
from venue.relay.handshake import REFUSED_HANDSHAKE, UNKNOWN_INSTANCE, instance_url
from venue.relay.listener import RelayListener
from venue.relay.messages import (
    MAX_MESSAGE,
    ErrorReply,
    QuoteStatus,
    RelayMessage,
    decode_message,
    is_plain_status,
    read_event,
    read_reply,
)
from venue.relay.others import OtherPairs
from venue.relay.streams import PLAIN, PLAIN_FORM, Streams, Subscriptions, Unanswered
from venue.transport.errors import WsClosedError
from venue.transport.websocket import WsConnection, connect

NO_ANSWER = "the relay did not answer in time"
NOT_SUBSCRIBED = "the relay did not acknowledge the subscriptions in time"
PING_EVERY_S = 10.0
PONG_WITHIN_S = 5.0
SUBSCRIBE_WITHIN_S = 10.0
UNSENT_WITHIN_S = 0.25
"""How long a disarmed desk waits for written quotes to leave before it drops the connection."""
BACKOFF_S = (0.25, 15.0)
"""First and longest pause before a new connection; doubled each time, and jittered to 50-100 %."""


class Relay:
    """The connection to the Message Bus, held open by ``run``.

    ``counters`` counts messages, ``malformed_*`` by kind; ``state`` is ok once both required streams are acknowledged.
    """

    def __init__(
        self,
        url: str,
        api_key: Callable[[], str],
        tokens: TokenTable,
        env: Environment,
        streams: Streams = PLAIN,
    ) -> None:
        self._url = url
        self._api_key = api_key
        self._tokens = tokens
        self._env = env
        self._streams = streams
        self._instance_refused = False
        self._unanswered = Unanswered()
        self._connection: WsConnection | None = None
        self._subscriptions: Subscriptions | None = None
        self._next_id = 0
        self._ended_wait: asyncio.TimerHandle | None = None
        self.counters: Counter[str] = Counter()
        self._deliveries = Deliveries(self.next_id, self.counters)
        self.others = OtherPairs(self.counters, env.monotonic_ns)
        self.state: Literal["ok", "starting", "down"] = "starting"
        self.last_error = ""
        self.last_message_ns: int | None = None

    @property
    def writable(self) -> bool:
        """Whether a quote written now leaves at once."""
        connection = self._connection
        return self.state == "ok" and connection is not None and connection.writable

    @property
    def filtered(self) -> bool:
        """Whether requests for other pairs stay with the relay: how many there are is unknown then."""
        return self._subscriptions is not None and self._subscriptions.filtered

    @property
    def fallbacks(self) -> tuple[str, ...]:
        """What the relay did not take, and what that means; empty while not connected."""
        subscriptions = self._subscriptions
        if subscriptions is None or self.state != "ok":
            return ()
        plain = subscriptions.plain_instead_of_full()
        if self._instance_refused:
            plain = (*plain, "quote_status")
        return tuple(text for topic, text in PLAIN_FORM.items() if topic in plain and text)

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

    def decline(self, quote_id: str, decline: Decline) -> None:
        """Answer a request without a quote; WsClosedError without a connection."""
        request_id = self.next_id()
        self.send(decline_frame(request_id, quote_id, decline))
        self._deliveries.expect(request_id, "decline")
        self.counters["declines"] += 1

    def count_others(self, seconds: float) -> None:
        """Have the relay send the requests for other pairs, too, for so long; then filter again."""
        self.others.start(seconds)
        if self._ended_wait is not None:
            self._ended_wait.cancel()
        self._ended_wait = asyncio.get_running_loop().call_later(seconds, self._filter_again)
        self._filter()

    def catch_up(self) -> asyncio.Future[None] | None:
        """Return what is done once all that the relay had sent until now is read; None without a connection."""
        connection = self._connection
        if connection is None:
            return None
        try:
            return connection.probe()
        except WsClosedError:
            return None

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
                # The next relay that answers may know more than this one.
                self._instance_refused = False
            except (WsClosedError, TimeoutError) as exc:
                reason = str(exc) or NO_ANSWER
                if isinstance(exc, WsClosedError):
                    reason = self._refused_handshake(exc) or reason
            self.state = "down"
            self.last_error = reason
            self.counters["disconnects"] += 1
            shortest, longest = BACKOFF_S
            pause = min(longest, shortest * 2**attempt)
            attempt = min(attempt + 1, 10)
            await asyncio.sleep(pause * (0.5 + self._env.jitter() / 2))

    def _refused_handshake(self, error: WsClosedError) -> str | None:
        status = error.http_status
        if status in UNKNOWN_INSTANCE and self._streams.instance_id:
            # Without the instance next time; when that is refused as well, it was not the reason.
            self._instance_refused = not self._instance_refused
            self.counters["refused_instance_id"] += self._instance_refused
        return None if status is None else REFUSED_HANDSHAKE.get(status)

    async def _session(self, listener: RelayListener) -> str:
        """Run one connection and return why it ended."""
        self.state = "starting"
        headers = {"Authorization": f"Bearer {self._api_key()}"}
        on_message = partial(self._on_message, listener)
        instance_id = "" if self._instance_refused else self._streams.instance_id
        connection = await connect(instance_url(self._url, instance_id), headers, on_message, env=self._env)
        self._connection = connection
        timed_out = False
        try:
            await self._subscribe(connection, msgspec.structs.replace(self._streams, instance_id=instance_id))
            self.state = "ok"
            self.counters["connects"] += 1
            return await self._keep_alive(connection)
        except TimeoutError:
            timed_out = True
            raise
        finally:
            subscriptions = self._subscriptions
            if subscriptions is not None:
                unanswered = subscriptions.unanswered()
                self._unanswered.ended(unanswered, subscribed=self.state == "ok", timed_out=timed_out)
            self._connection = None
            self._subscriptions = None
            self._deliveries.lost()
            self.state = "down"
            connection.abort()
            listener.on_lost("the relay connection was lost before it answered")

    async def _subscribe(self, connection: WsConnection, streams: Streams) -> None:
        """Subscribe to every stream and wait until those that are required are acknowledged."""

        def ask(params: tuple[object, ...]) -> int:
            request_id = self.next_id()
            # A connection that has ended is noticed where it is waited for.
            with suppress(WsClosedError):
                connection.send(subscribe_frame(request_id, params))
            return request_id

        subscriptions = Subscriptions(
            streams, ask, self.counters, filtered=not self.others.counting, plain=self._unanswered.plain
        )
        self._subscriptions = subscriptions
        either: set[asyncio.Future[Any]] = {subscriptions.ready, connection.closed}
        done, _ = await asyncio.wait(either, timeout=SUBSCRIBE_WITHIN_S, return_when=asyncio.FIRST_COMPLETED)
        if subscriptions.ready in done:
            subscriptions.ready.result()
            return
        subscriptions.ready.cancel()
        if connection.closed.done():
            raise WsClosedError(connection.closed.result())
        raise TimeoutError(NOT_SUBSCRIBED)

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

    def _filter(self) -> None:
        if self._subscriptions is not None and self.state == "ok":
            self._subscriptions.filter(not self.others.counting)

    def _filter_again(self) -> None:
        self._ended_wait = None
        self.others.stop()
        self._filter()

    def _on_message(self, listener: RelayListener, raw: bytes) -> None:
        counters = self.counters
        counters["messages"] += 1
        if len(raw) > MAX_MESSAGE:
            counters["malformed_oversize"] += 1
            return
        try:
            message = decode_message(raw)
        except msgspec.ValidationError:
            counters["malformed_shape"] += 1
            return
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            counters["malformed_json"] += 1
            return
        at_ns = self._env.wall_ns()
        self.last_message_ns = at_ns
        try:
            event = read_event(message, self._tokens, at_ns)
        except MalformedMessageError as exc:
            counters["malformed_" + exc.kind] += 1
            # Delivered again it would be as unreadable as now.
            self._acknowledge(message)
            return
        if event == "other_pair":
            counters["other_pairs"] += 1
            self._note_other_pair(message)
        elif isinstance(event, SwapDemand):
            connection = self._connection
            received_ns = connection.received_ns if connection is not None else self._env.monotonic_ns()
            listener.on_request(event, received_ns)
        elif isinstance(event, QuoteStatus):
            if self._deliveries.is_new(event):
                listener.on_status(event)
                self._deliveries.took(event)
            # Only now: what is acknowledged is not delivered again.
            self._acknowledge(message)
        else:
            self._on_reply(listener, message)

    def _note_other_pair(self, message: RelayMessage) -> None:
        params = message.params
        if self._subscriptions is not None and params is not None:
            data = params.data or params
            self._subscriptions.note_other_pair(data.defuse_asset_identifier_in, data.defuse_asset_identifier_out)

    def _acknowledge(self, message: RelayMessage) -> None:
        subscriptions, connection = self._subscriptions, self._connection
        if connection is None or subscriptions is None or not subscriptions.guaranteed:
            return
        if not self._deliveries.acknowledge(message, connection) and is_plain_status(message):
            subscriptions.note_unnumbered()

    def _on_reply(self, listener: RelayListener, message: RelayMessage) -> None:
        try:
            request_id = int(message.id) if message.id is not None else -1
        except ValueError:
            request_id = -1
        if request_id < 0 or message.method is not None or request_id > self._next_id:
            self.counters["unknown_messages"] += 1
            return
        error = read_reply(message)
        if self._is_reply_to_other_call(request_id, error):
            return
        text, code = (error.text, error.code) if error is not None else (None, None)
        listener.on_answer(request_id, text, code)

    def _is_reply_to_other_call(self, request_id: int, error: ErrorReply | None) -> bool:
        subscriptions = self._subscriptions
        if subscriptions is not None and subscriptions.on_reply(request_id, error):
            return True
        return self._deliveries.on_reply(request_id, error)
