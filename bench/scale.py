"""Many markets and requests on one core: what a request costs the desk, and how soon it answers those of its markets.

``python -m bench.scale [--quick] [--json] …``; run from the repository's root. A tenth of the requests are for the
desk's twenty markets, evenly, the rest for other pairs, which the sender does not filter. Desk and signing echo have
one core and take turns on it; sender, venue and cockpit have the others. Of each subject the processor time is taken
without requests, with those of other pairs alone, and with all.
"""

import asyncio
import contextlib
import sys
import tempfile
import time
from collections.abc import AsyncIterator
from pathlib import Path

import click
import msgspec

from bench.bench_desk import BenchDesk, bare_environment
from bench.cores import Cores, on_cores, two_sides
from bench.load import LoadResult, RequestLoad
from bench.market_table import markets_toml, tokens_in
from bench.requests import VENUE_LIFE_MS
from bench.scale_report import ScaleReport, ScaleRow, as_json, as_text
from bench.sender_process import SETTINGS, SenderProcess
from bench.usage import Usage
from bench.venues import start_venue
from bench.verify import wrong_answers

DESK, SIGNING = "desk", "signing echo"
PATHS = {DESK: "desk", SIGNING: "signing-echo"}
DEATH_MARGIN_S = 5.0
"""Added to a quote's life before what it gives is released: the default of its setting."""


class ScaleOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure: ``rate`` requests a second, of which ``other_pairs`` (0 to 1) are for no market of the desk."""

    rate: float
    other_pairs: float
    seconds: float
    life_s: float
    cockpit: bool


class ScaleBench:
    """The turns of the subjects, once everything runs."""

    def __init__(self, options: ScaleOptions, sender: SenderProcess, markets: Path) -> None:
        self._options = options
        self._sender = sender
        self._markets = str(markets)
        self._runs = 0
        self.samples: list[str] = []

    async def row(self, subject: str, pid: int, *, fill_s: float = 0.0) -> ScaleRow:
        """Measure a process; ``fill_s``: for how long it is asked before, so that as many quotes live as will."""
        options, usage = self._options, Usage(pid)
        others = msgspec.structs.replace(
            self._load(subject, options.seconds), rate=options.rate * options.other_pairs, other_pairs=1.0
        )
        if fill_s:
            await self._measure(self._load(subject, fill_s))
        usage.restart()
        began = time.monotonic()
        await asyncio.sleep(min(5.0, options.seconds))
        idle = usage.cpu_s() / (time.monotonic() - began)
        alone, foreign_s = await self._costed(usage, others, idle)
        mixed, all_s = await self._costed(usage, self._load(subject, options.seconds), idle)
        each = foreign_s / max(1, alone.others)
        self.samples += mixed.samples if subject == DESK else []
        return ScaleRow.of(
            subject,
            mixed,
            idle_cpu=100 * idle,
            cpu=100 * (idle + all_s / mixed.seconds),
            us_foreign=1e6 * each,
            us_own=1e6 * (all_s - each * mixed.others) / max(1, mixed.sent),
            rss=usage.rss_mb(),
        )

    async def _costed(self, usage: Usage, load: RequestLoad, idle: float) -> tuple[LoadResult, float]:
        """Send a load; return what was measured, and the processor seconds above those of an idle process."""
        usage.restart()
        began = time.monotonic()
        measured = await self._measure(load)
        return measured, max(0.0, usage.cpu_s() - idle * (time.monotonic() - began))

    def _load(self, subject: str, seconds: float) -> RequestLoad:
        options = self._options
        return RequestLoad(
            subject=PATHS[subject],
            run=0,
            rate=options.rate,
            seconds=seconds,
            warm_up_s=0.0,
            other_pairs=options.other_pairs,
            life_ms=int(options.life_s * 1_000),
            markets=self._markets,
            ahead=False,
        )

    async def _measure(self, load: RequestLoad) -> LoadResult:
        self._runs += 1
        return await self._sender.measure(msgspec.structs.replace(load, run=self._runs))


@contextlib.asynccontextmanager
async def _signing_echo(url: str, markets: Path, cores: Cores) -> AsyncIterator[int]:
    command = [sys.executable, "-m", "bench.echo", url, "--sign", "--markets", str(markets)]
    with on_cores(cores.measured):
        process = await asyncio.create_subprocess_exec(*command, env=bare_environment(), start_new_session=True)
    try:
        yield process.pid
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.wait()


async def run(options: ScaleOptions) -> ScaleReport:
    """Start everything, measure, and end everything."""
    cores = two_sides()
    async with contextlib.AsyncExitStack() as stack:
        stack.enter_context(on_cores(cores.others))
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-")))
        markets = directory / "markets.toml"
        markets.write_text(markets_toml(), "utf-8")
        tokens = tokens_in(str(markets))
        venue = await start_venue(rate=0, other_pairs=0, tokens=tokens)
        sandbox = venue.env()
        sender = SenderProcess()
        stack.push_async_callback(sender.end)
        await sender.start()
        base = f"ws://127.0.0.1:{sender.port}/"
        settings = {
            **sandbox,
            **SETTINGS,
            "QUOTE_DEADLINE_MS": str(int(options.life_s * 1_000)),
            "QUOTE_DEATH_MARGIN_MS": str(int(DEATH_MARGIN_S * 1_000)),
            "COCKPIT_MARKETS_FILE": str(markets),
            "NEAR_INTENTS_RELAY_WS_URL": base + PATHS[DESK],
        }
        with on_cores(cores.measured):
            desk = await stack.enter_async_context(BenchDesk(directory, settings))
        stack.push_async_callback(venue.stop)
        assert desk.desk is not None
        echo_pid = await stack.enter_async_context(_signing_echo(base + PATHS[SIGNING], markets, cores))
        if options.cockpit:
            await desk.attach()
        else:
            desk.watch()
        await desk.arm()
        bench = ScaleBench(options, sender, markets)
        rows = [await bench.row(SIGNING, echo_pid)]
        rows.append(await bench.row(DESK, desk.desk.pid, fill_s=options.life_s + DEATH_MARGIN_S))
        shot = await desk.state()
        return ScaleReport(
            rows=rows,
            markets=len(tokens.markets),
            rate=options.rate,
            other_pairs=options.other_pairs,
            life_s=options.life_s,
            live=shot.alive.quotes + shot.alive.refused,
            pinned=bool(cores.measured),
            samples=len(bench.samples),
            wrong=wrong_answers(bench.samples, sandbox["NEAR_INTENTS_ACCOUNT_ID"]),
            malformed=shot.counts.malformed,
            unknown=shot.counts.unknown,
            disarmed="" if shot.executor_armed else shot.executor_why,
        )


@click.command()
@click.option("--rate", default=5_000.0, show_default=True, help="Requests a second, all pairs together.")
@click.option("--other-pairs", default=0.9, show_default=True, help="Share of requests for other pairs.")
@click.option("--seconds", default=60.0, show_default=True, help="Measured seconds of each kind of request.")
@click.option("--life", default=VENUE_LIFE_MS / 1_000, show_default=True, help="Seconds that quotes are asked to live.")
@click.option("--no-cockpit", is_flag=True, help="Take the desk's snapshots without painting them.")
@click.option("--quick", is_flag=True, help="A second at a low rate: to see that it works.")
@click.option("--json", "json_out", is_flag=True, help="Print JSON.")
def main(
    rate: float, other_pairs: float, seconds: float, life: float, no_cockpit: bool, quick: bool, json_out: bool
) -> None:
    """Measure a desk of twenty markets on one core."""
    options = ScaleOptions(
        rate=400.0 if quick else rate,
        other_pairs=other_pairs,
        seconds=1.0 if quick else seconds,
        life_s=2.0 if quick else life,
        cockpit=not no_cockpit,
    )
    report = asyncio.run(run(options))
    click.echo(as_json(report) if json_out else as_text(report))


if __name__ == "__main__":
    main()
