"""In which order, and when, quotes are released."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quote_book.expiries import Expiries
from cockpit.desk.quote_book.quote import Quote
from tests.support.desk.builders import NOW, commitment
from venue.protocol.units import NS_PER_MS

MS = st.integers(0, 2_000)
MANY = 1_000


@given(st.lists(MS, max_size=40), st.lists(MS, max_size=10))
def test_each_quote_is_taken_once_at_the_first_look_after_its_time(lives: list[int], looks: list[int]) -> None:
    expiries = Expiries()
    for number, life in enumerate(lives):
        expiries.add(Quote(commitment(str(number), life_ms=life, margin_ms=0), number))
    left = sorted(lives)
    for look in sorted(looks):
        taken = [quote.commitment.released_after_ns for quote in expiries.take_due(NOW + look * NS_PER_MS, MANY)]
        due = [life for life in left if life <= look]
        assert taken == [NOW + life * NS_PER_MS for life in due]
        left = left[len(due) :]
    assert len(expiries.take_due(NOW + 2_000 * NS_PER_MS, MANY)) == len(left)
    assert expiries.take_due(NOW + 10_000 * NS_PER_MS, MANY) == []


def test_a_quote_that_is_added_when_its_time_is_over_is_taken_at_the_next_look() -> None:
    expiries = Expiries()
    expiries.add(Quote(commitment("late", life_ms=500, margin_ms=0), 1))
    assert [one.request_id for one in expiries.take_due(NOW + 900 * NS_PER_MS, MANY)] == [1]
    expiries.add(Quote(commitment("later", life_ms=510, margin_ms=0), 2))
    assert [one.request_id for one in expiries.take_due(NOW + 900 * NS_PER_MS, MANY)] == [2]


@given(st.lists(MS, max_size=40), st.integers(1, 7))
def test_what_is_due_is_taken_in_slices_each_once_and_in_its_order(lives: list[int], at_most: int) -> None:
    expiries = Expiries()
    for number, life in enumerate(lives):
        expiries.add(Quote(commitment(str(number), life_ms=life, margin_ms=0), number))
    taken: list[int] = []
    while slice_ := expiries.take_due(NOW + 2_000 * NS_PER_MS, at_most):
        assert len(slice_) <= at_most
        taken += [quote.commitment.released_after_ns for quote in slice_]
    assert taken == [NOW + life * NS_PER_MS for life in sorted(lives)]
