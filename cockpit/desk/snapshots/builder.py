"""Makes the snapshot: the whole desk at one moment, for every cockpit attached."""

import asyncio
from collections.abc import Callable, Generator, Iterable
from itertools import islice
from typing import TypeVar, cast

from cockpit.desk.composition.funding_parts import FundingParts
from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.funding.key_registration import by_hand
from cockpit.desk.interlocks.checklist import MET_BY_ARMING, failing
from cockpit.desk.quote_book.book import Quote
from cockpit.desk.quote_book.hard_stop import HardStopRun
from cockpit.desk.risk.dead_man_switch import DeadManSwitch
from cockpit.desk.runtime.supervisor import Supervisor
from cockpit.desk.snapshots.health import healths, writing
from cockpit.desk.snapshots.snapshot_rows import (
    address_rows,
    alive_view,
    decision_row,
    deposit_rows,
    execution_row,
    inventory_view,
    journal_row,
    market_view,
    quote_row,
    reaction_view,
    withdrawal_rows,
)
from cockpit.model.ages import age_ms
from cockpit.model.events import OperatorAction
from cockpit.model.snapshot import (
    Counts,
    DecisionRow,
    FillRow,
    InterlockRow,
    JournalRow,
    KeyView,
    Mode,
    QuoteRow,
    Reaction,
    Snapshot,
)
from storage.writer import HistoryWriter

SHOWN = 60
"""Rows of each list in a snapshot: more than a screen shows, few enough to make four times a second."""

REACTION_EVERY_NS = 1_000_000_000
"""Between two computations of the reaction percentiles; a snapshot asked for by hand must not show old ones."""

T = TypeVar("T")


def _newest(rows: Iterable[T]) -> list[T]:
    return list(islice(rows, SHOWN))


class SnapshotBuilder:
    """Builds snapshots of one desk, numbered."""

    def __init__(
        self,
        workers: TradingParts,
        writer: HistoryWriter,
        supervisor: Supervisor,
        outflow: FundingParts,
        *,
        run_id: str,
        mode: Mode,
        account: str,
        started_ns: int,
        interlocks: Callable[[], tuple[InterlockRow, ...]],
        journal: Callable[[], Iterable[OperatorAction]],
        attached: Callable[[], int],
        findings: Callable[[], tuple[str, ...]],
        alone: DeadManSwitch,
        burner: HardStopRun,
        wall_ns: Callable[[], int],
    ) -> None:
        self._workers = workers
        self._writer = writer
        self._supervisor = supervisor
        self._outflow = outflow
        self._run_id = run_id
        self._mode = mode
        self._account = account
        self._started_ns = started_ns
        self._interlocks = interlocks
        self._journal = journal
        self._attached = attached
        self._findings = findings
        self._alone = alone
        self._burner = burner
        self._wall_ns = wall_ns
        self._seq = 0
        self._reaction = Reaction(p50_us=None, p99_us=None, max_us=None)
        self._reaction_ns = 0
        self.ticked_ns = started_ns

    def snapshot(self) -> Snapshot:
        """The desk now."""
        steps = self.steps()
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return cast(Snapshot, done.value)

    async def unhurried(self) -> Snapshot:
        """The desk now, made while requests are answered."""
        steps = self.steps()
        while True:
            try:
                next(steps)
            except StopIteration as done:
                return cast(Snapshot, done.value)
            await asyncio.sleep(0)

    def steps(self) -> Generator[None, None, Snapshot]:
        """The snapshot, made in parts of some tenths of a millisecond between which a request may be answered.

        The long lists come first; what tells whether the desk trades is read at one moment, in the last part.
        """
        workers, pair, book = self._workers, self._workers.pair, self._workers.book
        now = self._wall_ns()
        recent = _newest(reversed(workers.intake.recent))
        newer = tuple(decision_row(pair, event, now) for event in recent[: SHOWN // 2])
        yield
        decisions = newer + tuple(decision_row(pair, event, now) for event in recent[SHOWN // 2 :])
        yield
        quotes = tuple(quote_row(pair, quote, now) for quote in _newest(reversed(book.recent)))
        yield
        settling = [quote for quote in reversed(book.recent) if quote.state == "settling"]
        fills: list[Quote] = settling + _newest(reversed(book.fills))
        executions = tuple(
            execution_row(pair, quote, workers.markouts.of(quote.commitment.quote_hash), now) for quote in fills[:SHOWN]
        )
        yield
        journal = tuple(journal_row(action, now) for action in reversed(tuple(self._journal())))
        if abs(now - self._reaction_ns) >= REACTION_EVERY_NS:
            self._reaction_ns = now
            self._reaction = reaction_view(workers.executor.reactions_us)
        yield
        return self._shot(decisions, quotes, executions, journal)

    def _shot(
        self,
        decisions: tuple[DecisionRow, ...],
        quotes: tuple[QuoteRow, ...],
        executions: tuple[FillRow, ...],
        journal: tuple[JournalRow, ...],
    ) -> Snapshot:
        workers, outflow, now = self._workers, self._outflow, self._wall_ns()
        pair, book, intake = workers.pair, workers.book, workers.intake
        view = intake.view()
        prices = intake.prices(view)
        self._seq += 1
        told = self._writer.state()
        interlocks = self._interlocks()
        return Snapshot(
            seq=self._seq,
            at_ns=now,
            run_id=self._run_id,
            started_ns=self._started_ns,
            tick_ms=max(0, (now - self.ticked_ns) // 1_000_000),
            mode=self._mode,
            account=self._account,
            strategy_armed=workers.arming.strategy,
            executor_armed=workers.arming.executor,
            strategy_why=workers.arming.why("strategy-engine"),
            executor_why=workers.arming.why("trade-executor"),
            executor_blocked="; ".join(failing(interlocks, "LIVE", exclude=MET_BY_ARMING)),
            relay=workers.relay.state,
            history=writing(self._writer),
            history_queue=told.queue,
            withdrawals_frozen=outflow.freeze.frozen,
            attached=self._attached(),
            inventory=inventory_view(
                pair, workers.inventory, workers.liquidity, book.reservations, workers.params, view.mid, now
            ),
            deposits=deposit_rows(workers.liquidity, now, SHOWN),
            deposits_age_ms=age_ms(now, workers.liquidity.at_ns),
            decisions=decisions,
            quotes=quotes,
            executions=executions,
            market=market_view(workers.reference, prices, now),
            health=healths(workers, self._writer, self._supervisor, now),
            limits=workers.limits.current,
            counts=self.counts(),
            alive=alive_view(pair, book.reservations, now),
            reaction=self._reaction,
            deposit_addresses=address_rows(pair, workers.liquidity, now),
            withdrawals=withdrawal_rows(outflow.withdrawals, workers.liquidity, now),
            freeze_left_ms=outflow.freeze.left_ms(),
            withdrawal_defaults=tuple(outflow.defaults.items()),
            key=KeyView(
                public_key=workers.signer.public_key,
                registered=workers.key_registered,
                access=workers.key_access,
                command=by_hand(self._account, workers.signer.public_key),
            ),
            rung=workers.arming.rung,
            trading=workers.trading.state,
            trading_why=workers.trading.why,
            interlocks=interlocks,
            journal=journal,
            findings=self._findings(),
            when_alone=self._alone.action,
            alone_left_ms=self._alone.left_ms(),
            alone_ms=self._alone.after_ms,
            hard_stop=self._burner.progress(),
        )

    def counts(self) -> Counts:
        """What was counted since the start."""
        workers = self._workers
        relay, intake, book = workers.relay.counters, workers.intake.counters, workers.book.counters
        malformed = sum(count for name, count in relay.items() if name.startswith("malformed_"))
        return Counts(
            requests=intake["requests"],
            other_pairs=relay["other_pairs"],
            malformed=malformed + intake["malformed_duplicate"],
            decisions=intake["decisions"],
            actionable=intake["actionable"],
            sent=book["sent"],
            accepted=book["accepted"],
            refused=book["refused"],
            unknown=book["unknown"],
            settled=book["settled"],
            expired=book["expired"],
            statuses=relay["statuses"],
        )
