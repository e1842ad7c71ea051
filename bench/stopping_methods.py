"""Every way in which a desk is stopped: what is done to it, and what its time is made of."""

import contextlib
import os
import signal
import sqlite3
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import httpx
import msgspec
from websockets.asyncio.client import ClientConnection

from bench.bench_desk import BenchDesk
from bench.sender_process import SETTINGS as SENDER_SETTINGS
from cockpit.client.unix_http import unix_client
from venue.sandbox.server import Venue

ALONE_MS = 1_000
SETTINGS = {
    **{name: value for name, value in SENDER_SETTINGS.items() if name.startswith("STRATEGY_")},
    "INVENTORY_POLL_MS": "500",
    "INVENTORY_MAX_AGE_MS": "2000",
    "REFERENCE_MAX_AGE_MS": "1500",
    "DESK_ALONE_MS": str(ALONE_MS),
}
TURNS = "six turns of the desk's loop"
"""What a command waits for: a turn answers requests for 0.2 ms, and for the one that it began."""


class Order(msgspec.Struct):
    """A command's times, perf_counter: when it could be read at the desk, and when it was answered."""

    arrived: float | None = None
    answered: float | None = None


class ArmedDesk:
    """An armed, quoting desk, and everything that a bench does to it."""

    def __init__(
        self,
        desk: BenchDesk,
        directory: Path,
        venue: Venue,
        client: httpx.AsyncClient,
        cockpit: ClientConnection,
    ) -> None:
        self.desk = desk
        self.directory = directory
        self.cockpit = cockpit
        self._control = venue.env()["SANDBOX_CONTROL_URL"]
        self._client = client
        self._orders = unix_client(desk.socket_path, 10)

    async def faults(self, **faults: object) -> None:
        (await self._client.post(self._control + "/faults", json=faults)).raise_for_status()

    async def order(self, method: str, path: str, **body: str) -> Order:
        """Send a command the way a cockpit does, and time it."""
        order = Order()

        async def note(event: str, info: Mapping[str, object]) -> None:
            if event == "http11.send_request_body.complete":
                order.arrived = time.perf_counter()

        answer = await self._orders.request(method, path, json={"actor": "bench", **body}, extensions={"trace": note})
        order.answered = time.perf_counter()
        answer.raise_for_status()
        return order

    def signal(self, number: signal.Signals) -> None:
        assert self.desk.desk is not None
        os.kill(self.desk.desk.pid, number)

    async def close(self) -> None:
        await self._orders.aclose()


Act = Callable[[ArmedDesk], AbstractAsyncContextManager[Order]]
"""Starts to stop the desk; yields the command's times, if it is one; undoes its fault at the end."""


class Method(msgspec.Struct, frozen=True, kw_only=True):
    """``bound``: what the time is made of. ``within_s``: when it is over at the latest.

    ``again``: the desk can be armed again, and its live quotes stay. ``ends``: it leaves the relay. ``when_alone``:
    what it does without an operator. ``refusal``: with what the relay refuses its quotes from the start of it.
    """

    what: str
    bound: str
    act: Act
    within_s: float = 2.0
    again: bool = False
    ends: bool = False
    when_alone: str = "keep"
    refusal: str = ""


def _command(path: str) -> Act:
    @contextlib.asynccontextmanager
    async def act(stage: ArmedDesk) -> AsyncIterator[Order]:
        yield await stage.order("POST", path)

    return act


@contextlib.asynccontextmanager
async def _lower_limit(stage: ArmedDesk) -> AsyncIterator[Order]:
    """Lower the largest size of a quote to less than every request."""
    order = await stage.order("PUT", "/strategy-engine/limits", max_notional_eure="1")
    try:
        yield order
    finally:
        largest = SENDER_SETTINGS["STRATEGY_MAX_NOTIONAL_EURE"]
        await stage.order("PUT", "/strategy-engine/limits", max_notional_eure=largest)


def _fault(**faults: object) -> Act:
    @contextlib.asynccontextmanager
    async def act(stage: ArmedDesk) -> AsyncIterator[Order]:
        await stage.faults(**faults)
        try:
            yield Order()
        finally:
            await stage.faults(mend=True)

    return act


def _signal(number: signal.Signals) -> Act:
    @contextlib.asynccontextmanager
    async def act(stage: ArmedDesk) -> AsyncIterator[Order]:
        stage.signal(number)
        yield Order()

    return act


@contextlib.asynccontextmanager
async def _lock_history(stage: ArmedDesk) -> AsyncIterator[Order]:
    with contextlib.closing(sqlite3.connect(stage.directory / "history.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        try:
            yield Order()
        finally:
            db.execute("ROLLBACK")


@contextlib.asynccontextmanager
async def _move_history(stage: ArmedDesk) -> AsyncIterator[Order]:
    path = stage.directory / "history.sqlite"
    path.rename(path.with_suffix(".away"))
    try:
        yield Order()
    finally:
        path.with_suffix(".away").rename(path)


@contextlib.asynccontextmanager
async def _detach(stage: ArmedDesk) -> AsyncIterator[Order]:
    """Abort the cockpit's connection, as when its process is killed."""
    stage.cockpit.transport.abort()
    yield Order()


METHODS: tuple[Method, ...] = (
    Method(what="disarm", bound=TURNS, act=_command("/trade-executor/disarm"), again=True),
    Method(what="limit met", bound=TURNS, act=_lower_limit, again=True),
    Method(
        what="NEAR RPC answers 500",
        bound="INVENTORY_MAX_AGE_MS=2000",
        act=_fault(near_a="500", near_b="500"),
        within_s=5.0,
        again=True,
    ),
    Method(
        what="exchanges freeze",
        bound="REFERENCE_MAX_AGE_MS=1500",
        act=_fault(exchange_frozen=["kraken", "coinbase", "bitstamp"]),
        within_s=5.0,
        again=True,
    ),
    Method(
        what="exchange price off by 5 %",
        bound="its next tick",
        act=_fault(exchange_lie_bps={"kraken": "500"}),
        within_s=5.0,
        again=True,
    ),
    Method(
        what="venue's clock a minute off",
        bound="polls of 5 s, 5 s of grace",
        act=_fault(clock_skew_ms=60_000),
        within_s=20.0,
        again=True,
    ),
    Method(
        what="salt invalidated",
        bound="the relay's refusal",
        act=_fault(near_a="500", near_b="500"),
        within_s=5.0,
        again=True,
        refusal="invalid salt",
    ),
    Method(what="history locked", bound="1 s busy timeout, a batch", act=_lock_history, within_s=5.0),
    Method(what="history moved away", bound="1 s between two checks", act=_move_history, within_s=5.0),
    Method(what="clock stepped by a minute", bound="a tick of 250 ms", act=_signal(signal.SIGUSR1)),
    Method(what="detach", bound=f"DESK_ALONE_MS={ALONE_MS} and a tick", act=_detach, within_s=4.0, when_alone="disarm"),
    Method(what="hard stop", bound=TURNS, act=_command("/trade-executor/hard-stop")),
    Method(what="SIGTERM", bound=TURNS, act=_signal(signal.SIGTERM), ends=True),
    Method(what="SIGKILL", bound="the kernel", act=_signal(signal.SIGKILL), ends=True),
)
