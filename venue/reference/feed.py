"""One exchange's best bid and ask: a reconnecting websocket, and a REST ticker for a refresh on demand.

A subclass per exchange gives the subscription and reads one message.
"""

import abc
import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import ClassVar, Literal, TypeVar
from urllib.parse import urlsplit

import httpx
import msgspec
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from cockpit.model.environment import Environment
from venue.protocol.assets import EXACT
from venue.reference.errors import MalformedTickError, ReconnectError
from venue.transport.errors import UnreachableError
from venue.transport.jsonrpc import fetch, host_of, plain

MAX_MESSAGE_BYTES = 256 * 1024
MIN_PRICE, MAX_PRICE = Decimal(100), Decimal(100_000_000)
"""EUR per BTC; a price outside of this range is an error."""
MAX_SPREAD = Decimal("0.1")
"""Widest plausible spread, as a share of the bid."""
MAX_DIGITS = 20
_MAGNITUDES = range(-12, 15)
"""Decimal exponents of a price that is compared and written out at all: written out, 1e999999999 fills the memory."""

Prices = tuple[Decimal, Decimal]
"""Best bid and best ask, EUR per BTC."""
T = TypeVar("T")


class Tick(msgspec.Struct, frozen=True, gc=False):
    """Best bid and ask of one exchange, EUR per BTC; ``at_ns`` is when the desk received it, UTC nanoseconds."""

    source: str
    bid: Decimal
    ask: Decimal
    at_ns: int

    @property
    def mid(self) -> Decimal:
        return EXACT.divide(EXACT.add(self.bid, self.ask), Decimal(2))


class Timing(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds. A connection without any message for ``stall_s``, or without a price for ``quiet_s``, is replaced;
    the pause before a new one doubles from ``backoff_s`` to ``max_backoff_s`` and is jittered to 50-100 %."""

    open_s: float = 10.0
    stall_s: float = 15.0
    quiet_s: float = 60.0
    backoff_s: float = 0.5
    max_backoff_s: float = 30.0
    rest_s: float = 5.0


def implausible(bid: Decimal, ask: Decimal) -> str | None:
    """Return why these prices cannot be right, or None when they can."""
    if not (bid.is_finite() and ask.is_finite()):
        return "the price is not a number"
    if bid <= 0 or ask <= 0:
        return "the price is not above zero"
    if bid.adjusted() not in _MAGNITUDES or ask.adjusted() not in _MAGNITUDES:
        return "the price has an absurd magnitude"
    if max(len(bid.as_tuple().digits), len(ask.as_tuple().digits)) > MAX_DIGITS:
        return f"the price has more than {MAX_DIGITS} digits"
    if bid > ask:
        return f"crossed prices: bid {bid:f} is above ask {ask:f}"
    if bid < MIN_PRICE or ask > MAX_PRICE or ask - bid > bid * MAX_SPREAD:
        return f"implausible prices: bid {bid:f}, ask {ask:f}"
    return None


def read(decoder: msgspec.json.Decoder[T], raw: bytes | msgspec.Raw) -> T:
    """Return the typed value of a message; MalformedTickError when it has another shape."""
    try:
        return decoder.decode(raw)
    except (ValueError, RecursionError) as error:
        raise MalformedTickError(plain(f"unreadable message: {error}")) from None


class Feed(abc.ABC):
    """A source of ticks. ``state`` is ok from a connection's first price until that connection ends.

    ``counters``: messages, ticks, malformed (unreadable messages), implausible (prices dropped), reconnects, stalls.
    """

    source: ClassVar[str]
    default_url: ClassVar[str]
    rest_origin: ClassVar[str]
    rest_path: ClassVar[str]
    subscription: ClassVar[str]

    def __init__(
        self,
        url: str = "",
        *,
        timing: Timing | None = None,
        env: Environment | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self.url = url or self.default_url
        self.state: Literal["starting", "ok", "down"] = "starting"
        self.last_error = ""
        self.last_tick: Tick | None = None
        self.counters: Counter[str] = Counter()
        self._timing = timing or Timing()
        env = env or Environment()
        self._wall_ns = env.wall_ns
        self._jitter = env.jitter
        self._sleep = sleep
        self._failures = 0

    @staticmethod
    @abc.abstractmethod
    def parse(raw: bytes) -> Prices | None:
        """Return bid and ask of a websocket message, None when it has none; MalformedTickError, ReconnectError."""

    @staticmethod
    @abc.abstractmethod
    def parse_rest(raw: bytes) -> Prices:
        """Return bid and ask of the REST ticker; MalformedTickError, or RefusedError with the exchange's error."""

    @property
    def rest_url(self) -> str:
        """The exchange's public REST host, or the websocket's own origin when that is set to another host."""
        split = urlsplit(self.url)
        if split.hostname == urlsplit(self.default_url).hostname:
            return self.rest_origin + self.rest_path
        return f"{'https' if split.scheme == 'wss' else 'http'}://{split.netloc}{self.rest_path}"

    async def run(self, on_tick: Callable[[Tick], None]) -> None:
        """Follow the exchange until cancelled, and call ``on_tick`` for each plausible price."""
        while True:
            try:
                await self._follow(on_tick)
            except (ReconnectError, OSError, WebSocketException, TimeoutError) as error:
                self.last_error = plain(_reason(error))
            self.state = "down"
            self.counters["reconnects"] += 1
            await self._sleep(self._pause())

    async def refresh(self, client: httpx.AsyncClient) -> Tick:
        """Read the REST ticker, dated when it was requested, so that it never looks too young.

        Raises UnreachableError without a readable answer or plausible prices, RefusedError with the exchange's error.
        """
        host = host_of(self.rest_url)
        requested_ns = self._wall_ns()
        status, body = await fetch(client, "GET", self.rest_url, timeout_s=self._timing.rest_s)
        if status != 200:
            raise UnreachableError(f"{host} answered HTTP {status}")
        try:
            bid, ask = self.parse_rest(body)
        except MalformedTickError as error:
            raise UnreachableError(f"{host}: {error}") from None
        problem = implausible(bid, ask)
        if problem is not None:
            raise UnreachableError(plain(f"{host}: {problem}"))
        return Tick(self.source, bid, ask, requested_ns)

    async def _follow(self, on_tick: Callable[[Tick], None]) -> None:
        timing = self._timing
        loop = asyncio.get_running_loop()
        async with connect(
            self.url,
            compression=None,
            max_size=MAX_MESSAGE_BYTES,
            open_timeout=timing.open_s,
            close_timeout=1,
            proxy=None,
        ) as socket:
            await socket.send(self.subscription)
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
                tick = self._read(raw)
                if tick is not None:
                    price_by = loop.time() + timing.quiet_s
                    on_tick(tick)

    def _read(self, raw: bytes) -> Tick | None:
        try:
            prices = self.parse(raw)
        except MalformedTickError as error:
            self.counters["malformed"] += 1
            self.last_error = str(error)
            return None
        if prices is None:
            return None
        problem = implausible(*prices)
        if problem is not None:
            self.counters["implausible"] += 1
            self.last_error = plain(problem)
            return None
        self.counters["ticks"] += 1
        self.state = "ok"
        self._failures = 0
        self.last_tick = Tick(self.source, *prices, self._wall_ns())
        return self.last_tick

    def _pause(self) -> float:
        longest: float = min(self._timing.max_backoff_s, self._timing.backoff_s * 2.0 ** min(self._failures, 16))
        self._failures += 1
        return longest * (0.5 + 0.5 * self._jitter())


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionClosed):
        return f"connection closed: {error}"
    return str(error) or type(error).__name__
