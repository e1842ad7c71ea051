import asyncio
import json
import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from hypothesis import given
from hypothesis import strategies as st

import venue.relay.client as venue_relay
from cockpit.model.environment import Environment
from tests.support.venue.relay_server import TOKEN, RecordingListener, RelayServer, event, flat, request_data, running
from tests.support.waiting import until
from venue.protocol.tokens import BTC, DEFAULT_TOKENS, EURE
from venue.relay.client import Relay
from venue.relay.handshake import REFUSED_HANDSHAKE
from venue.relay.messages import QuoteStatus
from venue.relay.streams import PLAIN, Streams
from venue.transport.errors import WsClosedError
from venue.transport.websocket import MAX_WAITING, connect

WALL_NS = 1_790_000_000_000_000_000
READ_AT_ONCE = 256 * 1024
"""Bytes that the event loop reads in one piece at most."""


@pytest.fixture(autouse=True)
def short_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    """Shorten the pauses: tested is that they end, not their length."""
    monkeypatch.setattr(venue_relay, "BACKOFF_S", (0.01, 0.02))


@pytest.fixture
async def server() -> AsyncIterator[RelayServer]:
    async with running() as relay:
        yield relay


def a_relay(url: str, token: str = TOKEN, streams: Streams = PLAIN) -> Relay:
    env = Environment(wall_ns=lambda: WALL_NS, monotonic_ns=iter(range(10**9)).__next__, jitter=lambda: 0.5)
    return Relay(url, lambda: token, DEFAULT_TOKENS, env, streams)


def a_ping_is_out(relay: Relay) -> bool:
    connection = relay._connection
    return connection is not None and any(not waiter.done() for waiter in connection._pings.values())


@asynccontextmanager
async def client(server: RelayServer, *, token: str = TOKEN) -> AsyncIterator[tuple[Relay, RecordingListener]]:
    """Run a relay client against the server, and stop it at the end."""
    listener = RecordingListener()
    relay = a_relay(server.url, token)
    task = asyncio.create_task(relay.run(listener))
    try:
        yield relay, listener
        assert not task.done(), "the client ended by itself"
    finally:
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


async def test_both_streams_are_subscribed_to_with_the_token(server: RelayServer) -> None:
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        assert server.subscribed == [["quote", "quote_status"]]
        assert server.headers[0]["Authorization"] == f"Bearer {TOKEN}"
        assert "Sec-WebSocket-Extensions" not in server.headers[0], "compression costs latency"
        assert relay.writable


async def test_one_acknowledgement_is_not_enough(server: RelayServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(venue_relay, "SUBSCRIBE_WITHIN_S", 0.2)
    server.acknowledges = 1
    async with client(server) as (relay, _):
        await until(lambda: len(server.connections) >= 2)
        assert relay.state != "ok"
        assert not relay.writable
        assert "acknowledge" in relay.last_error
        server.acknowledges = 2
        await until(lambda: relay.state == "ok")


@pytest.mark.parametrize(
    ("error", "text"), [("no such topic", "no such topic"), ({"code": -1, "message": "try later"}, "try later")]
)
async def test_a_refused_subscription_is_reported_and_retried(server: RelayServer, error: object, text: str) -> None:
    server.error = error
    async with client(server) as (relay, _):
        await until(lambda: relay.counters["disconnects"] >= 2)
        assert text in relay.last_error
        server.error = None
        await until(lambda: relay.state == "ok")


async def test_a_refused_token_is_reported_and_never_shown(
    server: RelayServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    asyncio.get_running_loop().set_debug(True)
    async with client(server, token="wrong-" + TOKEN) as (relay, listener):
        await until(lambda: server.refused >= 2)
        await until(lambda: relay.last_error == REFUSED_HANDSHAKE[401])
        assert relay.state != "ok"
        assert listener.lost == [], "there was no connection to lose"
        shown = relay.last_error + repr(relay) + caplog.text
        assert TOKEN not in shown


async def test_the_token_is_in_no_log_of_a_whole_session(server: RelayServer, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("venue.transport.websocket.wire").disabled = False
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        await server.connections[0].close(1011, "restart")
        await until(lambda: relay.counters["connects"] == 2)
        assert TOKEN not in caplog.text + relay.last_error


@pytest.mark.parametrize("envelope", [event, flat])
async def test_a_request_of_the_pair_is_passed_on_in_either_form(
    server: RelayServer, envelope: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(envelope(request_data()))
        await until(lambda: listener.requests)
        (request,) = listener.requests
        assert (request.quote_id, request.asset_in, request.asset_out) == ("q-1", BTC.token_id, EURE.token_id)
        assert (request.amount_in, request.amount_out, request.min_deadline_ms) == (1000, None, 60_000)
        assert request.at_ns == WALL_NS


@pytest.mark.parametrize(("written", "read"), [("90000", 90_000), (90_000, 90_000), (None, 60_000)])
async def test_a_deadline_may_be_text(server: RelayServer, written: str | int | None, read: int) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(event(request_data(min_deadline_ms=written)))
        await until(lambda: listener.requests)
        assert listener.requests[0].min_deadline_ms == read


async def test_metadata_travels_with_the_request(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(event(request_data(), metadata={"traceparent": "00-ab", "partner_id": "1click"}))
        await until(lambda: listener.requests)
        assert (listener.requests[0].traceparent, listener.requests[0].partner_id) == ("00-ab", "1click")


@pytest.mark.parametrize("envelope", [event, flat])
async def test_a_settlement_is_passed_on_in_either_form(
    server: RelayServer, envelope: Callable[[dict[str, object]], dict[str, object]]
) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(envelope({"quote_hash": "h", "intent_hash": "i", "tx_hash": "t"}))
        await until(lambda: listener.statuses)
        assert listener.statuses == [QuoteStatus("h", "i", "t")]
        assert relay.counters["statuses"] == 1


async def test_other_pairs_are_counted_and_dropped_whatever_else_they_hold(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        other = "nep141:usdc.near"
        await server.send(event(request_data(defuse_asset_identifier_in=other)))
        await server.send(event(request_data(defuse_asset_identifier_out=other)))
        await server.send(event(request_data(defuse_asset_identifier_out=other, exact_amount_in="0", quote_id="")))
        await server.send(event(request_data(defuse_asset_identifier_out=BTC.token_id)))
        await server.send(event(request_data(quote_id="ours")))
        await until(lambda: listener.requests)
        assert [request.quote_id for request in listener.requests] == ["ours"]
        assert relay.counters["other_pairs"] == 4
        assert [name for name in relay.counters if name.startswith("malformed")] == []


DEEP = "[" * 100_000
MALFORMED: list[tuple[str, str, str | bytes]] = [
    ("no JSON", "malformed_json", "hello"),
    ("half JSON", "malformed_json", json.dumps(event(request_data()))[:-20]),
    ("empty", "malformed_json", ""),
    ("binary garbage", "malformed_json", b"\x00\xff\xfe"),
    ("bad UTF-8", "malformed_json", json.dumps(event(request_data(quote_id="Q"))).encode().replace(b"Q", b"\xff")),
    ("deep nesting", "malformed_json", '{"params":{"data":{"x":' + DEEP[:30_000]),
    ("deep nesting in error", "malformed_json", '{"id":1,"error":' + DEEP[:30_000]),
    ("a list", "malformed_shape", "[]"),
    ("a number", "malformed_shape", "7"),
    ("params of another shape", "malformed_shape", '{"method":"event","params":["quote"]}'),
    ("zero", "malformed_amount", json.dumps(event(request_data(exact_amount_in="0")))),
    ("40 digits", "malformed_amount", json.dumps(event(request_data(exact_amount_in="1" * 40)))),
    ("2^128", "malformed_amount", json.dumps(event(request_data(exact_amount_in=str(2**128))))),
    ("negative", "malformed_amount", json.dumps(event(request_data(exact_amount_in="-5")))),
    ("bare negative", "malformed_amount", json.dumps(event(request_data(exact_amount_in=-5)))),
    ("bare 40 digits", "malformed_amount", json.dumps(event(request_data(exact_amount_in=int("9" * 40))))),
    ("decimal point", "malformed_amount", json.dumps(event(request_data(exact_amount_in="1.5")))),
    ("a float", "malformed_shape", json.dumps(event(request_data(exact_amount_in=1.5)))),
    ("exponent", "malformed_amount", json.dumps(event(request_data(exact_amount_in="1e3")))),
    ("other digits", "malformed_amount", json.dumps(event(request_data(exact_amount_in="١٢")))),
    ("empty amount", "malformed_amount", json.dumps(event(request_data(exact_amount_in="")))),
    ("both amounts", "malformed_exact_amounts", json.dumps(event(request_data(exact_amount_out="5")))),
    ("neither amount", "malformed_exact_amounts", json.dumps(event(request_data(exact_amount_in=...)))),
    ("deadline now", "malformed_deadline", json.dumps(event(request_data(min_deadline_ms=0)))),
    ("deadline in words", "malformed_deadline", json.dumps(event(request_data(min_deadline_ms="soon")))),
    ("deadline with a sign", "malformed_deadline", json.dumps(event(request_data(min_deadline_ms="+60000")))),
    ("past deadline", "malformed_deadline", json.dumps(event(request_data(min_deadline_ms=-60_000)))),
    ("deadline without end", "malformed_deadline", json.dumps(event(request_data(min_deadline_ms=10**15)))),
    ("no quote_id", "malformed_quote_id", json.dumps(event(request_data(quote_id=...)))),
    ("empty quote_id", "malformed_quote_id", json.dumps(event(request_data(quote_id="")))),
    ("long quote_id", "malformed_quote_id", json.dumps(event(request_data(quote_id="q" * 129)))),
    ("quote_id of another type", "malformed_shape", json.dumps(event(request_data(quote_id=5)))),
    ("unknown asset", "other_pairs", json.dumps(event(request_data(defuse_asset_identifier_in="nep141:no.near")))),
    ("no asset out", "other_pairs", json.dumps(event(request_data(defuse_asset_identifier_out=...)))),
    ("10 MB", "malformed_oversize", "x" * 10_000_000),
    ("10 MB of JSON", "malformed_oversize", json.dumps(event(request_data(more="x" * 10_000_000)))),
    ("unknown method", "unknown_messages", '{"method":"hello","params":{}}'),
    ("unknown event", "unknown_messages", '{"method":"event","params":{"data":{"news":"x"}}}'),
    ("no id", "unknown_messages", '{"result":"OK"}'),
    ("an id never used", "unknown_messages", '{"id":99999,"result":"OK"}'),
    ("an id that is no number", "unknown_messages", '{"id":"abc","result":"OK"}'),
    ("a negative id", "unknown_messages", '{"id":-1,"result":"OK"}'),
    ("an id beyond 64 bits", "unknown_messages", '{"id":1' + "0" * 30 + ',"result":"OK"}'),
]


@pytest.mark.parametrize(("name", "counter", "frame"), MALFORMED, ids=[name for name, _, _ in MALFORMED])
async def test_bad_input_is_counted_and_goes_no_further(
    server: RelayServer, name: str, counter: str, frame: str | bytes
) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(frame)
        await server.send(event(request_data(quote_id="after")))
        await until(lambda: listener.requests)
        assert [request.quote_id for request in listener.requests] == ["after"]
        assert relay.counters[counter] == 1
        assert relay.counters["disconnects"] == 0
        assert listener.answers == []
        assert relay.counters["messages"] == 4, "two acknowledgements, the frame, and the one after it"


async def test_a_binary_and_a_fragmented_request_are_requests(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send(json.dumps(event(request_data(quote_id="binary"))).encode())
        text = json.dumps(event(request_data(quote_id="fragments")))
        await server.send_fragments([text[:10], text[10:50], "", text[50:]])
        await until(lambda: len(listener.requests) == 2)
        assert [request.quote_id for request in listener.requests] == ["binary", "fragments"]


async def test_10_mb_in_fragments_are_counted_as_one(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send_fragments(["x" * 1_000_000] * 10)
        await server.send(event(request_data()))
        await until(lambda: listener.requests)
        assert relay.counters["malformed_oversize"] == 1
        assert relay.counters["disconnects"] == 0


@pytest.mark.parametrize("in_parts", [False, True])
async def test_an_endless_message_costs_only_the_connection(server: RelayServer, in_parts: bool) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        sending = server.send_fragments(["x" * 2_000_000] * 10) if in_parts else server.send("x" * 20_000_000)
        task = asyncio.create_task(sending)
        await until(lambda: relay.counters["connects"] == 2)
        await asyncio.gather(task, return_exceptions=True)
        assert relay.counters["disconnects"] == 1
        await server.send(event(request_data()))
        await until(lambda: listener.requests)


async def test_answers_are_passed_on_with_their_errors_in_either_form(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        ids = [relay.next_id() for _ in range(9)]
        await server.send({"id": ids[0], "result": "OK"})
        await server.send({"id": ids[1], "error": "another solver won"})
        await server.send({"id": ids[2], "error": {"code": -32098, "message": "the request is gone"}})
        await server.send({"id": str(ids[3]), "result": "OK", "error": None})
        await server.send({"id": ids[4], "error": {"code": -5}})
        await server.send({"id": ids[5], "error": ["strange"]})
        await server.send({"id": ids[6], "result": "OK", "error": {"code": -32098, "message": "invalid salt"}})
        await server.send({"id": ids[7], "error": {"code": "-32098", "message": None}})
        await server.send({"id": ids[8], "error": {"code": "9" * 40, "message": "no number"}})
        await until(lambda: len(listener.answers) == 9)
        assert listener.answers == [
            (ids[0], None),
            (ids[1], "another solver won"),
            (ids[2], "the request is gone"),
            (ids[3], None),
            (ids[4], "code -5"),
            (ids[5], '["strange"]'),
            (ids[6], "a result and an error: invalid salt"),
            (ids[7], "code -32098"),
            (ids[8], "no number"),
        ]
        assert listener.codes == [None, None, -32098, None, -5, None, None, -32098, None]


async def test_an_errors_text_is_cut_to_one_plain_line(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.send({"id": relay.next_id(), "error": "no\x1b[2J\r\n" + "x" * 50_000})
        await until(lambda: listener.answers)
        text = listener.answers[0][1]
        assert text is not None
        assert text.startswith("no [2J x")
        assert len(text) <= 300
        assert text.isprintable()


async def test_a_flood_waits_in_the_network_and_not_in_memory(server: RelayServer) -> None:
    waiting: list[int] = []

    def slow(message: bytes) -> None:
        waiting.append(len(connection._waiting))

    connection = await connect(
        server.url,
        {"Authorization": f"Bearer {TOKEN}"},
        slow,
        env=Environment(monotonic_ns=iter(range(10**9)).__next__),
    )
    await until(lambda: server.connections)
    frame = b"\x81\x64" + b"x" * 100
    count = 100_000
    server.connections[0].transport.write(frame * count)
    await until(lambda: len(waiting) == count)
    assert max(waiting) <= MAX_WAITING + READ_AT_ONCE // len(frame)
    connection.abort()


async def test_a_lost_connection_is_reported_and_both_streams_are_subscribed_to_again(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        await server.connections[0].close(1012, "restarting")
        await until(lambda: relay.counters["connects"] == 2)
        assert len(listener.lost) == 1
        assert server.subscribed == [["quote", "quote_status"]] * 2
        assert "1012" in relay.last_error
        assert "restarting" in relay.last_error
        await server.send(event(request_data()))
        await until(lambda: listener.requests)


async def test_a_broken_connection_is_replaced(server: RelayServer) -> None:
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        server.connections[0].transport.abort()
        await until(lambda: relay.counters["connects"] == 2)
        assert len(listener.lost) == 1


async def test_a_relay_that_answers_no_ping_gets_a_new_connection(
    server: RelayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venue_relay, "PING_EVERY_S", 0.02)
    monkeypatch.setattr(venue_relay, "PONG_WITHIN_S", 0.3)
    async with client(server) as (relay, listener):
        await until(lambda: relay.state == "ok")
        server.connections[0].transport.pause_reading()
        await until(lambda: relay.counters["connects"] >= 2)
        assert listener.lost
        await until(lambda: "ping" in relay.last_error)


async def test_a_connection_that_ends_during_a_ping_is_replaced(
    server: RelayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venue_relay, "PING_EVERY_S", 0.01)
    monkeypatch.setattr(venue_relay, "PONG_WITHIN_S", 60)
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        transport = server.connections[0].transport
        transport.pause_reading()
        await until(lambda: a_ping_is_out(relay))
        transport.abort()
        await until(lambda: relay.counters["connects"] == 2)


async def test_an_absent_server_is_reported_and_retried(unused_tcp_port: int) -> None:
    relay = a_relay(f"ws://127.0.0.1:{unused_tcp_port}/ws")
    task = asyncio.create_task(relay.run(RecordingListener()))
    await until(lambda: relay.counters["disconnects"] >= 3)
    assert f"127.0.0.1:{unused_tcp_port}" in relay.last_error
    assert relay.state != "ok"
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def test_nothing_can_be_written_without_a_connection(server: RelayServer) -> None:
    relay = a_relay(server.url)
    assert not relay.writable
    with pytest.raises(WsClosedError):
        relay.send(b"{}")


async def test_a_frame_arrives_as_one_text_message(server: RelayServer) -> None:
    async with client(server) as (relay, _):
        await until(lambda: relay.state == "ok")
        relay.send(b'{"id":3,"method":"quote_response"}')
        await until(lambda: server.frames)
        assert server.frames == [{"id": 3, "method": "quote_response"}]


async def test_a_cancelled_client_stops_though_its_connection_ends_at_that_moment(
    server: RelayServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(venue_relay, "PING_EVERY_S", 0.0)
    monkeypatch.setattr(venue_relay, "PONG_WITHIN_S", 60)
    relay = a_relay(server.url)
    task = asyncio.create_task(relay.run(RecordingListener()))
    await until(lambda: relay.state == "ok")
    server.connections[0].transport.pause_reading()
    await until(lambda: a_ping_is_out(relay))
    connection = relay._connection
    assert connection is not None
    connection.connection_lost(None)
    task.cancel()
    async with asyncio.timeout(60):
        with pytest.raises(asyncio.CancelledError):
            await task


json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                ["id", "method", "params", "data", "error", "result", "quote_id", "exact_amount_in", "metadata"]
            ),
            inner,
            max_size=5,
        )
    ),
)
request_fields = st.fixed_dictionaries(
    {},
    optional={
        "quote_id": st.text(max_size=200) | json_like,
        "defuse_asset_identifier_in": st.sampled_from([BTC.token_id, EURE.token_id]) | json_like,
        "defuse_asset_identifier_out": st.sampled_from([BTC.token_id, EURE.token_id]) | json_like,
        "exact_amount_in": st.integers(-5, 2**130).map(str) | st.integers() | json_like,
        "exact_amount_out": st.integers(-5, 2**130).map(str) | st.integers() | json_like,
        "min_deadline_ms": st.integers() | json_like,
        "quote_hash": st.text(max_size=5) | json_like,
        "event_type": st.sampled_from(
            ["quote_ready_to_settle", "quote_settle_successful", "quote_settle_failed", "quote_settle"]
        )
        | json_like,
        "seq": st.integers() | st.text(max_size=25) | json_like,
    },
)
frames = (
    st.binary(max_size=200)
    | json_like.map(lambda value: json.dumps(value).encode())
    | st.builds(
        lambda data, envelope: json.dumps(envelope(data)).encode(), request_fields, st.sampled_from([event, flat])
    )
)


@given(st.lists(frames, max_size=10))
def test_no_frame_is_fatal_and_only_valid_requests_pass(batch: list[bytes]) -> None:
    listener = RecordingListener()
    relay = a_relay("ws://127.0.0.1:1/ws")
    for raw in batch:
        relay._on_message(listener, raw)
    assert relay.counters["messages"] == len(batch)
    for request in listener.requests:
        assert {request.asset_in, request.asset_out} == {BTC.token_id, EURE.token_id}
        assert (request.amount_in is None) != (request.amount_out is None)
        assert 0 < (request.amount_in or request.amount_out or 0) < 2**128
        assert 0 < request.min_deadline_ms <= 10**12
        assert 0 < len(request.quote_id) <= 128
    sorted_out = sum(count for name, count in relay.counters.items() if name != "messages")
    assert sorted_out + len(listener.requests) + len(listener.answers) == len(batch), "every message is accounted for"
