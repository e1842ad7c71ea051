"""How soon a desk stops: from a command, the loss of its operator or a fault to its last quote frame at the relay.

``python -m bench.stopping [--rate 500] [--times 5] [--json]``; run from the repository's root. A relay of the bench
asks at ``--rate`` requests a second and notes when each quote arrives; everything else is a sandbox venue.
"""

import asyncio
import contextlib
import json
import os
import signal
import sqlite3
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from bench.bench_desk import BenchDesk
from bench.venues import start_venue
from cockpit.client.unix_http import unix_client
from venue.protocol.tokens import BTC, EURE
from venue.sandbox.server import Venue

QUIET_S = 1.5
"""Without a quote for so long while requests go on, a desk has stopped."""
ALONE_MS = 1_000
SETTINGS = {
    "STRATEGY_MAX_NOTIONAL_EURE": "500",
    "STRATEGY_PRICING": "fixed",
    "STRATEGY_HALF_SPREAD_BPS": "8",
    "STRATEGY_MAX_SKEW_BPS": "6",
    "STRATEGY_MIN_EDGE_BPS": "2",
    "INVENTORY_POLL_MS": "500",
    "INVENTORY_MAX_AGE_MS": "2000",
    "REFERENCE_MAX_AGE_MS": "1500",
    "DESK_ALONE_MS": str(ALONE_MS),
}


class StoppingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One method of stopping. Milliseconds from its start to the last quote frame, and to the answer if there is one.

    ``bound`` names what the time is made of. ``after``: the most frames that came after the answer.
    """

    what: str
    bound: str
    last_frame_ms: list[float]
    answered_ms: list[float]
    after: int


class BenchRelay:
    """Plays the relay: asks at a steady rate, notes when quotes come, and answers them only with a refusal."""

    def __init__(self, rate: float) -> None:
        self._rate = rate
        self._socket: ServerConnection | None = None
        self._asked = 0
        self.quoted: list[float] = []
        self.refuses = ""
        self.url = ""

    async def serve(self, socket: ServerConnection) -> None:
        self._socket = socket
        asking: asyncio.Task[None] | None = None
        topics = 0
        try:
            async for raw in socket:
                now = time.perf_counter()
                message = json.loads(raw)
                if message["method"] == "quote_response":
                    self.quoted.append(now)
                    if self.refuses:
                        await socket.send(json.dumps({"id": message["id"], "error": self.refuses}))
                    continue
                topics += 1
                await socket.send(json.dumps({"id": message["id"], "result": f"s{topics}"}))
                if topics == 2:
                    asking = asyncio.create_task(self._ask(socket))
        except ConnectionClosed:
            return
        finally:
            if asking is not None:
                asking.cancel()

    async def _ask(self, socket: ServerConnection) -> None:
        started, first = time.perf_counter(), self._asked
        while True:
            due = first + int((time.perf_counter() - started) * self._rate)
            while self._asked < due:
                self._asked += 1
                data = {
                    "quote_id": f"b{self._asked}",
                    "defuse_asset_identifier_in": BTC.token_id,
                    "defuse_asset_identifier_out": EURE.token_id,
                    "exact_amount_in": "1000",
                    "min_deadline_ms": 1000,
                }
                params = {"subscription": "s1", "data": data}
                await socket.send(json.dumps({"jsonrpc": "2.0", "method": "event", "params": params}))
            await asyncio.sleep(0.001)

    async def flowing(self) -> None:
        """Wait until quotes come in. Raises TimeoutError after 30 s."""
        async with asyncio.timeout(30):
            before = len(self.quoted)
            while len(self.quoted) < before + 20:  # noqa: ASYNC110 - frames have no event of their own
                await asyncio.sleep(0.01)

    async def silent(self) -> float:
        """Wait until no quote has come for a while; returns the time of the last one."""
        async with asyncio.timeout(60):
            while time.perf_counter() - self.quoted[-1] < QUIET_S:  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.02)
        return self.quoted[-1]


class ArmedDesk:
    """An armed, quoting desk, and everything that a bench does to it."""

    def __init__(
        self,
        desk: BenchDesk,
        directory: Path,
        venue: Venue,
        client: httpx.AsyncClient,
        cockpit: ClientConnection,
        relay: BenchRelay,
    ) -> None:
        self.desk = desk
        self.relay = relay
        self.directory = directory
        self.cockpit = cockpit
        self._control = venue.env()["SANDBOX_CONTROL_URL"]
        self._client = client
        self._orders = unix_client(desk.socket_path, 10)

    async def faults(self, **faults: object) -> None:
        (await self._client.post(self._control + "/faults", json=faults)).raise_for_status()

    async def post(self, path: str) -> None:
        (await self._orders.post(path, json={"actor": "bench"})).raise_for_status()

    def signal(self, number: signal.Signals) -> None:
        assert self.desk.desk is not None
        os.kill(self.desk.desk.pid, number)


Act = Callable[[ArmedDesk], AbstractAsyncContextManager[float | None]]
"""Starts to stop the desk; yields when that was answered (None: no answer); undoes its fault at the end."""


def _command(path: str) -> Act:
    @contextlib.asynccontextmanager
    async def act(stage: ArmedDesk) -> AsyncIterator[float | None]:
        await stage.post(path)
        yield time.perf_counter()

    return act


def _fault(**faults: object) -> Act:
    @contextlib.asynccontextmanager
    async def act(stage: ArmedDesk) -> AsyncIterator[float | None]:
        await stage.faults(**faults)
        try:
            yield None
        finally:
            await stage.faults(mend=True)

    return act


def _signal(number: signal.Signals) -> Act:
    @contextlib.asynccontextmanager
    async def act(stage: ArmedDesk) -> AsyncIterator[float | None]:
        stage.signal(number)
        yield None

    return act


@contextlib.asynccontextmanager
async def _lock_history(stage: ArmedDesk) -> AsyncIterator[float | None]:
    with contextlib.closing(sqlite3.connect(stage.directory / "history.sqlite", isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield None
        db.execute("ROLLBACK")


@contextlib.asynccontextmanager
async def _move_history(stage: ArmedDesk) -> AsyncIterator[float | None]:
    path = stage.directory / "history.sqlite"
    path.rename(path.with_suffix(".away"))
    yield None
    path.with_suffix(".away").rename(path)


@contextlib.asynccontextmanager
async def _detach(stage: ArmedDesk) -> AsyncIterator[float | None]:
    """Abort the cockpit's connection, as when its process is killed."""
    stage.cockpit.transport.abort()
    yield None


@contextlib.asynccontextmanager
async def _lose_salt(stage: ArmedDesk) -> AsyncIterator[float | None]:
    """Refuse quotes for an invalid salt while no node answers with the new one."""
    await stage.faults(near_a="500", near_b="500")
    stage.relay.refuses = "invalid salt"
    yield None
    await stage.faults(mend=True)


METHODS: tuple[tuple[str, str, Act], ...] = (
    ("disarm", "one turn of the desk's loop", _command("/trade-executor/disarm")),
    ("hard stop", "one turn of the desk's loop", _command("/trade-executor/hard-stop")),
    ("SIGTERM", "one turn of the desk's loop", _signal(signal.SIGTERM)),
    ("SIGKILL", "the kernel", _signal(signal.SIGKILL)),
    ("detach", f"DESK_ALONE_MS={ALONE_MS} and a tick", _detach),
    ("history locked", "1 s busy timeout, a batch", _lock_history),
    ("history moved away", "1 s between two checks", _move_history),
    ("NEAR RPC answers 500", "INVENTORY_MAX_AGE_MS=2000", _fault(near_a="500", near_b="500")),
    ("exchanges freeze", "REFERENCE_MAX_AGE_MS=1500", _fault(exchange_frozen=["kraken", "coinbase", "bitstamp"])),
    ("exchange price off by 5 %", "its next tick", _fault(exchange_lie_bps={"kraken": "500"})),
    ("salt invalidated", "the relay's refusal", _lose_salt),
    ("clock stepped by a minute", "a tick of 250 ms", _signal(signal.SIGUSR1)),
    ("venue's clock a minute off", "polls of 5 s, 5 s of grace", _fault(clock_skew_ms=60_000)),
)


async def _watch(cockpit: ClientConnection) -> None:
    """Report every picture as painted, as a cockpit in front of an operator does."""
    with contextlib.suppress(ConnectionClosed):
        async for frame in cockpit:
            await cockpit.send(json.dumps({"painted": json.loads(frame)["seq"]}))


async def _once(act: Act, *, alone: bool, rate: float) -> tuple[float, float | None, int]:
    """Stop one desk: ms to the last frame, ms to the answer, and frames after the answer."""
    relay = BenchRelay(rate)
    async with contextlib.AsyncExitStack() as stack:
        server = await stack.enter_async_context(serve(relay.serve, "127.0.0.1", 0, compression=None))
        relay.url = f"ws://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}/ws"
        venue = await start_venue(rate=0, other_pairs=0)
        stack.push_async_callback(venue.stop)
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
        settings = {**venue.env(), **SETTINGS, "NEAR_INTENTS_RELAY_WS_URL": relay.url}
        if alone:
            settings["DESK_WHEN_ALONE"] = "disarm"
        desk = await stack.enter_async_context(BenchDesk(directory, settings, module="bench.stepped"))
        client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
        (await client.post(venue.env()["SANDBOX_CONTROL_URL"] + "/traders", json={"running": True})).raise_for_status()
        cockpit = await unix_connect(str(desk.socket_path), "ws://desk/stream", max_size=None)
        watching = asyncio.create_task(_watch(cockpit))
        stack.callback(watching.cancel)
        stage = ArmedDesk(desk, directory, venue, client, cockpit, relay)
        await desk.arm()
        await relay.flowing()
        started = time.perf_counter()
        async with act(stage) as answered:
            last = await relay.silent()
        after = 0 if answered is None else sum(at > answered for at in relay.quoted)
    return (last - started) * 1e3, None if answered is None else (answered - started) * 1e3, after


async def measure(rate: float, times: int, say: Callable[[str], Any]) -> list[StoppingRow]:
    """Run every method of stopping so many times."""
    rows = []
    for what, bound, act in METHODS:
        found = [await _once(act, alone=what == "detach", rate=rate) for _ in range(times)]
        answered = [one[1] for one in found if one[1] is not None]
        row = StoppingRow(
            what=what,
            bound=bound,
            last_frame_ms=[round(one[0], 2) for one in found],
            answered_ms=[round(one, 2) for one in answered],
            after=max(one[2] for one in found),
        )
        rows.append(row)
        say(line(row))
    return rows


def line(row: StoppingRow) -> str:
    answered = f"{max(row.answered_ms):>9.1f} {row.after:>6}" if row.answered_ms else f"{'-':>9} {'-':>6}"
    middle = statistics.median(row.last_frame_ms)
    return f"{row.what:<26}{middle:>10.1f}{max(row.last_frame_ms):>10.1f} {answered}  {row.bound}"


@click.command()
@click.option("--rate", type=click.FloatRange(10, 5_000), default=500, help="Requests a second.")
@click.option("--times", type=click.IntRange(1, 100), default=5, help="Desks stopped by each method.")
@click.option("--json", "as_json", is_flag=True, help="Print the measurements as JSON.")
def main(rate: float, times: int, as_json: bool) -> None:
    """Stop desks by every method and print when the last quote frame reached the relay."""
    if not as_json:
        click.echo(f"{rate:g} requests/s, {times} desks each; ms from the start; frames after the answer must be 0\n")
        click.echo(f"{'method':<26}{'last p50':>10}{'last max':>10} {'answer':>9} {'after':>6}  bounded by")
    rows = asyncio.run(measure(rate, times, (lambda text: None) if as_json else click.echo))
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())


if __name__ == "__main__":
    main()
