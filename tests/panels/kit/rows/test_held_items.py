"""What a held list shows, whatever comes, changes or leaves."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from panels.kit.rows.held_items import MAX_HELD, NS_PER_MS, HeldItems, Moment


class Item(NamedTuple):
    key: int
    age_ms: int = 0
    state: int = 0


def held() -> HeldItems[Item]:
    return HeldItems(lambda item: str(item.key), lambda item, ms: item._replace(age_ms=item.age_ms + ms))


def listing(newest: int, size: int, state: int = 0) -> list[Item]:
    return [Item(key, state=state) for key in range(newest, max(0, newest - size), -1)]


def keys(items: list[Item]) -> list[int]:
    return [item.key for item in items]


@given(
    size=st.integers(1, 60),
    steps=st.lists(st.tuples(st.integers(0, 200), st.integers(1, 400)), max_size=30),
)
def test_a_held_list_only_grows_upwards_without_a_gap_and_is_bounded(size: int, steps: list[tuple[int, int]]) -> None:
    list_, newest, at_ms = held(), 60, 0
    left = keys(list_.take(listing(newest, size), Moment("r", 0, newest), holding=False))
    for arriving, later_ms in steps:
        newest += arriving
        at_ms += later_ms
        now = listing(newest, size, state=at_ms)
        shown = list_.take(now, Moment("r", at_ms * NS_PER_MS, newest), holding=True)
        assert keys(shown)[-len(left) :] == left, "what was listed when it was left stands where it stood"
        top = keys(shown)[0]
        assert keys(shown) == list(range(top, left[-1] - 1, -1)), "nothing is missing in between"
        assert len(shown) <= max(MAX_HELD, size)
        assert list_.come() == newest - 60
        assert list_.cut == (top < newest)
        assert keys(list_.unlisted(now)) == [item.key for item in now if item.key > top]
        for item in shown:
            listed = item.key > newest - size
            assert list_.gone(str(item.key)) == (not listed)
            assert item.state == at_ms or not listed, "what the desk still lists is as it is now"
            assert listed or item.age_ms > 0, "what it lists no more grows older"
    following = list_.take(listing(newest, size), Moment("r", at_ms * NS_PER_MS, newest), holding=False)
    assert keys(following) == keys(listing(newest, size))
    assert not list_.cut
    assert list_.come() == 0


def test_what_left_from_between_two_rows_stays_between_them() -> None:
    list_ = held()
    list_.take(listing(5, 5), Moment("r", 0), holding=False)
    now = [item for item in listing(6, 6) if item.key not in (1, 3)]
    shown = list_.take(now, Moment("r", 10 * NS_PER_MS), holding=True)
    assert keys(shown) == [6, 5, 4, 3, 2, 1]
    assert [item.age_ms for item in shown] == [0, 0, 0, 10, 0, 10]
    assert list_.come() is None
    assert [item.age_ms for item in list_.later(30 * NS_PER_MS)] == [20, 20, 20, 30, 20, 30]


def test_another_run_of_a_desk_begins_anew() -> None:
    list_ = held()
    list_.take(listing(5, 5), Moment("r", 0), holding=False)
    assert keys(list_.take(listing(3, 3), Moment("other", 1), holding=True)) == [3, 2, 1]
    assert not list_.of("r")
    assert list_.of("other")
