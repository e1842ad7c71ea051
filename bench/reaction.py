"""Reaction time: request frame in to quote frame out over loopback, the desk beside an echo and a signing echo.

``python -m bench.reaction [--quick] [--json] [--no-cockpit] [--echo-uvloop] …``; run from the repository's root.
Quotes live as long as the venue's takers ask, and the desk is measured once as many are signed as its rate makes.
Meanwhile two of them are settled on the venue's Verifier and a deposit arrives. All subjects are up all the time and
take turns at each rate, so that what else the machine does hits them alike; each has a session of its own, for Linux
shares a busy CPU between sessions. Public makers join them where they are named; one that is missing or fails leaves a
sentence below the tables.
"""

import asyncio
import contextlib
import sys
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from decimal import Decimal
from functools import partial
from itertools import count
from pathlib import Path

import click

from bench.bench_desk import BenchDesk, bare_environment
from bench.public_makers.py_near import NAME as PY_NEAR
from bench.public_makers.py_near import quoter_command
from bench.public_makers.reference_solver import NAME as REFERENCE_SOLVER
from bench.public_makers.reference_solver import solver_command
from bench.public_makers.running_makers import RunningMakers
from bench.public_makers.settings import MakerCommand, MakerSettings
from bench.reaction_turns import DESK, ECHO, PATHS, SIGNING, ReactionBench, ReactionOptions
from bench.report import PublicMakerReport, ReactionReport, as_json, as_text
from bench.requests import VENUE_LIFE_MS
from bench.sender_process import SETTINGS, SenderProcess, lives
from bench.taker import bench_taker
from bench.venues import start_venue
from bench.verify import wrong_answers
from cockpit.config.pricing_presets import PRESETS, Preset

QUICK_LIFE_S = 5.0


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


def _public_makers(options: ReactionOptions) -> Mapping[str, Callable[[MakerSettings], MakerCommand]]:
    makers: dict[str, Callable[[MakerSettings], MakerCommand]] = {}
    if options.reference_solver is not None:
        makers[REFERENCE_SOLVER] = partial(solver_command, options.reference_solver.absolute())
    if options.py_near is not None:
        makers[PY_NEAR] = partial(quoter_command, options.py_near.absolute())
    return makers


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
            **lives(options.life_s),
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
        account, runs = sandbox["NEAR_INTENTS_ACCOUNT_ID"], count(1)
        others = RunningMakers(sender=sender, taker=taker, env=sandbox, runs=runs, life_ms=int(options.life_s * 1_000))
        for name, make_command in _public_makers(options).items():
            await others.add(name, make_command, stack, directory)
        made = dict(others.makers)
        bench = ReactionBench(
            options, sender=sender, desk=desk, account=account, pids=pids, taker=taker, others=others, runs=runs
        )
        await bench.warm_up()
        turns = await bench.turns()
        settled = taker.settled[account]
        # One that the venue's contract refuses after all is not booked.
        with contextlib.suppress(TimeoutError):
            await desk.until(lambda shot: shot.counts.settled >= settled, "done with the fills")
        shot = await desk.state()
        return ReactionReport(
            turns=turns,
            cockpit=options.cockpit,
            life_s=options.life_s,
            live=bench.live,
            settled=settled,
            booked=shot.counts.settled,
            deposited=sum((row.deposited for row in shot.inventory.rows), Decimal(0)),
            samples=len(bench.samples[DESK]),
            wrong=wrong_answers(bench.samples[DESK], account),
            market=bench.market,
            public_makers=[
                PublicMakerReport(
                    name=name,
                    version=maker.process.version,
                    settled=taker.settled[maker.account],
                    samples=len(bench.samples[name]),
                    wrong=wrong_answers(bench.samples[name], maker.account),
                )
                for name, maker in made.items()
            ],
            missing=others.missing,
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
@click.option(
    "--reference-solver",
    type=click.Path(path_type=Path),
    help="Measure the venue's reference solver of this checkout too.",
)
@click.option(
    "--py-near",
    type=click.Path(path_type=Path),
    help="Measure a maker with py-near too, run by this Python that has it.",
)
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
    reference_solver: Path | None,
    py_near: Path | None,
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
        reference_solver=reference_solver,
        py_near=py_near,
    )
    report = asyncio.run(run(options))
    click.echo(as_json(report) if json_out else as_text(report))


if __name__ == "__main__":
    main()
