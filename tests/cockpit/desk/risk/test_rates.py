"""What the desk counts of the last seconds and hours."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.risk.rates import MINUTE_NS, LargestWindow


@given(
    minutes=st.integers(1, 5),
    noted=st.lists(st.tuples(st.integers(0, 2 * MINUTE_NS), st.integers(0, 10**24)), max_size=60),
    later=st.integers(0, 8 * MINUTE_NS),
)
def test_the_largest_amount_is_that_of_the_last_minutes(minutes: int, noted: list[tuple[int, int]], later: int) -> None:
    window, at_ns = LargestWindow(minutes), 0
    seen: list[tuple[int, int]] = []
    for apart, amount in noted:
        at_ns += apart
        window.note(at_ns, amount)
        seen.append((at_ns // MINUTE_NS, amount))
        assert window.largest(at_ns) == max(size for minute, size in seen if minute > at_ns // MINUTE_NS - minutes)
    first = (at_ns + later) // MINUTE_NS - minutes
    assert window.largest(at_ns + later) == max((size for minute, size in seen if minute > first), default=0)


def test_a_thousand_quotes_a_second_leave_one_entry_a_minute() -> None:
    window = LargestWindow(60)
    for nth in range(100_000):
        window.note(nth * MINUTE_NS // 500, 100_000 - nth)
    window.largest(99_999 * MINUTE_NS // 500)
    assert len(window._falling) <= 60
