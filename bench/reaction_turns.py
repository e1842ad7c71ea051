"""The turns of the reaction bench: every subject at every rate, one after the other."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path

import msgspec

from bench.bench_desk import BenchDesk
from bench.load import LoadResult, RequestLoad
from bench.public_makers.running_makers import MARKET, RunningMakers
from bench.report import ReactionTurn
from bench.sender_process import DEATH_MARGIN_S, SenderProcess
from bench.taker import BenchTaker
from bench.usage import Usage, until_quiet
from cockpit.config.pricing_presets import Preset

ECHO, SIGNING, DESK = "echo", "signing echo", "desk"
PATHS = {ECHO: "echo", SIGNING: "signing-echo", DESK: "desk"}


class ReactionOptions(msgspec.Struct, frozen=True, kw_only=True):
    """What to measure. ``reference_solver``: its checkout; ``py_near``: a Python that has py-near."""

    rates: tuple[float, ...]
    seconds: float
    warm_up_s: float
    repetitions: int
    tables: tuple[float, ...]
    cockpit: bool
    echo_uvloop: bool
    life_s: float
    pricing: Preset = "fixed"
    reference_solver: Path | None = None
    py_near: Path | None = None


class ReactionBench:
    """All processes of the bench, and the turns measured. ``account``: the desk's; ``runs``: numbers of loads."""

    def __init__(
        self,
        options: ReactionOptions,
        *,
        sender: SenderProcess,
        desk: BenchDesk,
        account: str,
        pids: Mapping[str, int],
        taker: BenchTaker,
        others: RunningMakers,
        runs: Iterator[int],
    ) -> None:
        self._options = options
        self._sender = sender
        self._desk = desk
        self._others = others
        self._runs = runs
        self._taker = taker
        self._subjects = (*pids, *others.makers)
        public = others.makers.items()
        self._paths = PATHS | {name: maker.path for name, maker in public}
        self._accounts = {DESK: account} | {name: maker.account for name, maker in public}
        everybody = {**pids, **{name: maker.process.pid for name, maker in public}}
        self._usage = {name: Usage(pid) for name, pid in everybody.items()}
        self.market = MARKET.name if others.makers else ""
        self.live = 0
        self.samples: dict[str, list[str]] = {name: [] for name in self._subjects}

    async def warm_up(self) -> None:
        # The first figures are thrown away.
        for subject in self._subjects:
            await self._measure(subject, self._load(subject, 200.0, 0.0, 0.5))

    async def turns(self) -> list[ReactionTurn]:
        """Measure every table, repetition, rate and subject; those of a maker that hangs up end there."""
        options = self._options
        measured = [
            await self._turn(subject, rate, table, options.seconds, repetition)
            for table in options.tables
            for repetition in range(options.repetitions)
            for rate in options.rates
            for subject in self._order(repetition)
        ]
        return [turn for turn in measured if turn is not None]

    def _order(self, repetition: int) -> Sequence[str]:
        # Each repetition starts with another subject.
        first = repetition % len(self._subjects)
        return (*self._subjects[first:], *self._subjects[:first])

    async def _turn(
        self, subject: str, rate: float, other_pairs: float, seconds: float, repetition: int
    ) -> ReactionTurn | None:
        load = self._load(subject, rate, other_pairs, seconds)
        account = self._accounts.get(subject)
        amid: asyncio.Future[None] | None = None
        if account is not None:
            # As many quotes are signed as stay so at this rate.
            lasts_s = self._options.life_s + DEATH_MARGIN_S
            filled = await self._measure(subject, msgspec.structs.replace(load, seconds=lasts_s, warm_up_s=0.0))
            if filled is None:
                return None
            settled = partial(self._sender.settled, self._paths[subject])
            lasts_s = load.warm_up_s + seconds
            amid = asyncio.ensure_future(self._taker.amid(lasts_s, account, filled.samples, settled))
        usage = self._usage[subject]
        usage.restart()
        measured = await self._measure(subject, load)
        if amid is not None:
            await amid
        if measured is None:
            return None
        cpu, rss = usage.cpu_percent(), usage.rss_mb()
        self.samples[subject] += measured.samples
        if subject == DESK:
            alive = (await self._desk.state()).alive
            self.live = max(self.live, alive.quotes + alive.refused)
        # What the turn left to be written to history, or to be answered, must not fall into the next subject's.
        await self._desk.until(lambda shot: not shot.history_queue, "done with its history")
        if subject in self._others.makers:
            await until_quiet(usage)
        return ReactionTurn.of(other_pairs, repetition, rate, subject, measured, cpu, rss)

    def _load(self, subject: str, rate: float, other_pairs: float, seconds: float) -> RequestLoad:
        return RequestLoad(
            subject=self._paths[subject],
            run=0,
            rate=rate,
            seconds=seconds,
            warm_up_s=self._options.warm_up_s,
            other_pairs=other_pairs,
            life_ms=int(self._options.life_s * 1_000),
            market=self.market,
        )

    async def _measure(self, subject: str, load: RequestLoad) -> LoadResult | None:
        """Return what the sender measured; None of a public maker that is not there to the end."""
        if subject not in PATHS and subject not in self._others.makers:
            return None
        measured = await self._sender.measure(msgspec.structs.replace(load, run=next(self._runs)))
        if measured.connected:
            return measured
        if subject in PATHS:
            raise RuntimeError(f"the {subject} has hung up")
        await self._others.drop(subject)
        return None
