"""Whatever a client sends, an exchange answers shortly and goes on."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.venue.sandbox.exchanges.market_rig import MarketRig
from venue.sandbox.exchanges.bitstamp import Bitstamp
from venue.sandbox.exchanges.coinbase import Coinbase
from venue.sandbox.exchanges.dialect import ENCODER, Dialect
from venue.sandbox.exchanges.kraken import Kraken

RIG = MarketRig()
WORDS = st.sampled_from(
    [
        "method",
        "params",
        "channel",
        "symbol",
        "type",
        "channels",
        "product_ids",
        "event",
        "data",
        "name",
        "req_id",
        "subscribe",
        "unsubscribe",
        "bts:subscribe",
        "ticker",
        "book",
        "level2_batch",
        "matches",
        "status",
        "depth",
        "BTC/EUR",
        "BTC-EUR",
        "btceur",
        "diff_order_book_btceur",
        "live_trades_btceur",
        "snapshot",
        "interval",
    ]
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text() | WORDS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(WORDS | st.text(max_size=3), inner, max_size=6),
    max_leaves=12,
)
CHANNELS = st.sampled_from(["ticker", "book", "trade", "ohlc", "matches", "heartbeat", "level2_batch", "status"])
SYMBOLS = st.lists(st.sampled_from(["BTC/EUR", "ETH/EUR", "BTC-EUR", "ETH-EUR", "DOGE-EUR"]) | VALUES, max_size=4)
SUBSCRIPTIONS = st.builds(
    lambda verb, channel, symbols, extra: {
        "method": verb,
        "type": verb,
        "event": f"bts:{verb}",
        "params": {"channel": channel, "symbol": symbols, **extra},
        "channels": [channel, *symbols],
        "product_ids": symbols,
        "data": {"channel": f"order_book_{channel}", **extra},
    },
    st.sampled_from(["subscribe", "unsubscribe"]),
    CHANNELS,
    SYMBOLS,
    st.dictionaries(st.sampled_from(["depth", "interval", "snapshot", "event_trigger"]), VALUES, max_size=3),
)


@settings(max_examples=30, deadline=None)
@given(messages=st.lists(st.dictionaries(WORDS | st.text(), VALUES, max_size=6) | SUBSCRIPTIONS, max_size=6))
def test_whatever_a_client_sends_is_answered(messages: list[dict[str, object]]) -> None:
    markets = RIG.exchanges.markets
    dialects: list[Dialect] = [
        Kraken(markets["kraken"]),
        Coinbase({symbol.replace("/", "-"): one for symbol, one in markets["coinbase"].items()}),
        Bitstamp({symbol.replace("/", "").lower(): one for symbol, one in markets["bitstamp"].items()}),
    ]
    for dialect in dialects:
        for message in messages:
            answers = [ENCODER.encode(answer) for answer in dialect.replies(message)]
            assert answers
            assert all(len(answer) < 100_000 for answer in answers)
        RIG.wait(0.1)
        for update in [*dialect.tick(), *dialect.heartbeat(0)]:
            json.loads(ENCODER.encode(update))
