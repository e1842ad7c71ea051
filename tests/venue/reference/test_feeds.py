"""A feed against an exchange on loopback: reconnects, stalls, bad frames, and the REST ticker."""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from decimal import Decimal
from typing import Any

import httpx
import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from cockpit.model.environment import Environment
from tests.support.venue.http_server import Reply, http_server
from tests.support.waiting import until
from tests.venue.reference.test_parsing import BITSTAMP, COINBASE, KRAKEN
from venue.reference.bitstamp import Bitstamp
from venue.reference.coinbase import Coinbase
from venue.reference.feed import Feed, Tick, Timing
from venue.reference.kraken import Kraken
from venue.transport.errors import RefusedError, UnreachableError

QUICK = Timing(open_s=5, stall_s=5, quiet_s=5, backoff_s=0.01, max_backoff_s=0.02, rest_s=1)
NOW = 1_795_000_000_000_000_000
Play = Callable[[ServerConnection, int], Awaitable[None]]


@asynccontextmanager
async def exchange(play: Play) -> AsyncIterator[str]:
    """Serve an exchange that reads the subscription and then calls ``play`` with the number of earlier connections."""
    visits = 0

    async def handler(connection: ServerConnection) -> None:
        nonlocal visits
        visits += 1
        with suppress(ConnectionClosed):
            await connection.recv()
        await play(connection, visits - 1)

    async with serve(handler, "127.0.0.1", 0) as server:
        yield f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}/v2"


@asynccontextmanager
async def following(feed: Feed) -> AsyncIterator[list[Tick]]:
    ticks: list[Tick] = []
    task = asyncio.create_task(feed.run(ticks.append))
    try:
        yield ticks
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def kraken(url: str, timing: Timing = QUICK) -> Kraken:
    return Kraken(url, timing=timing, env=Environment(wall_ns=lambda: NOW, jitter=lambda: 1.0))


def shown(feed: Feed) -> str:
    return feed.state


async def _stay(connection: ServerConnection) -> None:
    await connection.wait_closed()


@pytest.mark.parametrize(
    ("feed_type", "raw", "subscription"),
    [
        (
            Kraken,
            KRAKEN,
            {
                "method": "subscribe",
                "params": {"channel": "ticker", "symbol": ["BTC/EUR"], "event_trigger": "bbo"},
            },
        ),
        (Coinbase, COINBASE, {"type": "subscribe", "product_ids": ["BTC-EUR"], "channels": ["ticker", "heartbeat"]}),
        (Bitstamp, BITSTAMP, {"event": "bts:subscribe", "data": {"channel": "order_book_btceur"}}),
    ],
)
async def test_an_exchange_is_subscribed_to_and_its_ticks_are_passed_on(
    feed_type: type[Feed], raw: bytes, subscription: Any
) -> None:
    subscriptions: list[Any] = []

    async def handler(connection: ServerConnection) -> None:
        subscriptions.append(json.loads(await connection.recv()))
        await connection.send(raw.decode())
        await _stay(connection)

    async with serve(handler, "127.0.0.1", 0) as server:
        url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        feed = feed_type(url, timing=QUICK, env=Environment(wall_ns=lambda: NOW))
        assert shown(feed) == "starting"
        async with following(feed) as ticks:
            await until(lambda: len(ticks) == 1)
            assert shown(feed) == "ok"
    assert subscriptions == [subscription]
    (tick,) = ticks
    assert tick == Tick(feed.source, Decimal("78123.1"), Decimal("78123.45"), NOW)
    assert tick.mid == Decimal("78123.275")
    assert feed.last_tick == tick


async def test_a_lost_connection_is_replaced_and_shown_in_the_state() -> None:
    async def play(connection: ServerConnection, before: int) -> None:
        await connection.send(KRAKEN)
        if before == 0:
            await connection.close(1012, "restart")
        else:
            await _stay(connection)

    async with exchange(play) as url:
        feed = kraken(url)
        async with following(feed) as ticks:
            await until(lambda: len(ticks) == 2)
            assert shown(feed) == "ok"
    assert feed.counters["reconnects"] == 1
    assert "restart" in feed.last_error


async def test_an_unreachable_exchange_leaves_the_feed_down_until_it_is_back(unused_tcp_port: int) -> None:
    feed = kraken(f"ws://127.0.0.1:{unused_tcp_port}")

    async def handler(connection: ServerConnection) -> None:
        await connection.send(KRAKEN)
        await _stay(connection)

    async with following(feed) as ticks:
        await until(lambda: feed.counters["reconnects"] >= 2)
        assert shown(feed) == "down"
        assert feed.last_error
        async with serve(handler, "127.0.0.1", unused_tcp_port):
            await until(lambda: len(ticks) == 1)
            assert shown(feed) == "ok"


@pytest.mark.parametrize("chatter", [None, '{"channel":"heartbeat"}'])
async def test_a_connection_without_prices_is_replaced_even_with_heartbeats(chatter: str | None) -> None:
    async def play(connection: ServerConnection, before: int) -> None:
        if before:
            await connection.send(KRAKEN)
        while chatter is not None and not before:
            await connection.send(chatter)
            await asyncio.sleep(0.02)
        await _stay(connection)

    timing = Timing(open_s=5, stall_s=0.2, quiet_s=0.3, backoff_s=0.01, max_backoff_s=0.02)
    async with exchange(play) as url:
        feed = kraken(url, timing)
        async with following(feed) as ticks:
            await until(lambda: len(ticks) >= 1)
    assert feed.counters["stalls"] >= 1
    assert feed.counters["reconnects"] >= 1


async def test_bad_frames_are_counted_and_dropped_and_the_connection_stays() -> None:
    crossed = KRAKEN.replace(b'"bid":78123.1', b'"bid":78124')
    zero = KRAKEN.replace(b'"bid":78123.1', b'"bid":0')

    async def play(connection: ServerConnection, before: int) -> None:
        for raw in ("hello", '{"channel":"ticker","data":7}', b"\xff\xfe", crossed, zero, KRAKEN):
            await connection.send(raw)
        await _stay(connection)

    async with exchange(play) as url:
        feed = kraken(url)
        async with following(feed) as ticks:
            await until(lambda: len(ticks) == 1)
    assert feed.counters["malformed"] == 3
    assert feed.counters["implausible"] == 2
    assert feed.counters["ticks"] == 1
    assert feed.counters["reconnects"] == 0


async def test_an_oversize_frame_costs_only_the_connection() -> None:
    async def play(connection: ServerConnection, before: int) -> None:
        await connection.send(KRAKEN if before else "x" * 10_000_000)
        await _stay(connection)

    async with exchange(play) as url:
        feed = kraken(url)
        async with following(feed) as ticks:
            await until(lambda: len(ticks) == 1)
    assert feed.counters["reconnects"] == 1


async def test_a_request_to_reconnect_is_followed() -> None:
    async def play(connection: ServerConnection, before: int) -> None:
        wish = '{"event":"bts:request_reconnect","channel":"","data":""}'
        await connection.send(BITSTAMP if before else wish)
        await _stay(connection)

    async with exchange(play) as url:
        feed = Bitstamp(url, timing=QUICK)
        async with following(feed) as ticks:
            await until(lambda: len(ticks) == 1)
    assert feed.last_error == "the exchange asked for a new connection"


async def test_a_refused_subscription_is_retried_and_reported() -> None:
    async def play(connection: ServerConnection, before: int) -> None:
        await connection.send('{"method":"subscribe","success":false,"error":"Currency pair not supported"}')
        await _stay(connection)

    async with exchange(play) as url:
        feed = kraken(url)
        async with following(feed):
            await until(lambda: feed.counters["reconnects"] >= 3)
    assert feed.last_error == "the exchange refused the subscription: Currency pair not supported"


async def test_the_pause_doubles_to_its_limit_and_starts_over_after_a_price() -> None:
    pauses: list[float] = []

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)

    async def play(connection: ServerConnection, before: int) -> None:
        if before == 6:
            await connection.send(KRAKEN)

    timing = Timing(backoff_s=0.5, max_backoff_s=4)
    async with exchange(play) as url:
        feed = Kraken(url, timing=timing, env=Environment(jitter=lambda: 0.5), sleep=sleep)
        async with following(feed):
            await until(lambda: len(pauses) >= 8)
    assert pauses[:8] == [0.375, 0.75, 1.5, 3.0, 3.0, 3.0, 0.375, 0.75]


@pytest.mark.parametrize(
    ("feed_type", "target", "answer"),
    [
        (
            Kraken,
            "/0/public/Ticker?pair=XBTEUR",
            {"error": [], "result": {"XXBTZEUR": {"a": ["78001", "1", "1"], "b": ["78000", "1", "1"]}}},
        ),
        (Coinbase, "/products/BTC-EUR/ticker", {"bid": "78000", "ask": "78001"}),
        (Bitstamp, "/api/v2/ticker/btceur/", {"bid": "78000", "ask": "78001"}),
    ],
)
async def test_a_refresh_reads_the_rest_ticker_of_the_same_origin(
    client: httpx.AsyncClient, feed_type: type[Feed], target: str, answer: Any
) -> None:
    async with http_server(lambda _: Reply(body=json.dumps(answer).encode())) as server:
        feed = feed_type(server.url.replace("http", "ws") + "/v2", timing=QUICK, env=Environment(wall_ns=lambda: NOW))
        tick = await feed.refresh(client)
    assert tick == Tick(feed.source, Decimal(78000), Decimal(78001), NOW)
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", target)


async def test_a_refreshed_price_is_no_younger_than_its_request(client: httpx.AsyncClient) -> None:
    clock = iter(range(NOW, NOW + 10))

    async with http_server(lambda _: Reply(body=b'{"bid":"78000","ask":"78001"}')) as server:
        feed = Coinbase(server.url.replace("http", "ws"), env=Environment(wall_ns=lambda: next(clock)))
        assert (await feed.refresh(client)).at_ns == NOW


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(429),
        Reply(404, b'{"bid":"78000","ask":"78001"}'),
        Reply(body=b"<html>"),
        Reply(body=b'{"bid":"78000"}'),
        Reply(body=b'{"bid":"78001","ask":"78000"}'),
        Reply(body=b'{"bid":"0","ask":"0"}'),
        Reply(hang=True),
    ],
)
async def test_a_refresh_without_a_plausible_price_is_unknown(client: httpx.AsyncClient, reply: Reply) -> None:
    async with http_server(lambda _: reply) as server:
        feed = Coinbase(server.url.replace("http", "ws"), timing=QUICK)
        with pytest.raises(UnreachableError):
            await feed.refresh(client)


async def test_krakens_refusal_reaches_the_caller_of_refresh(client: httpx.AsyncClient) -> None:
    async with http_server(lambda _: Reply(body=b'{"error":["EGeneral:Temporary lockout"]}')) as server:
        with pytest.raises(RefusedError, match="Temporary lockout"):
            await kraken(server.url.replace("http", "ws")).refresh(client)


@pytest.mark.parametrize(
    ("feed", "rest"),
    [
        (Kraken(), "https://api.kraken.com/0/public/Ticker?pair=XBTEUR"),
        (Coinbase(), "https://api.exchange.coinbase.com/products/BTC-EUR/ticker"),
        (Bitstamp(), "https://www.bitstamp.net/api/v2/ticker/btceur/"),
        (Kraken("wss://mirror.example:8443/v2"), "https://mirror.example:8443/0/public/Ticker?pair=XBTEUR"),
        (Kraken("ws://127.0.0.1:9000/kraken"), "http://127.0.0.1:9000/0/public/Ticker?pair=XBTEUR"),
    ],
)
def test_the_rest_host_follows_the_websockets(feed: Feed, rest: str) -> None:
    assert feed.rest_url == rest
