"""Builds the snapshot: the whole desk at one moment, for every cockpit attached."""

import asyncio
from collections.abc import Callable, Generator
from typing import cast

from cockpit.config.markets import Markets
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.snapshot_stream import MadeSnapshot, SnapshotStream
from cockpit.desk.composition.funding_parts import FundingParts
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.funding.key_registration import by_hand
from cockpit.desk.interlocks.checklist import MET_BY_ARMING, failing
from cockpit.desk.risk.dead_man_switch import DeadManSwitch
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.snapshots.deposit_rows import address_rows, fund_warnings
from cockpit.desk.snapshots.earnings import earnings_state
from cockpit.desk.snapshots.health import alerts_health, healths, history_state, metrics_health
from cockpit.desk.snapshots.inventory_rows import inventory_state
from cockpit.desk.snapshots.market_rows import (
    demand_rows,
    market_state,
    reaction,
    relay_latency,
    token_rows,
)
from cockpit.desk.snapshots.quote_rows import (
    live_quotes,
    option_day_state,
    option_state,
)
from cockpit.desk.snapshots.shown_rows import ShownRows
from cockpit.model.ages import age_ms
from cockpit.model.alarms import AlarmsState
from cockpit.model.alerts.state import AlertsState
from cockpit.model.commands import Part
from cockpit.model.environment import Environment
from cockpit.model.giving_way import give_way
from cockpit.model.snapshot import (
    Counts,
    InterlockRow,
    KeyView,
    MetricsState,
    Mode,
    PartHealth,
    Reaction,
    RelayLatency,
    Snapshot,
)
from storage.history import Run
from storage.writer import HistoryWriter
from venue.protocol.units import NS_PER_MS, NS_PER_S

REACTION_EVERY_NS = NS_PER_S
"""Between two computations of the reaction percentiles; a snapshot requested by hand must not show old ones."""


class SnapshotBuilder:
    """Builds numbered snapshots of one desk. The owner sets ``ticked_ns`` (UTC) at each tick."""

    def __init__(
        self,
        run: Run,
        mode: Mode,
        markets: Markets,
        env: Environment,
        writer: HistoryWriter,
        supervisor: Supervisor,
        trading: TradingParts,
        funding: FundingParts,
        *,
        interlocks: Callable[[], tuple[InterlockRow, ...]],
        alarms: Callable[[], AlarmsState],
        alerts: Callable[[], AlertsState],
        metrics: Callable[[], MetricsState] = MetricsState,
        journal: CommandJournal,
        stream: SnapshotStream,
        dead_man: DeadManSwitch,
    ) -> None:
        self._run = run
        self._mode = mode
        self._markets = markets
        self._tokens = token_rows(markets.tokens)
        note = markets.stage_note
        self._stage_findings = (f"the desk works on {note}",) if note else ()
        self._monotonic_ns = env.monotonic_ns
        self._wall_ns = env.wall_ns
        self._writer = writer
        self._supervisor = supervisor
        self._trading = trading
        self._funding = funding
        self._interlocks = interlocks
        self._alarms = alarms
        self._alerts = alerts
        self._metrics = metrics
        self._journal = journal
        self._stream = stream
        self._dead_man = dead_man
        self._seq = 0
        self._reaction = Reaction(p50_us=None, p99_us=None, max_us=None)
        self._latency = RelayLatency()
        self._reaction_ns = 0
        self._making: asyncio.Task[MadeSnapshot] | None = None
        self.ticked_ns = run.started_ns

    def snapshot(self) -> Snapshot:
        return self.made().snapshot

    def made(self) -> MadeSnapshot:
        """Return a snapshot, made at once."""
        slices = self._slices()
        while True:
            try:
                next(slices)
            except StopIteration as done:
                return cast(MadeSnapshot, done.value)

    async def made_in_slices(self) -> MadeSnapshot:
        """Return a snapshot of a moment after this call; requests are answered between the slices of its making.

        Whoever asks while one is being made gets that one: its moment is yet to come.
        """
        if self._making is None:
            self._making = asyncio.create_task(self._make(), name="snapshot")
        return await asyncio.shield(self._making)

    async def _make(self) -> MadeSnapshot:
        slices = self._slices()
        try:
            while True:
                try:
                    next(slices)
                except StopIteration as done:
                    return cast(MadeSnapshot, done.value)
                await give_way()
        finally:
            self._making = None

    def _slices(self) -> Generator[None, None, MadeSnapshot]:
        """Build the snapshot in slices of about a tenth of a millisecond, and return it from the last.

        All amounts and what is armed are of one moment, the last slice: rows that were made before it and are no longer
        right are made anew. Interlocks and health are measured just before it, and anew where what they rest on has
        changed.
        """
        now = self._wall_ns()
        if abs(now - self._reaction_ns) >= REACTION_EVERY_NS:
            self._reaction_ns = now
            self._measure_reaction()
            yield
        rows = ShownRows(self._trading, self._journal.entries, now)
        yield from rows.make_in_slices()
        standing = self._standing()
        interlocks = self._interlocks()
        yield
        health = self.healths()
        yield
        if self._standing() != standing:
            interlocks, health = self._interlocks(), self.healths()
        return self._build(rows, interlocks, health)

    def _standing(self) -> tuple[object, ...]:
        """Return what decides whether the desk trades; it changes seldom."""
        trading, ledger = self._trading, self._trading.inventory.ledger
        return (
            trading.arming.rung,
            trading.trading_state.state,
            trading.limits.current,
            trading.relay.state,
            trading.hard_stop.active,
            trading.credentials.key.registered,
            trading.reference.current.usable,
            history_state(self._writer),
            (ledger.at_ns, ledger.height, ledger.unexplained),
            len(self._supervisor.down),
        )

    def _measure_reaction(self) -> None:
        trading, counters = self._trading, self._trading.engine.counters
        self._reaction = reaction(trading.executor.reactions_us)
        self._latency = relay_latency(
            trading.engine.latencies_us,
            dated=counters["dated_requests"],
            requests=counters["requests"] + counters["dry_requests"],
        )

    def health(self, part: Part) -> PartHealth:
        return next(health for health in self.healths() if health.part == part)

    def healths(self) -> tuple[PartHealth, ...]:
        """Return the health of the seven parts, and of what else is configured."""
        parts = healths(self._trading, self._writer, self._supervisor, self._wall_ns())
        return (*parts, *alerts_health(self._alerts()), *metrics_health(self._metrics()))

    def _build(
        self, rows: ShownRows, interlocks: tuple[InterlockRow, ...], health: tuple[PartHealth, ...]
    ) -> MadeSnapshot:
        trading, funding, now = self._trading, self._funding, self._wall_ns()
        tokens, book, engine = trading.tokens, trading.book, trading.engine
        monotonic_ns = self._monotonic_ns()
        view = engine.view(tokens.markets[0], monotonic_ns)
        prices = engine.prices(view)
        self._seq += 1
        writer = self._writer.state()
        shown = rows.now()
        inventory = inventory_state(
            tokens, trading.inventory, trading.deposits, book.reservations, trading.pricing.current, view.mid, now
        )
        warnings = fund_warnings(tokens, inventory.rows, trading.deposits)
        snapshot = Snapshot(
            seq=self._seq,
            at_ns=now,
            run_id=self._run.run_id,
            started_ns=self._run.started_ns,
            tick_ms=max(0, (now - self.ticked_ns) // NS_PER_MS),
            mode=self._mode,
            account=self._run.account,
            strategy_armed=trading.arming.strategy,
            executor_armed=trading.arming.executor,
            strategy_why=trading.arming.why("strategy-engine"),
            executor_why=trading.arming.why("trade-executor"),
            executor_blocked="; ".join(failing(interlocks, "LIVE", exclude=MET_BY_ARMING)),
            relay=trading.relay.state,
            history=history_state(self._writer),
            history_queue=writer.queue,
            withdrawals_frozen=funding.freeze.frozen,
            attached=len(self._stream),
            inventory=inventory,
            deposits=shown.deposits,
            deposits_age_ms=age_ms(now, trading.deposits.at_ns),
            decisions=shown.decisions,
            quotes=shown.quotes,
            executions=shown.executions,
            market=market_state(trading.reference, prices, now, trading.chart_course, shown.chart),
            health=health,
            limits=trading.limits.current,
            pricing=trading.pricing.current,
            lives=trading.pricing.lives,
            earnings=earnings_state(trading, view, monotonic_ns),
            options=option_state(tokens, trading.option_meter.reading, now),
            option_day=option_day_state(tokens, trading.option_day, now),
            counts=self.counts(),
            alive=live_quotes(tokens, book.reservations, view.mid, now),
            reaction=self._reaction,
            relay_latency=self._latency,
            deposit_addresses=address_rows(tokens, trading.deposits, now),
            withdrawals=shown.withdrawals,
            freeze_left_ms=funding.freeze.left_ms(),
            withdrawal_defaults=tuple(funding.defaults.items()),
            key=KeyView(
                public_key=trading.signer.public_key,
                registered=trading.credentials.key.registered,
                access=trading.credentials.key.access,
                command=by_hand(self._run.account, trading.signer.public_key, trading.signer.contract),
            ),
            rung=trading.arming.rung,
            trading=trading.trading_state.state,
            trading_why=trading.trading_state.why,
            interlocks=interlocks,
            journal=shown.journal,
            findings=(*self._stage_findings, *self._assumptions(), *warnings, *trading.startup.findings()),
            fund_warnings=warnings,
            when_alone=self._dead_man.action,
            alone_left_ms=self._dead_man.alone_left_ms(),
            alone_ms=self._dead_man.alone_ms,
            idle_left_ms=self._dead_man.idle_left_ms(),
            operators=self._dead_man.operators.watched,
            cockpits=self._dead_man.operators.names,
            sign_age_ms=self._dead_man.operators.sign_age_ms(),
            hard_stop=trading.hard_stop.progress(),
            alarms=self._alarms(),
            alerts=self._alerts(),
            metrics=self._metrics(),
            tokens=self._tokens,
            markets=tuple(market.name for market in self._markets.tokens.markets),
            stage=self._markets.stage_note,
            demand_by_market=demand_rows(trading.request_counter, monotonic_ns),
            demand_ms=trading.request_counter.span_ns(monotonic_ns) // NS_PER_MS,
        )
        return MadeSnapshot(snapshot, shown.encoded)

    def _assumptions(self) -> tuple[str, ...]:
        # A sandbox has no EURe: there is nothing to be wrong about.
        assumption = self._trading.reference.par.assumption
        return (assumption,) if assumption and self._mode == "LIVE" else ()

    def counts(self) -> Counts:
        trading = self._trading
        relay, engine, book = trading.relay.counters, trading.engine.counters, trading.book.counters
        others, counted = trading.relay.others, trading.relay.others.counted
        malformed = sum(count for name, count in relay.items() if name.startswith("malformed_"))
        return Counts(
            requests=engine["requests"],
            other_pairs=relay["other_pairs"],
            malformed=malformed + engine["malformed_duplicate"],
            decisions=engine["decisions"],
            actionable=engine["actionable"],
            sent=book["sent"],
            accepted=book["accepted"],
            refused=book["refused"],
            unknown=book["unknown"],
            settled=book["settled"],
            expired=book["expired"],
            statuses=relay["statuses"],
            dry=engine["dry_requests"],
            router_legs=engine["router_legs"],
            others_filtered=trading.relay.filtered,
            others_left_ms=others.left_ns // NS_PER_MS,
            others_counted=counted.count if counted is not None else None,
            others_over_ms=counted.over_ns // NS_PER_MS if counted is not None else None,
        )
