"""What signed quotes are worth to their holders: by sums, against every quote alone, whatever became of them."""

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.accounting.option_value import option_value
from cockpit.desk.market.pricing import deviation
from cockpit.desk.quote_book.commitment import Commitment
from cockpit.desk.quote_book.options.option_meter import (
    EVERY_NS,
    SLICES_PER_TICK,
    SUMS_PER_SLICE,
    OptionMeter,
    OptionReading,
    OptionSum,
    QuoteOptions,
)
from cockpit.desk.quote_book.reservations import Reservations
from cockpit.desk.quote_book.strikes import SLOT_NS, Strikes, strike_key
from cockpit.model.events import Side
from tests.support.desk.builders import MID, NOW, commitment
from tests.support.recorder import MemoryRecorder
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS, NS_PER_S

SIGMA = Decimal(12)
WEI_PER_SATOSHI = int(MID) * 10**10


def quote(name: str, side: Side, away_bps: int, *, satoshi: int = 100_000, life_ms: int = 60_000) -> Commitment:
    """A quote whose price is so many bps from the mid on the desk's side; below 0 its holder gains now."""
    eure = satoshi * WEI_PER_SATOSHI * (10_000 - (away_bps if side == "buy" else -away_bps)) // 10_000
    amounts = (satoshi, eure) if side == "buy" else (eure, satoshi)
    return commitment(name, side=side, amount_in=amounts[0], amount_out=amounts[1], life_ms=life_ms)


SIDES: tuple[Side, ...] = ("buy", "sell")
quotes = st.lists(
    st.tuples(st.sampled_from(SIDES), st.integers(-200, 300), st.integers(1_000, 10**7), st.integers(1, 125_000)),
    max_size=30,
).map(lambda drawn: [quote(str(n), s, a, satoshi=u, life_ms=ms) for n, (s, a, u, ms) in enumerate(drawn)])


def signed(given: Sequence[Commitment]) -> Reservations:
    reservations = Reservations(DEFAULT_TOKENS)
    for one in given:
        reservations.restore(one)
    return reservations


def read(
    reservations: Reservations, at_ns: int = NOW, *, mid: Decimal | None = MID, sigma: Decimal = SIGMA
) -> OptionReading | None:
    meter = OptionMeter(DEFAULT_TOKENS, reservations, MemoryRecorder())
    while meter.reading is None:
        if not list(meter.tick(at_ns, mid, sigma)) and meter.reading is None:
            return None
    return meter.reading


def reading(reservations: Reservations, at_ns: int = NOW, *, sigma: Decimal = SIGMA) -> OptionReading:
    found = read(reservations, at_ns, sigma=sigma)
    assert found is not None
    return found


def alone(one: Commitment, at_ns: int, shift_bps: int = 0) -> tuple[int, int, int]:
    """Return the notional, the value and what settling would gain now, of one quote by itself."""
    satoshi, eure = (one.amount_in, one.amount_out) if one.side == "buy" else (one.amount_out, one.amount_in)
    worth = satoshi * WEI_PER_SATOSHI * (10_000 + shift_bps) // 10_000
    distance = worth - eure if one.side == "buy" else eure - worth
    moves = worth * deviation(int(SIGMA * 10**6), max(0, one.deadline_ns - at_ns) // NS_PER_MS) // 10**10
    return worth, option_value(distance, moves), max(0, -distance)


@given(quotes, st.integers(0, 130_000))
def test_the_sums_are_those_of_every_quote_alone_to_the_stated_error(given: list[Commitment], passed_ms: int) -> None:
    at_ns = NOW + passed_ms * NS_PER_MS
    found = reading(signed(given), at_ns).live
    each = [alone(one, at_ns) for one in given]
    notional = sum(worth for worth, _, _ in each)
    # A third of a bps for the price, and one for up to two seconds of a life of no more than that.
    assert abs(found.value - sum(value for _, value, _ in each)) <= notional * 133 // 10**6 + 100
    assert abs(found.intrinsic - sum(gain for _, _, gain in each)) <= notional * 33 // 10**6 + 100
    for shift, lost in ((-100, found.fall), (100, found.rise)):
        assert abs(lost - sum(alone(one, at_ns, shift)[2] for one in given)) <= notional * 33 // 10**6 + 100


@given(quotes, st.integers(0, 130_000))
def test_the_value_is_never_less_than_settling_now_and_all_that_is_left_at_the_deadlines(
    given: list[Commitment], passed_ms: int
) -> None:
    reservations = signed(given)
    found = reading(reservations, NOW + passed_ms * NS_PER_MS).live
    assert 0 <= found.intrinsic <= found.value
    last = reading(reservations, NOW + 200 * NS_PER_S).live
    assert last.value == last.intrinsic


@given(quotes)
def test_the_order_of_signing_does_not_matter(given: list[Commitment]) -> None:
    by_size = sorted(given, key=lambda one: one.amount_in)
    assert reading(signed(given)).live == reading(signed(by_size)).live


def exercised(count: int, steps: Sequence[tuple[str, int]]) -> set[str]:
    """Return which of so many quotes are being settled: exercised while they were live, and live since."""
    live, refused, chosen = {f"hash-{n}" for n in range(count)}, set[str](), set[str]()
    for step, number in steps:
        name = f"hash-{number}"
        if step == "exercise" and name in live:
            chosen.add(name)
        elif step == "refuse" and name in live:
            live.discard(name)
            refused.add(name)
            chosen.discard(name)
        elif step == "put_back" and name in refused:
            refused.discard(name)
            live.add(name)
        elif step == "release":
            for some in (live, refused, chosen):
                some.discard(name)
    return chosen


@given(
    quotes,
    st.lists(
        st.tuples(st.sampled_from(["refuse", "put_back", "release", "exercise"]), st.integers(0, 29)), max_size=60
    ),
)
def test_what_is_summed_is_what_is_signed_whatever_became_of_it(
    given: list[Commitment], steps: list[tuple[str, int]]
) -> None:
    reservations = signed(given)
    for step, number in steps:
        getattr(reservations, step)(f"hash-{number}")
    live, refused, settling = reservations.strikes
    chosen = exercised(len(given), steps)
    left = [one for one in reservations if one.quote_hash not in chosen]
    taken = [one for one in reservations if one.quote_hash in chosen]
    for strikes, kept in ((live, left), (refused, list(reservations.refused)), (settling, taken)):
        assert sum(one.count for _, one in strikes) == len(kept)
        assert sum(one.amount_in for _, one in strikes) == sum(one.amount_in for one in kept)
        assert sum(one.amount_out for _, one in strikes) == sum(one.amount_out for one in kept)
    found = reading(reservations)
    again = reading(signed(left))
    assert found.live == again.live
    assert found.settling.value == found.settling.intrinsic == reading(signed(taken)).live.intrinsic
    for one in given:
        reservations.release(one.quote_hash)
    assert [len(strikes) for strikes in reservations.strikes] == [0, 0, 0]


def added(strikes: Strikes, amount_in: int, amount_out: int, deadline_ns: int) -> None:
    key = strike_key("BTC", "EURe", amount_in, amount_out, deadline_ns)
    strikes.add(key, amount_in, amount_out, deadline_ns)


def test_prices_of_one_bucket_are_near_each_other() -> None:
    strikes = Strikes()
    for tick in range(20_000):
        # Prices from 45,000 to 55,000, a base unit of BTC each.
        added(strikes, 100_000_000, (4_500_000 + 50 * tick) * 10**16, NOW)
    means = [mean for _, mean in sorted((key[2], one.amount_out / one.count) for key, one in strikes)]
    assert means == sorted(means)
    gaps = [(later / earlier - 1) * 10_000 for earlier, later in pairwise(means[1:-1])]
    assert min(gaps) > 0.5
    assert max(gaps) < 1.31


def test_deadlines_of_one_bucket_are_within_two_seconds() -> None:
    strikes = Strikes()
    for ms in range(0, 60_000, 50):
        added(strikes, 10**8, 10**22, NOW + ms * NS_PER_MS)
    assert len(strikes) in (60 * NS_PER_S // SLOT_NS, 60 * NS_PER_S // SLOT_NS + 1)


def test_a_quote_that_is_being_settled_is_worth_what_that_gains_and_no_jump_adds_to_it() -> None:
    reservations = signed([quote("in", "buy", -20), quote("out", "sell", 5)])
    before = reading(reservations)
    assert before.settling == OptionSum()
    for name in ("in", "out"):
        reservations.exercise(f"hash-{name}")
        reservations.exercise(f"hash-{name}")
    found = reading(reservations)
    assert found.live == OptionSum()
    gained = found.settling.intrinsic
    assert abs(gained - 50 * 20 * 10**14) < 10**15
    assert found.settling == OptionSum(value=gained, intrinsic=gained, fall=gained, rise=gained) == found.signed
    assert found.signed.value < before.signed.value


@given(quotes, st.integers(0, 130_000))
def test_each_quote_alone_is_worth_its_part_in_bps_rounded_up(given: list[Commitment], passed_ms: int) -> None:
    at_ns = NOW + passed_ms * NS_PER_MS
    options = QuoteOptions(DEFAULT_TOKENS, reading(signed(given)), at_ns)
    for one in given:
        worth, value, gain = alone(one, at_ns)
        found = options.of(one, settling=False)
        assert found is not None
        assert 0 <= found.value_bps - Decimal(value * 10_000) / worth <= Decimal("0.0101")
        assert 0 <= found.intrinsic_bps - Decimal(gain * 10_000) / worth <= Decimal("0.0101")
        settling = options.of(one, settling=True)
        assert settling is not None
        assert settling.value_bps == settling.intrinsic_bps == found.intrinsic_bps


def test_refused_quotes_count_apart_as_they_could_still_settle() -> None:
    reservations = signed([quote("a", "buy", 5), quote("b", "sell", 5)])
    both = reading(reservations)
    reservations.refuse("hash-b")
    found = reading(reservations)
    assert found.live.value + found.refused.value == found.signed.value == both.live.value
    assert found.refused.value > 0


def test_the_worse_of_both_jumps_counts() -> None:
    found = reading(signed([quote("a", "buy", 10), quote("b", "buy", 10), quote("c", "sell", 10)])).live
    assert found.fall > found.rise > 0
    assert found.jump == found.fall
    # Two quotes of about 50 EURe that are 10 bps away lose 90 bps each.
    assert abs(found.fall - 2 * 50 * 10**18 * 90 // 10_000) < 10**16


@pytest.mark.parametrize("sigma", ["1.5", "12", "500"])
def test_a_wilder_market_makes_options_dearer_and_changes_nothing_that_needs_no_model(sigma: str) -> None:
    reservations = signed([quote("a", "buy", 5), quote("b", "sell", -5)])
    calm, wild = reading(reservations, sigma=Decimal(sigma)).live, reading(reservations, sigma=Decimal(sigma) * 2).live
    assert wild.value > calm.value
    assert (wild.intrinsic, wild.fall, wild.rise) == (calm.intrinsic, calm.fall, calm.rise)


def test_without_a_mid_it_is_unknown() -> None:
    meter = OptionMeter(DEFAULT_TOKENS, signed([quote("a", "buy", 5)]), MemoryRecorder())
    list(meter.tick(NOW, MID, SIGMA))
    assert meter.reading is not None
    list(meter.tick(NOW + 1, None, SIGMA))
    assert meter.reading is None
    list(meter.tick(NOW + 2, MID, SIGMA))
    assert meter.reading is not None


def test_it_is_measured_once_a_second() -> None:
    meter = OptionMeter(DEFAULT_TOKENS, Reservations(DEFAULT_TOKENS), MemoryRecorder())
    times = []
    for tick in range(12):
        list(meter.tick(NOW + tick * EVERY_NS // 4, MID, SIGMA))
        assert meter.reading is not None
        times.append(meter.reading.at_ns)
    assert sorted({(at_ns - NOW) // NS_PER_S for at_ns in times}) == [0, 1, 2]


def test_more_sums_than_a_tick_has_time_for_are_measured_over_several() -> None:
    """Each quote has a bucket of its own: the work of a tick is bounded, and the measurement comes to its end."""
    count = 2 * SUMS_PER_SLICE * SLICES_PER_TICK + 1
    given = [quote(str(n), "buy", n % 90, life_ms=1_000 + 2_000 * n) for n in range(count)]
    meter = OptionMeter(DEFAULT_TOKENS, signed(given), MemoryRecorder())
    ticks = 0
    while meter.reading is None:
        assert len(list(meter.tick(NOW + ticks * EVERY_NS // 4, MID, SIGMA))) <= SLICES_PER_TICK
        ticks += 1
    assert ticks == 3
    assert meter.reading.at_ns == NOW


def test_a_measurement_a_minute_is_recorded_while_a_quote_is_signed() -> None:
    recorder, reservations = MemoryRecorder(), signed([quote("a", "buy", 5), quote("b", "sell", -5)])
    reservations.refuse("hash-b")
    meter = OptionMeter(DEFAULT_TOKENS, reservations, recorder)
    start_ns = NOW // (60 * NS_PER_S) * 60 * NS_PER_S
    for second in range(150):
        list(meter.tick(start_ns + second * NS_PER_S, MID, SIGMA))
    first, second_ = recorder.events
    assert [first.at_ns, second_.at_ns] == [start_ns + 60 * NS_PER_S, start_ns + 120 * NS_PER_S]
    assert (first.mid, first.sigma_bps, first.quotes) == (MID, SIGMA, 2)
    assert first.value >= first.intrinsic > 0
    assert first.refused_value > first.value // 2
    for name in ("a", "b"):
        reservations.release(f"hash-{name}")
    for second in range(150, 400):
        list(meter.tick(start_ns + second * NS_PER_S, MID, SIGMA))
    assert len(recorder.events) == 2
