"""The public makers of one run of the bench: each with an account of its own, and why those without a row have none."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import msgspec

from bench.load import RequestLoad
from bench.public_makers import messages
from bench.public_makers.errors import PublicMakerError
from bench.public_makers.maker_process import MakerProcess, running
from bench.public_makers.settings import MakerCommand, MakerSettings
from bench.sender_process import SenderProcess
from bench.taker import BenchTaker
from bench.venues import MAKER_EURE
from venue.protocol.assets import Market
from venue.protocol.tokens import DEFAULT_TOKENS, EURE

MARKET: Market = DEFAULT_TOKENS.markets[0]
"""A constant product has one market; all subjects are asked for it, so that all have the same requests."""
ANSWERS_WITHIN_S = 60.0
"""From its start: Node compiles the solver first, on a machine that does other things as well."""
FUNDS = {MARKET.base.symbol: "1000", MARKET.quote.symbol: str(EURE.to_decimal(MAKER_EURE))}


class PublicMaker(msgspec.Struct, frozen=True):
    """One that runs. ``path``: its own on the bench's relay."""

    process: MakerProcess
    account: str
    path: str


class RunningMakers:
    """``makers``: those that run, by name. ``missing``: one sentence for each that does not."""

    def __init__(
        self,
        *,
        sender: SenderProcess,
        taker: BenchTaker,
        env: Mapping[str, str],
        runs: Iterator[int],
        life_ms: int,
    ) -> None:
        self.sender = sender
        self.taker = taker
        self._node_url = env["NEAR_RPC_URL"].split(",")[0]
        self.runs = runs
        self._life_ms = life_ms
        self.makers: dict[str, PublicMaker] = {}
        self.missing: list[str] = []

    async def add(
        self,
        name: str,
        make_command: Callable[[MakerSettings], MakerCommand],
        stack: contextlib.AsyncExitStack,
        directory: Path,
        *,
        within_s: float = ANSWERS_WITHIN_S,
    ) -> None:
        """Start a maker and wait until it answers; ``missing`` says why it does not. ``directory`` is for its log."""
        path = name.replace(" ", "-")
        account = f"{path}.near"
        async with contextlib.AsyncExitStack() as own:
            settings = MakerSettings(
                account=account,
                private_key=await self.taker.open_account(account, FUNDS),
                node_url=self._node_url,
                relay_url=f"ws://127.0.0.1:{self.sender.port}/{path}",
                market=MARKET,
                life_ms=self._life_ms,
            )
            try:
                started = running(make_command(settings), directory / f"{path}.log")
                process = await own.enter_async_context(started)
                await self._until_it_answers(process, path, within_s)
            except PublicMakerError as error:
                self._miss(name, str(error))
                return
            self.makers[name] = PublicMaker(process, account, path)
            stack.push_async_exit(own.pop_all())

    async def drop(self, name: str) -> None:
        """Go on without a maker that has ended or hung up."""
        process = self.makers.pop(name).process
        self._miss(name, process.ended() or messages.HUNG_UP.format(said=process.said()))
        await process.end()

    def _miss(self, name: str, reason: str) -> None:
        self.missing.append(messages.NO_ROW.format(name=name, reason=reason))

    async def _until_it_answers(self, process: MakerProcess, path: str, within_s: float) -> None:
        probe = RequestLoad(
            subject=path,
            run=0,
            rate=20.0,
            seconds=0.2,
            warm_up_s=0.0,
            other_pairs=0.0,
            life_ms=self._life_ms,
            market=MARKET.name,
        )
        deadline = time.monotonic() + within_s
        while True:
            measured = await self.sender.measure(msgspec.structs.replace(probe, run=next(self.runs)))
            if measured.latencies_us:
                return
            if ended := process.ended():
                raise PublicMakerError(ended)
            if time.monotonic() > deadline:
                raise PublicMakerError(messages.SILENT.format(seconds=within_s, said=process.said()))
            await asyncio.sleep(0.1)
