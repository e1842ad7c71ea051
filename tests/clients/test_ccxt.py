"""ccxt at the three exchanges, with nothing injected but their addresses: markets, tickers, books, trades, candles."""

from collections.abc import Callable

import pytest

from tests.clients.conftest import Run, Venue
from tests.support.processes.venue_process import Control, VenueProcess

pytestmark = pytest.mark.slow

WITHOUT = {"coinbaseexchange": {"watch_bids_asks"}, "bitstamp": {"watch_ticker", "watch_bids_asks"}}
"""What ccxt itself cannot watch there."""
WATCHED = {"watch_ticker", "watch_order_book", "watch_trades", "watch_bids_asks"}


@pytest.mark.parametrize("exchange", ["kraken", "coinbaseexchange", "bitstamp"])
async def test_an_exchange_is_read_whole(
    exchange: str, start_venue: Venue, controls: Callable[[VenueProcess], Control], run_python: Run
) -> None:
    venue = start_venue()
    await controls(venue).traders(True)
    found = (await run_python("ccxt_tickers.py", exchange, **venue.env))[exchange]
    assert found["markets"] is True
    tickers = [found["fetch_ticker"], *(found[name] for name in ("watch_ticker",) if name in found)]
    for ticker in tickers:
        assert 0 < ticker["bid"] < ticker["ask"]
        assert ticker["baseVolume"] > 0
    assert found["fetch_trades"] > 0
    assert found["fetch_ohlcv"] > 0
    for name in WATCHED - WITHOUT.get(exchange, set()):
        assert not isinstance(found[name], str), found[name]
    for bid, ask, levels in (found["fetch_order_book"], found["watch_order_book"]):
        assert 0 < bid < ask
        assert levels >= 10
