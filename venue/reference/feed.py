"""One exchange's best bid and ask: a reconnecting websocket, and REST for a refresh on demand.

A subclass per exchange gives the subscription and reads one message. A price is as old as the exchange says; what
keeps the line alive says nothing of the price.
"""

import abc
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from cockpit.model.environment import Environment
from venue.reference.errors import MalformedTickError, ReconnectError
from venue.reference.readings import MarketStatus, Price, Reading
from venue.reference.tick import LatestPrice, Tick
from venue.transport.errors import UnreachableError, VenueError
from venue.transport.jsonrpc import fetch, host_of, plain

MAX_MESSAGE_BYTES = 256 * 1024
T = TypeVar("T")


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. A connection without any message for ``stall_s``, or without a price for ``quiet_s``, is replaced;
    the pause before a new one doubles from ``backoff_s`` to ``max_backoff_s`` and is jittered to 50-100 %.
    ``beat_s``: between two heartbeats that are asked for; ``status_s``: between two questions after the market's
    status."""

    open_s: float = 10.0
    stall_s: float = 5.0
    quiet_s: float = 60.0
    backoff_s: float = 0.5
    max_backoff_s: float = 30.0
    rest_s: float = 5.0
    beat_s: float = 2.0
    status_s: float = 10.0


def _ignore(source: str) -> None:
    return


def read(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw) -> T:
    """Return the typed value of a message; MalformedTickError when it has another shape."""
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError) as error:
        raise MalformedTickError(plain(f"unreadable message: {error}")) from None


class Feed(abc.ABC):
    """A source of ticks. ``state`` is ok from a connection's first price until that connection ends.

    ``beat``: asks for a heartbeat, of an exchange that sends none by itself. ``status_path``: where REST says whether
    the market trades, of an exchange whose stream does not. ``ahead_ns``: how far this machine's clock is ahead.
    ``counters``: messages, ticks, malformed (unreadable messages), reconnects, stalls, status_failures, and those of
    ``LatestPrice``.
    """

    source: ClassVar[str]
    default_url: ClassVar[str]
    rest_origin: ClassVar[str]
    rest_path: ClassVar[str]
    subscription: ClassVar[str]
    beat: ClassVar[str] = ""
    status_path: ClassVar[str] = ""

    def __init__(
        self,
        url: str = "",
        *,
        timing: Timing | None = None,
        env: Environment | None = None,
        ahead_ns: Callable[[], int] = lambda: 0,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url = url or self.default_url
        self.state: Literal["starting", "ok", "down"] = "starting"
        self.last_error = ""
        self.counters: Counter[str] = Counter()
        self.latest = LatestPrice(self.source, self.counters, ahead_ns)
        self._timing = timing or Timing()
        env = env or Environment()
        self._wall_ns = env.wall_ns
        self._jitter = env.jitter
        self._sleep = sleep
        self._failures = 0

    @staticmethod
    @abc.abstractmethod
    def parse(raw: bytes) -> Reading | None:
        """Return what a websocket message says, None when it has no price; MalformedTickError, ReconnectError."""

    @staticmethod
    @abc.abstractmethod
    def parse_rest(raw: bytes) -> Price:
        """Return the price by REST; MalformedTickError, or RefusedError with the exchange's error."""

    @staticmethod
    def parse_status(raw: bytes) -> MarketStatus:
        """Return the market's status by REST, of an exchange with a ``status_path``; MalformedTickError."""
        raise NotImplementedError

    @property
    def rest_url(self) -> str:
        """The exchange's public REST host, or the websocket's own origin when that is set to another host."""
        return self._rest(self.rest_path)

    @property
    def problem(self) -> str:
        """Why this source gives no price, in its own words or by its time; empty while it may give one."""
        return self.latest.out

    async def run(self, on_tick: Callable[[Tick], None], on_out: Callable[[str], None] = _ignore) -> None:
        """Follow the exchange until cancelled.

        ``on_tick`` gets each price that is newer than all before it; ``on_out`` gets the source's name when what it
        said last is a price no more.
        """
        while True:
            try:
                await self._follow(on_tick, on_out)
            except (ReconnectError, OSError, WebSocketException, TimeoutError) as error:
                self.last_error = plain(_reason(error))
            self.state = "down"
            self.counters["reconnects"] += 1
            await self._sleep(self._pause())

    async def refresh(self, client: httpx.AsyncClient) -> Tick | None:
        """Read the price by REST; None when the exchange dates it before one that is known.

        Raises UnreachableError without a readable answer or a price that is believed, RefusedError with the exchange's
        error.
        """
        url = self.rest_url
        price = self._parsed(self.parse_rest, await self._get(client, url), url)
        older = self.counters["older"]
        tick = self.latest.take(price, self._wall_ns(), by_rest=True)
        if tick is None and self.counters["older"] == older:
            raise UnreachableError(f"{host_of(url)}: {self.latest.last_problem}")
        return tick

    async def watch_status(self, client: httpx.AsyncClient, on_out: Callable[[str], None] = _ignore) -> None:
        """Ask by REST whether the market trades, again and again until cancelled.

        While that cannot be read, the last answer holds: a market that stopped trading sends no newer price either.
        """
        url = self._rest(self.status_path)
        while True:
            try:
                status = self._parsed(self.parse_status, await self._get(client, url), url)
            except VenueError as error:
                self.counters["status_failures"] += 1
                self.last_error = plain(str(error))
            else:
                self._take(status, on_out)
            await self._sleep(self._timing.status_s * (0.5 + self._jitter()))

    async def _get(self, client: httpx.AsyncClient, url: str) -> bytes:
        status, body = await fetch(client, "GET", url, timeout_s=self._timing.rest_s)
        if status != 200:
            raise UnreachableError(f"{host_of(url)} answered HTTP {status}")
        return body

    def _parsed(self, parse: Callable[[bytes], T], body: bytes, url: str) -> T:
        try:
            return parse(body)
        except MalformedTickError as error:
            raise UnreachableError(f"{host_of(url)}: {error}") from None

    def _rest(self, path: str) -> str:
        split = urlsplit(self.url)
        if split.hostname == urlsplit(self.default_url).hostname:
            return self.rest_origin + path
        return f"{'https' if split.scheme == 'wss' else 'http'}://{split.netloc}{path}"

    async def _follow(self, on_tick: Callable[[Tick], None], on_out: Callable[[str], None]) -> None:
        timing = self._timing
        async with connect(
            self.url,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=timing.open_s,
            close_timeout=1,
            proxy=None,
        ) as socket:
            await socket.send(self.subscription)
            beating = asyncio.create_task(self._keep_beating(socket))
            try:
                await self._listen(socket, on_tick, on_out)
            finally:
                beating.cancel()
                await asyncio.gather(beating, return_exceptions=True)

    async def _keep_beating(self, socket: ClientConnection) -> None:
        # A connection that has ended is noticed where it is read.
        while self.beat:
            await asyncio.sleep(self._timing.beat_s)
            await socket.send(self.beat)

    async def _listen(
        self, socket: ClientConnection, on_tick: Callable[[Tick], None], on_out: Callable[[str], None]
    ) -> None:
        timing, loop = self._timing, asyncio.get_running_loop()
        price_by = loop.time() + timing.quiet_s
        while True:
            try:
                async with asyncio.timeout_at(min(loop.time() + timing.stall_s, price_by)):
                    raw = await socket.recv(decode=False)
            except TimeoutError:
                self.counters["stalls"] += 1
                raise ReconnectError(
                    f"no price for {timing.quiet_s:g} s"
                    if loop.time() >= price_by
                    else f"no message for {timing.stall_s:g} s"
                ) from None
            self.counters["messages"] += 1
            tick = self._read(raw, on_out)
            if tick is not None:
                price_by = loop.time() + timing.quiet_s
                on_tick(tick)

    def _read(self, raw: bytes, on_out: Callable[[str], None]) -> Tick | None:
        try:
            said = self.parse(raw)
        except MalformedTickError as error:
            self.counters["malformed"] += 1
            self.last_error = str(error)
            return None
        tick = None if said is None else self._take(said, on_out)
        if tick is not None:
            self.counters["ticks"] += 1
            self.state = "ok"
            self._failures = 0
        return tick

    def _take(self, said: Reading, on_out: Callable[[str], None]) -> Tick | None:
        latest = self.latest
        known = latest.tick
        tick = latest.take(said, self._wall_ns())
        if tick is None:
            self.last_error = latest.out or latest.last_problem or self.last_error
            latest.last_problem = ""
            if known is not None and latest.tick is None:
                on_out(self.source)
        return tick

    def _pause(self) -> float:
        longest: float = min(self._timing.max_backoff_s, self._timing.backoff_s * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return longest * (0.5 + 0.5 * self._jitter())


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionClosed):
        return f"connection closed: {error}"
    return str(error) or type(error).__name__
