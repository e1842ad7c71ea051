"""One account's desk: its parts started in order, ticked, served, and stopped so that nothing is lost.

It starts SAFE: strategy and executor disarmed, withdrawals frozen, whatever the previous run did.
"""

import asyncio
import gc
import logging
from collections.abc import Iterator, Sequence
from functools import partial

import httpx
import msgspec
from starlette.routing import WebSocketRoute

from cockpit.config.settings import Settings
from cockpit.desk.alerts.alerting import make_feed, start_alerting
from cockpit.desk.alerts.facts import DeskFacts, read_facts
from cockpit.desk.alerts.journal_tap import JournalTap
from cockpit.desk.api.app import Api
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.events.event_route import EventRoute
from cockpit.desk.api.events.event_stream import EventStream
from cockpit.desk.api.part_states import part_state
from cockpit.desk.api.snapshot_stream import SnapshotStream
from cockpit.desk.composition.api_parts import ApiParts, build_api
from cockpit.desk.composition.funding_parts import FundingParts, build_funding
from cockpit.desk.composition.trading_parts import TradingParts, build_trading
from cockpit.desk.earnings.recalling import Recall, recall_earnings
from cockpit.desk.interlocks.absence import Absence
from cockpit.desk.interlocks.alarms import COMMAND, watch_alarms
from cockpit.desk.interlocks.monitor import DESK, InterlockMonitor
from cockpit.desk.interlocks.venue_clock import VenueClock
from cockpit.desk.market.volatility import resume
from cockpit.desk.metrics.scrape import MetricSources
from cockpit.desk.metrics.serving import Metrics
from cockpit.desk.risk import committed_flow
from cockpit.desk.risk.dead_man_switch import DeadManSwitch
from cockpit.desk.risk.operators import Operators
from cockpit.desk.risk.trading_state import remember
from cockpit.desk.runtime.instance_id import instance_id
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.runtime.unix_server import QuietServer, bind, server
from cockpit.desk.snapshots.builder import SnapshotBuilder
from cockpit.desk.snapshots.health import metrics_health, status_worker
from cockpit.model.commands import ARMABLE, CommandRequest
from cockpit.model.environment import Environment
from cockpit.model.events import OperatorAction
from cockpit.model.giving_way import give_way
from storage.history import History, PreviousRun, Run
from storage.retention import retain
from storage.runs import counted_tokens
from storage.writer import BATCH, HistoryWriter
from venue.alarms.scopes import OurScope
from venue.protocol.units import NS_PER_S

log = logging.getLogger(__name__)

TICK_S = 0.25
EXPIRIES_EVERY_NS = NS_PER_S
"""Quotes expire all the time; the balances are not read more often than this on their account."""

QUIET_GC = (500, 20_000, 50)
"""Thresholds of the garbage collector. What the quote path makes holds no cycles, but lives as long as a quote: a pass
takes 0.6 us for each new object, so it comes often and is short. All that is older is looked at once in hours.
"""


class Desk:
    """One account's desk. ``run`` returns after ``stop`` was called and the history is closed.

    Without ``takes_commands`` neither of its sockets changes anything. ``recall`` reads what earlier runs of the day
    earned.
    """

    def __init__(
        self,
        settings: Settings,
        history: History,
        *,
        env: Environment | None = None,
        takes_commands: bool = True,
        recall: Recall | None = None,
    ) -> None:
        self._settings = settings
        self._takes_commands = takes_commands
        self._history = history
        self._recall = recall
        self._env = env or Environment()
        self._stopping = asyncio.Event()
        self._stopped_by = ""
        self._supervisor = Supervisor()
        self._stream = SnapshotStream(Operators(self._env))
        self._events = EventStream(history)
        self._writer = HistoryWriter(
            history,
            env=self._env,
            on_failure=self._history_failed,
            on_account_lost=self._account_lost,
            on_written=self._events.take,
        )

    def stop(self, by: str = "") -> None:
        """Have the desk disarm, write its history and end. ``by``: who asks for it otherwise than by a command."""
        self._stopped_by = self._stopped_by or ("" if self._stopping.is_set() else by)
        self._stopping.set()

    async def run(self) -> None:
        """Run until ``stop``. Raises HistoryError when the history cannot be opened, or not written to its end."""
        settings, env = self._settings, self._env
        gc.set_threshold(*QUIET_GC)
        started_ns = env.wall_ns()
        run = Run(
            run_id=env.new_id(),
            mode=settings.mode,
            account=settings.account_id,
            started_ns=started_ns,
            assets=counted_tokens(settings.tokens),
        )
        previous_run = await self._history.open(run)
        clean = False
        try:
            self._clock = VenueClock(settings, env)
            async with httpx.AsyncClient(trust_env=False, event_hooks=self._clock.hooks) as client:
                await self._serve(client, run, previous_run)
            clean = True
        finally:
            await self._history.close(env.wall_ns() if clean else None)

    async def _serve(self, client: httpx.AsyncClient, run: Run, previous_run: PreviousRun | None) -> None:
        listeners = bind(self._settings.socket_path), bind(self._settings.read_only_socket_path)
        writing = asyncio.create_task(self._writer.run(), name="history")
        self._feed = make_feed(self._settings, self._env)
        journal = CommandJournal(self._env, JournalTap(self._writer, self._feed))
        trading, funding = self._build(client, run, journal)
        self._writer.record(self._start_action(run))
        await remember(trading.trading_state, self._history)
        await resume(trading.reference.volatility, self._history, self._env.wall_ns())
        limits, quote = trading.limits.current, trading.tokens.quote
        await committed_flow.resume(trading.committed_flow, self._history, self._env.wall_ns(), limits, quote)
        await funding.load(self._history)
        await trading.startup.load(previous_run)
        funding.orders.name_defaults()
        self._alarms = watch_alarms(self._settings, self._our_scope, client, self._env, journal)
        self._alarms.remember(await self._history.last_arguments(COMMAND))
        self._interlocks = InterlockMonitor(
            self._settings, trading, self._clock, self._env, self._writer, alarms=self._alarms
        )
        api = self._api = build_api(
            self._settings,
            client,
            trading,
            funding,
            journal,
            env=self._env,
            blocked=self._interlocks.blocked,
            shutdown=self.stop,
            acknowledge_alerts=self._feed.acknowledge,
        )
        self._absence = Absence(
            trading,
            self._env,
            journal,
            disarm_ms=self._settings.away_disarm_ms,
            disarm=self._disarm_executor,
        )
        self._dead_man = DeadManSwitch(
            self._settings.when_alone,
            self._stream.operators,
            alone_ms=self._settings.alone_ms,
            idle_ms=self._settings.operator_idle_ms,
            disarm=self._disarm_unattended,
            stop=lambda reason: api.control.hard_stop(CommandRequest(actor=f"the desk: {reason}")),
            env=self._env,
        )
        self._snapshots = SnapshotBuilder(
            run,
            self._settings.mode,
            self._settings.markets,
            self._env,
            self._writer,
            self._supervisor,
            trading,
            funding,
            interlocks=self._interlocks.rows,
            alarms=self._alarms.state,
            alerts=lambda: self._feed.state,
            metrics=lambda: self._metrics.state,
            journal=journal,
            stream=self._stream,
            dead_man=self._dead_man,
        )
        self._metrics = Metrics(self._settings.metrics_address, self._metric_sources(run, trading, funding, journal))
        servers = self._servers(run, api)
        pairs = zip(servers, listeners, strict=True)
        serving = [asyncio.create_task(one.serve([listener]), name="api") for one, listener in pairs]
        for task in serving:
            task.add_done_callback(lambda _: self.stop())
        recall = recall_earnings(trading.earnings, trading.option_day, self._recall, run.started_ns)
        recalling = asyncio.create_task(recall, name="recall")
        self._start_workers(client, trading, funding)
        self._metrics.start(self._supervisor)
        start_alerting(self._settings, run, self._feed, self._supervisor, self._env, facts=self._read_facts)
        gc.collect()
        gc.freeze()
        try:
            await self._stopping.wait()
        finally:
            recalling.cancel()
            await self._wind_down(servers, serving, writing)

    def _build(self, client: httpx.AsyncClient, run: Run, journal: CommandJournal) -> tuple[TradingParts, FundingParts]:
        trading = self._trading = build_trading(
            self._settings,
            client,
            self._env,
            self._writer,
            self._history,
            run_id=run.run_id,
            on_failure=self._disarm_executor,
            # A desk that only looks must not take what the trading one has missed.
            instance_id=instance_id(self._settings) if self._takes_commands else "",
            ahead_ns=lambda: self._clock.ahead_ns,
        )
        funding = build_funding(
            self._settings,
            trading,
            self._env,
            self._writer,
            self._history,
            record_result=journal.record_result,
            clock_right=lambda: self._clock.judge().passed,
        )
        return trading, funding

    def _servers(self, run: Run, parts: ApiParts) -> tuple[QuietServer, QuietServer]:
        """Return the server of the desk's own socket and that of the read-only one."""
        identity = {"run_id": run.run_id, "mode": run.mode, "account": run.account}
        follow = EventRoute(self._events, identity, self._env.wall_ns)
        api = Api(
            parts.control,
            self._stream,
            made=self._snapshots.made_in_slices,
            health=self._snapshots.health,
            part_state=lambda part, shot: part_state(part, shot, self._writer.state()),
            identity=identity,
            routes=parts.routes,
            reading=(*self._metrics.routes(), WebSocketRoute("/events", follow.serve)),
            quiet=self._trading.relay.flush,
        )
        app = api.app() if self._takes_commands else api.read_only_app()
        return server(app), server(api.read_only_app())

    def _start_workers(self, client: httpx.AsyncClient, trading: TradingParts, funding: FundingParts) -> None:
        start = self._supervisor.start
        for feed in trading.reference.feeds:
            start(feed.source, partial(feed.run, trading.reference.on_tick, trading.reference.on_out))
            if feed.status_path:
                start(status_worker(feed), partial(feed.watch_status, client, trading.reference.on_out))
        if trading.euro_rate is not None:
            start("euro rate", trading.euro_rate.run)
        start("liquidity", trading.deposits.run)
        start("inventory", trading.inventory.run)
        start("credentials", trading.credentials.run)
        start("venue access", trading.access.run)
        start("clock", lambda: self._clock.run(trading.rpc))
        start("alarms", self._alarms.run)
        start("withdrawals", funding.withdrawals.run)
        start("relay", lambda: trading.relay.run(trading.engine))
        start("burning", trading.hard_stop.run)
        if self._settings.history_keep_days:
            start("retention", self._retain)
        start("tick", self._keep_ticking)

    async def _wind_down(
        self, servers: Sequence[QuietServer], serving: Sequence[asyncio.Task[None]], writing: asyncio.Task[None]
    ) -> None:
        """Disarm first, then stop the workers, and write what happened to the last event."""
        trading = self._trading
        if self._stopped_by:
            # Other cockpits are told, and so is the journal.
            self._api.control.shutdown(CommandRequest(actor=self._stopped_by))
        for part in reversed(ARMABLE):
            if trading.arming.armed(part):
                trading.arming.disarm(part, "disarmed: the desk is stopping")
        self._mark_last()
        self._stream.put(self._snapshots.made())
        await self._supervisor.stop()
        trading.engine.note_flow(self._env.wall_ns(), last=True)
        for one in servers:
            one.should_exit = True
        await asyncio.gather(*serving, return_exceptions=True)
        for path in (self._settings.socket_path, self._settings.read_only_socket_path):
            path.unlink(missing_ok=True)
        self._writer.stop()
        await writing

    async def _keep_ticking(self) -> None:
        """Tick until cancelled. While the ticks fail, the executor stays disarmed."""
        try:
            await self._tick()
        except (Exception, asyncio.CancelledError) as exc:
            if self._trading.arming.executor and not self._stopping.is_set():
                self._disarm_executor(f"the desk's own checks failed: {type(exc).__name__}")
            raise

    async def _tick(self) -> None:
        """Age what must age and publish a snapshot, four times a second; requests are answered in between."""
        trading, control = self._trading, self._api.control
        while True:
            now = self._env.wall_ns()
            for _ in trading.book.tick_in_slices(now):
                await give_way()
            trading.startup.tick()
            self._dead_man.tick(trading.arming.executor)
            if trading.book.has_past_expiry and now - trading.inventory.ledger.at_ns >= EXPIRIES_EVERY_NS:
                trading.inventory.request_sync()
            trading.reference.recompute()
            trading.trading_state.mark(trading.reference.trusted_mid, trading.inventory.ledger.balance)
            control.note_trading()
            await give_way()
            self._interlocks.tick(control)
            await give_way()
            self._absence.tick()
            trading.engine.note_flow(now)
            trading.markouts.tick(now, trading.book.reported(), trading.reference)
            await give_way()
            mid, ledger = trading.reference.trusted_mid, trading.inventory.ledger
            trading.earnings.tick(now, mid, ledger, trading.book.counters["sent"])
            await give_way()
            engine = trading.engine
            trading.chart_course.tick(now, engine.prices(engine.view(trading.tokens.markets[0])))
            for _ in self._measure_options(now):
                await give_way()
            self._snapshots.ticked_ns = now
            await give_way()
            if len(self._stream):
                self._stream.put(await self._snapshots.made_in_slices())
            await asyncio.sleep(TICK_S)

    def _mark_last(self) -> None:
        """Record the mid by which the run's figures end, so that a report of the run ends with the same."""
        trading, now = self._trading, self._env.wall_ns()
        mid = trading.reference.mark(now)
        trading.earnings.tick(now, mid, trading.inventory.ledger, trading.book.counters["sent"])

    def _measure_options(self, now_ns: int) -> Iterator[None]:
        reference, pricing = self._trading.reference, self._trading.pricing.current
        sigma = reference.volatility.sigma
        sigma = pricing.unknown_sigma_bps if sigma is None else sigma
        return self._trading.option_meter.tick(now_ns, reference.trusted_mid, sigma)

    async def _retain(self) -> None:
        writer, days = self._writer, self._settings.history_keep_days
        await retain(self._history, days, env=self._env, busy=lambda: not writer.complete or writer.depth > BATCH)

    def _read_facts(self, settled: int) -> DeskFacts:
        rows, now = self._interlocks.rows(), self._env.wall_ns()
        others = metrics_health(self._metrics.state)
        return read_facts(self._trading, self._writer, self._supervisor, rows, now, settled=settled, others=others)

    def _metric_sources(
        self, run: Run, trading: TradingParts, funding: FundingParts, journal: CommandJournal
    ) -> MetricSources:
        return MetricSources(
            run=run,
            env=self._env,
            trading=trading,
            funding=funding,
            writer=self._writer,
            supervisor=self._supervisor,
            journal=journal,
            stream=self._stream,
            dead_man=self._dead_man,
            interlocks=self._interlocks.rows,
            alarms=self._alarms.state,
            alerts=lambda: self._feed.state,
            ticked_ns=lambda: self._snapshots.ticked_ns,
        )

    def _our_scope(self) -> OurScope:
        settings = self._settings
        destinations = settings.btc_withdraw_address or "", settings.eure_withdraw_address or ""
        deposits = (one.address for one in self._trading.deposits.addresses.values())
        contracts = settings.markets.stage.contract, settings.markets.stage.omni_bridge
        addresses = (*contracts, settings.account_id, *destinations, *deposits)
        return OurScope.of(settings.tokens.tokens, addresses)

    def _start_action(self, run: Run) -> OperatorAction:
        """Return the journal's first entry, with the limits of the start."""
        started = "started disarmed" if self._takes_commands else "started read-only; it takes no commands"
        stage = self._settings.markets.stage_note
        return OperatorAction(
            at_ns=run.started_ns,
            command_id=f"start-{run.run_id}",
            actor="desk" if self._takes_commands else "check",
            command="start",
            arguments=msgspec.json.encode(self._trading.limits.current).decode(),
            accepted=True,
            reason=f"{started}; {stage}" if stage else started,
        )

    def _history_failed(self, reason: str) -> None:
        # What cannot be recorded is not traded.
        if self._trading.arming.executor:
            self._disarm_executor(reason)
        log.error("executor disarmed: %s", reason)

    def _account_lost(self, reason: str) -> None:
        # Two desks of one account would commit the same balances.
        log.error("the desk stops: %s", reason)
        self.stop()

    def _disarm_executor(self, reason: str) -> None:
        self._api.control.disarm("trade-executor", CommandRequest(actor=DESK), reason)

    def _disarm_unattended(self, reason: str) -> None:
        for part in reversed(ARMABLE):
            self._api.control.disarm(part, CommandRequest(actor=f"the desk: {reason}"))
