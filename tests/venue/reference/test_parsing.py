"""Reading one message of each exchange."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.venue.hostile import hostile
from venue.protocol.units import NS_PER_S
from venue.reference.bitstamp import Bitstamp
from venue.reference.coinbase import Coinbase
from venue.reference.errors import MalformedTickError, ReconnectError
from venue.reference.feed import Feed
from venue.reference.kraken import Kraken
from venue.reference.readings import BookAt, MarketStatus, Price
from venue.reference.tick import implausible
from venue.transport.bounds import LATEST_NS
from venue.transport.errors import RefusedError

BID, ASK = Decimal("78123.1"), Decimal("78123.45")
SAID_NS = 1_795_428_000_123_456_000
"""2026-11-23T10:00:00.123456Z, in all three messages."""

KRAKEN = (
    b'{"channel":"ticker","type":"update","data":[{"symbol":"BTC/EUR","bid":78123.1,"bid_qty":0.2,"ask":78123.45,'
    b'"ask_qty":1.5,"last":78120.0,"volume":812.5,"vwap":78000.1,"low":77000,"high":79000,"change":-10.5,'
    b'"change_pct":-0.01,"timestamp":"2026-11-23T10:00:00.123456Z"}]}'
)
COINBASE = json.dumps(
    {
        "type": "ticker",
        "sequence": 37475248783,
        "product_id": "BTC-EUR",
        "price": "78120.00",
        "open_24h": "77000",
        "best_bid": "78123.1",
        "best_bid_size": "0.46",
        "best_ask": "78123.45",
        "best_ask_size": "1.5",
        "side": "buy",
        "time": "2026-11-23T10:00:00.123456Z",
        "trade_id": 370843401,
        "last_size": "0.01",
    }
).encode()
BITSTAMP = json.dumps(
    {
        "event": "data",
        "channel": "order_book_btceur",
        "data": {
            "timestamp": "1795428000",
            "microtimestamp": "1795428000123456",
            "bids": [["78123.1", "0.5"], ["78120", "1"]],
            "asks": [["78123.45", "0.5"], ["78130", "1"]],
        },
    }
).encode()


@pytest.mark.parametrize(("feed", "raw"), [(Kraken, KRAKEN), (Coinbase, COINBASE), (Bitstamp, BITSTAMP)])
def test_bid_and_ask_are_read_exactly(feed: type[Feed], raw: bytes) -> None:
    price = feed.parse(raw)
    assert isinstance(price, Price)
    assert (price.bid, price.ask, price.said_ns) == (BID, ASK, SAID_NS)


def test_a_json_number_keeps_every_digit() -> None:
    raw = b'{"channel":"ticker","data":[{"symbol":"BTC/EUR","bid":78123.10000000000001,"ask":78123.10000000000002}]}'
    assert Kraken.parse(raw) == Price(Decimal("78123.10000000000001"), Decimal("78123.10000000000002"), None)


@pytest.mark.parametrize(
    ("feed", "raw", "said"),
    [
        (Kraken, KRAKEN, b'"timestamp":"2026-11-23T10:00:00.123456Z"'),
        (Coinbase, COINBASE, b'"time": "2026-11-23T10:00:00.123456Z"'),
        (Bitstamp, BITSTAMP, b'"microtimestamp": "1795428000123456"'),
    ],
)
@pytest.mark.parametrize(
    "value",
    [
        b"null",
        b'""',
        b'"now"',
        b"true",
        b"-1",
        b"0.5",
        b"{}",
        b'"-1795428000123456"',
        b'"1e15"',
        b'"' + b"9" * 5_000 + b'"',
        b"9" * 4_000,
        '"١٧٩٥٤٢٨٠٠٠١٢٣٤٥٦"'.encode(),
        b'"99999-01-01T00:00:00Z"',
        b'"1960-01-01T00:00:00Z"',
    ],
)
def test_a_time_that_cannot_be_read_is_unknown(feed: type[Feed], raw: bytes, said: bytes, value: bytes) -> None:
    assert said in raw
    name = said.partition(b":")[0]
    price = feed.parse(raw.replace(said, name + b": " + value))
    assert isinstance(price, Price)
    assert (price.bid, price.said_ns) == (BID, None)


@pytest.mark.parametrize(
    ("system", "problem"),
    [
        ("online", ""),
        ("maintenance", "maintenance"),
        ("cancel_only", "cancel_only"),
        ("post_only", "post_only"),
        ("something new", "something new"),
        ("\x1b[2J", "in an unknown state"),
        (7, "in an unknown state"),
        (None, "in an unknown state"),
    ],
)
def test_the_status_of_krakens_engine_is_read(system: object, problem: str) -> None:
    message = {"channel": "status", "type": "update", "data": [{"system": system, "version": "2.0.0"}]}
    assert Kraken.parse(json.dumps(message).encode()) == MarketStatus(problem)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({}, ""),
        ({"limit_only": True}, ""),
        ({"post_only": True}, "post_only"),
        ({"cancel_only": True, "trading_disabled": True}, "trading_disabled, cancel_only"),
        ({"auction_mode": True}, "auction_mode"),
        ({"trading_disabled": "perhaps"}, "trading_disabled"),
        ({"status": "delisted"}, "delisted"),
        ({"status": "offline", "post_only": True}, "offline, post_only"),
        ({"status": None}, "in an unknown state"),
    ],
)
def test_the_status_of_coinbases_product_is_read(changes: dict[str, object], problem: str) -> None:
    product = {"id": "BTC-EUR", "status": "online", "post_only": False, "cancel_only": False, **changes}
    assert Coinbase.parse_status(json.dumps(product).encode()) == MarketStatus(problem)


def test_another_product_says_nothing_of_ours() -> None:
    with pytest.raises(MalformedTickError):
        Coinbase.parse_status(b'{"id":"BTC-USD","status":"online"}')


def test_coinbases_heartbeat_names_the_books_last_change() -> None:
    message = {"type": "heartbeat", "sequence": 90, "product_id": "BTC-EUR", "time": "2026-11-23T10:00:00.123456Z"}
    assert Coinbase.parse(json.dumps(message).encode()) == BookAt(90, SAID_NS)


@pytest.mark.parametrize(
    ("feed", "message"),
    [
        (Kraken, {"channel": "status", "type": "update", "data": []}),
        (Kraken, {"channel": "heartbeat"}),
        (Kraken, {"method": "subscribe", "result": {"channel": "ticker"}, "success": True}),
        (Coinbase, {"type": "subscriptions", "channels": [{"name": "ticker", "product_ids": ["BTC-EUR"]}]}),
        (Coinbase, {"type": "heartbeat", "sequence": 90, "last_trade_id": 20, "product_id": "BTC-USD"}),
        (Coinbase, {"type": "heartbeat", "sequence": "many", "product_id": "BTC-EUR"}),
        (Coinbase, {"type": "something new"}),
        (Bitstamp, {"event": "bts:subscription_succeeded", "channel": "order_book_btceur", "data": {}}),
        (Bitstamp, {"event": "bts:heartbeat", "channel": "", "data": {"status": "success"}}),
    ],
)
def test_another_message_has_no_price(feed: type[Feed], message: Any) -> None:
    assert feed.parse(json.dumps(message).encode()) is None


@pytest.mark.parametrize(
    ("feed", "message", "why"),
    [
        (Kraken, {"method": "subscribe", "success": False, "error": "Currency pair not supported"}, "pair not supp"),
        (Coinbase, {"type": "error", "message": "Failed to subscribe", "reason": "BTC-EUR is delisted"}, "delisted"),
        (Bitstamp, {"event": "bts:error", "channel": "", "data": {"code": 4009, "message": "unauthorised"}}, "unauth"),
        (Bitstamp, {"event": "bts:request_reconnect", "channel": "", "data": ""}, "new connection"),
    ],
)
def test_a_refusal_or_a_request_to_reconnect_ends_the_connection(feed: type[Feed], message: Any, why: str) -> None:
    with pytest.raises(ReconnectError, match=why):
        feed.parse(json.dumps(message).encode())


@pytest.mark.parametrize(
    ("feed", "raw"),
    [
        *((feed, raw) for feed in (Kraken, Coinbase, Bitstamp) for raw in (b"", b"hello", b"[]", b'{"channel":', b"7")),
        *((feed, b'{"x":' + b"[" * 90_000 + b"]" * 90_000 + b"}") for feed in (Kraken, Coinbase, Bitstamp)),
        (Kraken, b'{"channel":"ticker","data":[]}'),
        (Kraken, b'{"channel":"ticker","data":[{"symbol":"BTC/USD","bid":1,"ask":2}]}'),
        (Kraken, b'{"channel":"ticker","data":[{"symbol":"BTC/EUR","bid":null,"ask":2}]}'),
        (Coinbase, COINBASE.replace(b"BTC-EUR", b"BTC-USD")),
        (Coinbase, b'{"type":"ticker","product_id":"BTC-EUR","best_bid":"1"}'),
        (Coinbase, COINBASE.replace(b'"78123.1"', b'"cheap"')),
        (Bitstamp, BITSTAMP.replace(b'"bids": [["78123.1", "0.5"], ["78120", "1"]]', b'"bids": []')),
        (Bitstamp, BITSTAMP.replace(b'"78123.1"', b'"cheap"')),
        (Bitstamp, BITSTAMP.replace(b'"asks"', b'"tasks"')),
    ],
)
def test_an_unreadable_message_is_malformed(feed: type[Feed], raw: bytes) -> None:
    with pytest.raises(MalformedTickError):
        feed.parse(raw)


@pytest.mark.parametrize(
    ("feed", "answer"),
    [
        (
            Kraken,
            {
                "error": [],
                "result": {
                    "XXBTZEUR": {"asks": [["78123.45", "1", 1_795_428_000]], "bids": [["78123.1", "1", 1_795_427_999]]}
                },
            },
        ),
        (Coinbase, {"ask": "78123.45", "bid": "78123.1", "trade_id": 1, "time": "2026-11-23T10:00:00Z"}),
        (Bitstamp, {"last": "78120", "bid": "78123.1", "ask": "78123.45", "timestamp": "1795428000"}),
    ],
)
def test_rest_gives_the_same_prices_with_their_time(feed: type[Feed], answer: Any) -> None:
    assert feed.parse_rest(json.dumps(answer).encode()) == Price(BID, ASK, SAID_NS - SAID_NS % NS_PER_S)


@pytest.mark.parametrize(
    ("feed", "answer"),
    [
        (Kraken, {"result": {"XXBTZEUR": {"asks": [["78123.45", "1"]], "bids": [["78123.1", "1", 1_795_428_000]]}}}),
        (Coinbase, {"ask": "78123.45", "bid": "78123.1", "time": "soon"}),
        (Bitstamp, {"bid": "78123.1", "ask": "78123.45"}),
    ],
)
def test_a_price_by_rest_without_a_time_is_undated(feed: type[Feed], answer: Any) -> None:
    assert feed.parse_rest(json.dumps(answer).encode()) == Price(BID, ASK, None)


def test_krakens_own_rest_error_is_its_refusal() -> None:
    with pytest.raises(RefusedError, match="EQuery:Unknown asset pair"):
        Kraken.parse_rest(b'{"error":["EQuery:Unknown asset pair"]}')


@pytest.mark.parametrize(
    "prices",
    [
        ("0", "1000"),
        ("-1000", "1000"),
        ("1000", "0"),
        ("NaN", "1000"),
        ("1000", "Infinity"),
        ("sNaN", "sNaN"),
        ("1001", "1000"),
        ("99", "99.5"),
        ("100000001", "100000002"),
        ("1E+400", "1E+400"),
        ("1E+999999999", "1"),
        ("1E-999999999", "1E-999999998"),
        ("78000", "88000"),
        ("78000." + "0" * 60, "78001"),
    ],
)
def test_implausible_prices_are_refused_with_the_reason(prices: tuple[str, str]) -> None:
    reason = implausible(Decimal(prices[0]), Decimal(prices[1]))
    assert reason is not None
    assert 0 < len(reason) < 200, "an exchange must not fill the memory by a price that is written out"


@pytest.mark.parametrize("prices", [(BID, ASK), (BID, BID), (Decimal(100), Decimal(110))])
def test_ordinary_prices_pass(prices: tuple[Decimal, Decimal]) -> None:
    assert implausible(*prices) is None


@given(
    st.sampled_from(((Kraken, KRAKEN), (Coinbase, COINBASE), (Bitstamp, BITSTAMP))).flatmap(
        lambda one: st.tuples(st.just(one[0]), hostile(json.loads(one[1])))
    )
)
def test_any_message_is_a_plausible_price_or_refused(message: tuple[type[Feed], bytes]) -> None:
    feed, raw = message
    try:
        said = feed.parse(raw)
    except (MalformedTickError, ReconnectError):
        return
    if isinstance(said, Price) and implausible(said.bid, said.ask) is None:
        assert 100 <= said.bid <= said.ask <= 10**8
        assert said.said_ns is None or 0 <= said.said_ns < LATEST_NS
