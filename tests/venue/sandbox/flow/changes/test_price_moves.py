"""Ordered moves on top of a path: exact where they start and end, and the same in whatever order one asks."""

from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.protocol.units import NS_PER_S
from venue.sandbox.flow.changes.price_moves import MovedPath, PriceMove
from venue.sandbox.flow.price_path import RandomWalk

START = Decimal(80_000)


class Flat:
    def mid_at(self, offset_ns: int) -> Decimal:
        return START


def test_a_jump_and_a_ramp_are_exact_at_their_ends() -> None:
    path = MovedPath(
        Flat(),
        (
            PriceMove(at_ns=10 * NS_PER_S, bps=Decimal(-500)),
            PriceMove(at_ns=20 * NS_PER_S, over_ns=10 * NS_PER_S, to=Decimal(50_000)),
            PriceMove(at_ns=40 * NS_PER_S, over_ns=4 * NS_PER_S, bps=Decimal(100)),
        ),
    )
    prices = [path.mid_at(at_ns) for at_ns in (0, 10 * NS_PER_S - 1, 10 * NS_PER_S, 20 * NS_PER_S, 30 * NS_PER_S)]
    assert prices == [START, START, START * Decimal("0.95"), START * Decimal("0.95"), Decimal(50_000)]
    assert path.mid_at(39 * NS_PER_S) == Decimal(50_000)
    assert path.mid_at(44 * NS_PER_S) == path.mid_at(10**6 * NS_PER_S) == Decimal(50_500)
    ramp = [path.mid_at(at * NS_PER_S // 4) for at in range(80, 121)]
    assert all(before > after for before, after in pairwise(ramp))


def test_the_path_goes_on_from_where_it_was_moved_to() -> None:
    move = PriceMove(at_ns=5 * NS_PER_S, over_ns=5 * NS_PER_S, to=Decimal(50_000))
    base, path = RandomWalk(3, START), MovedPath(RandomWalk(3, START), (move,))
    assert path.mid_at(10 * NS_PER_S) == Decimal(50_000)
    factor = Decimal(50_000) / base.mid_at(10 * NS_PER_S)
    for at_s in (11, 60, 600):
        assert path.mid_at(at_s * NS_PER_S) == pytest.approx(base.mid_at(at_s * NS_PER_S) * factor, abs=Decimal("0.01"))


@given(
    gaps=st.lists(st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(-5_000, 5_000)), max_size=4),
    offsets=st.lists(st.integers(0, 200 * NS_PER_S), min_size=1, max_size=20),
    seed=st.integers(0, 5),
)
def test_prices_are_a_function_of_the_time_alone(
    gaps: list[tuple[int, int, int]], offsets: list[int], seed: int
) -> None:
    moves, at_s = [], 0
    for gap, over, bps in gaps:
        at_s += gap
        moves.append(PriceMove(at_ns=at_s * NS_PER_S, over_ns=over * NS_PER_S, bps=Decimal(bps)))
        at_s += over
    one, two = MovedPath(RandomWalk(seed, START), moves), MovedPath(RandomWalk(seed, START), moves)
    told = {offset: one.mid_at(offset) for offset in offsets}
    assert told == {offset: two.mid_at(offset) for offset in reversed(offsets)}
    base = RandomWalk(seed, START)
    before = [offset for offset in offsets if not moves or offset < moves[0].at_ns]
    assert [told[offset] for offset in before] == [base.mid_at(offset) for offset in before]
    assert all(price >= Decimal("0.01") for price in told.values())
