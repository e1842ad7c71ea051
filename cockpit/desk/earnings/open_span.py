"""A span of time that goes on: what was earned since it began."""

from collections import deque

from cockpit.accounting.earnings import DatedMid, DatedMove, Earned, FillSums, OpenPosition, earned_span, nearest
from cockpit.accounting.pnl import value_at_mid
from cockpit.model.trading_figures.earnings import EarnedSpan
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

REMEMBERED_MIDS = 600
SETTLED_NS = 2 * NS_PER_S
"""Once a mid was recorded so long after a moment, none that is nearer to it will come."""


class RecordedMids:
    """The newest recorded mids, by which a moment of before is valued."""

    def __init__(self) -> None:
        self._mids: deque[DatedMid] = deque(maxlen=REMEMBERED_MIDS)

    def note(self, recorded: DatedMid) -> None:
        self._mids.append(recorded)

    def before(self, at_ns: int) -> DatedMid | None:
        return max((one for one in self._mids if one.at_ns <= at_ns), default=None, key=lambda one: one.at_ns)

    def after(self, at_ns: int) -> DatedMid | None:
        return min((one for one in self._mids if one.at_ns > at_ns), default=None, key=lambda one: one.at_ns)

    def nearest(self, at_ns: int) -> DatedMid | None:
        return nearest(self.before(at_ns), self.after(at_ns), at_ns)

    def settled(self, at_ns: int) -> bool:
        """Return whether the mid nearest to this time will stay so."""
        return bool(self._mids) and self._mids[-1].at_ns >= at_ns + SETTLED_NS


class OpenSpan:
    """Sums from ``from_ns`` on. ``held``: BTC at its start, base units, None while unknown; ``sent_before``: what the
    counter of sent quotes showed then."""

    def __init__(
        self,
        tokens: TokenTable,
        mids: RecordedMids,
        from_ns: int,
        *,
        sent_before: int = 0,
        held: int | None = None,
    ) -> None:
        self._tokens = tokens
        self._mids = mids
        self.from_ns = from_ns
        self.sums = FillSums()
        self.sent_before = sent_before
        self.held = held
        self._first_ns: int | None = None
        self._before = mids.before(from_ns)
        self._after = mids.after(from_ns)
        self._moved = self._moved_value = 0
        self._moves: list[DatedMove] = []

    def open(self, held: int, first_ns: int | None = None) -> None:
        """Take what was held at the start. ``first_ns``: it is of the first reading ever, which shows what moved by
        then."""
        if self.held is None:
            self.held, self._first_ns = held, first_ns

    def note_mid(self, recorded: DatedMid) -> None:
        """Take a mid that was recorded, from which the opening mid may be."""
        if recorded.at_ns <= self.from_ns:
            if self._before is None or recorded.at_ns > self._before.at_ns:
                self._before = recorded
        elif self._after is None or recorded.at_ns < self._after.at_ns:
            self._after = recorded

    def note_move(self, move: DatedMove) -> None:
        if move.at_ns >= self.from_ns:
            self._moves.append(move)

    def recall(self, past: Earned) -> None:
        """Add what history says of the part of the span before this run."""
        self.from_ns = past.from_ns
        self.sums = past.sums + self.sums
        self.sent_before -= past.sent
        if past.held is not None:
            self.held, self._first_ns = past.held, None
        self._before, self._after = past.before, past.after or self._mids.after(past.from_ns)
        self._moved += past.moved
        self._moved_value += past.moved_value

    def settle(self) -> None:
        """Value what moved by the mids of its time, once no nearer one can come."""
        if self.held is None:
            return
        while self._moves and self._mids.settled(self._moves[0].at_ns):
            move = self._moves.pop(0)
            if self._counts(move):
                self._moved += move.base
                self._moved_value += self._value(move)

    def figures(self, mid: DatedMid | None, sent: int) -> EarnedSpan:
        """Return the figures marked to this mid; ``sent``: what the counter of sent quotes shows now."""
        opening = nearest(self._before, self._after, self.from_ns)
        waiting = [move for move in self._moves if self._counts(move)]
        return earned_span(
            self._tokens.base,
            self._tokens.quote,
            self.sums,
            OpenPosition(
                self.held,
                None if opening is None else opening.mid,
                self._moved + sum(move.base for move in waiting),
                self._moved_value + sum(self._value(move) for move in waiting),
            ),
            from_ns=self.from_ns,
            sent=sent - self.sent_before,
            mid=None if mid is None else mid.mid,
        )

    def _counts(self, move: DatedMove) -> bool:
        return self._first_ns is None or move.at_ns > self._first_ns

    def _value(self, move: DatedMove) -> int:
        near = self._mids.nearest(move.at_ns) or nearest(self._before, self._after, self.from_ns)
        return 0 if near is None else value_at_mid(self._tokens.base, self._tokens.quote, move.base, near.mid)
