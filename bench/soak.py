"""Minutes of trading at a steady rate: every minute's reaction beside a signing echo's, memory, and what was slow.

``python -m bench.soak [--requests 1000000 | --minutes 10] [--rate 1000] [--life 60] [--quick] [--json]``; run from the
repository's root. Quotes live as long as the venue's takers ask, and measuring begins once as many are signed as the
rate makes. Every minute quotes of both directions are settled, at once and by takers who wait; in between a deposit
arrives, the link is lost, and the relay is away for seconds. At the end every balance must be explained to the base
unit.
"""

import asyncio
import contextlib
import math
import sys
import tempfile
from collections.abc import Callable
from itertools import count
from pathlib import Path

import click
import httpx
import msgspec

from bench.bench_desk import BenchDesk, bare_environment
from bench.first_picture import FirstPicture, first_attached_picture, first_sandbox_picture
from bench.load import RequestLoad
from bench.requests import VENUE_LIFE_MS
from bench.sender_process import DEATH_MARGIN_S, SETTINGS, SenderProcess, lives
from bench.soak_report import HEADER, Memory, SoakReport, Stretch, differences, ending, line, stretch
from bench.taker import BenchTaker, bench_taker
from bench.usage import Usage
from bench.venues import start_venue
from bench.work_log import WorkLog

DESK, ECHO = "desk", "signing-echo"
ECHO_RATE = 50.0
TAKEN, HELD = 4, 4
"""Quotes settled at once, and by takers who wait, in every stretch."""
HELD_SHARE = 0.6
"""Of a quote's life, for which a taker who waits holds it."""
AWAY_S = 3.0
"""For so long the relay takes no connection when it is restarted."""
EXPLAINED_WITHIN_S = 60.0
QUICK_LIFE_S = 3.0


class SoakOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure: ``stretches`` of ``stretch_s`` seconds, ``pictures`` of each kind."""

    rate: float
    stretches: int
    stretch_s: float
    life_s: float
    other_pairs: float
    pictures: int


class Soak:
    """The processes of a soak, and what is done to them."""

    def __init__(
        self,
        options: SoakOptions,
        *,
        sender: SenderProcess,
        desk: BenchDesk,
        work: WorkLog,
        taker: BenchTaker,
        account: str,
    ) -> None:
        self._options = options
        self._sender = sender
        self._desk = desk
        self._work = work
        self._taker = taker
        self._account = account
        self._runs = count(1)
        self._samples: list[str] = []
        assert desk.desk is not None
        assert desk.cockpit is not None
        self._usage, self._cockpit = Usage(desk.desk.pid), Usage(desk.cockpit.process.pid)

    async def fill(self) -> None:
        """Have as many quotes signed as stay so at this rate."""
        filled = await self._sender.measure(self._load(self._options.life_s + DEATH_MARGIN_S))
        self._samples = filled.samples
        self._work.newest()

    async def stretch(self, index: int) -> Stretch:
        """Measure one stretch and what is done in it."""
        options = self._options
        seconds = options.stretch_s
        events: list[str] = []
        cut_s = None
        quarter = options.stretches // 4
        if index == quarter:
            events.append("link lost")
            cut_s = 0.0
        elif index == options.stretches - 1 - quarter:
            events.append("relay restarted")
            cut_s = min(AWAY_S, seconds / 4)
        if index == options.stretches // 2:
            events.append("deposit")
        load = self._load(seconds)
        if cut_s is not None:
            load = msgspec.structs.replace(load, cut_at_s=seconds / 2, cut_s=cut_s)
        self._usage.restart()
        measuring = asyncio.create_task(self._sender.measure(load))
        try:
            await self._amid(seconds, deposit="deposit" in events)
            measured = await measuring
        finally:
            measuring.cancel()
        self._samples = measured.samples
        return stretch((index + 1) * seconds / 60, events, measured, self._work.newest(), await self._memory())

    async def _amid(self, seconds: float, *, deposit: bool) -> None:
        """Settle some quotes of the stretch before at once and others late, and deposit in between."""
        newest = self._samples[-TAKEN - HELD :]
        await self._take(newest[HELD:])
        waits_s = min(HELD_SHARE * self._options.life_s, seconds * 0.8)
        await asyncio.sleep(waits_s / 2)
        if deposit:
            await self._taker.deposit(self._account)
        await asyncio.sleep(waits_s / 2)
        await self._take(newest[:HELD])

    async def _take(self, samples: list[str]) -> None:
        for sample in samples:
            quote_hash = await self._taker.take(sample)
            if quote_hash is not None:
                self._sender.settled(DESK, quote_hash)

    async def _memory(self) -> Memory:
        alive = (await self._desk.state()).alive
        return Memory(
            rss=self._usage.rss_mb(),
            cpu=self._usage.cpu_percent(),
            cockpit_rss=self._cockpit.rss_mb(),
            live=alive.quotes + alive.refused,
        )

    def _load(self, seconds: float) -> RequestLoad:
        return RequestLoad(
            subject=DESK,
            run=next(self._runs),
            rate=self._options.rate,
            seconds=seconds,
            warm_up_s=0.0,
            other_pairs=self._options.other_pairs,
            life_ms=int(self._options.life_s * 1_000),
            timed=True,
            ahead=False,
            beside=ECHO,
            beside_rate=ECHO_RATE,
        )


async def soak(options: SoakOptions, say: Callable[[Stretch], object]) -> SoakReport:
    """Start venue, sender, echo, desk and cockpit, measure, and end them."""
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        pictures = await _pictures(options.pictures, directory)
        venue = await start_venue(rate=0, other_pairs=0)
        env = venue.env()
        sender = SenderProcess()
        stack.push_async_callback(sender.end)
        await sender.start()
        base = f"ws://127.0.0.1:{sender.port}/"
        settings = {**env, **SETTINGS, **lives(options.life_s), "NEAR_INTENTS_RELAY_WS_URL": base + DESK}
        desk = await stack.enter_async_context(BenchDesk(directory, settings, module="bench.watched"))
        stack.push_async_callback(venue.stop)
        pictures += [await first_attached_picture(desk) for _ in range(options.pictures)]
        echo = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "bench.echo", base + ECHO, "--sign", env=bare_environment(), start_new_session=True
        )
        stack.push_async_callback(echo.wait)
        stack.callback(echo.terminate)
        await desk.attach()
        await desk.arm()
        taker = await stack.enter_async_context(bench_taker(env))
        account = env["NEAR_INTENTS_ACCOUNT_ID"]
        run = Soak(options, sender=sender, desk=desk, work=WorkLog(directory), taker=taker, account=account)
        await run.fill()
        stretches = []
        for index in range(options.stretches):
            stretches.append(await run.stretch(index))
            say(stretches[-1])
        shot = await desk.state()
        return SoakReport(
            rate=options.rate,
            life_s=options.life_s,
            pictures=pictures,
            stretches=stretches,
            given=dict(taker.given),
            differences=await _differences(desk, env["SANDBOX_CONTROL_URL"], account),
            counts=(await desk.state()).counts,
            disarmed="" if shot.executor_armed else shot.executor_why,
        )


async def _pictures(times: int, directory: Path) -> list[FirstPicture]:
    if not times:
        return []
    # Once more: the first warms the cache.
    return [await first_sandbox_picture(directory / f"sandbox-{n}") for n in range(times + 1)][1:]


async def _differences(desk: BenchDesk, control: str, account: str) -> list[str]:
    """Return what the desk does not explain of the ledger's balances; it has a minute to read them."""
    deadline = asyncio.get_running_loop().time() + EXPLAINED_WITHIN_S
    async with httpx.AsyncClient(trust_env=False, timeout=30) as client:
        while True:
            state = (await client.get(f"{control}/state")).raise_for_status().json()
            wrong = differences(await desk.state(), state["balances"][account])
            if not wrong or asyncio.get_running_loop().time() > deadline:
                return wrong
            await asyncio.sleep(0.5)


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="How long to trade.")
@click.option("--requests", type=click.IntRange(1), help="How many requests to send instead.")
@click.option("--rate", default=50.0, show_default=True, help="Requests a second.")
@click.option("--life", default=VENUE_LIFE_MS / 1_000, show_default=True, help="Seconds that quotes are asked to live.")
@click.option("--other-pairs", default=0.0, show_default=True, help="Share of them for other pairs.")
@click.option("--every", default=60.0, show_default=True, help="Seconds of each line.")
@click.option("--pictures", default=0, show_default=True, help="How often to time each first picture.")
@click.option("--quick", is_flag=True, help="Six lines of four seconds, 100 requests a second: to see that it works.")
@click.option("--json", "json_out", is_flag=True, help="Print JSON.")
def main(
    minutes: float,
    requests: int | None,
    rate: float,
    life: float,
    other_pairs: float,
    every: float,
    pictures: int,
    quick: bool,
    json_out: bool,
) -> None:
    """Measure a trading desk minute by minute, and name what its slow answers waited for."""
    seconds = minutes * 60 if requests is None else requests / rate
    options = SoakOptions(
        rate=100.0 if quick else rate,
        stretches=6 if quick else max(1, math.ceil(seconds / every)),
        stretch_s=4.0 if quick else min(every, seconds),
        life_s=QUICK_LIFE_S if quick else life,
        other_pairs=other_pairs,
        pictures=pictures,
    )
    if not json_out:
        click.echo(f"{options.rate:g} requests/s, quotes live {options.life_s:g} s; milliseconds and MB\n")
        click.echo(HEADER)
    report = asyncio.run(soak(options, (lambda one: None) if json_out else lambda one: click.echo(line(one))))
    click.echo(msgspec.json.format(msgspec.json.encode(report)).decode() if json_out else ending(report))


if __name__ == "__main__":
    main()
