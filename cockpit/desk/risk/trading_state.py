"""The trading state: which quotes may be made, who or what decided that, and why.

Three things restrict it, and the strictest counts: what an operator chose; the desk's own halt for the day's loss,
which only an operator lifts; and what the desk measures now: too many fills within the hour halt, too large a share of
one asset reduces. What was chosen, and the halt, survive a restart.
"""

from decimal import Decimal
from typing import Protocol

import msgspec

from cockpit.desk.risk.limits import LimitsInForce, in_units
from cockpit.desk.risk.rates import RateWindow
from cockpit.model.environment import Environment
from cockpit.model.errors import NOT_READABLE
from cockpit.model.snapshot import Trading
from storage.errors import HistoryError
from storage.history import RecordedFill
from venue.protocol.amounts import TokenAmounts
from venue.protocol.assets import NO_AMOUNTS, PairAmounts
from venue.protocol.tokens import TokenTable
from venue.protocol.units import NS_PER_S

HOUR_NS = 3_600 * NS_PER_S
DAY_NS = 24 * HOUR_NS
DAYS_REMEMBERED = 8
"""Days whose fills are remembered: a clock that is set to another day and back finds them again."""
SET_TRADING = "set trading"
"""The command under which every change of the state is in the journal."""

SHARE_SLACK = Decimal("0.01")
"""Reducing ends this far inside the limit of a share, so that a price at the limit does not switch it on and off."""

_RANK: dict[Trading, int] = {"ACTIVE": 0, "REDUCING": 1, "HALTED": 2}


class JournalledState(msgspec.Struct, frozen=True, kw_only=True):
    """The part of the state that is in the journal, as the arguments of its command.

    ``loss_from_ns``: fills before it, UTC ns, do not count as the day's loss: an operator has seen them. ``loss_halt``:
    why the desk halted for a loss; empty when it did not, or an operator lifted it.
    """

    state: Trading = "ACTIVE"
    why: str = ""
    loss_from_ns: int = 0
    loss_halt: str = ""


class TradingState:
    """Which quotes may be made now. ``state``: the strictest of all that restricts it, as last measured.

    ``loss`` is what the day's fills lost at the last mark, base units of EURe. The fills of the last hour are timed by
    the monotonic clock: setting the wall clock frees nothing.
    """

    def __init__(self, limits: LimitsInForce, tokens: TokenTable, env: Environment) -> None:
        self._limits = limits
        self._tokens = tokens
        self._wall_ns = env.wall_ns
        self._monotonic_ns = env.monotonic_ns
        self._journalled = JournalledState()
        self._hour = RateWindow(HOUR_NS)
        self._day = env.wall_ns() // DAY_NS
        self._moved: dict[int, PairAmounts] = {}
        self._share_why = ""
        self._reported: tuple[object, ...] = self._key()
        self.loss = 0
        self.state: Trading = "ACTIVE"

    def load(self, recorded: JournalledState | None, fills: tuple[RecordedFill, ...]) -> None:
        """Take over what earlier runs recorded; ``fills`` in the order of time, from ``since_ns`` on."""
        self._journalled = recorded or self._journalled
        # One that is in the future was written by a wrong clock, and excuses no fill.
        now = self._wall_ns()
        from_ns = self._journalled.loss_from_ns if self._journalled.loss_from_ns <= now else 0
        for fill in fills:
            self._hour.note(self._monotonic_ns() - max(0, now - fill.at_ns))
            if fill.at_ns >= from_ns:
                self._move(fill.at_ns, fill.moved)
        self._refresh()
        self._reported = self._key()

    @property
    def since_ns(self) -> int:
        """From when on fills must be known, UTC ns."""
        now = self._wall_ns()
        return min(now - HOUR_NS, now // DAY_NS * DAY_NS)

    @property
    def journalled(self) -> JournalledState:
        return self._journalled

    @property
    def fills_in_hour(self) -> int:
        """Fills of the last hour, of all runs."""
        return self._hour.count(self._monotonic_ns())

    @property
    def loss_halt(self) -> str:
        """Why trading is halted until an operator lifts it; empty when it is not."""
        return self._journalled.loss_halt

    @property
    def why(self) -> str:
        """Who or what set the state; empty while nothing ever restricted it."""
        return self._strictest()[1]

    def _strictest(self) -> tuple[Trading, str]:
        journalled = self._journalled
        if journalled.loss_halt:
            return "HALTED", journalled.loss_halt
        found: list[tuple[Trading, str]] = [(journalled.state, journalled.why)]
        fills, most = self.fills_in_hour, self._limits.current.max_fills_per_hour
        if fills >= most:
            left_s = -(-self._hour.frees_in_ns(self._monotonic_ns()) // NS_PER_S)
            found.append(("HALTED", f"desk: {fills} fills within the hour, at most {most}; the next in {left_s} s"))
        if self._share_why:
            found.append(("REDUCING", self._share_why))
        return max(found, key=lambda one: _RANK[one[0]])

    def restricts(self, state: Trading) -> bool:
        """Return whether this choice would restrict more than what is chosen, a halt for loss included."""
        chosen: Trading = "HALTED" if self._journalled.loss_halt else self._journalled.state
        return _RANK[state] > _RANK[chosen]

    def choose(self, state: Trading, actor: str, reason: str) -> None:
        """Set an operator's choice. Any but HALTED lifts a halt for loss, and the day's loss counts from now on."""
        lifts = self._journalled.loss_halt and state != "HALTED"
        if lifts:
            self._moved.clear()
            self.loss = 0
        self._journalled = JournalledState(
            state=state,
            why=f"{state} by {actor}" + (f": {reason}" if reason else ""),
            loss_from_ns=self._wall_ns() if lifts else self._journalled.loss_from_ns,
            loss_halt="" if state != "HALTED" else self._journalled.loss_halt,
        )
        self._refresh()
        self._reported = self._key()

    def changed(self) -> bool:
        """Return whether the desk itself restricted or freed trading since this was last called."""
        reported, self._reported = self._reported, self._key()
        return reported != self._reported

    def _key(self) -> tuple[object, ...]:
        crowded = self.fills_in_hour >= self._limits.current.max_fills_per_hour
        return self._journalled.state, bool(self._journalled.loss_halt), crowded, bool(self._share_why)

    def _refresh(self) -> None:
        self.state = self._strictest()[0]

    def filled(self, at_ns: int, moved: TokenAmounts, mid: Decimal | None) -> None:
        """Take a fill that was booked; ``moved``: what it did to the balances."""
        self._hour.note(self._monotonic_ns())
        self._move(at_ns, moved)
        self.mark(mid)

    def mark(self, mid: Decimal | None, held: TokenAmounts | None = None) -> None:
        """Measure again at this mid (None: unknown, the last figures stand). ``held``: the balances."""
        self._roll(self._wall_ns())
        if mid is not None:
            self._measure(mid, held)
        self._refresh()

    def _measure(self, mid: Decimal, held: TokenAmounts | None) -> None:
        numerator, denominator = self._tokens.price_ratio(mid)
        day = self._moved.get(self._day, NO_AMOUNTS)
        self.loss = max(0, -(day.base * numerator // denominator + day.quote))
        limits = self._limits.current
        if self.loss > in_units(limits.max_loss_per_day_eure, self._tokens.quote) and not self._journalled.loss_halt:
            lost = f"{self._tokens.quote.to_decimal(self.loss):.6f}"
            why = f"desk: the day's fills lost {lost} EURe, at most {limits.max_loss_per_day_eure:f}"
            self._journalled = msgspec.structs.replace(self._journalled, loss_halt=f"{why}; a person has to lift it")
        if held is not None:
            self._check_share(self._tokens.share(held, mid))

    def _check_share(self, share: Decimal | None) -> None:
        most = self._limits.current.max_asset_share
        bound = most - SHARE_SLACK if self._share_why else most
        self._share_why = ""
        if share is not None and max(share, 1 - share) > bound:
            unit, part = (self._tokens.base, share) if share > bound else (self._tokens.quote, 1 - share)
            self._share_why = f"desk: {unit.symbol} is {part:.1%} of the inventory, at most {most:.1%}"

    def _move(self, at_ns: int, moved: TokenAmounts) -> None:
        day = at_ns // DAY_NS
        self._moved[day] = self._moved.pop(day, NO_AMOUNTS) + self._tokens.worth(moved)
        if len(self._moved) > DAYS_REMEMBERED:
            del self._moved[next(iter(self._moved))]

    def _roll(self, now_ns: int) -> None:
        # At midnight UTC the day's loss ends; a halt stays.
        if now_ns // DAY_NS != self._day:
            self._day = now_ns // DAY_NS
            if self._day not in self._moved:
                self.loss = 0


class StateHistory(Protocol):
    """What the trading state reads from the history after a restart."""

    async def fills_since(self, at_ns: int) -> tuple[RecordedFill, ...]: ...

    async def last_arguments(self, command: str) -> str | None: ...


async def remember(trading: TradingState, history: StateHistory) -> None:
    """Take over the state of earlier runs. Raises HistoryError when it cannot be read: unknown must not trade."""
    recorded = await history.last_arguments(SET_TRADING)
    try:
        kept = None if recorded is None else msgspec.json.decode(recorded, type=JournalledState)
    except NOT_READABLE as exc:
        raise HistoryError(f"the last trading state in the journal cannot be read: {exc}") from None
    trading.load(kept, await history.fills_since(trading.since_ns))
