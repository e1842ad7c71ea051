"""Markouts: the sum, and the mid taken as each horizon passes."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.accounting.markouts import in_bps, markout
from cockpit.desk.quote_book.live_markouts import LiveMarkouts
from cockpit.desk.quote_book.quote import Quote
from cockpit.model.events import Side
from tests.support.desk.builders import NOW, commitment
from venue.protocol.tokens import BITCOIN, DEFAULT_TOKENS, EURO
from venue.protocol.units import NS_PER_S

MIDS = st.decimals(Decimal("0.01"), Decimal(10**7), places=8)


class At:
    """A reference whose mid a test sets; None is an untrusted one. ``recorded``: the moments that were marked."""

    def __init__(self, mid: str | None = "50000") -> None:
        self._mid = None if mid is None else Decimal(mid)
        self.recorded: list[int] = []

    def mark(self, at_ns: int) -> Decimal | None:
        self.recorded.append(at_ns)
        return self._mid


def fill(side: Side = "buy", name: str = "p", settled_ns: int = NOW) -> Quote:
    """0.0001 BTC against 5 EURe: at 50000."""
    btc, eure = 10_000, 5 * 10**18
    amounts = (btc, eure) if side == "buy" else (eure, btc)
    quote = Quote(commitment(name, side=side, amount_in=amounts[0], amount_out=amounts[1]), 1, "settled")
    quote.reported_ns = quote.settled_ns = settled_ns
    return quote


@pytest.mark.parametrize(
    ("side", "mid", "bps"), [("buy", "50050", "10.00"), ("buy", "49950", "-10.00"), ("sell", "49950", "10.00")]
)
def test_a_markout_is_above_zero_when_the_desk_is_better_off(side: str, mid: str, bps: str) -> None:
    assert in_bps(markout(BITCOIN, EURO, side, 10_000, 5 * 10**18, Decimal(mid))) == Decimal(bps)


@given(st.integers(1, 10**12), st.integers(1, 10**28), MIDS)
def test_a_markout_is_the_gain_over_what_was_paid_to_the_nearest_hundredth(base: int, paid: int, mid: Decimal) -> None:
    gained = Fraction(base, 10**8) * Fraction(mid) * 10**18 - paid
    buy, sell = (markout(BITCOIN, EURO, side, base, paid, mid) for side in ("buy", "sell"))
    assert buy == -sell == round(gained * 1_000_000 / paid)


@pytest.mark.parametrize("side", ["buy", "sell"])
def test_each_horizon_is_marked_by_the_mid_of_its_moment(side: Side) -> None:
    markouts, quote = LiveMarkouts(DEFAULT_TOKENS), fill(side)
    mids = {1: "50005", 10: "50050", 60: "50000", 300: "49000"}
    for second in range(302):
        at = At(mids.get(second, "1"))
        for quarter in range(4):
            markouts.tick(NOW + second * NS_PER_S + quarter * NS_PER_S // 4, [quote], at)
    sign = 1 if side == "buy" else -1
    expected = ((1, "1.00"), (10, "10.00"), (60, "0.00"), (300, "-200.00"))
    assert markouts.of(quote.commitment.quote_hash) == tuple((at, sign * Decimal(bps)) for at, bps in expected)


def test_an_untrusted_mid_marks_nothing_and_is_not_filled_in_later() -> None:
    markouts, quote = LiveMarkouts(DEFAULT_TOKENS), fill()
    markouts.tick(NOW + NS_PER_S, [quote], At(None))
    markouts.tick(NOW + 2 * NS_PER_S, [quote], At("51000"))
    assert markouts.of(quote.commitment.quote_hash) == ((1, None),)


def test_horizons_that_passed_unobserved_are_unknown() -> None:
    markouts, quote = LiveMarkouts(DEFAULT_TOKENS), fill()
    at = At("50500")
    markouts.tick(NOW + 60 * NS_PER_S + NS_PER_S // 4, [quote], at)
    assert markouts.of(quote.commitment.quote_hash) == ((1, None), (10, None), (60, Decimal("100.00")))
    assert at.recorded == [NOW + 60 * NS_PER_S]


def test_a_horizon_that_the_desk_comes_to_late_is_unknown() -> None:
    markouts, quote, at = LiveMarkouts(DEFAULT_TOKENS), fill(), At("50500")
    markouts.tick(NOW + 3 * NS_PER_S, [quote], at)
    assert (markouts.of(quote.commitment.quote_hash), at.recorded) == (((1, None),), [])


def test_a_fill_is_marked_from_the_report_on_however_late_the_balances_confirm_it() -> None:
    markouts, quote = LiveMarkouts(DEFAULT_TOKENS), fill()
    quote.settled_ns, quote.state = None, "settling"
    for second in range(12):
        markouts.tick(NOW + second * NS_PER_S, [quote], At("50050" if second < 5 else "50100"))
    quote.settled_ns, quote.state = NOW + 12 * NS_PER_S, "settled"
    assert markouts.of(quote.commitment.quote_hash) == ((1, Decimal("10.00")), (10, Decimal("20.00")))


def test_a_fill_of_an_unknown_time_is_not_marked() -> None:
    markouts, quote = LiveMarkouts(DEFAULT_TOKENS), fill()
    quote.reported_ns = None
    markouts.tick(NOW + NS_PER_S, [quote], At())
    assert markouts.of(quote.commitment.quote_hash) == ()


def test_every_fill_is_followed_to_its_last_horizon_however_many_come_after_it() -> None:
    """The desk shows the newest few: history has the mid of each horizon of all of them."""
    seen: list[tuple[str, int]] = []
    markouts = LiveMarkouts(
        DEFAULT_TOKENS, on_marked=lambda quote, horizon, bps: seen.append((quote.commitment.quote_hash, horizon))
    )
    fills = [fill(name=f"fill-{number}", settled_ns=NOW + number * NS_PER_S) for number in range(600)]
    at = At()
    for second in range(1_000):
        markouts.tick(NOW + second * NS_PER_S, fills[max(0, second - 5) : second + 1], at)
    assert sorted(at.recorded) == sorted(
        NOW + (number + horizon) * NS_PER_S for number in range(600) for horizon in (1, 10, 60, 300)
    )
    assert len(seen) == len(set(seen)) == 4 * 600
    assert markouts.of(fills[0].commitment.quote_hash) == ()
    assert [horizon for horizon, _ in markouts.of(fills[-1].commitment.quote_hash)] == [1, 10, 60, 300]


def test_old_fills_are_left_as_they_are_marked() -> None:
    markouts = LiveMarkouts(DEFAULT_TOKENS)
    old, new = fill(name="old"), fill(name="new", settled_ns=NOW + 400 * NS_PER_S)
    markouts.tick(NOW + 401 * NS_PER_S, [old, new], At())
    assert markouts.of(old.commitment.quote_hash) == ()
    assert markouts.of(new.commitment.quote_hash) == ((1, Decimal("0.00")),)
