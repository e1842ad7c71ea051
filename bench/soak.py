"""Memory and CPU of desk and cockpit over minutes of trading, and the time to the first picture.

``python -m bench.soak [--minutes 10] [--rate 50] [--json]``; run from the repository's root.
"""

import asyncio
import contextlib
import tempfile
from pathlib import Path

import click
import msgspec

from bench.bench_desk import BenchDesk, bare_environment, cockpit_command
from bench.tty import ProgramTerminal
from bench.usage import Usage
from bench.venues import start_venue
from cockpit.model.snapshot import Counts
from cockpit.processes.sandbox_run import DESK_SETTINGS, SandboxRun

AIMS_MB = {"desk": 90.0, "cockpit": 120.0}
FIRST_PICTURE_AIM_S = 2.0
DRAWN = ("connecting to the desk",)
"""What the status bar shows before the first snapshot."""
LIVE = ("SANDBOX", "ARMED")
"""What it shows with the desk's first snapshot (DISARMED holds it too)."""


class ProcessSample(msgspec.Struct, frozen=True, kw_only=True):
    """One process at one moment; memory in MB, CPU in percent of one core since the moment before."""

    minute: float
    process: str
    rss: float
    pss: float | None
    cpu: float


class FirstPicture(msgspec.Struct, frozen=True, kw_only=True):
    """Seconds from a command to the first frame with a status bar, and to the first with the desk's state."""

    command: str
    drawn_s: float
    live_s: float


class SoakReport(msgspec.Struct, frozen=True, kw_only=True):
    """What was measured. ``disarmed``: why the desk stopped quoting before the end, empty when it did not."""

    rate: float
    other_pairs: float
    pictures: list[FirstPicture]
    minutes: list[ProcessSample]
    counts: Counts
    disarmed: str


async def _picture(name: str, terminal: ProgramTerminal, *, starts_desk: bool) -> FirstPicture:
    """Time a cockpit's first pictures; one that finds its desk may show the desk's state at once."""
    drawn = await terminal.until(*DRAWN) if starts_desk else await terminal.until("desk")
    return FirstPicture(command=name, drawn_s=drawn, live_s=await terminal.until(*LIVE))


async def first_sandbox_picture(state_dir: Path) -> FirstPicture:
    """Time ``cockpit sandbox`` from nothing, then end all it started."""
    environ = {**bare_environment(), "COCKPIT_STATE_DIR": str(state_dir)}
    terminal = ProgramTerminal(cockpit_command("sandbox"), environ)
    try:
        return await _picture("cockpit sandbox", terminal, starts_desk=True)
    finally:
        await terminal.end()
        run = SandboxRun.running(state_dir / "sandbox")
        if run is not None:
            for problem in await run.end():
                click.echo(problem, err=True)


async def first_attached_picture(desk: BenchDesk) -> FirstPicture:
    """Time ``cockpit`` at a running desk, then end it (the desk stays)."""
    terminal = desk.open()
    try:
        return await _picture("cockpit (attached)", terminal, starts_desk=False)
    finally:
        await terminal.end()


async def soak(minutes: float, rate: float, other_pairs: float, every_s: float, pictures: int) -> SoakReport:
    """Run venue, desk and cockpit, and sample them every ``every_s`` seconds."""
    async with contextlib.AsyncExitStack() as stack:
        directory = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="soak-")))
        # Twice: the first warms the cache.
        timed = [await first_sandbox_picture(directory / f"sandbox-{n}") for n in range(pictures + 1)][1:]
        venue = await start_venue(rate=rate, other_pairs=other_pairs)
        desk = await stack.enter_async_context(BenchDesk(directory, {**venue.env(), **DESK_SETTINGS}))
        stack.push_async_callback(venue.stop)
        timed += [await first_attached_picture(desk) for _ in range(pictures + 1)][1:]
        await desk.attach()
        await desk.arm()
        assert desk.desk is not None
        assert desk.cockpit is not None
        usages = {"desk": Usage(desk.desk.pid), "cockpit": Usage(desk.cockpit.process.pid)}
        seen = []
        for turn in range(int(minutes * 60 / every_s) + 1):
            if turn:
                await asyncio.sleep(every_s)
            for name, usage in usages.items():
                seen.append(
                    ProcessSample(
                        minute=turn * every_s / 60,
                        process=name,
                        rss=usage.rss_mb(),
                        pss=usage.pss_mb(),
                        cpu=usage.cpu_percent() if turn else 0.0,
                    )
                )
                click.echo(_line(seen[-1]), err=True)
                usage.restart()
        shot = await desk.state()
        return SoakReport(
            rate=rate,
            other_pairs=other_pairs,
            pictures=timed,
            minutes=seen,
            counts=shot.counts,
            disarmed="" if shot.executor_armed else shot.executor_why,
        )


def _line(moment: ProcessSample) -> str:
    pss = "     -" if moment.pss is None else f"{moment.pss:6.1f}"
    return (
        f"{moment.minute:5.1f} min {moment.process:<8} RSS {moment.rss:6.1f} MB  PSS {pss} MB CPU {moment.cpu:5.1f} %"
    )


def as_text(report: SoakReport) -> str:
    """Return the figures beside their aims."""
    lines = [f"{report.rate:g} requests/s, {report.other_pairs:.0%} of them for other pairs", ""]
    lines += [_line(moment) for moment in report.minutes]
    lines.append("")
    for name, aim in AIMS_MB.items():
        own = [moment for moment in report.minutes if moment.process == name]
        growth = own[-1].rss - own[0].rss
        late = own[-1].rss - own[len(own) // 2].rss
        lines.append(
            f"{name}: {own[-1].rss:.1f} MB at the end, {max(moment.rss for moment in own):.1f} at most (aim: {aim:g}); "
            f"grew {growth:+.1f}, in the second half {late:+.1f}"
        )
    lines.append("")
    lines += [
        f"{picture.command}: first picture after {picture.drawn_s:.2f} s (aim: {FIRST_PICTURE_AIM_S:g}), "
        f"the desk's state in it after {picture.live_s:.2f} s"
        for picture in report.pictures
    ]
    counts = report.counts
    lines.append(
        f"{counts.requests} requests, {counts.decisions} decisions, {counts.sent} quotes sent, {counts.settled} settled"
    )
    if report.disarmed:
        lines.append(f"THE DESK STOPPED QUOTING: {report.disarmed}")
    return "\n".join(lines)


@click.command()
@click.option("--minutes", default=10.0, show_default=True, help="How long to trade.")
@click.option("--rate", default=50.0, show_default=True, help="Requests a second.")
@click.option("--other-pairs", default=0.0, show_default=True, help="Share of them for other pairs.")
@click.option("--every", default=60.0, show_default=True, help="Seconds between two samples.")
@click.option("--pictures", default=3, show_default=True, help="How often to time each first picture.")
@click.option("--json", "json_out", is_flag=True, help="Print JSON.")
def main(minutes: float, rate: float, other_pairs: float, every: float, pictures: int, json_out: bool) -> None:
    """Measure the memory of a trading desk and its cockpit, and time their first pictures."""
    report = asyncio.run(soak(minutes, rate, other_pairs, every, pictures))
    click.echo(msgspec.json.format(msgspec.json.encode(report)).decode() if json_out else as_text(report))


if __name__ == "__main__":
    main()
