"""Reaction time: request frame in to quote frame out over loopback, the desk beside an echo and a signing echo.

``python -m bench.reaction [--quick] [--json] [--no-cockpit] [--echo-uvloop] …``; run from the repository's root.
Quotes live as long as the venue's takers ask, and the desk is measured once as many are signed as its rate makes.
Meanwhile one of them is settled on the venue's Verifier and a deposit arrives. All subjects are up all the time and
take turns at each rate, so that what else the machine does hits them alike; each has a session of its own, for Linux
shares a busy CPU between sessions.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Mapping, Sequence
from pathlib import Path

import click
import msgspec

from bench.bench_desk import BenchDesk, bare_environment
from bench.load import LoadResult, RequestLoad
from bench.report import ReactionReport, ReactionTurn, as_json, as_text
from bench.requests import VENUE_LIFE_MS
from bench.sender_process import SETTINGS, SenderProcess
from bench.taker import BenchTaker, bench_taker
from bench.usage import Usage
from bench.venues import start_venue
from bench.verify import wrong_answers
from cockpit.config.pricing_presets import PRESETS, Preset

ECHO, SIGNING, DESK = "echo", "signing echo", "desk"
SUBJECTS = (ECHO, SIGNING, DESK)
QUICK_LIFE_S = 5.0
DEATH_MARGIN_S = 5.0
"""Added to a quote's life before what it gives is released: the default of its setting."""
PATHS = {ECHO: "echo", SIGNING: "signing-echo", DESK: "desk"}


class ReactionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure."""

    rates: tuple[float, ...]
    seconds: float
    warm_up_s: float
    repetitions: int
    tables: tuple[float, ...]
    cockpit: bool
    echo_uvloop: bool
    life_s: float
    pricing: Preset = "fixed"
    scrape_s: float = 0.0


@contextlib.asynccontextmanager
async def _echo(url: str, *flags: str) -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "bench.echo", url, *flags, env=bare_environment(), start_new_session=True
    )
    try:
        yield process.pid
    finally:
        process.terminate()
        await process.wait()


@contextlib.asynccontextmanager
async def _scraped(desk: BenchDesk, every_s: float) -> AsyncIterator[None]:
    """Have the desk's metrics read every so many seconds, as a Prometheus does; 0: never."""

    async def keep_scraping() -> None:
        while True:
            await desk.scrape()
            await asyncio.sleep(every_s)

    scraping = asyncio.create_task(keep_scraping()) if every_s else None
    try:
        yield
    finally:
        if scraping is not None:
            ended = scraping.done()
            scraping.cancel()
            await asyncio.wait({scraping})
            if ended:
                scraping.result()


class ReactionBench:
    """All processes of the bench, and the turns measured."""

    def __init__(
        self,
        options: ReactionOptions,
        sender: SenderProcess,
        desk: BenchDesk,
        pids: Mapping[str, int],
        taker: BenchTaker,
    ) -> None:
        self._options = options
        self._sender = sender
        self._desk = desk
        self._usage = {name: Usage(pid) for name, pid in pids.items()}
        self._taker = taker
        self._runs = 0
        self.live = 0
        self.samples: list[str] = []

    async def warm_up(self) -> None:
        # The first figures are thrown away.
        for subject in SUBJECTS:
            await self._measure(self._load(subject, 200.0, 0.0, 0.5))

    async def turns(self) -> list[ReactionTurn]:
        """Measure every table, repetition, rate and subject."""
        options = self._options
        return [
            await self._turn(subject, rate, table, options.seconds, repetition)
            for table in options.tables
            for repetition in range(options.repetitions)
            for rate in options.rates
            for subject in _order(repetition)
        ]

    async def _turn(
        self, subject: str, rate: float, other_pairs: float, seconds: float, repetition: int = 0
    ) -> ReactionTurn:
        load = self._load(subject, rate, other_pairs, seconds)
        amid: asyncio.Future[None] | None = None
        if subject == DESK:
            # As many quotes are signed as stay so at this rate.
            lasts_s = self._options.life_s + DEATH_MARGIN_S
            filled = await self._measure(msgspec.structs.replace(load, seconds=lasts_s, warm_up_s=0.0))
            amid = asyncio.ensure_future(self._taker.amid(load.warm_up_s + seconds, filled.samples))
        usage = self._usage[subject]
        usage.restart()
        measured = await self._measure(load)
        cpu = usage.cpu_percent()
        if subject == DESK:
            self.samples += measured.samples
            alive = (await self._desk.state()).alive
            self.live = max(self.live, alive.quotes + alive.refused)
        if amid is not None:
            await amid
        # What the turn left to be written to history must not fall into the next subject's.
        await self._desk.until(lambda shot: not shot.history_queue, "done with its history")
        return ReactionTurn.of(other_pairs, repetition, rate, subject, measured, cpu, usage.rss_mb())

    def _load(self, subject: str, rate: float, other_pairs: float, seconds: float) -> RequestLoad:
        return RequestLoad(
            subject=PATHS[subject],
            run=0,
            rate=rate,
            seconds=seconds,
            warm_up_s=self._options.warm_up_s,
            other_pairs=other_pairs,
            life_ms=int(self._options.life_s * 1_000),
        )

    async def _measure(self, load: RequestLoad) -> LoadResult:
        self._runs += 1
        return await self._sender.measure(msgspec.structs.replace(load, run=self._runs))


def _order(repetition: int) -> Sequence[str]:
    # Each repetition starts with another subject.
    first = repetition % len(SUBJECTS)
    return (*SUBJECTS[first:], *SUBJECTS[:first])


def _lives(life_s: float) -> Mapping[str, str]:
    return {"QUOTE_DEADLINE_MS": str(int(life_s * 1_000)), "QUOTE_DEATH_MARGIN_MS": str(int(DEATH_MARGIN_S * 1_000))}


async def run(options: ReactionOptions) -> ReactionReport:
    """Start everything, measure, and end everything."""
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        venue = await start_venue(rate=0, other_pairs=0)
        sandbox = venue.env()
        sender = SenderProcess()
        stack.push_async_callback(sender.end)
        await sender.start()
        base = f"ws://127.0.0.1:{sender.port}/"
        loop = ("--uvloop",) if options.echo_uvloop else ()
        settings = {
            **sandbox,
            **SETTINGS,
            **PRESETS[options.pricing],
            **_lives(options.life_s),
            "NEAR_INTENTS_RELAY_WS_URL": base + PATHS[DESK],
        }
        desk = await stack.enter_async_context(BenchDesk(directory, settings))
        stack.push_async_callback(venue.stop)
        assert desk.desk is not None
        pids = {
            ECHO: await stack.enter_async_context(_echo(base + PATHS[ECHO], *loop)),
            SIGNING: await stack.enter_async_context(_echo(base + PATHS[SIGNING], "--sign", *loop)),
            DESK: desk.desk.pid,
        }
        if options.cockpit:
            await desk.attach()
        else:
            desk.watch()
        await desk.arm()
        taker = await stack.enter_async_context(bench_taker(sandbox))
        bench = ReactionBench(options, sender, desk, pids, taker)
        await bench.warm_up()
        async with _scraped(desk, options.scrape_s):
            turns = await bench.turns()
        shot = await desk.state()
        return ReactionReport(
            turns=turns,
            cockpit=options.cockpit,
            life_s=options.life_s,
            live=bench.live,
            settled=taker.settled,
            samples=len(bench.samples),
            wrong=wrong_answers(bench.samples, sandbox["NEAR_INTENTS_ACCOUNT_ID"]),
            malformed=shot.counts.malformed,
            unknown=shot.counts.unknown,
            disarmed="" if shot.executor_armed else shot.executor_why,
        )


@click.command()
@click.option("--rates", default="50,200,1000,2000", show_default=True, help="Requests a second, by commas.")
@click.option("--seconds", default=8.0, show_default=True, help="Measured seconds for each rate and subject.")
@click.option("--repetitions", default=3, show_default=True, help="Ratios are the median of so many.")
@click.option(
    "--other-pairs", default="0,0.9", show_default=True, help="Shares of requests for other pairs; a table each."
)
@click.option("--life", default=VENUE_LIFE_MS / 1_000, show_default=True, help="Seconds that quotes are asked to live.")
@click.option(
    "--pricing",
    type=click.Choice(tuple(PRESETS)),
    default="fixed",
    show_default=True,
    help="How the desk prices; alternate two to compare them.",
)
@click.option("--scrape", "scrape_s", default=0.0, help="Seconds between two scrapes of the desk's metrics; 0: none.")
@click.option("--no-cockpit", is_flag=True, help="Take the desk's snapshots without painting them.")
@click.option("--echo-uvloop", is_flag=True, help="Run the echoes on uvloop too.")
@click.option("--quick", is_flag=True, help="A second a rate, once: to see that it works.")
@click.option("--json", "json_out", is_flag=True, help="Print JSON.")
def main(
    rates: str,
    seconds: float,
    repetitions: int,
    other_pairs: str,
    life: float,
    pricing: Preset,
    scrape_s: float,
    no_cockpit: bool,
    echo_uvloop: bool,
    quick: bool,
    json_out: bool,
) -> None:
    """Measure the desk's reaction time beside an echo and a signing echo."""
    options = ReactionOptions(
        rates=tuple(float(rate) for rate in rates.split(",")),
        seconds=1.0 if quick else seconds,
        warm_up_s=0.2 if quick else 1.0,
        repetitions=1 if quick else repetitions,
        tables=tuple(float(share) for share in other_pairs.split(",")),
        cockpit=not no_cockpit,
        echo_uvloop=echo_uvloop,
        life_s=QUICK_LIFE_S if quick else life,
        pricing=pricing,
        scrape_s=scrape_s,
    )
    report = asyncio.run(run(options))
    click.echo(as_json(report) if json_out else as_text(report))


if __name__ == "__main__":
    main()
