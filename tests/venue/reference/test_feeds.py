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
from tests.venue.reference.test_parsing import BITSTAMP, COINBASE, KRAKEN, SAID_NS
from venue.protocol.units import NS_PER_MS, NS_PER_S
from venue.reference.bitstamp import Bitstamp
from venue.reference.coinbase import Coinbase
from venue.reference.feed import Feed, Timing
from venue.reference.kraken import Kraken
from venue.reference.tick import UNDATED, Tick
from venue.transport.errors import RefusedError, UnreachableError

QUICK = Timing(open_s=5, stall_s=5, quiet_s=5, backoff_s=0.01, max_backoff_s=0.02, rest_s=1)
NOW = SAID_NS + 100 * NS_PER_MS
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


def sending(messages: asyncio.Queue[bytes]) -> Play:
    """Send what is put into the queue until the connection ends."""

    async def play(connection: ServerConnection, before: int) -> None:
        closed = asyncio.create_task(connection.wait_closed())
        while True:
            next_one = asyncio.create_task(messages.get())
            await asyncio.wait({next_one, closed}, return_when=asyncio.FIRST_COMPLETED)
            if closed.done():
                next_one.cancel()
                return
            await connection.send(next_one.result())

    return play


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
    assert tick == Tick(feed.source, Decimal("78123.1"), Decimal("78123.45"), SAID_NS)
    assert tick.mid == Decimal("78123.275")
    assert feed.latest.tick == tick


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
        feed = Bitstamp(url, timing=QUICK, env=Environment(wall_ns=lambda: NOW))
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
        feed = Kraken(url, timing=timing, env=Environment(wall_ns=lambda: NOW, jitter=lambda: 0.5), sleep=sleep)
        async with following(feed):
            await until(lambda: len(pauses) >= 8)
    assert pauses[:8] == [0.375, 0.75, 1.5, 3.0, 3.0, 3.0, 0.375, 0.75]


REST_S = SAID_NS // NS_PER_S


def book(bid: str, ask: str, changed_s: int = REST_S) -> bytes:
    """Kraken's book by REST."""
    levels = {"asks": [[ask, "1", changed_s]], "bids": [[bid, "1", changed_s]]}
    return json.dumps({"error": [], "result": {"XXBTZEUR": levels}}).encode()


@pytest.mark.parametrize(
    ("feed_type", "target", "answer"),
    [
        (Kraken, "/0/public/Depth?pair=XBTEUR&count=1", book("78000", "78001")),
        (Coinbase, "/products/BTC-EUR/ticker", b'{"bid":"78000","ask":"78001","time":"2026-11-23T10:00:00Z"}'),
        (Bitstamp, "/api/v2/ticker/btceur/", b'{"bid":"78000","ask":"78001","timestamp":"1795428000"}'),
    ],
)
async def test_a_refresh_asks_rest_of_the_same_origin(
    client: httpx.AsyncClient, feed_type: type[Feed], target: str, answer: bytes
) -> None:
    async with http_server(lambda _: Reply(body=answer)) as server:
        feed = feed_type(server.url.replace("http", "ws") + "/v2", timing=QUICK, env=Environment(wall_ns=lambda: NOW))
        tick = await feed.refresh(client)
    assert tick == Tick(feed.source, Decimal(78000), Decimal(78001), REST_S * NS_PER_S)
    (request,) = server.requests
    assert (request.method, request.target) == ("GET", target)


async def test_an_older_price_by_rest_never_replaces_the_streams(client: httpx.AsyncClient) -> None:
    async def play(connection: ServerConnection, before: int) -> None:
        await connection.send(KRAKEN)
        await _stay(connection)

    async with exchange(play) as url, http_server(lambda _: Reply(body=book("70000", "70001"))) as server:
        feed = kraken(url)
        async with following(feed) as ticks:
            await until(lambda: len(ticks) == 1)
            feed.url = server.url.replace("http", "ws")
            assert await feed.refresh(client) is None
            assert feed.latest.tick == ticks[0]
    assert feed.counters["older"] == 1


async def test_a_newer_price_by_rest_passes_a_late_stream(client: httpx.AsyncClient) -> None:
    async def play(connection: ServerConnection, before: int) -> None:
        await connection.send(KRAKEN)
        await _stay(connection)

    late = NOW + 15 * NS_PER_S
    async with exchange(play) as url, http_server(lambda _: Reply(body=book("79000", "79001", REST_S + 15))) as server:
        feed = Kraken(url, timing=QUICK, env=Environment(wall_ns=lambda: late))
        async with following(feed) as ticks:
            await until(lambda: len(ticks) == 1)
            assert ticks[0].at_ns == SAID_NS
            feed.url = server.url.replace("http", "ws")
            assert await feed.refresh(client) == Tick(
                "kraken", Decimal(79000), Decimal(79001), (REST_S + 15) * NS_PER_S
            )


@pytest.mark.parametrize("changed_s", [REST_S + 60, 0])
async def test_a_price_by_rest_that_is_not_believed_takes_nothing_from_the_stream(
    client: httpx.AsyncClient, changed_s: int
) -> None:
    async def play(connection: ServerConnection, before: int) -> None:
        await connection.send(KRAKEN)
        await _stay(connection)

    answer = Reply(body=book("79000", "79001", changed_s))
    async with exchange(play) as url, http_server(lambda _: answer) as server:
        feed = kraken(url)
        async with following(feed) as ticks:
            await until(lambda: len(ticks) == 1)
            feed.url = server.url.replace("http", "ws")
            with pytest.raises(UnreachableError, match="its price"):
                await feed.refresh(client)
            assert feed.latest.tick == ticks[0]
            assert feed.problem == ""


@pytest.mark.parametrize(
    ("said", "problem", "counted"),
    [
        (b'"2026-11-23T10:00:03.123456Z"', "its price is dated 2900 ms ahead of this machine's clock", "future"),
        (b'"2036-11-23T10:00:03.123456Z"', "ahead of this machine's clock", "future"),
        (b"null", UNDATED, "undated"),
        (b'"soon"', UNDATED, "undated"),
    ],
)
async def test_a_source_whose_time_is_not_believed_is_out_until_it_is(said: bytes, problem: str, counted: str) -> None:
    sends: asyncio.Queue[bytes] = asyncio.Queue()
    out: list[str] = []

    true = b'"2026-11-23T10:00:00.123456Z"'
    async with exchange(sending(sends)) as url:
        feed = kraken(url)
        ticks: list[Tick] = []
        task = asyncio.create_task(feed.run(ticks.append, out.append))
        sends.put_nowait(KRAKEN)
        await until(lambda: len(ticks) == 1)
        sends.put_nowait(KRAKEN.replace(true, said))
        await until(lambda: feed.counters[counted] == 1)
        assert (out, feed.latest.tick) == (["kraken"], None)
        assert problem in feed.problem
        assert problem in feed.last_error
        sends.put_nowait(KRAKEN)
        await until(lambda: len(ticks) == 2)
        assert feed.problem == ""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_market_that_does_not_trade_gives_no_price() -> None:
    sends: asyncio.Queue[bytes] = asyncio.Queue()
    out: list[str] = []

    def status(system: str) -> bytes:
        return json.dumps({"channel": "status", "type": "update", "data": [{"system": system}]}).encode()

    async with exchange(sending(sends)) as url:
        feed = kraken(url)
        ticks: list[Tick] = []
        task = asyncio.create_task(feed.run(ticks.append, out.append))
        for message in (status("online"), KRAKEN):
            sends.put_nowait(message)
        await until(lambda: len(ticks) == 1)
        for message in (status("maintenance"), KRAKEN):
            sends.put_nowait(message)
        await until(lambda: feed.counters["not_trading"] == 1)
        assert (out, feed.latest.tick, feed.problem) == (["kraken"], None, "not trading: maintenance")
        sends.put_nowait(status("online"))
        await until(lambda: "trades again" in feed.problem)
        assert len(ticks) == 1
        sends.put_nowait(KRAKEN)
        await until(lambda: len(ticks) == 2)
        assert feed.problem == ""
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_the_status_of_coinbases_product_is_asked_for(client: httpx.AsyncClient) -> None:
    said = {"id": "BTC-EUR", "status": "online", "post_only": True}
    timing = Timing(rest_s=1, status_s=0.01)
    status = 200

    async with http_server(lambda _: Reply(status, json.dumps(said).encode())) as server:
        feed = Coinbase(server.url.replace("http", "ws"), timing=timing, env=Environment(wall_ns=lambda: NOW))
        task = asyncio.create_task(feed.watch_status(client))
        await until(lambda: feed.problem == "not trading: post_only")
        assert server.requests[0].target == "/products/BTC-EUR"
        status = 500
        await until(lambda: feed.counters["status_failures"] > 0)
        assert feed.problem == "not trading: post_only"
        status, said["post_only"] = 200, False
        await until(lambda: "trades again" in feed.problem)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def test_a_line_that_is_silent_for_five_seconds_is_replaced_and_bitstamp_is_asked_for_heartbeats() -> None:
    assert Timing().stall_s == 5
    beats: list[Any] = []

    async def play(connection: ServerConnection, before: int) -> None:
        await connection.send(BITSTAMP)
        async for raw in connection:
            beats.append(json.loads(raw))
            await connection.send('{"event":"bts:heartbeat","channel":"","data":{"status":"success"}}')

    timing = Timing(open_s=5, stall_s=0.4, quiet_s=60, backoff_s=0.01, max_backoff_s=0.02, beat_s=0.05)
    async with exchange(play) as url:
        feed = Bitstamp(url, timing=timing, env=Environment(wall_ns=lambda: NOW))
        async with following(feed) as ticks:
            await until(lambda: len(beats) >= 16)
    assert beats[0] == {"event": "bts:heartbeat"}
    assert len(ticks) == 1
    assert feed.counters["reconnects"] == 0


@pytest.mark.parametrize(
    "reply",
    [
        Reply(500),
        Reply(429),
        Reply(404, b'{"bid":"78000","ask":"78001","time":"2026-11-23T10:00:00Z"}'),
        Reply(body=b"<html>"),
        Reply(body=b'{"bid":"78000","time":"2026-11-23T10:00:00Z"}'),
        Reply(body=b'{"bid":"78001","ask":"78000","time":"2026-11-23T10:00:00Z"}'),
        Reply(body=b'{"bid":"0","ask":"0","time":"2026-11-23T10:00:00Z"}'),
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
        (Kraken(), "https://api.kraken.com/0/public/Depth?pair=XBTEUR&count=1"),
        (Coinbase(), "https://api.exchange.coinbase.com/products/BTC-EUR/ticker"),
        (Bitstamp(), "https://www.bitstamp.net/api/v2/ticker/btceur/"),
        (Kraken("wss://mirror.example:8443/v2"), "https://mirror.example:8443/0/public/Depth?pair=XBTEUR&count=1"),
        (Kraken("ws://127.0.0.1:9000/kraken"), "http://127.0.0.1:9000/0/public/Depth?pair=XBTEUR&count=1"),
    ],
)
def test_the_rest_host_follows_the_websockets(feed: Feed, rest: str) -> None:
    assert feed.rest_url == rest
