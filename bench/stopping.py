"""How soon a desk stops: from a command, the loss of its operator or a fault to its last quote frame at the relay.

``python -m bench.stopping [--rates 500,2000] [--times 5] [--life 60] [--only disarm] [--quick] [--json]``; run from the
repository's root. The sender asks at each rate, in a process of its own, and notes when each quote arrives; everything
else is a sandbox venue. Quotes live as long as the venue's takers ask, and a desk is stopped once as many are signed as
its rate makes.
"""

import asyncio
import contextlib
import json
import statistics
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import click
import httpx
import msgspec
from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed

from bench.bench_desk import BenchDesk
from bench.load import LoadResult, RequestLoad
from bench.requests import VENUE_LIFE_MS
from bench.sender_process import DEATH_MARGIN_S, SenderProcess, lives
from bench.stopping_methods import METHODS, SETTINGS, ArmedDesk, Method, Order
from bench.venues import start_venue
from cockpit.model.snapshot import Snapshot

QUIET_S = 1.5
"""Without a quote for so long while requests go on, a desk has stopped."""
LEAD_S = 3.0
"""Requests before the stop, at least the time to see that they are quoted."""
ANSWERED_S = 0.5
"""Beyond the last request: a stopped desk answers none."""
QUICK_LIFE_S = 1.0
_PATH = "desk"


class Stop(msgspec.Struct, frozen=True, kw_only=True):
    """One stop: ms from its sending to the last frame and to the answer, and from its arrival to the last frame.

    ``answer_ms`` and ``arrival_ms`` are None for what is no command; ``after``: frames after the answer; ``live``:
    quotes that were signed and not over at the stop.
    """

    last_ms: float
    arrival_ms: float | None
    answer_ms: float | None
    after: int
    live: int


class StoppingRow(msgspec.Struct, frozen=True, kw_only=True):
    """One method at one rate. ``bound`` names what the time is made of."""

    rate: float
    what: str
    bound: str
    stops: list[Stop]


class StoppingOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure. ``fill_s``: requests before the first stop; ``only``: the methods' names, all when empty."""

    rates: tuple[float, ...]
    times: int
    life_s: float
    fill_s: float
    only: tuple[str, ...] = ()


async def _watch(cockpit: ClientConnection) -> None:
    """Report every picture as painted, as a cockpit in front of an operator does."""
    with contextlib.suppress(ConnectionClosed):
        async for frame in cockpit:
            await cockpit.send(json.dumps({"painted": json.loads(frame)["seq"]}))


class StoppingBench:
    """The sender, and the desks that it asks."""

    def __init__(self, options: StoppingOptions, sender: SenderProcess, say: Callable[[StoppingRow], Any]) -> None:
        self._options = options
        self._sender = sender
        self._say = say
        self._runs = count(1)

    async def rows(self) -> list[StoppingRow]:
        """Run every method at every rate so many times."""
        only = self._options.only
        methods = [method for method in METHODS if not only or method.what in only]
        again = [method for method in methods if method.again]
        made: list[StoppingRow] = []
        for rate in self._options.rates:
            if again:
                async with self._desk("keep", rate) as stage:
                    for method in again:
                        stops = [await self._stop(stage, method, rate) for _ in range(self._options.times)]
                        made.append(self._row(method, rate, stops))
            for method in methods:
                if method.again:
                    continue
                stops = []
                for _ in range(self._options.times):
                    async with self._desk(method.when_alone, rate) as stage:
                        stops.append(await self._stop(stage, method, rate))
                made.append(self._row(method, rate, stops))
        return made

    def _row(self, method: Method, rate: float, stops: list[Stop]) -> StoppingRow:
        row = StoppingRow(rate=rate, what=method.what, bound=method.bound, stops=stops)
        self._say(row)
        return row

    @contextlib.asynccontextmanager
    async def _desk(self, when_alone: str, rate: float) -> AsyncIterator[ArmedDesk]:
        """Start an armed desk of its own venue, with as many live quotes as stay so at this rate."""
        async with contextlib.AsyncExitStack() as stack:
            venue = await start_venue(rate=0, other_pairs=0)
            stack.push_async_callback(venue.stop)
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench")))
            settings = {
                **venue.env(),
                **SETTINGS,
                **lives(self._options.life_s),
                "NEAR_INTENTS_RELAY_WS_URL": f"ws://127.0.0.1:{self._sender.port}/{_PATH}",
                "DESK_WHEN_ALONE": when_alone,
            }
            desk = await stack.enter_async_context(BenchDesk(directory, settings, module="bench.stepped"))
            client = await stack.enter_async_context(httpx.AsyncClient(trust_env=False))
            cockpit = await unix_connect(str(desk.socket_path), "ws://desk/stream", max_size=None)
            watching = asyncio.create_task(_watch(cockpit))
            stack.callback(watching.cancel)
            stage = ArmedDesk(desk, directory, venue, client, cockpit)
            stack.push_async_callback(stage.close)
            await desk.arm()
            filled = await self._ask(rate, self._options.fill_s)
            if not filled.connected:
                raise RuntimeError(f"the desk left the relay: {await _relay_state(desk)}")
            yield stage

    async def _stop(self, stage: ArmedDesk, method: Method, rate: float) -> Stop:
        """Stop this desk amid requests."""
        await stage.desk.arm()
        before = await self._refilled(stage.desk, rate)
        seconds = LEAD_S + method.within_s + QUIET_S
        asking = asyncio.create_task(self._ask(rate, LEAD_S if method.refusal else seconds))
        try:
            flows = before.counts.sent + int(rate / 2)
            shot = await stage.desk.until(lambda now: now.counts.sent >= flows, "quoting")
            if method.refusal:
                await asking
            started = time.perf_counter()
            async with method.act(stage) as order:
                if method.refusal:
                    # The stop begins with the first refusal.
                    asking = asyncio.create_task(self._ask(rate, seconds, method.refusal))
                asked = await asking
        finally:
            asking.cancel()
        if not asked.connected and not method.ends:
            raise RuntimeError(f"the desk left the relay: {await _relay_state(stage.desk)}")
        if method.refusal:
            started = asked.sent_at[0]
        return _stop(started, order, asked, shot.alive.quotes + shot.alive.refused)

    async def _refilled(self, desk: BenchDesk, rate: float) -> Snapshot:
        """Return the desk's state with its live quotes: those of earlier stops' pauses are asked for anew."""
        shot = await _quiet(desk)
        lacks_s = self._options.fill_s - (shot.alive.quotes + shot.alive.refused) / rate
        if lacks_s < self._options.fill_s / 5:
            return shot
        await self._ask(rate, lacks_s)
        return await _quiet(desk)

    async def _ask(self, rate: float, seconds: float, refusal: str = "") -> LoadResult:
        load = RequestLoad(
            subject=_PATH,
            run=next(self._runs),
            rate=rate,
            seconds=seconds,
            warm_up_s=0.0,
            other_pairs=0.0,
            life_ms=int(self._options.life_s * 1_000),
            refusal=refusal,
            timed=True,
            answer_within_s=ANSWERED_S,
        )
        return await self._sender.measure(load)


async def _quiet(desk: BenchDesk) -> Snapshot:
    """Return the desk's state once it quotes no more: what was asked before is answered."""
    shot = await desk.state()
    while True:
        await asyncio.sleep(0.3)
        before, shot = shot, await desk.state()
        if shot.counts.sent == before.counts.sent:
            return shot


async def _relay_state(desk: BenchDesk) -> str:
    """Return what the desk says of its connection to the relay."""
    health = (await desk.state()).health
    return next(f"{one.detail}; {one.last_error}" for one in health if one.part == "near-intents-ingest")


def _stop(started: float, order: Order, asked: LoadResult, live: int) -> Stop:
    """Return the stop's times. Raises RuntimeError when it quoted nothing, or still at the end."""
    last, end = max(asked.answered_at), max(asked.sent_at)
    if not last:
        raise RuntimeError("no request was answered before the desk was to stop")
    if asked.connected and end - last < QUIET_S / 2:
        raise RuntimeError(f"the desk still quoted {end - started:.1f} s after it was to stop")
    arrived, answered = order.arrived, order.answered
    return Stop(
        last_ms=_ms(started, last),
        arrival_ms=None if arrived is None else _ms(arrived, last),
        answer_ms=None if answered is None else _ms(started, answered),
        after=0 if answered is None else sum(at > answered for at in asked.answered_at),
        live=live,
    )


def _ms(since: float, until: float) -> float:
    return round((until - since) * 1e3, 2)


async def measure(options: StoppingOptions, say: Callable[[StoppingRow], Any]) -> list[StoppingRow]:
    """Run every method of stopping at every rate so many times."""
    sender = SenderProcess()
    try:
        await sender.start()
        return await StoppingBench(options, sender, say).rows()
    finally:
        await sender.end()


HEADER = (
    f"{'rate/s':>6} {'method':<27}{'last p50':>9}{'max':>9}{'arrival p50':>13}{'max':>8}{'answer':>9}{'after':>7}"
    f"{'live':>8}  bounded by"
)


def line(row: StoppingRow) -> str:
    last = [stop.last_ms for stop in row.stops]
    arrival = [stop.arrival_ms for stop in row.stops if stop.arrival_ms is not None]
    answers = [stop.answer_ms for stop in row.stops if stop.answer_ms is not None]
    told = f"{max(answers):>9.1f}{max(stop.after for stop in row.stops):>7}" if answers else f"{'-':>9}{'-':>7}"
    return (
        f"{row.rate:>6.0f} {row.what:<27}{statistics.median(last):>9.1f}{max(last):>9.1f}{_both(arrival)}{told}"
        f"{min(stop.live for stop in row.stops):>8}  {row.bound}"
    )


def _both(values: Sequence[float]) -> str:
    return f"{statistics.median(values):>13.1f}{max(values):>8.1f}" if values else f"{'-':>13}{'-':>8}"


@click.command()
@click.option("--rates", default="500,2000", show_default=True, help="Requests a second, by commas.")
@click.option("--times", type=click.IntRange(1, 100), default=5, show_default=True, help="Stops by each method.")
@click.option("--life", default=VENUE_LIFE_MS / 1_000, show_default=True, help="Seconds that quotes are asked to live.")
@click.option(
    "--only",
    multiple=True,
    type=click.Choice([method.what for method in METHODS]),
    help="Only this one; repeatable.",
)
@click.option("--quick", is_flag=True, help="100 requests a second, once: to see that it works.")
@click.option("--json", "as_json", is_flag=True, help="Print the measurements as JSON.")
def main(rates: str, times: int, life: float, only: tuple[str, ...], quick: bool, as_json: bool) -> None:
    """Stop desks by every method and print when the last quote frame reached the relay."""
    options = StoppingOptions(
        rates=(100.0,) if quick else tuple(float(rate) for rate in rates.split(",")),
        times=1 if quick else times,
        life_s=QUICK_LIFE_S if quick else life,
        fill_s=QUICK_LIFE_S if quick else life + DEATH_MARGIN_S,
        only=only,
    )
    if not as_json:
        click.echo(
            f"Quotes live {options.life_s:g} s; {options.times} stops each; milliseconds from the sending and from"
        )
        click.echo("the command's arrival at the desk to the last frame; frames after the answer must be 0.\n")
        click.echo(HEADER)
    rows = asyncio.run(measure(options, (lambda row: None) if as_json else lambda row: click.echo(line(row))))
    if as_json:
        click.echo(msgspec.json.encode(rows).decode())


if __name__ == "__main__":
    main()
