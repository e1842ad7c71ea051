"""Reaction of a desk whose metrics are scraped and whose alerts are sent, beside a desk that nobody observes.

``python -m bench.observed [--rates 600,1000] [--rounds 5] [--quick] [--json]``; run from the repository's root. Both
desks are up all the time, each with a venue and a cockpit of its own, and take turns; in every turn two quotes are
settled and a deposit arrives, so that there is something to tell.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count
from pathlib import Path
from threading import Thread
from typing import Any

import click
import msgspec

from bench.bench_desk import BenchDesk
from bench.load import LoadResult, RequestLoad
from bench.report import ReactionTurn, ratios, rows
from bench.requests import VENUE_LIFE_MS
from bench.sender_process import DEATH_MARGIN_S, SETTINGS, SenderProcess, lives
from bench.taker import BenchTaker, bench_taker
from bench.usage import Usage
from bench.venues import start_venue

PLAIN, OBSERVED = "alone", "observed"
ALERTS = """[targets.here]
url = "json://127.0.0.1:{port}/alerts"
[[rules]]
name = "all"
to = ["here"]
repeat_min = 0
"""


class ObservedOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure. ``scrape_s``: seconds between two scrapes."""

    rates: tuple[float, ...]
    seconds: float
    rounds: int
    life_s: float
    scrape_s: float


class ObservedReport(msgspec.Struct, frozen=True, kw_only=True):
    """The turns of both desks, how often the metrics were read, and how many messages the alert service delivered."""

    turns: list[ReactionTurn]
    scrapes: int
    alerts: int


class _Subject:
    """A desk, its cockpit, its venue and what settles its quotes."""

    def __init__(self, desk: BenchDesk, taker: BenchTaker, account: str) -> None:
        assert desk.desk is not None
        self.desk, self.taker, self.account = desk, taker, account
        self.usage = Usage(desk.desk.pid)


@contextlib.asynccontextmanager
async def _subject(
    name: str, port: int, life_s: float, more: Mapping[str, str], directory: Path
) -> AsyncIterator[_Subject]:
    async with contextlib.AsyncExitStack() as stack:
        venue = await start_venue(rate=0, other_pairs=0)
        env = venue.env()
        settings = {**env, **SETTINGS, **lives(life_s), **more}
        settings["NEAR_INTENTS_RELAY_WS_URL"] = f"ws://127.0.0.1:{port}/{name}"
        desk = await stack.enter_async_context(BenchDesk(directory, settings))
        stack.push_async_callback(venue.stop)
        await desk.attach()
        await desk.arm()
        yield _Subject(desk, await stack.enter_async_context(bench_taker(env)), env["NEAR_INTENTS_ACCOUNT_ID"])


class _AlertTarget(ThreadingHTTPServer):
    """A service on loopback that takes alerts and counts them."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _TakeAlert)
        self.taken = 0

    @contextlib.contextmanager
    def serving(self) -> Iterator["_AlertTarget"]:
        thread = Thread(target=self.serve_forever)
        thread.start()
        try:
            yield self
        finally:
            self.shutdown()
            thread.join()
            self.server_close()


class _TakeAlert(BaseHTTPRequestHandler):
    server: _AlertTarget

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.taken += 1
        self.send_response(200)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing: the report counts them."""


class _Scraper:
    def __init__(self, desk: BenchDesk, every_s: float) -> None:
        self._desk, self._every_s = desk, every_s
        self.scrapes = 0

    async def run(self) -> None:
        while True:
            await self._desk.scrape()
            self.scrapes += 1
            await asyncio.sleep(self._every_s)


async def run(options: ObservedOptions) -> ObservedReport:
    """Start everything, measure turn by turn, and end everything."""
    async with contextlib.AsyncExitStack() as stack:
        directories = [Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="bench-"))) for _ in range(2)]
        target = stack.enter_context(_AlertTarget().serving())
        alerts = directories[1] / "alerts.toml"
        alerts.write_text(ALERTS.format(port=target.server_port))
        alerts.chmod(0o600)
        sender = SenderProcess()
        stack.push_async_callback(sender.end)
        await sender.start()
        make = partial(_subject, port=sender.port, life_s=options.life_s)
        observing = {"COCKPIT_ALERTS_FILE": str(alerts)}
        subjects = {
            PLAIN: await stack.enter_async_context(make("alone", more={}, directory=directories[0])),
            OBSERVED: await stack.enter_async_context(make("observed", more=observing, directory=directories[1])),
        }
        scraper = _Scraper(subjects[OBSERVED].desk, options.scrape_s)
        async with asyncio.TaskGroup() as group:
            scraping = group.create_task(scraper.run())
            turns = await _turns(options, sender, subjects)
            scraping.cancel()
        return ObservedReport(turns=turns, scrapes=scraper.scrapes, alerts=target.taken)


async def _turns(
    options: ObservedOptions, sender: SenderProcess, subjects: Mapping[str, _Subject]
) -> list[ReactionTurn]:
    runs = count(1)
    return [
        await _turn(options, sender, name, subjects[name], rate, number, runs)
        for number in range(options.rounds)
        for rate in options.rates
        for name in ((PLAIN, OBSERVED) if number % 2 else (OBSERVED, PLAIN))
    ]


async def _turn(
    options: ObservedOptions,
    sender: SenderProcess,
    name: str,
    subject: _Subject,
    rate: float,
    number: int,
    runs: "count[int]",
) -> ReactionTurn:
    async def measure(seconds: float) -> LoadResult:
        load = RequestLoad(
            subject=name,
            run=next(runs),
            rate=rate,
            seconds=seconds,
            warm_up_s=0.0,
            other_pairs=0.0,
            life_ms=int(options.life_s * 1_000),
        )
        measured = await sender.measure(load)
        if not measured.connected:
            raise RuntimeError(f"the desk {name} has hung up")
        return measured

    # As many quotes are signed as stay so at this rate.
    filled = await measure(options.life_s + DEATH_MARGIN_S)
    settled = partial(sender.settled, name)
    amid = asyncio.create_task(subject.taker.amid(options.seconds, subject.account, filled.samples, settled))
    subject.usage.restart()
    measured = await measure(options.seconds)
    await amid
    cpu, rss = subject.usage.cpu_percent(), subject.usage.rss_mb()
    await subject.desk.until(lambda shot: not shot.history_queue, "done with its history")
    return ReactionTurn.of(0.0, number, rate, name, measured, cpu, rss)


def as_text(report: ObservedReport) -> str:
    """Return the report as a table, with the ratios of the observed desk to the other."""
    head = f"{'rate':>6} {'desk':<9} {'lost':>5} {'p50':>6} {'p99':>7} {'p99.9':>7} {'max':>7} {'CPU':>6}"
    lines = [f"{head}   times in µs"]
    lines += [
        f"{row.rate:>6.0f} {row.subject:<9} {row.lost:>5} {row.p50:>6.0f} {row.p99:>7.0f} {row.p999:>7.0f} "
        f"{row.max:>7.0f} {row.cpu:>5.1f}%"
        for row in rows(report.turns)
    ]
    lines += [
        f"observed over alone at {ratio.rate:.0f}/s: p50 {ratio.p50:.2f}, p99 {ratio.p99:.2f}"
        for ratio in ratios(report.turns, OBSERVED, PLAIN)
    ]
    return "\n".join([*lines, f"{report.scrapes} scrapes, {report.alerts} alerts delivered"])


@click.command()
@click.option("--rates", default="600,1000", show_default=True, help="Requests a second, by commas.")
@click.option("--seconds", default=10.0, show_default=True, help="Measured seconds of each turn.")
@click.option("--rounds", default=5, show_default=True, help="Turns of each desk at each rate.")
@click.option("--life", default=VENUE_LIFE_MS / 1_000, show_default=True, help="Seconds that quotes are asked to live.")
@click.option("--scrape", default=5.0, show_default=True, help="Seconds between two scrapes.")
@click.option("--quick", is_flag=True, help="A second a turn, once: to see that it works.")
@click.option("--json", "json_out", is_flag=True, help="Print JSON.")
def main(rates: str, seconds: float, rounds: int, life: float, scrape: float, quick: bool, json_out: bool) -> None:
    """Measure what metrics and alerts cost the desk's reaction."""
    options = ObservedOptions(
        rates=tuple(float(rate) for rate in rates.split(",")),
        seconds=1.0 if quick else seconds,
        rounds=1 if quick else rounds,
        life_s=1.0 if quick else life,
        scrape_s=0.5 if quick else scrape,
    )
    report = asyncio.run(run(options))
    click.echo(msgspec.json.encode(report).decode() if json_out else as_text(report))


if __name__ == "__main__":
    main()
