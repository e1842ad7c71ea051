"""The trading state: who restricts it, what each limit's breach does, and what of it outlives a restart."""

import asyncio
from decimal import Decimal

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.risk.limits import LimitsInForce
from cockpit.desk.risk.trading_state import DAY_NS, HOUR_NS, JournalledState, TradingState, remember
from cockpit.model.commands import Limits
from cockpit.model.environment import Environment
from cockpit.model.snapshot import Trading
from storage.history import RecordedFill
from tests.support.amounts import btc_eure
from tests.support.desk.builders import NOW, Clock
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.protocol.units import NS_PER_S

MID = Decimal(50_000)
EVEN = btc_eure(10**8, 50_000 * 10**18)
UNIT = 5 * 10**14
"""Base units of EURe in a base unit of BTC at this mid."""


def a_state(clock: Clock | None = None, **limits: object) -> tuple[TradingState, Clock]:
    clock = clock or Clock()
    return on_two_clocks(clock, clock, **limits), clock


def on_two_clocks(wall: Clock, monotonic: Clock, **limits: object) -> TradingState:
    in_force = LimitsInForce(msgspec.structs.replace(Limits(), **limits))
    return TradingState(in_force, DEFAULT_TOKENS, Environment(wall_ns=wall, monotonic_ns=monotonic))


def now(trading: TradingState) -> Trading:
    return trading.state


def lose(trading: TradingState, clock: Clock, eure: int, mid: Decimal = MID) -> None:
    """Book a fill that paid so many EURe more for a thousand base units of BTC than they are worth."""
    trading.filled(clock(), btc_eure(1_000, -1_000 * UNIT - eure * 10**18), mid)


def test_a_fresh_desk_trades() -> None:
    trading, _ = a_state()
    trading.mark(MID, EVEN)
    assert (now(trading), trading.why, trading.loss, trading.changed()) == ("ACTIVE", "", 0, False)


def test_the_days_loss_halts_until_an_operator_lifts_it_and_then_counts_anew() -> None:
    trading, clock = a_state()
    lose(trading, clock, 5)
    assert (now(trading), trading.loss) == ("ACTIVE", 5 * 10**18)
    lose(trading, clock, 1)
    assert now(trading) == "HALTED"
    assert "the day's fills lost 6.000000 EURe, at most 5" in trading.why
    assert trading.changed()
    assert not trading.changed()
    trading.mark(MID * 2, EVEN)
    assert now(trading) == "HALTED", "a mid that came back lifts nothing"
    clock.now_ns += DAY_NS
    trading.mark(MID, EVEN)
    assert (now(trading), trading.loss) == ("HALTED", 0), "nor does midnight"
    trading.choose("HALTED", "ann", "have a look")
    assert trading.loss_halt, "nor a halt on top"
    trading.choose("ACTIVE", "ann", "seen")
    assert (now(trading), trading.why) == ("ACTIVE", "ACTIVE by ann: seen")
    assert not trading.changed(), "what a person did is journalled by the command"


def test_lifting_excuses_what_the_operator_has_seen_and_no_more() -> None:
    trading, clock = a_state()
    lose(trading, clock, 6)
    trading.choose("REDUCING", "ann", "")
    trading.mark(MID, EVEN)
    assert (now(trading), trading.loss) == ("REDUCING", 0)
    lose(trading, clock, 5)
    assert now(trading) == "REDUCING"
    lose(trading, clock, 1)
    assert now(trading) == "HALTED"


def test_the_loss_is_marked_to_the_mid_and_midnight_ends_it() -> None:
    trading, clock = a_state(max_loss_per_day_eure=Decimal(10))
    trading.filled(clock(), btc_eure(10_000, -10_000 * UNIT), MID)
    assert trading.loss == 0
    trading.mark(MID - 10_000)
    assert trading.loss == 10**18
    trading.mark(None)
    assert trading.loss == 10**18, "what cannot be marked stands as it was"
    trading.mark(MID + 10_000)
    assert trading.loss == 0
    trading.mark(MID - 10_000)
    clock.now_ns += DAY_NS
    trading.mark(MID - 10_000)
    assert trading.loss == 0


def test_a_clock_that_was_days_ahead_for_a_moment_forgets_no_loss() -> None:
    trading, clock = a_state()
    lose(trading, clock, 4)
    clock.now_ns += 3 * DAY_NS
    trading.mark(MID)
    assert trading.loss == 0
    clock.now_ns -= 3 * DAY_NS
    trading.mark(MID)
    assert trading.loss == 4 * 10**18
    lose(trading, clock, 2)
    assert now(trading) == "HALTED"


def test_a_loss_lifted_under_a_clock_that_was_ahead_leaves_later_losses_counted() -> None:
    trading, clock = a_state()
    lose(trading, clock, 6)
    clock.now_ns += DAY_NS
    trading.choose("ACTIVE", "ann", "seen")
    clock.now_ns -= DAY_NS
    lose(trading, clock, 4)
    assert (now(trading), trading.loss) == ("ACTIVE", 4 * 10**18)
    fill = RecordedFill(
        at_ns=clock(),
        asset_in=BTC.token_id,
        asset_out=EURE.token_id,
        amount_in=1_000,
        amount_out=1_000 * UNIT + 4 * 10**18,
    )
    again = restarted(trading, (fill,), clock)
    lose(again, clock, 2)
    assert now(again) == "HALTED"


def test_too_many_fills_halt_until_the_hour_has_room() -> None:
    trading, clock = a_state(max_fills_per_hour=2)
    trading.filled(clock(), btc_eure(0, 0), MID)
    clock.pass_ms(600_000)
    assert now(trading) == "ACTIVE"
    trading.filled(clock(), btc_eure(0, 0), None)
    assert now(trading) == "HALTED"
    assert trading.why == "desk: 2 fills within the hour, at most 2; the next in 3000 s"
    assert trading.changed()
    clock.now_ns += HOUR_NS - 600 * NS_PER_S
    trading.mark(None)
    assert (now(trading), trading.fills_in_hour) == ("ACTIVE", 1)
    assert trading.changed(), "the desk lifts it by itself, and reports it"


def test_a_wall_clock_that_is_set_frees_no_fill_of_the_hour() -> None:
    clock, monotonic = Clock(), Clock(7)
    trading = on_two_clocks(clock, monotonic, max_fills_per_hour=1)
    trading.filled(clock(), btc_eure(0, 0), MID)
    for by_ns in (2 * HOUR_NS, -4 * HOUR_NS):
        clock.now_ns += by_ns
        trading.mark(MID)
        assert (now(trading), trading.fills_in_hour) == ("HALTED", 1)
    monotonic.now_ns += HOUR_NS
    trading.mark(MID)
    assert (now(trading), trading.fills_in_hour) == ("ACTIVE", 0)


def test_too_large_a_share_reduces_until_it_is_well_inside() -> None:
    trading, _ = a_state(max_asset_share=Decimal("0.8"))
    trading.mark(MID, btc_eure(4 * 10**8 + 1, 50_000 * 10**18))
    assert now(trading) == "REDUCING"
    assert "BTC is 80.0% of the inventory, at most 80.0%" in trading.why
    trading.mark(MID, btc_eure(39 * 10**7, 50_000 * 10**18))
    assert now(trading) == "REDUCING", "a price at the edge does not switch it"
    trading.mark(MID, btc_eure(37 * 10**7, 50_000 * 10**18))
    assert now(trading) == "ACTIVE"
    trading.mark(MID, btc_eure(10**7, 50_000 * 10**18))
    assert (now(trading), "EURe is 90.9%" in trading.why) == ("REDUCING", True)
    trading.mark(None)
    assert now(trading) == "REDUCING", "unknown frees nothing"


def test_the_strictest_of_all_counts() -> None:
    trading, clock = a_state(max_asset_share=Decimal("0.8"), max_fills_per_hour=1)
    trading.choose("REDUCING", "ann", "winding down")
    assert trading.why == "REDUCING by ann: winding down"
    trading.filled(clock(), btc_eure(0, 0), MID)
    assert now(trading) == "HALTED"
    trading.choose("ACTIVE", "ann", "")
    assert now(trading) == "HALTED"
    lose(trading, clock, 6)
    assert "lost 6" in trading.why


class Remembered:
    """A history that answers this."""

    def __init__(self, kept: JournalledState | None, fills: tuple[RecordedFill, ...]) -> None:
        self.journalled, self.fills = kept, fills

    async def fills_since(self, at_ns: int) -> tuple[RecordedFill, ...]:
        return tuple(fill for fill in self.fills if fill.at_ns >= at_ns)

    async def last_arguments(self, command: str) -> str | None:
        assert command == "set trading"
        return None if self.journalled is None else msgspec.json.encode(self.journalled).decode()


def restarted(previous: TradingState, fills: tuple[RecordedFill, ...], clock: Clock, **limits: object) -> TradingState:
    trading, _ = a_state(clock, **limits)
    asyncio.run(remember(trading, Remembered(previous.journalled, fills)))
    return trading


Fills = list[tuple[int, bool, int, int]]
fills = st.lists(
    st.tuples(
        st.integers(0, 40 * 3_600), st.booleans(), st.integers(1, 10**6), st.integers(1, 10**6).map(lambda n: n * UNIT)
    ),
    max_size=12,
)


@given(fills, st.integers(0, 12), st.sampled_from(["", "ACTIVE", "REDUCING"]))
def test_a_restart_takes_over_the_state_of_the_previous_run(made: Fills, cut: int, lifted: str) -> None:
    limits = {"max_fills_per_hour": 5, "max_loss_per_day_eure": Decimal(2)}
    clock = Clock(NOW)
    trading, _ = a_state(clock, **limits)
    booked: list[RecordedFill] = []
    for number, (after_s, buys, base, quote) in enumerate(sorted(made)):
        clock.now_ns = NOW + after_s * NS_PER_S + number
        into, out, taken, given_ = (BTC, EURE, base, quote) if buys else (EURE, BTC, quote, base)
        one = RecordedFill(
            at_ns=clock(), asset_in=into.token_id, asset_out=out.token_id, amount_in=taken, amount_out=given_
        )
        booked.append(one)
        trading.filled(clock(), one.moved, MID)
        if number == cut and lifted:
            clock.now_ns += 1
            trading.choose("ACTIVE" if lifted == "ACTIVE" else "REDUCING", "ann", "")
    again = restarted(trading, tuple(booked), clock, **limits)
    again.mark(MID, EVEN)
    trading.mark(MID, EVEN)
    seen = (trading.state, trading.why, trading.loss, trading.fills_in_hour, trading.loss_halt)
    assert (again.state, again.why, again.loss, again.fills_in_hour, again.loss_halt) == seen
    assert not again.changed(), "what previous runs journalled is not journalled again"
