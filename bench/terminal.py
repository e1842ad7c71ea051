"""The cockpit in a real terminal: bytes, CPU, key to picture, first picture and memory, beside htop.

``python -m bench.terminal [--size 120x40] [--rates 50,1000] [--minutes 10] [--quick] [--json]``; run from the
repository's root. Desk, what asks it and the cockpit are processes of their own; at each rate all are new.
"""

import asyncio
import contextlib
import random
import shutil
import sys
import tempfile
from pathlib import Path

import click
import msgspec

from bench.bench_desk import BenchDesk, bare_environment
from bench.keypress import KeyTimer, KeyTimes, viewing
from bench.request_source import RequestSource, request_source
from bench.terminal_report import KB, CockpitFigures, MemorySample, OtherProgram, TerminalReport, as_text
from bench.tty import ProgramTerminal
from bench.usage import Usage

WHOLE = ("SANDBOX", "ARMED", "kraken", "available", "reference fresh", "EUR/BTC", "7 Fills")
"""Words of every part of the first picture at 120×40: the desk's state, and each panel's rows."""
LEAST = ("SANDBOX", "ARMED")
"""What every size shows."""
SETTLED_S = 3.0
SWITCH_S = 0.0005
"""What is read is timed by a thread beside the one that looks at the screen."""
LOOK_EVERY_S = 10.0
HTOP: tuple[tuple[str, ...], ...] = (("htop",), ("htop", "-d", "3"))
"""With its default of a picture every 1.5 s, and with about as many pictures as the cockpit paints."""


class TerminalBenchOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure."""

    size: tuple[int, int]
    rates: tuple[float, ...]
    seconds: float
    presses: int
    pictures: int
    minutes: float


async def _painting(terminal: ProgramTerminal, seconds: float) -> tuple[float, float, float]:
    """KB a second over the time and in its busiest second, and CPU percent."""
    usage = Usage(terminal.process.pid)
    loop = asyncio.get_running_loop()
    began, first, most = loop.time(), terminal.painted, 0.0
    while (left := began + seconds - loop.time()) > 0:
        before, since = terminal.painted, loop.time()
        await asyncio.sleep(min(1.0, left))
        if (took := loop.time() - since) > 0.5:
            most = max(most, (terminal.painted - before) / took / KB)
    mean = (terminal.painted - first) / (loop.time() - began) / KB
    return mean, max(mean, most), usage.cpu_percent()


async def _memory(terminal: ProgramTerminal, minutes: float) -> list[MemorySample]:
    """Its memory now and every ten seconds."""
    usage, loop = Usage(terminal.process.pid), asyncio.get_running_loop()
    began = loop.time()
    seen = [MemorySample(0.0, usage.rss_mb())]
    while (left := began + minutes * 60 - loop.time()) > 0:
        await asyncio.sleep(min(LOOK_EVERY_S, left))
        seen.append(MemorySample((loop.time() - began) / 60, usage.rss_mb()))
    return seen


async def _pictures(desk: BenchDesk, options: TerminalBenchOptions) -> list[float]:
    """Measure the seconds to the first complete picture of each new cockpit; one before them warms caches."""
    took = []
    for _ in range(options.pictures + 1):
        terminal = desk.open(options.size)
        try:
            took.append(await terminal.until(*(WHOLE if options.size == (120, 40) else LEAST)))
        finally:
            await terminal.end()
    return took[1:]


async def _shown(asked: RequestSource, rate: float, desk: BenchDesk, options: TerminalBenchOptions) -> CockpitFigures:
    """Measure everything at one rate."""
    await desk.arm()
    async with asked.flowing():
        await desk.until(lambda shot: bool(shot.quotes), "quoting")
        pictures = await _pictures(desk, options)
        terminal = desk.open(options.size)
        try:
            async with viewing(terminal, options.size) as viewer:
                await terminal.until(*LEAST)
                await asyncio.sleep(SETTLED_S)
                keys: list[KeyTimes] = await KeyTimer(viewer, options.presses, random.Random(1)).times()
                await desk.arm()
                await viewer.press("5", lambda: viewer.lit("─ 5 Decisions"))
            terminal.forget()
            loop = asyncio.get_running_loop()
            before, began = await desk.state(), loop.time()
            kb, most, cpu = await _painting(terminal, options.seconds)
            after, ended = await desk.state(), loop.time()
            memory = await _memory(terminal, options.minutes) if options.minutes else []
        finally:
            await terminal.end()
        last = await desk.state()
    return CockpitFigures(
        rate=rate,
        requests=(after.counts.requests - before.counts.requests) / (ended - began),
        fills=asked.fills,
        pictures=pictures,
        keys=keys,
        kb=kb,
        kb_most=most,
        cpu=cpu,
        memory=memory,
        disarmed="" if last.executor_armed else last.executor_why,
    )


async def _beside(options: TerminalBenchOptions) -> list[OtherProgram]:
    """htop for as long as a cockpit was measured; empty if it is not installed."""
    found = []
    for command in HTOP if shutil.which("htop") else ():
        terminal = ProgramTerminal(command, bare_environment(), options.size)
        try:
            await terminal.until("Load average")
            terminal.forget()
            kb, _, cpu = await _painting(terminal, options.seconds)
            rss = Usage(terminal.process.pid).rss_mb()
        finally:
            await terminal.end()
        found.append(OtherProgram(program=" ".join(command), kb=kb, cpu=cpu, rss=rss))
    return found


async def run(options: TerminalBenchOptions) -> TerminalReport:
    """Measure every rate with a venue, a desk and cockpits of its own, then htop."""
    shown = []
    for rate in options.rates:
        async with contextlib.AsyncExitStack() as stack:
            directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="tty-")))
            asked = await stack.enter_async_context(request_source(directory, rate))
            desk = await stack.enter_async_context(BenchDesk(directory, asked.settings))
            shown.append(await _shown(asked, rate, desk, options))
            click.echo(f"{rate:g} requests/s: measured", err=True)
    columns, rows = options.size
    beside = await _beside(options)
    return TerminalReport(columns=columns, rows=rows, seconds=options.seconds, shown=shown, beside=beside)


def _size(context: click.Context, parameter: click.Parameter, value: str) -> tuple[int, int]:
    columns, _, rows = value.partition("x")
    if not (columns.isdigit() and rows.isdigit()):
        raise click.BadParameter("columns and rows, as in 120x40", context, parameter)
    return int(columns), int(rows)


@click.command()
@click.option("--size", default="120x40", show_default=True, callback=_size, help="Columns and rows of the terminal.")
@click.option("--rates", default="50,1000", show_default=True, help="Requests a second, by commas.")
@click.option("--seconds", default=30.0, show_default=True, help="How long bytes and CPU are counted at each rate.")
@click.option("--keys", default=100, show_default=True, help="Presses of each kind of key at each rate.")
@click.option("--pictures", default=5, show_default=True, help="How often the first picture is timed at each rate.")
@click.option("--minutes", default=10.0, show_default=True, help="How long memory is watched at each rate; 0: not.")
@click.option("--quick", is_flag=True, help="A few seconds a rate: to see that it works.")
@click.option("--json", "json_out", is_flag=True, help="Print JSON.")
def main(
    size: tuple[int, int],
    rates: str,
    seconds: float,
    keys: int,
    pictures: int,
    minutes: float,
    quick: bool,
    json_out: bool,
) -> None:
    """Measure what the cockpit costs its terminal, and the time from a key to its picture."""
    options = TerminalBenchOptions(
        size=size,
        rates=tuple(float(rate) for rate in rates.split(",")),
        seconds=2.0 if quick else seconds,
        presses=3 if quick else keys,
        pictures=1 if quick else pictures,
        minutes=0.05 if quick else minutes,
    )
    sys.setswitchinterval(SWITCH_S)
    report = asyncio.run(run(options))
    click.echo(msgspec.json.format(msgspec.json.encode(report)).decode() if json_out else as_text(report))


if __name__ == "__main__":
    main()
