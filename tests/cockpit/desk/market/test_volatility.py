"""σ over a minute: what it counts, when it is known, and how near it is to what a seeded market does."""

from collections.abc import Iterable
from decimal import Decimal
from itertools import accumulate
from random import Random
from statistics import fmean, quantiles

from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.market.volatility import ENOUGH_SLOTS, FORGOTTEN_SLOTS, LEAST_BPS, LONGEST_MOVE_SLOTS, Volatility
from tests.support.desk.builders import NOW
from venue.protocol.units import NS_PER_MS, NS_PER_S

SLOT_NS = 5 * NS_PER_S
START = NOW // SLOT_NS * SLOT_NS
prices = st.decimals(Decimal(100), Decimal(1_000_000), places=8)
paths = st.lists(st.tuples(st.integers(1, 15_000), prices), max_size=80).map(
    lambda steps: [
        (START + ms * NS_PER_MS, price) for ms, (_, price) in zip(accumulate(ms for ms, _ in steps), steps, strict=True)
    ]
)
Path = list[tuple[int, Decimal]]


def after(path: Iterable[tuple[int, Decimal]]) -> Volatility:
    found = Volatility()
    for at_ns, mid in path:
        found.take(at_ns, mid)
    return found


def every_slot(mids: Iterable[Decimal | int]) -> Path:
    return [(START + slot * SLOT_NS, Decimal(mid)) for slot, mid in enumerate(mids)]


def zigzag(slots: int, bps: int, *, mid: int = 50_000) -> Path:
    """A mid that goes up and down by about so many bps in every slot."""
    return every_slot(mid + mid * bps // 10_000 * (slot % 2) for slot in range(slots + 1))


def test_it_is_unknown_until_two_minutes_were_seen() -> None:
    assert after(zigzag(ENOUGH_SLOTS - 1, 4)).sigma is None
    assert after(zigzag(ENOUGH_SLOTS, 4)).sigma is not None


def test_moves_of_the_same_size_are_that_size_times_the_root_of_twelve() -> None:
    sigma = after(zigzag(200, 4)).sigma
    assert sigma is not None
    # 4 bps in five seconds are 13.86 in a minute.
    assert abs(sigma - Decimal("13.86")) <= Decimal("0.02")


def test_a_mid_that_stands_still_has_the_least() -> None:
    assert after(every_slot([50_000] * 200)).sigma == LEAST_BPS


def test_a_storm_counts_at_once_and_is_not_forgotten_within_minutes() -> None:
    calm, storm = (
        zigzag(240, 1),
        [(START + (241 + slot) * SLOT_NS, mid) for slot, (_, mid) in enumerate(zigzag(24, 10))],
    )
    before, during = after(calm).sigma, after([*calm, *storm]).sigma
    later = [(START + (266 + slot) * SLOT_NS, mid) for slot, (_, mid) in enumerate(zigzag(60, 1))]
    afterwards = after([*calm, *storm, *later]).sigma
    assert before is not None
    assert during is not None
    assert afterwards is not None
    assert during > 5 * before
    assert 2 * before < afterwards < during


def test_only_the_first_price_of_a_slot_counts() -> None:
    path = zigzag(60, 4)
    between = [(at_ns + 1, mid * 2) for at_ns, mid in path]
    assert after(sorted(path + between)).sigma == after(path).sigma


def test_a_price_from_before_the_newest_slot_is_left_out() -> None:
    path = zigzag(60, 4)
    late = [step for at_ns, mid in path for step in ((at_ns, mid), (at_ns - SLOT_NS, mid * 2))]
    assert after(late).sigma == after(path).sigma


def test_a_move_over_a_pause_counts_by_the_slot_up_to_a_minute() -> None:
    steady = zigzag(60, 4)
    end_ns, mid = steady[-1]
    jumped = mid * Decimal("1.01")
    within = after([*steady, (end_ns + LONGEST_MOVE_SLOTS * SLOT_NS, jumped)]).sigma
    beyond = after([*steady, (end_ns + (LONGEST_MOVE_SLOTS + 1) * SLOT_NS, jumped)]).sigma
    before = after(steady).sigma
    assert within is not None
    assert before is not None
    assert within > before
    assert beyond == before


def test_after_ten_minutes_without_a_price_it_is_unknown() -> None:
    steady = zigzag(60, 4)
    end_ns, mid = steady[-1]
    assert after([*steady, (end_ns + FORGOTTEN_SLOTS * SLOT_NS, mid)]).sigma is not None
    assert after([*steady, (end_ns + (FORGOTTEN_SLOTS + 1) * SLOT_NS, mid)]).sigma is None


def test_a_clock_that_was_set_back_an_hour_does_not_stop_it() -> None:
    back = after(zigzag(60, 4))
    for at_ns, mid in zigzag(ENOUGH_SLOTS + 1, 8):
        back.take(at_ns - 3_600 * NS_PER_S, mid)
    assert back.sigma == after(zigzag(ENOUGH_SLOTS + 1, 8)).sigma


@given(paths)
def test_it_is_never_below_the_least_nor_finer_than_a_hundredth(path: Path) -> None:
    sigma = after(path).sigma
    assert sigma is None or (sigma >= LEAST_BPS and sigma == sigma.quantize(Decimal("0.01")))


@given(paths, st.integers(2, 9))
def test_it_is_the_same_at_every_level_of_prices(path: Path, times: int) -> None:
    sigma, scaled = after(path).sigma, after([(at_ns, mid * times) for at_ns, mid in path]).sigma
    assert (sigma is None) == (scaled is None)
    if sigma is not None and scaled is not None:
        assert abs(sigma - scaled) <= max(Decimal("0.01"), sigma / 10_000)


@given(st.lists(st.integers(-20, 20), min_size=ENOUGH_SLOTS, max_size=100), st.integers(2, 5))
def test_moves_twice_as_large_are_twice_the_sigma(moves: list[int], times: int) -> None:
    def of(scale: int) -> Decimal:
        # Steps of a ten-thousandth of the level, which hardly moves.
        sigma = after(every_slot(accumulate([10**6, *(scale * move for move in moves)]))).sigma
        assert sigma is not None
        return sigma

    one, more = of(1), of(times)
    if one > LEAST_BPS:
        assert abs(more - times * one) <= Decimal("0.05") * more


def test_after_ten_minutes_it_is_near_what_a_seeded_market_does() -> None:
    """True σ60 is 12 bps; of ten-minute estimates nine in ten are within a quarter of it, and their mean within 5 %."""
    found = []
    for seed in range(60):
        rng, mid = Random(seed), 50_000.0
        path: Path = []
        for second in range(600):
            path.append((START + second * NS_PER_S, Decimal(round(mid, 2))))
            mid *= 1 + rng.gauss(0, 12 / 60**0.5 / 10_000)
        sigma = after(path).sigma
        assert sigma is not None
        found.append(float(sigma) / 12)
    tenths = quantiles(found, n=20)
    assert tenths[0] >= 0.75
    assert tenths[-1] <= 1.25
    assert 0.95 <= fmean(found) <= 1.05
