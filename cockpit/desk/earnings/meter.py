"""The day's and the run's earnings, kept as fills are booked and marked: nothing walks over history for a snapshot.

What earlier runs of the day earned is read from history once, beside the running desk, and added.
"""

from collections import OrderedDict, deque
from collections.abc import Iterable
from decimal import Decimal
from typing import NamedTuple

from cockpit.accounting.earnings import DatedMid, DatedMove, FillSums, Recalled, protocol_fee
from cockpit.accounting.markouts import HORIZONS_S
from cockpit.accounting.pnl import value_at_mid
from cockpit.desk.earnings.money_moves import MoneyMoves
from cockpit.desk.earnings.open_span import OpenSpan, RecordedMids
from cockpit.desk.inventory.reconciliation import BalanceLedger, movement
from cockpit.desk.market.volatility import COMPOSITE
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.quote import Quote
from cockpit.desk.risk.trading_state import DAY_NS
from cockpit.model.environment import Environment
from cockpit.model.events import AnyEvent, LiquidityAction, MarketPrice
from cockpit.model.trading_figures.earnings import EarnedSpan, EarningsPoint
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

MINUTE_NS = 60 * NS_PER_S
CURVE_POINTS = 1_440
"""A day of minutes."""
CURVE_SHOWN = 120
"""Points in a snapshot: as many as a panel can draw."""
MAX_EARLY = 1_000
"""Quotes whose markouts are kept until their fills are booked."""

READING = "history is being read"


class _Early(NamedTuple):
    """A markout of a fill that is not booked yet: the horizon's place, and hundredths of a bps."""

    place: int
    hundredths: int


class EarningsMeter:
    """``today`` is None while history is read, or after it could not be; ``note`` says so. Times are UTC ns."""

    def __init__(self, tokens: TokenTable, env: Environment) -> None:
        self._tokens = tokens
        self._wall_ns = env.wall_ns
        self._mids = RecordedMids()
        self._moves = MoneyMoves(tokens)
        self._early: OrderedDict[str, list[_Early]] = OrderedDict()
        self._accepted = NOTHING
        self._recalled = False
        self._sent = 0
        self._curve: deque[EarningsPoint] = deque(maxlen=CURVE_POINTS)
        started_ns = env.wall_ns()
        self._run = OpenSpan(tokens, self._mids, started_ns)
        self._today = OpenSpan(tokens, self._mids, started_ns)
        self._day = started_ns // DAY_NS
        self.mid: DatedMid | None = None
        self.note = READING

    def _spans(self) -> tuple[OpenSpan, OpenSpan]:
        return self._run, self._today

    def recall(self, past: Recalled) -> None:
        """Take over what history says of the day until this run started."""
        self._recalled = True
        self._moves.recall(past.withdrawals)
        if past.before is not None:
            self._run.note_mid(past.before)
        if past.held is not None:
            self._run.open(past.held)
        if past.today.from_ns // DAY_NS == self._day:
            self._today.recall(past.today)
            if past.held is not None:
                self._today.open(past.held)
            whole = self._tokens
            old = [
                EarningsPoint(
                    at_ns,
                    None if trading is None else float(whole.quote.to_decimal(trading)),
                    None if btc is None else float(whole.base.to_decimal(btc)),
                )
                for at_ns, trading, btc in past.today.curve
            ]
            self._curve = deque([*old, *self._curve], maxlen=CURVE_POINTS)
        self.note = ""

    def not_recalled(self, why: str) -> None:
        """History could not be read: today begins with this run."""
        self._recalled = True
        self.note = why

    @property
    def complete(self) -> bool:
        """Whether today's figures hold the whole day."""
        return self._recalled and not self.note

    # What happens.

    def filled(self, commitment: Commitment) -> None:
        """Take a fill as it is booked."""
        fee = self._tokens.worth(TokenAmounts({commitment.asset_out: protocol_fee(commitment.amount_out)}))
        moved = self._tokens.worth(movement(commitment).amounts)
        marks = self._early.pop(commitment.quote_hash, ())
        for span in self._spans():
            span.sums.add(moved, edge=commitment.edge, fee=fee)
            self._mark(span.sums, marks, abs(moved.quote))

    def marked(self, quote: Quote, horizon_s: int, bps: Decimal) -> None:
        """Take a markout of a fill, booked or only reported so far."""
        one = _Early(HORIZONS_S.index(horizon_s), int(bps.scaleb(2)))
        commitment = quote.commitment
        if quote.state != "settled" or quote.settled_ns is None:
            self._early.setdefault(commitment.quote_hash, []).append(one)
            if len(self._early) > MAX_EARLY:
                self._early.popitem(last=False)
            return
        paid = abs(self._tokens.worth(movement(commitment).amounts).quote)
        for span in self._spans():
            if quote.settled_ns >= span.from_ns:
                self._mark(span.sums, (one,), paid)

    @staticmethod
    def _mark(sums: FillSums, marks: Iterable[_Early], paid: int) -> None:
        for one in marks:
            sums.mark(one.place, paid, one.hundredths)

    def take(self, event: AnyEvent) -> None:
        """Take an event that was recorded: a mid, or a step of money in or out."""
        if isinstance(event, MarketPrice):
            if event.source == COMPOSITE:
                recorded = DatedMid(event.at_ns, event.mid)
                self._mids.note(recorded)
                for span in self._spans():
                    span.note_mid(recorded)
        elif isinstance(event, LiquidityAction):
            self._move(self._moves.of(event))

    def _move(self, move: DatedMove | None) -> None:
        if move is not None:
            for span in self._spans():
                span.note_move(move)

    def tick(self, now_ns: int, mid: Decimal | None, ledger: BalanceLedger, sent: int) -> None:
        """Mark to the mid (None: the last one stands), and begin a new day at midnight. Call it several times a second.

        ``sent``: quotes sent in this run.
        """
        self._sent = sent
        if mid is not None:
            self.mid = DatedMid(now_ns, mid)
        if ledger.accepted != self._accepted:
            gained, self._accepted = ledger.accepted - self._accepted, ledger.accepted
            self._move(DatedMove(now_ns, self._tokens.worth(gained).base))
        self._roll(now_ns, ledger, sent)
        self._open(ledger)
        for span in self._spans():
            span.settle()
        if not self._curve or now_ns // MINUTE_NS != self._curve[-1].at_ns // MINUTE_NS:
            self._curve.append(self._point(now_ns, mid, ledger))

    def _roll(self, now_ns: int, ledger: BalanceLedger, sent: int) -> None:
        day = now_ns // DAY_NS
        if day == self._day:
            return
        # A clock that was set: the day begins when it is first seen.
        from_ns = day * DAY_NS if day == self._day + 1 else now_ns
        self._day = day
        held = None if ledger.balance is None else self._btc(ledger.balance - ledger.recorded_difference)
        self._today = OpenSpan(self._tokens, self._mids, from_ns, sent_before=sent, held=held)
        self._curve.clear()
        if self._recalled:
            self.note = ""

    def _open(self, ledger: BalanceLedger) -> None:
        if self._recalled and ledger.opening is not None:
            for span in self._spans():
                span.open(self._btc(ledger.opening), ledger.opening_ns)

    def _btc(self, amounts: TokenAmounts) -> int:
        return self._tokens.worth(amounts).base

    def _point(self, now_ns: int, mid: Decimal | None, ledger: BalanceLedger) -> EarningsPoint:
        tokens, moved = self._tokens, self._today.sums.moved
        trading = None if mid is None else value_at_mid(tokens.base, tokens.quote, moved.base, mid) + moved.quote
        return EarningsPoint(
            now_ns,
            None if trading is None else float(tokens.quote.to_decimal(trading)),
            None if ledger.balance is None else float(tokens.base.to_decimal(self._btc(ledger.balance))),
        )

    # What it comes to.

    def today(self) -> EarnedSpan | None:
        return self._today.figures(self.mid, self._sent) if self._recalled else None

    def run(self) -> EarnedSpan:
        return self._run.figures(self.mid, self._sent)

    def curve(self) -> tuple[EarningsPoint, ...]:
        """Return the day's curve, thinned evenly; its newest point is kept."""
        points = tuple(self._curve)
        step = -(-len(points) // CURVE_SHOWN) or 1
        return tuple(reversed(points[::-1][::step]))
