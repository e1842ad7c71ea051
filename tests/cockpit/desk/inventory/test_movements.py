from collections.abc import Callable, Sequence
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.inventory.movements import (
    MAX_SEARCHED,
    SLICE,
    Movement,
    Steps,
    believing,
    explain,
    explaining,
    giving,
    total,
)
from tests.support.amounts import btc_eure
from tests.support.counted_lines import Lines
from venue.protocol.amounts import NOTHING, TokenAmounts

signed = st.integers(-(10**24), 10**24)


def movements(least: int, most: int) -> st.SearchStrategy[list[Movement]]:
    pairs = st.lists(st.tuples(signed, signed), min_size=least, max_size=most)
    return pairs.map(lambda drawn: [Movement(f"m-{index}", btc_eure(*one)) for index, one in enumerate(drawn)])


@given(movements(0, 30), signed, signed)
def test_an_explanation_adds_up_to_the_last_base_unit_and_uses_each_movement_once(
    candidates: list[Movement], base: int, quote: int
) -> None:
    change = btc_eure(base, quote)
    found = explain(change, candidates)
    if found is None:
        assert change != NOTHING
        return
    assert total(found) == change
    keys = [one.key for one in found]
    assert len(keys) == len(set(keys))
    assert set(keys) <= {one.key for one in candidates}


@given(movements(0, MAX_SEARCHED - 2), st.data())
def test_any_subset_of_a_few_movements_is_found(candidates: list[Movement], data: st.DataObject) -> None:
    chosen = [one for one in candidates if data.draw(st.booleans())]
    found = explain(total(chosen), candidates)
    assert found is not None
    assert total(found) == total(chosen)


few = st.integers(-2, 2)


@given(st.lists(st.tuples(few, few), max_size=9), few, few)
def test_of_all_that_add_up_all_together_are_found_or_else_the_fewest_and_the_first(
    drawn: list[tuple[int, int]], base: int, quote: int
) -> None:
    candidates = [Movement(f"m-{index}", btc_eure(*one)) for index, one in enumerate(drawn)]
    change = btc_eure(base, quote)
    sizes = (len(candidates), *range(len(candidates)))
    subsets = (chosen for size in sizes for chosen in combinations(candidates, size))
    wanted = () if change == NOTHING else next((one for one in subsets if total(one) == change), None)
    assert explain(change, candidates) == wanted


@given(movements(MAX_SEARCHED + 1, 60), st.data())
def test_of_many_movements_none_one_all_and_all_but_one_are_found(
    candidates: list[Movement], data: st.DataObject
) -> None:
    one = data.draw(st.sampled_from(candidates))
    rest = [other for other in candidates if other is not one]
    for chosen in ([], [one], rest, candidates):
        found = explain(total(chosen), candidates)
        assert found is not None
        assert total(found) == total(chosen)


def test_no_change_needs_no_movement() -> None:
    assert explain(NOTHING, [Movement("fill", btc_eure(5, -5))]) == ()


def test_all_are_preferred_to_some_that_add_up_too() -> None:
    candidates = [
        Movement("a", btc_eure(1, -1)),
        Movement("b", btc_eure(2, -2)),
        Movement("c", btc_eure(0, 0)),
    ]
    assert explain(btc_eure(3, -3), candidates) == tuple(candidates)


def test_a_change_off_by_one_unit_is_not_explained() -> None:
    assert explain(btc_eure(100, -1_001), [Movement("fill", btc_eure(100, -1_000))]) is None


def test_many_movements_that_cannot_explain_are_given_up_soon() -> None:
    candidates = [Movement(str(number), btc_eure(2**number, 0)) for number in range(200)]
    assert explain(btc_eure(1 + 4 + 16, 0), candidates) is None


Search = Callable[[TokenAmounts, Sequence[Movement]], Steps[object]]


@pytest.mark.parametrize("search", [explaining, believing, giving])
@pytest.mark.parametrize("missing", [(0, 0), (0, -1), (5, -7), (-(10**6), -(10**6))])
@pytest.mark.parametrize("count", [MAX_SEARCHED, 600])
def test_between_two_stops_little_is_done(search: Search, missing: tuple[int, int], count: int) -> None:
    fills = [Movement(str(number), btc_eure(number % 7 + 1, -(number % 11) - 1)) for number in range(count)]
    assert most_lines(search(btc_eure(*missing), fills)) < 300 * SLICE, "some 0.5 ms"


def most_lines(steps: Steps[object]) -> int:
    """The most lines that ran between two stops."""
    most = 0
    while True:
        with Lines() as lines:
            over = next(steps, "over") == "over"
        most = max(most, lines.count)
        if over:
            return most
