"""What a day's quotes were worth when they were signed, and what its fills gave away."""

import pytest

from cockpit.accounting.option_sums import OptionSides, OptionSums
from cockpit.desk.quote_book.options.option_day import DAY_NS, OptionDay, given_away
from cockpit.model.events import Side
from cockpit.reports.given_away import booked_edge
from tests.support.desk.builders import MID, commitment
from venue.protocol.tokens import DEFAULT_TOKENS

MORNING = 20_000 * DAY_NS + DAY_NS // 3
EUR = 10**18


def test_each_side_counts_its_quotes_and_what_its_fills_gave_away() -> None:
    day = OptionDay(MORNING)
    day.signed(MORNING + 1, "buy", 5)
    day.signed(MORNING + 2, "sell", 7)
    day.signed(MORNING + 3, "sell", 8)
    day.filled(MORNING + 4, "sell", -3)
    day.filled(MORNING + 5, "sell", None)
    assert day.buy == OptionSums(quotes=1, written=5)
    assert day.sell == OptionSums(quotes=2, written=15, fills=2, known=1, given_away=-3)
    assert day.from_ns == MORNING


def test_another_utc_day_begins_anew_and_a_clock_that_goes_back_does_not() -> None:
    day = OptionDay(MORNING)
    day.signed(MORNING, "buy", 5)
    day.signed(MORNING - DAY_NS, "buy", 6)
    assert (day.buy.written, day.from_ns) == (11, MORNING)
    next_day = 20_001 * DAY_NS
    day.roll(next_day - 1)
    assert day.buy.written == 11
    day.roll(next_day)
    assert (day.buy, day.sell, day.from_ns) == (OptionSums(), OptionSums(), next_day)


def test_what_earlier_runs_of_the_day_wrote_is_added_and_that_of_another_day_is_not() -> None:
    day = OptionDay(MORNING)
    day.signed(MORNING, "buy", 5)
    past = OptionSides(
        OptionSums(quotes=2, written=30, fills=2, known=1, given_away=4), OptionSums(quotes=1, written=9)
    )
    day.recall(19_999 * DAY_NS, past)
    assert (day.from_ns, day.buy.written) == (MORNING, 5)
    day.recall(20_000 * DAY_NS, past)
    assert day.from_ns == 20_000 * DAY_NS
    assert day.buy == OptionSums(quotes=3, written=35, fills=2, known=1, given_away=4)
    assert day.sell == OptionSums(quotes=1, written=9)


@pytest.mark.parametrize("side", ["buy", "sell"])
@pytest.mark.parametrize("moved_bps", [-30, 0, 7])
def test_what_a_fill_gave_away_is_what_the_mid_moved_against_it(side: Side, moved_bps: int) -> None:
    satoshi, eure = 100_000, 50 * EUR
    amounts = (satoshi, eure) if side == "buy" else (eure, satoshi)
    edge = booked_edge(DEFAULT_TOKENS, side, satoshi, eure, MID)
    assert edge is not None
    one = commitment("a", side=side, amount_in=amounts[0], amount_out=amounts[1], edge=edge)
    mid = MID * (10_000 + moved_bps) / 10_000
    booked = booked_edge(DEFAULT_TOKENS, side, satoshi, eure, mid)
    assert booked is not None
    found = given_away(DEFAULT_TOKENS, one, mid)
    assert found == edge - booked
    assert found * (1 if side == "buy" else -1) * moved_bps <= 0
    assert given_away(DEFAULT_TOKENS, one, None) is None
