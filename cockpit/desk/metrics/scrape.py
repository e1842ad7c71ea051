"""One scrape of the desk: its parts, the moment, and what several metrics share, computed once."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from functools import cached_property

import msgspec
from prometheus_client.core import Metric
from prometheus_client.process_collector import ProcessCollector

from cockpit.desk.api.command_journal import CommandJournal
from cockpit.desk.api.snapshot_stream import SnapshotStream
from cockpit.desk.composition.funding_parts import FundingParts
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.market.pricing import Prices
from cockpit.desk.risk.dead_man_switch import DeadManSwitch
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.snapshots.health import healths
from cockpit.desk.snapshots.quote_rows import live_quotes, option_day_state, option_state
from cockpit.model.ages import age_ms
from cockpit.model.alarms import AlarmsState
from cockpit.model.alerts.state import AlertsState
from cockpit.model.environment import Environment
from cockpit.model.snapshot import InterlockRow, LiveQuotes, OptionDayState, OptionState, PartHealth
from cockpit.model.trading_figures.earnings import EarnedSpan
from storage.history import Run
from storage.writer import HistoryWriter, WriterState

_PROCESS = ProcessCollector(registry=None)


class MetricSources(msgspec.Struct, frozen=True, kw_only=True, eq=False):
    """The parts of a desk that metrics are read from. ``ticked_ns`` returns when the desk last ticked, UTC."""

    run: Run
    env: Environment
    trading: TradingParts
    funding: FundingParts
    writer: HistoryWriter
    supervisor: Supervisor
    journal: CommandJournal
    stream: SnapshotStream
    dead_man: DeadManSwitch
    interlocks: Callable[[], tuple[InterlockRow, ...]]
    alarms: Callable[[], AlarmsState]
    alerts: Callable[[], AlertsState]
    ticked_ns: Callable[[], int]


class Scrape:
    """The desk at ``now_ns``, UTC. What is read of it costs the same whatever the number of live quotes."""

    def __init__(self, sources: MetricSources) -> None:
        self.sources = sources
        self.trading = sources.trading
        self.now_ns = sources.env.wall_ns()
        self.monotonic_ns = sources.env.monotonic_ns()

    @property
    def mid(self) -> Decimal | None:
        """The mid while the sources agree on it."""
        return self.trading.reference.trusted_mid

    def age_ms(self, at_ns: int | None) -> int | None:
        return age_ms(self.now_ns, at_ns or None)

    @cached_property
    def btc_share(self) -> Decimal | None:
        """BTC's share of the value of all that is held."""
        balance, mid = self.trading.inventory.ledger.balance, self.mid
        return None if balance is None or mid is None else self.trading.tokens.share(balance, mid)

    @cached_property
    def spans(self) -> dict[str, EarnedSpan]:
        """What was earned, by span; the day is left out while history does not tell it."""
        today, run = self.trading.earnings.today(), self.trading.earnings.run()
        return {"run": run} if today is None else {"today": today, "run": run}

    @cached_property
    def prices(self) -> Prices | None:
        engine = self.trading.engine
        return engine.prices(engine.view(self.trading.tokens.markets[0]))

    @cached_property
    def live(self) -> LiveQuotes:
        return live_quotes(self.trading.tokens, self.trading.book.reservations, self.mid, self.now_ns)

    @cached_property
    def options(self) -> OptionState | None:
        return option_state(self.trading.tokens, self.trading.option_meter.reading, self.now_ns)

    @cached_property
    def option_day(self) -> OptionDayState:
        return option_day_state(self.trading.tokens, self.trading.option_day, self.now_ns)

    @cached_property
    def health(self) -> tuple[PartHealth, ...]:
        return healths(self.trading, self.sources.writer, self.sources.supervisor, self.now_ns)

    @cached_property
    def interlocks(self) -> tuple[InterlockRow, ...]:
        return self.sources.interlocks()

    @cached_property
    def alerts(self) -> AlertsState:
        return self.sources.alerts()

    @cached_property
    def alarms(self) -> AlarmsState:
        return self.sources.alarms()

    @cached_property
    def history(self) -> WriterState:
        return self.sources.writer.state()

    @cached_property
    def process(self) -> Mapping[str, Metric]:
        """What the client's collector says of this process; nothing where the system does not tell."""
        return {metric.name: metric for metric in _PROCESS.collect()}
