"""Builds the snapshot: the whole desk at one moment, for every cockpit attached."""

import asyncio
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import TypeVar, cast

from cockpit.config.markets import Markets
from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.snapshot_stream import SnapshotStream
from cockpit.desk.composition.funding_parts import FundingParts
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.funding.key_registration import by_hand
from cockpit.desk.interlocks.checklist import MET_BY_ARMING, failing
from cockpit.desk.quote_book.options.option_meter import QuoteOptions
from cockpit.desk.risk.dead_man_switch import DeadManSwitch
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.snapshots.deposit_rows import address_rows, deposit_rows, fund_warnings
from cockpit.desk.snapshots.earnings import earnings_state
from cockpit.desk.snapshots.health import alerts_health, healths, history_state, metrics_health
from cockpit.desk.snapshots.inventory_rows import inventory_state
from cockpit.desk.snapshots.market_rows import (
    demand_rows,
    journal_row,
    market_state,
    reaction,
    relay_latency,
    token_rows,
)
from cockpit.desk.snapshots.quote_rows import (
    decision_row,
    fill_row,
    filled_ns,
    live_quotes,
    newest_first,
    option_day_state,
    option_state,
    quote_row,
    signed_ns,
)
from cockpit.desk.snapshots.transfer_rows import withdrawal_rows
from cockpit.model.ages import age_ms
from cockpit.model.alarms import AlarmsState
from cockpit.model.alerts.state import AlertsState
from cockpit.model.environment import Environment
from cockpit.model.snapshot import (
    Counts,
    DecisionRow,
    FillRow,
    InterlockRow,
    JournalRow,
    KeyView,
    MetricsState,
    Mode,
    QuoteRow,
    Reaction,
    RelayLatency,
    Snapshot,
)
from cockpit.model.trading_figures.earnings import EarningsState
from storage.history import Run
from storage.writer import HistoryWriter
from venue.protocol.units import NS_PER_MS, NS_PER_S

SHOWN = 60
"""Rows of each list in a snapshot: more than a screen shows, few enough to make four times a second."""

ROWS_PER_SLICE = 10
"""Rows made without a pause, about 0.1 ms."""

REACTION_EVERY_NS = NS_PER_S
"""Between two computations of the reaction percentiles; a snapshot requested by hand must not show old ones."""

T = TypeVar("T")


def _newest(rows: Iterable[T]) -> list[T]:
    return list(islice(rows, SHOWN))


def _in_slices(rows: Iterable[T]) -> Generator[None, None, tuple[T, ...]]:
    """Make the rows, with a pause after every few, and return them."""
    made: list[T] = []
    rows = iter(rows)
    while some := list(islice(rows, ROWS_PER_SLICE)):
        made += some
        yield
    return tuple(made)


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
        self._earnings: EarningsState | None = None
        self.ticked_ns = run.started_ns

    def snapshot(self) -> Snapshot:
        slices = self._slices()
        while True:
            try:
                next(slices)
            except StopIteration as done:
                return cast(Snapshot, done.value)

    async def build_in_slices(self) -> Snapshot:
        """Return a snapshot; requests are answered between its slices."""
        slices = self._slices()
        while True:
            try:
                next(slices)
            except StopIteration as done:
                return cast(Snapshot, done.value)
            await asyncio.sleep(0)

    def _slices(self) -> Generator[None, None, Snapshot]:
        """Build the snapshot in slices of about a tenth of a millisecond, and return it from the last.

        The long lists come first; what shows whether the desk trades is read at one moment, in the last slice.
        """
        trading, tokens, book = self._trading, self._trading.tokens, self._trading.book
        now = self._wall_ns()
        recent = _newest(reversed(trading.engine.recent))
        decisions = yield from _in_slices(decision_row(event.made(), market, now) for event, market in recent)
        reading = trading.option_meter.reading
        options = None if reading is None else QuoteOptions(tokens, reading, now)
        signed = newest_first(_newest(reversed(book.recent)), signed_ns)
        quotes = yield from _in_slices(quote_row(tokens, quote, now, options) for quote in signed)
        settling = [quote for quote in reversed(book.recent) if quote.state == "settling"]
        fills = newest_first(settling + _newest(reversed(book.fills)), filled_ns)
        executions = yield from _in_slices(
            fill_row(tokens, quote, trading.markouts.of(quote.commitment.quote_hash), now) for quote in fills[:SHOWN]
        )
        journal = yield from _in_slices(journal_row(action, now) for action in reversed(tuple(self._journal.entries)))
        if abs(now - self._reaction_ns) >= REACTION_EVERY_NS:
            self._reaction_ns = now
            self._reaction = reaction(trading.executor.reactions_us)
            counters = trading.engine.counters
            self._latency = relay_latency(
                trading.engine.latencies_us,
                dated=counters["dated_requests"],
                requests=counters["requests"] + counters["dry_requests"],
            )
        yield
        self._earnings = earnings_state(trading, self._monotonic_ns())
        yield
        return self._build(decisions, quotes, executions, journal)

    def _build(
        self,
        decisions: tuple[DecisionRow, ...],
        quotes: tuple[QuoteRow, ...],
        executions: tuple[FillRow, ...],
        journal: tuple[JournalRow, ...],
    ) -> Snapshot:
        trading, funding, now = self._trading, self._funding, self._wall_ns()
        tokens, book, engine = trading.tokens, trading.book, trading.engine
        view, monotonic_ns = engine.view(tokens.markets[0]), self._monotonic_ns()
        prices = engine.prices(view)
        self._seq += 1
        writer = self._writer.state()
        interlocks, alerts, metrics = self._interlocks(), self._alerts(), self._metrics()
        inventory = inventory_state(
            tokens, trading.inventory, trading.deposits, book.reservations, trading.pricing.current, view.mid, now
        )
        warnings = fund_warnings(tokens, inventory.rows, trading.deposits)
        return Snapshot(
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
            deposits=deposit_rows(trading.deposits, now, SHOWN),
            deposits_age_ms=age_ms(now, trading.deposits.at_ns),
            decisions=decisions,
            quotes=quotes,
            executions=executions,
            market=market_state(trading.reference, prices, now, trading.chart_course),
            health=(
                *healths(trading, self._writer, self._supervisor, now),
                *alerts_health(alerts),
                *metrics_health(metrics),
            ),
            limits=trading.limits.current,
            pricing=trading.pricing.current,
            lives=trading.pricing.lives,
            earnings=self._earnings,
            options=option_state(tokens, trading.option_meter.reading, now),
            option_day=option_day_state(tokens, trading.option_day, now),
            counts=self.counts(),
            alive=live_quotes(tokens, book.reservations, view.mid, now),
            reaction=self._reaction,
            relay_latency=self._latency,
            deposit_addresses=address_rows(tokens, trading.deposits, now),
            withdrawals=withdrawal_rows(trading.withdrawals, trading.deposits, now),
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
            journal=journal,
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
            alerts=alerts,
            metrics=metrics,
            tokens=self._tokens,
            markets=tuple(market.name for market in self._markets.tokens.markets),
            stage=self._markets.stage_note,
            demand_by_market=demand_rows(trading.request_counter, monotonic_ns),
            demand_ms=trading.request_counter.span_ns(monotonic_ns) // NS_PER_MS,
        )

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
