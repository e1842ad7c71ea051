"""Requests counted apart by market and direction, over an hour and since the start."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.desk.market.request_counter import MINUTES, MarketRequests, RequestCounter
from venue.protocol.tokens import BTC, BTC_EURE, DEFAULT_TOKENS, EURE, NBTC, NBTC_EURE
from venue.protocol.units import NS_PER_S

MINUTE = 60 * NS_PER_S
START = 1_000_000 * NS_PER_S + 7


def counts(shown: MarketRequests) -> tuple[int, int, int, int]:
    return shown.buys_in_hour, shown.sells_in_hour, shown.buys, shown.sells


def test_requests_are_counted_apart_by_market_and_direction() -> None:
    counter = RequestCounter(DEFAULT_TOKENS, START)
    for asset_in, asset_out, times in ((NBTC, EURE, 3), (EURE, NBTC, 2), (BTC, EURE, 1), (BTC, NBTC, 5)):
        for _ in range(times):
            counter.note(asset_in.token_id, asset_out.token_id, START)
    counter.note("nep141:other.near", EURE.token_id, START)
    legacy, nbtc = counter.markets(START)
    assert (legacy.market, nbtc.market) == (BTC_EURE, NBTC_EURE)
    assert counts(legacy) == (1, 0, 1, 0)
    assert counts(nbtc) == (3, 2, 3, 2)


def test_what_is_older_than_an_hour_leaves_the_hour_and_stays_in_the_total() -> None:
    counter = RequestCounter(DEFAULT_TOKENS, START)
    counter.note(NBTC.token_id, EURE.token_id, START)
    counter.note(NBTC.token_id, EURE.token_id, START + 30 * MINUTE)
    assert counts(counter.markets(START + 59 * MINUTE)[1]) == (2, 0, 2, 0)
    assert counts(counter.markets(START + 61 * MINUTE)[1]) == (1, 0, 2, 0)
    assert counts(counter.markets(START + 10_000 * MINUTE)[1]) == (0, 0, 2, 0)


def test_the_span_grows_to_an_hour() -> None:
    counter = RequestCounter(DEFAULT_TOKENS, START)
    assert counter.span_ns(START) == 0
    assert counter.span_ns(START + 5 * MINUTE) == 5 * MINUTE
    assert counter.span_ns(START + 500 * MINUTE) == MINUTES * MINUTE
    assert counter.span_ns(START - MINUTE) == 0


@pytest.mark.parametrize("back_ns", [MINUTE, 100 * MINUTE])
def test_a_time_that_goes_back_counts_as_the_newest(back_ns: int) -> None:
    counter = RequestCounter(DEFAULT_TOKENS, START)
    counter.note(BTC.token_id, EURE.token_id, START)
    counter.note(BTC.token_id, EURE.token_id, START - back_ns)
    assert counts(counter.markets(START)[0]) == (2, 0, 2, 0)


@given(st.lists(st.integers(0, 200 * MINUTE), max_size=60), st.integers(0, 400 * MINUTE))
def test_the_hour_holds_what_came_in_its_sixty_minutes(times: list[int], later: int) -> None:
    counter = RequestCounter(DEFAULT_TOKENS, START)
    times.sort()
    for at in times:
        counter.note(EURE.token_id, NBTC.token_id, START + at)
    now = START + (times[-1] if times else 0) + later
    newest = now // MINUTE
    wanted = sum((START + at) // MINUTE > newest - MINUTES for at in times)
    assert counts(counter.markets(now)[1]) == (0, wanted, 0, len(times))
