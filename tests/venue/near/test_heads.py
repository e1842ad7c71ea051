"""Which heights are believed when an endpoint lies, lags or is alone."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from venue.near.heads import (
    AHEAD_NS,
    APART,
    BEHIND_NS,
    BLOCKS_PER_S,
    FAR_APART,
    PATIENCE_NS,
    Heads,
    Named,
    time_problem,
)
from venue.protocol.units import NS_PER_S
from venue.transport.bounds import MAX_HEIGHT

START = 200_000_000
WALL = 1_800_000_000 * NS_PER_S
HUGE = 999_999_999_999


def fresh(height: int, at_ns: int = 0) -> Named:
    return Named(height, WALL + at_ns)


def agreed(*heights: int, at_ns: int = 0, heads: Heads | None = None) -> Heads:
    heads = heads or Heads()
    heads.agree({index: fresh(height, at_ns) for index, height in enumerate(heights)}, at_ns, WALL + at_ns)
    return heads


def believed(heads: Heads, height: int, at_ns: int = 0) -> bool:
    return not heads.problem(height, at_ns)


def test_before_any_height_is_agreed_on_none_is_believed_and_all_are_plausible() -> None:
    heads = Heads()
    assert not believed(heads, START)
    assert heads.is_plausible(HUGE, 0)
    assert heads.is_old(0, HUGE)


@pytest.mark.parametrize("lie", [HUGE, START + 2 * APART, 0, MAX_HEIGHT])
def test_two_against_one_decide(lie: int) -> None:
    heads = Heads()
    wrong = heads.agree({0: fresh(lie), 1: fresh(START), 2: fresh(START + 2)}, 0, WALL)
    assert list(wrong) == [0]
    assert believed(heads, START + 2)
    assert not believed(heads, lie)


def test_of_two_that_contradict_each_other_the_lower_one_is_taken() -> None:
    heads = agreed(HUGE, START)
    assert believed(heads, START)
    assert not believed(heads, HUGE)


def test_what_two_agreed_on_counts_against_one_that_then_contradicts() -> None:
    heads = agreed(START, START)
    wrong = heads.agree({0: fresh(START + 10), 1: fresh(5)}, NS_PER_S, WALL)
    assert list(wrong) == [1]
    assert believed(heads, START + 10, NS_PER_S)


def test_an_endpoint_that_stands_still_is_no_witness_even_at_the_start() -> None:
    heads = Heads()
    wrong = heads.agree({0: Named(START - 5_000, WALL - 2 * BEHIND_NS), 1: fresh(START)}, 0, WALL)
    assert list(wrong) == [0]
    assert "old by the local clock" in wrong[0]
    assert believed(heads, START)
    assert not believed(heads, START - 5_000)


def test_a_wrong_local_clock_does_not_hide_the_chain() -> None:
    heads, hour = Heads(), 3_600 * NS_PER_S
    wrong = heads.agree({0: fresh(START, hour), 1: fresh(START, hour)}, 0, WALL)
    assert len(wrong) == 2
    assert believed(heads, START)


def test_both_endpoints_may_jump_together() -> None:
    heads = agreed(START, START)
    assert not believed(heads, START + 1_000_000, NS_PER_S)
    agreed(START + 1_000_000, START + 1_000_001, at_ns=NS_PER_S, heads=heads)
    assert believed(heads, START + 1_000_002, NS_PER_S)


def test_a_lone_endpoint_that_lies_for_three_seconds_is_not_followed() -> None:
    heads = agreed(START)
    for second in (1, 2, 3):
        agreed(HUGE, at_ns=second * NS_PER_S, heads=heads)
        assert not believed(heads, HUGE, second * NS_PER_S)
    assert believed(heads, START + 8, 4 * NS_PER_S)


def test_a_lone_endpoint_is_followed_once_its_new_height_has_lasted_up_and_down_again() -> None:
    heads, now = agreed(START), 0
    for height in (HUGE, START):
        agreed(height, at_ns=now, heads=heads)
        assert not believed(heads, height, now)
        now += PATIENCE_NS
        agreed(height, at_ns=now, heads=heads)
        assert believed(heads, height, now)
        now += NS_PER_S


def test_a_lone_endpoint_that_was_followed_is_no_proof_against_the_next() -> None:
    heads, now = agreed(HUGE), NS_PER_S
    agreed(HUGE, START, at_ns=now, heads=heads)
    agreed(HUGE, START, at_ns=now + PATIENCE_NS, heads=heads)
    assert believed(heads, START, now + PATIENCE_NS)
    assert not heads.is_plausible(HUGE, now + PATIENCE_NS)


def test_a_recorded_height_is_implausible_only_beyond_what_lag_explains() -> None:
    lone, two = agreed(START), agreed(START, START)
    assert lone.is_plausible(START + FAR_APART, 0)
    assert not lone.is_plausible(START + FAR_APART + 2 * APART, 0)
    assert two.is_plausible(START + 2 * APART, 0)
    assert not two.is_plausible(START + 2 * APART + 1, 0)


@given(
    st.lists(st.tuples(st.integers(1, 20), st.integers(0, 40), st.integers(0, MAX_HEIGHT), st.booleans()), max_size=40)
)
def test_whatever_one_of_two_says_the_other_is_believed_and_no_lie_goes_far(
    steps: list[tuple[int, int, int, bool]],
) -> None:
    """Seconds, blocks that the honest one sees in them, what the other says, and whether the endpoints are asked."""
    heads, now, height = agreed(START, START), 0, START
    asked_ns = 0
    for seconds, blocks, said, ask in steps:
        now += seconds * NS_PER_S
        height += min(blocks, 2 * seconds)
        if ask or now - asked_ns > 15 * NS_PER_S:
            heads.agree({0: fresh(said, now), 1: fresh(height, now)}, now, WALL + now)
            asked_ns = now
        assert believed(heads, height, now)
        assert heads.is_plausible(height, now)
        if believed(heads, said, now):
            assert said <= height + 2 * APART + BLOCKS_PER_S * 40


@pytest.mark.parametrize(
    ("off_ns", "text"),
    [
        (AHEAD_NS, ""),
        (AHEAD_NS + 1, "5 s ahead of the local clock"),
        (700 * NS_PER_S, "700 s ahead of the local clock"),
        (-BEHIND_NS, ""),
        (-BEHIND_NS - 1, "300 s old by the local clock"),
    ],
)
def test_a_block_is_of_now_by_the_local_clock(off_ns: int, text: str) -> None:
    found = time_problem(WALL + off_ns, WALL)
    assert (text in found) if text else not found
