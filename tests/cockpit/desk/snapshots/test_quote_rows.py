"""Rows of quotes and fills: in the order of the time that they show."""

from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.quote_book.quote import Quote
from cockpit.desk.snapshots.quote_rows import fill_row, filled_ns, newest_first, quote_row, signed_ns
from tests.support.desk.builders import NOW, commitment
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_MS

TIMES = st.integers(0, 50)


@given(st.lists(st.tuples(TIMES, st.none() | TIMES, st.none() | TIMES), max_size=30))
def test_lists_are_in_the_order_of_the_ages_they_show(times: list[tuple[int, int | None, int | None]]) -> None:
    quotes = []
    for number, (sent, reported, settled) in enumerate(times):
        quote = Quote(commitment(f"q{number}", sent_ns=NOW + sent * NS_PER_MS), number, "settled")
        quote.reported_ns = None if reported is None else NOW + (sent + reported) * NS_PER_MS
        quote.settled_ns = None if settled is None else NOW + (sent + settled) * NS_PER_MS
        quotes.append(quote)
    later = NOW + 1_000 * NS_PER_MS
    signed = [quote_row(DEFAULT_TOKENS, quote, later) for quote in newest_first(quotes, signed_ns)]
    filled = [fill_row(DEFAULT_TOKENS, quote, (), later) for quote in newest_first(quotes, filled_ns)]
    for rows in (signed, filled):
        ages = [row.age_ms for row in rows]
        assert ages == sorted(ages)
    assert newest_first(quotes, filled_ns) == newest_first(quotes[::-1], filled_ns)


def test_a_fill_is_as_old_as_its_settlement_not_as_its_quote() -> None:
    quote = Quote(commitment("slow"), 1, "settled")
    quote.settled_ns = NOW + 60_000 * NS_PER_MS
    assert fill_row(DEFAULT_TOKENS, quote, (), NOW + 61_000 * NS_PER_MS).age_ms == 1_000
