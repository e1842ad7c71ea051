"""The long lists of a snapshot: what each shows, and of what each of its rows is made."""

from collections.abc import Hashable, Iterable, Iterator, Sequence
from decimal import Decimal
from itertools import islice

import msgspec

from cockpit.desk.composition.trading_parts import TradingParts
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.quote_book.options.option_meter import OptionReading, QuoteOptions
from cockpit.desk.quote_book.quote import Quote
from cockpit.desk.snapshots.deposit_rows import deposit_row
from cockpit.desk.snapshots.market_rows import chart_points, journal_row
from cockpit.desk.snapshots.quote_rows import decision_row, fill_row, filled_ns, newest_first, quote_row, signed_ns
from cockpit.desk.snapshots.rows_of_moment import Making, RowsOfMoment, make_in_slices
from cockpit.desk.snapshots.transfer_rows import foreign_row, foreign_withdrawals, withdrawal_row
from cockpit.model.events import OperatorAction, TradeDecision
from cockpit.model.recorder import LateEvent
from cockpit.model.snapshot import (
    DecisionRow,
    DepositRow,
    FillRow,
    JournalRow,
    QuoteRow,
    WithdrawalRow,
)
from venue.bridges.poa.client import Deposit
from venue.bridges.poa.withdrawals import BridgeWithdrawal
from venue.protocol.assets import Market

Decided = tuple[LateEvent[TradeDecision], Market]

SHOWN = 60
"""Rows of each list in a snapshot: more than a screen shows, few enough to make four times a second."""
DECISIONS_PER_SLICE = 4
"""A decision's record may have to be made for its row."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """All rows at one moment. ``chart``: see MarketState; ``encoded``: each list's JSON by its field in a snapshot."""

    decisions: tuple[DecisionRow, ...]
    quotes: tuple[QuoteRow, ...]
    executions: tuple[FillRow, ...]
    deposits: tuple[DepositRow, ...]
    withdrawals: tuple[WithdrawalRow, ...]
    journal: tuple[JournalRow, ...]
    chart: tuple[tuple[float, float], ...]
    encoded: dict[str, msgspec.Raw]


class _Source:
    """What the lists show, and how their rows are made. It knows nothing of the lists: rows that a snapshot no longer
    needs go at once, and no collection of garbage holds up a request.
    """

    def __init__(self, trading: TradingParts, journal: Sequence[OperatorAction], now_ns: int) -> None:
        self._trading = trading
        self._journal = journal
        self._now_ns = now_ns
        self._options: tuple[OptionReading, QuoteOptions] | None = None

    def newest_decisions(self) -> Iterable[Decided]:
        return islice(reversed(self._trading.engine.recent), SHOWN)

    def decision_row(self, decided: Decided) -> DecisionRow | None:
        """Return the row; None where the decision could not be made, which the history's health tells."""
        late, market = decided
        event = late.made()
        return None if event is None else decision_row(event, market, self._now_ns)

    def newest_quotes(self) -> Iterable[Quote]:
        return newest_first(islice(reversed(self._trading.book.recent), SHOWN), signed_ns)

    def quote_row(self, quote: Quote) -> QuoteRow:
        reading = self._trading.option_meter.reading
        if reading is None:
            return quote_row(self._trading.tokens, quote, self._now_ns)
        if self._options is None or self._options[0] is not reading:
            self._options = reading, QuoteOptions(self._trading.tokens, reading, self._now_ns)
        return quote_row(self._trading.tokens, quote, self._now_ns, self._options[1])

    def quote_version(self, quote: Quote) -> Hashable:
        reading = self._trading.option_meter.reading
        burned = quote.course is not None and (quote.salt_invalid, quote.used_height)
        read_ns = None if reading is None else reading.at_ns
        return quote.commitment.quote_hash, quote.state, quote.detail, burned, read_ns

    def newest_fills(self) -> Iterable[Quote]:
        book = self._trading.book
        settling = [quote for quote in reversed(book.recent) if quote.state == "settling"]
        return newest_first([*settling, *islice(reversed(book.fills), SHOWN)], filled_ns)[:SHOWN]

    def fill_row(self, quote: Quote) -> FillRow:
        marked = self._trading.markouts.of(quote.commitment.quote_hash)
        return fill_row(self._trading.tokens, quote, marked, self._now_ns)

    def fill_version(self, quote: Quote) -> Hashable:
        marked = len(self._trading.markouts.of(quote.commitment.quote_hash))
        return quote.commitment.quote_hash, quote.state, quote.tx_hash, filled_ns(quote), marked

    def shown_deposits(self) -> Iterable[Deposit]:
        return self._trading.deposits.pending_first()[:SHOWN]

    def deposit_row(self, deposit: Deposit) -> DepositRow:
        return deposit_row(self._trading.deposits, deposit, self._now_ns)

    def shown_withdrawals(self) -> Iterable[Withdrawal | BridgeWithdrawal]:
        own = self._trading.withdrawals.shown()
        return *own, *foreign_withdrawals(own, self._trading.deposits.withdrawals, SHOWN)

    def withdrawal_row(self, withdrawal: Withdrawal | BridgeWithdrawal) -> WithdrawalRow:
        if isinstance(withdrawal, Withdrawal):
            return withdrawal_row(withdrawal, self._now_ns)
        return foreign_row(self._trading.deposits, withdrawal, self._now_ns)

    def newest_actions(self) -> Iterable[OperatorAction]:
        return reversed(self._journal)

    def journal_row(self, action: OperatorAction) -> JournalRow:
        return journal_row(action, self._now_ns)


class ShownRows:
    """The rows of one snapshot, their ages as of ``now_ns``."""

    def __init__(self, trading: TradingParts, journal: Sequence[OperatorAction], now_ns: int) -> None:
        self._trading = trading
        self._now_ns = now_ns
        source = _Source(trading, journal, now_ns)
        self._decisions = RowsOfMoment(
            source.newest_decisions,
            source.decision_row,
            _decision_version,
            stamp=lambda: _newest(trading.engine.recent),
            per_slice=DECISIONS_PER_SLICE,
        )
        self._quotes = RowsOfMoment(source.newest_quotes, source.quote_row, source.quote_version)
        self._fills = RowsOfMoment(source.newest_fills, source.fill_row, source.fill_version)
        self._deposits = RowsOfMoment(
            source.shown_deposits, source.deposit_row, _itself, stamp=lambda: trading.deposits.deposits
        )
        self._withdrawals = RowsOfMoment(source.shown_withdrawals, source.withdrawal_row, _withdrawal_version)
        self._actions = RowsOfMoment(source.newest_actions, source.journal_row, _itself, stamp=lambda: _newest(journal))
        self._chart: tuple[tuple[float, float], ...] = ()
        self._charted: tuple[int, Decimal] | None = None
        self._lists: tuple[Making, ...] = (
            self._decisions,
            self._quotes,
            self._fills,
            self._deposits,
            self._withdrawals,
            self._actions,
        )

    def make_in_slices(self) -> Iterator[None]:
        """Make before the moment what takes long."""
        self._draw()
        yield
        yield from make_in_slices(self._lists)

    def now(self) -> Shown:
        """Return what the lists show at this moment."""
        self._draw()
        decisions, decisions_json = self._decisions.now()
        quotes, quotes_json = self._quotes.now()
        executions, executions_json = self._fills.now()
        deposits, deposits_json = self._deposits.now()
        withdrawals, withdrawals_json = self._withdrawals.now()
        journal, journal_json = self._actions.now()
        return Shown(
            decisions=decisions,
            quotes=quotes,
            executions=executions,
            deposits=deposits,
            withdrawals=withdrawals,
            journal=journal,
            chart=self._chart,
            encoded={
                "decisions": decisions_json,
                "quotes": quotes_json,
                "executions": executions_json,
                "deposits": deposits_json,
                "withdrawals": withdrawals_json,
                "journal": journal_json,
            },
        )

    def _draw(self) -> None:
        course = self._trading.reference.chart
        newest = course[-1] if course else None
        if newest is not self._charted:
            self._charted, self._chart = newest, chart_points(course, self._now_ns)


def _decision_version(decided: Decided) -> Hashable:
    return decided[0]


def _withdrawal_version(withdrawal: Withdrawal | BridgeWithdrawal) -> Hashable:
    if not isinstance(withdrawal, Withdrawal):
        return withdrawal
    prepared = withdrawal.prepared
    return (
        withdrawal.order.withdrawal_id,
        withdrawal.state,
        withdrawal.detail,
        len(withdrawal.steps),
        withdrawal.near_hash,
        withdrawal.destination_hash,
        prepared and prepared.hash,
    )


def _newest(entries: Sequence[object]) -> object:
    return entries[-1] if entries else None


def _itself(item: Hashable) -> Hashable:
    return item
