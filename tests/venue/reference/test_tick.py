"""Which of the prices that a source states is its newest, and how old that is."""

from collections import Counter
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.reference.readings import AHEAD_NS, BookAt, MarketStatus, Price, Reading, by_own_clock, unix_ns
from venue.reference.tick import LatestPrice, Tick

NOW = 1_795_428_000 * NS_PER_S
times = st.integers(NOW - 60 * NS_PER_S, NOW + 60 * NS_PER_S)
errors = st.integers(-500 * NS_PER_MS, 500 * NS_PER_MS)


def latest(ahead_ns: int = 0) -> LatestPrice:
    return LatestPrice("kraken", Counter(), lambda: ahead_ns)


def price(number: int, said_ns: int | None, sequence: int | None = None) -> Price:
    return Price(Decimal(50_000 + number), Decimal(50_001 + number), said_ns, sequence)


@given(st.lists(st.tuples(times, st.booleans()), max_size=30), errors)
def test_an_older_price_never_stands_over_a_newer_one_whichever_way_it_came(
    said: list[tuple[int, bool]], ahead_ns: int
) -> None:
    prices = latest(ahead_ns)
    newest: Price | None = None
    for number, (said_ns, by_rest) in enumerate(said):
        one = price(number, said_ns)
        tick = prices.take(one, NOW, by_rest=by_rest)
        believed = said_ns + ahead_ns <= NOW + AHEAD_NS
        if believed and (newest is None or said_ns >= (newest.said_ns or 0)):
            newest = one
            assert tick == Tick("kraken", one.bid, one.ask, min(said_ns + ahead_ns, NOW))
        else:
            assert tick is None
        if prices.tick is not None:
            assert newest is not None
            assert (prices.tick.bid, prices.tick.at_ns) == (newest.bid, min((newest.said_ns or 0) + ahead_ns, NOW))
        # By stream, what is not believed leaves the source without a price; a price by REST takes none from it.
        if not believed and not by_rest:
            assert prices.tick is None
            assert prices.out


@given(times, st.integers(0, 20 * NS_PER_S), errors)
def test_a_price_is_as_old_as_its_source_says_and_never_from_the_future(said_ns: int, late_ns: int, ahead: int) -> None:
    received_ns = said_ns + late_ns
    at_ns = by_own_clock(said_ns, received_ns, ahead)
    if late_ns - ahead < -AHEAD_NS:
        assert at_ns is None
    else:
        assert at_ns is not None
        assert received_ns - at_ns == max(0, late_ns - ahead)


@given(st.lists(st.sampled_from(["", "maintenance", "price", "old"]), max_size=20))
def test_there_is_no_price_of_a_market_that_does_not_trade(said: list[str]) -> None:
    prices, now_ns, problem = latest(), NOW, ""
    for one in said:
        now_ns += NS_PER_S
        reading: Reading
        if one in ("price", "old"):
            reading = price(0, now_ns if one == "price" else now_ns - 90 * NS_PER_S)
        else:
            reading, problem = MarketStatus(one), one
        tick = prices.take(reading, now_ns)
        if problem:
            assert tick is None
            assert prices.tick is None
            assert prices.out == f"not trading: {problem}"
        elif one == "price":
            assert tick is not None
            assert prices.out == ""


def test_a_heartbeat_confirms_the_price_only_while_the_book_has_not_changed() -> None:
    prices = latest()
    first = prices.take(price(0, NOW, sequence=7), NOW)
    assert first is not None
    later_ns = NOW + 4 * NS_PER_S
    assert prices.take(BookAt(8, later_ns), later_ns) is None
    assert prices.take(BookAt(7, None), later_ns) is None
    assert prices.take(BookAt(7, later_ns + 2 * NS_PER_S), later_ns) is None
    assert prices.take(BookAt(7, NOW - 1), later_ns) is None
    assert prices.tick == first
    assert prices.take(BookAt(7, later_ns), later_ns) == Tick("kraken", first.bid, first.ask, later_ns)
    # A trade that the exchange dates just before the heartbeat is newer than the trade before.
    assert prices.take(price(1, later_ns - 1, sequence=8), later_ns) is not None
    assert prices.take(BookAt(7, later_ns + 1), later_ns + 1) is None


def test_nothing_is_confirmed_of_a_source_without_a_price() -> None:
    prices = latest()
    assert prices.take(BookAt(7, NOW), NOW) is None
    prices.take(price(0, NOW, sequence=7), NOW)
    prices.take(price(1, None, sequence=7), NOW)
    assert prices.take(BookAt(7, NOW + 1), NOW + 1) is None


def test_a_time_beyond_a_column_of_the_history_is_unknown() -> None:
    assert unix_ns(10**18, NS_PER_S) is None
    assert unix_ns("1795428000", NS_PER_S) == NOW
    assert unix_ns(True, NS_PER_S) is None
    assert unix_ns(0, NS_PER_S) is None
