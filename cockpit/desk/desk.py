"""The desk: its parts started in order, ticked, served, and stopped so that nothing is lost.

It starts SAFE: strategy and executor disarmed, withdrawals frozen, whatever it did before.
"""

import asyncio
import gc
import logging
from collections.abc import Mapping, Sequence

import httpx
import msgspec

from cockpit.config.settings import Settings
from cockpit.desk.api.accept_remainder import AcceptRemainder
from cockpit.desk.api.app import Api
from cockpit.desk.api.command_handler import CommandHandler
from cockpit.desk.api.funding_routes import FundingRoutes
from cockpit.desk.api.snapshot_stream import SnapshotStream
from cockpit.desk.composition.credentials import Credentials
from cockpit.desk.composition.funding_parts import FundingParts
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.interlocks.monitor import DESK, InterlockMonitor
from cockpit.desk.interlocks.venue_clock import VenueClock
from cockpit.desk.quote_book.hard_stop import HardStopRun
from cockpit.desk.risk.dead_man_switch import DeadManSwitch
from cockpit.desk.risk.trading_state import remember
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.runtime.unix_server import QuietServer, bind, server
from cockpit.desk.snapshots.builder import SnapshotBuilder
from cockpit.model.commands import ARMABLE, CommandRequest, Part
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from storage.history import History, PreviousRun, Run
from storage.retention import retain
from storage.writer import BATCH, HistoryWriter

log = logging.getLogger(__name__)

TICK_S = 0.25
DEATHS_EVERY_NS = 1_000_000_000
"""Quotes die all the time; the balances are not read more often than this on their account."""

QUIET_GC = (50_000, 20, 50)
"""Thresholds of the garbage collector: what the quote path makes holds no cycles, so full passes can be rare."""


class Desk:
    """One account's desk. ``run`` returns after ``stop`` was asked for and the history is closed.

    One that does not take commands is there to be looked at: neither of its sockets changes anything.
    """

    def __init__(
        self, settings: Settings, history: History, *, sources: Environment | None = None, takes_commands: bool = True
    ) -> None:
        self._settings = settings
        self._takes_commands = takes_commands
        self._history = history
        self._sources = sources or Environment()
        self._stopping = asyncio.Event()
        self._supervisor = Supervisor()
        self._stream = SnapshotStream()
        self._writer = HistoryWriter(
            history, env=self._sources, on_failure=self._history_failed, on_account_lost=self._account_taken
        )

    def stop(self) -> None:
        """Ask the desk to disarm, write its history and end."""
        self._stopping.set()

    async def run(self) -> None:
        """Live until ``stop``. Raises HistoryError when the history cannot be opened, or could not be written out."""
        settings, sources = self._settings, self._sources
        started_ns = sources.wall_ns()
        run = Run(run_id=sources.new_id(), mode=settings.mode, account=settings.account_id, started_ns=started_ns)
        previous_run = await self._history.open(run)
        clean = False
        try:
            self._clock = VenueClock(settings, sources)
            async with httpx.AsyncClient(trust_env=False, event_hooks=self._clock.hooks) as client:
                workers = TradingParts(
                    settings,
                    client,
                    sources,
                    run_id=run.run_id,
                    recorder=self._writer,
                    history=self._history,
                    on_failure=self._disarm_by_itself,
                )
                self._workers = workers
                await self._live(workers, client, run, previous_run)
            clean = True
        finally:
            await self._history.close(sources.wall_ns() if clean else None)

    async def _live(
        self, workers: TradingParts, client: httpx.AsyncClient, run: Run, previous_run: PreviousRun | None
    ) -> None:
        listeners = bind(self._settings.socket_path), bind(self._settings.read_only_socket_path)
        writing = asyncio.create_task(self._writer.run(), name="history")
        self._writer.record(self._start_action(run, workers))
        outflow = FundingParts(
            self._settings,
            client,
            workers,
            self._sources,
            self._history,
            self._writer,
        )
        startup = workers.startup
        await remember(workers.trading, self._history)
        await outflow.load()
        await startup.load(previous_run)
        credentials = Credentials(workers, run.account, self._sources.monotonic_ns)
        burner = self._burner = HardStopRun(
            run.account,
            workers.book,
            workers.signer,
            workers.relay_rpc,
            workers.verifier,
            env=self._sources,
            recorder=self._writer,
            request_sync=workers.inventory.request_sync,
        )
        self._alone = DeadManSwitch(
            self._settings.when_alone,
            self._settings.alone_ms,
            disarm=self._disarm_alone,
            stop=lambda why: self._control.hard_stop(CommandRequest(actor=f"the desk: {why}")),
            env=self._sources,
        )
        self._watch = InterlockMonitor(
            self._settings,
            workers,
            self._clock,
            env=self._sources,
            recorder=self._writer,
            previous_run_ms=startup.left_ms,
            hard_stop_active=lambda: burner.active,
        )
        picture = SnapshotBuilder(
            workers,
            self._writer,
            self._supervisor,
            outflow,
            run_id=run.run_id,
            mode=self._settings.mode,
            account=run.account,
            started_ns=run.started_ns,
            interlocks=self._watch.rows,
            journal=lambda: self._control.journal,
            attached=lambda: len(self._stream),
            findings=startup.findings,
            alone=self._alone,
            burner=burner,
            wall_ns=self._sources.wall_ns,
        )
        self._picture = picture
        serving = self._serve(workers, outflow, credentials, client, picture, run)
        pairs = zip(serving, listeners, strict=True)
        apis = [asyncio.create_task(one.serve([listener]), name="api") for one, listener in pairs]
        for api in apis:
            api.add_done_callback(lambda _: self.stop())
        start = self._supervisor.start
        for feed in workers.reference.feeds:
            start(feed.source, lambda feed=feed: feed.run(workers.reference.on_tick))  # type: ignore[misc]
        start("liquidity", workers.liquidity.run)
        start("inventory", workers.inventory.run)
        start("credentials", credentials.run)
        start("clock", lambda: self._clock.run(workers.rpc))
        start("withdrawals", lambda: outflow.withdrawals.run(outflow.tracker))
        start("relay", lambda: workers.relay.run(workers.intake))
        start("burning", burner.run)
        if self._settings.history_keep_days:
            start("retention", self._retain)
        start("tick", self._watching)
        gc.collect()
        gc.freeze()
        gc.set_threshold(*QUIET_GC)
        try:
            await self._stopping.wait()
        finally:
            await self._wind_down(workers, serving, apis, writing)

    async def _wind_down(
        self,
        workers: TradingParts,
        serving: Sequence[QuietServer],
        apis: Sequence[asyncio.Task[None]],
        writing: asyncio.Task[None],
    ) -> None:
        """Disarm first, then let the parts go, and write what happened to the last event."""
        for part in ("trade-executor", "strategy-engine"):
            if workers.arming.armed(part):
                workers.arming.disarm(part, "disarmed: the desk is stopping")
        self._stream.put(self._picture.snapshot())
        await self._supervisor.stop()
        workers.intake.note_flow(self._sources.wall_ns(), last=True)
        for one in serving:
            one.should_exit = True
        await asyncio.gather(*apis, return_exceptions=True)
        for path in (self._settings.socket_path, self._settings.read_only_socket_path):
            path.unlink(missing_ok=True)
        self._writer.stop()
        await writing

    def _serve(
        self,
        workers: TradingParts,
        outflow: FundingParts,
        credentials: Credentials,
        client: httpx.AsyncClient,
        picture: SnapshotBuilder,
        run: Run,
    ) -> tuple[QuietServer, QuietServer]:
        async def refresh_reference() -> str | None:
            return "; ".join(await workers.reference.refresh(client)) or None

        async def refresh_inventory() -> str | None:
            done = await workers.inventory.sync("refresh")
            return None if done is not None else workers.inventory.last_error

        control = self._control = CommandHandler(
            workers.arming,
            blocked=self._watch.blocked,
            refreshers={
                "market-reference-ingest": refresh_reference,
                "inventory-sync": refresh_inventory,
                "liquidity-manager": workers.liquidity.refresh,
            },
            limits=workers.limits,
            trading=workers.trading,
            shutdown=self.stop,
            record=self._writer.record,
            durable=self._writer.flush,
            wall_ns=self._sources.wall_ns,
            new_id=self._sources.new_id,
            burn=self._burner.start,
        )
        money = FundingRoutes(
            control,
            outflow.treasury(control),
            outflow.freeze,
            workers.liquidity,
            outflow.registration,
            credentials.wanted,
        )
        remainder = AcceptRemainder(
            control,
            workers.pair,
            workers.inventory,
            max_loss=self._settings.remainder_max_loss_eure,
            mid=lambda: workers.reference.trusted_mid,
            withdrawals=outflow.withdrawals,
            liquidity=workers.liquidity,
        )
        api = Api(
            control,
            self._stream,
            picture=picture.snapshot,
            part_state=lambda part: self._part_state(part, picture),
            identity={"run_id": run.run_id, "mode": run.mode, "account": run.account},
            money=[*money.routes(), *remainder.routes()],
            quiet=workers.relay.flush,
        )
        app = api.app() if self._takes_commands else api.read_only_app()
        return server(app), server(api.read_only_app())

    def _disarm_alone(self, why: str) -> None:
        for part in reversed(ARMABLE):
            self._control.disarm(part, CommandRequest(actor=f"the desk: {why}"))

    async def _watching(self) -> None:
        """Tick until cancelled. What the ticks watch over is not traded on while they fail."""
        try:
            await self._tick()
        except Exception as exc:
            if self._workers.arming.executor:
                self._disarm_by_itself(f"what watches the desk failed: {type(exc).__name__}")
            raise

    async def _tick(self) -> None:
        """Age what must age and publish a snapshot, four times a second; requests are answered in between."""
        workers = self._workers
        while True:
            now = self._sources.wall_ns()
            workers.book.tick(now)
            await asyncio.sleep(0)
            workers.startup.tick()
            self._alone.tick(self._stream.operators, workers.arming.executor)
            if workers.book.past_expiry() and now - workers.inventory.ledger.at_ns >= DEATHS_EVERY_NS:
                workers.inventory.request_sync()
            workers.reference.recompute()
            workers.trading.mark(workers.reference.trusted_mid, workers.inventory.ledger.balance)
            self._control.note_trading()
            self._watch.tick(self._control)
            workers.intake.note_flow(now)
            workers.markouts.tick(now, workers.book.fills, workers.reference)
            self._picture.ticked_ns = now
            await asyncio.sleep(0)
            if len(self._stream):
                self._stream.put(await self._picture.unhurried())
            await asyncio.sleep(TICK_S)

    async def _retain(self) -> None:
        writer, days = self._writer, self._settings.history_keep_days
        await retain(self._history, days, env=self._sources, busy=lambda: not writer.complete or writer.depth > BATCH)

    def _start_action(self, run: Run, workers: TradingParts) -> OperatorAction:
        """The start as the journal's first entry, with the limits it begins with."""
        limits = msgspec.json.encode(workers.limits.current).decode()
        actor, told = "desk", "started disarmed"
        if not self._takes_commands:
            actor, told = "check", "started to be looked at; it takes no command"
        return OperatorAction(run.started_ns, f"start-{run.run_id}", actor, "start", limits, True, told)

    def _history_failed(self, reason: str) -> None:
        """What cannot be recorded is not traded."""
        if self._workers.arming.executor:
            self._disarm_by_itself(reason)
        log.error("the executor is disarmed: %s", reason)

    def _disarm_by_itself(self, reason: str) -> None:
        self._control.disarm("trade-executor", CommandRequest(actor=DESK), reason)

    def _account_taken(self, reason: str) -> None:
        """Two desks of one account would promise the same balances."""
        log.error("the desk stops: %s", reason)
        self.stop()

    def _part_state(self, part: Part, picture: SnapshotBuilder) -> Mapping[str, object]:
        """A part's own share of the snapshot."""
        shot = picture.snapshot()
        health = next(health for health in shot.health if health.part == part)
        own: dict[Part, Mapping[str, object]] = {
            "near-intents-ingest": {"relay": shot.relay, "counts": shot.counts},
            "market-reference-ingest": {"market": shot.market},
            "inventory-sync": {"inventory": shot.inventory},
            "liquidity-manager": {
                "deposits": shot.deposits,
                "deposits_age_ms": shot.deposits_age_ms,
                "deposit_addresses": shot.deposit_addresses,
                "withdrawals_frozen": shot.withdrawals_frozen,
                "freeze_left_ms": shot.freeze_left_ms,
                "withdrawals": shot.withdrawals,
                "key": shot.key,
            },
            "history-writer": {"writer": self._writer.state()},
            "strategy-engine": {
                "armed": shot.strategy_armed,
                "why": shot.strategy_why,
                "limits": shot.limits,
                "trading": shot.trading,
                "trading_why": shot.trading_why,
                "decisions": shot.decisions,
            },
            "trade-executor": {
                "armed": shot.executor_armed,
                "why": shot.executor_why,
                "blocked": shot.executor_blocked,
                "alive": shot.alive,
                "quotes": shot.quotes,
                "executions": shot.executions,
                "reaction": shot.reaction,
            },
        }
        return {"health": health, **own[part]}
