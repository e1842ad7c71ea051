"""The exchanges' REST over HTTP: lists of markets, tickers, books, trades and candles."""

from collections.abc import Awaitable, Callable
from decimal import Decimal
from typing import Any

import httpx
import pytest

from tests.support.sandbox.rig import Launch
from venue.sandbox.exchanges.kraken_rest import UNKNOWN_ASSET, UNKNOWN_PAIR

Get = Callable[..., Awaitable[httpx.Response]]


@pytest.fixture
async def get(launch: Launch) -> Get:
    rig = await launch(start_paused=True)

    async def ask(exchange: str, path: str, **query: object) -> httpx.Response:
        origin = rig.env[f"REFERENCE_{exchange}_WS_URL"].replace("ws://", "http://").removesuffix("/v2")
        return await rig.http.get(origin + path, params={name: str(value) for name, value in query.items()})

    return ask


async def kraken(get: Get, path: str, **query: object) -> Any:
    answer = (await get("KRAKEN", f"/0/public/{path}", **query)).json()
    assert answer["error"] == []
    return answer["result"]


async def test_kraken_lists_its_markets_under_the_names_that_clients_ask_for(get: Get) -> None:
    pairs = await kraken(get, "AssetPairs")
    assert [pairs[name]["wsname"] for name in sorted(pairs)] == ["ETH/EUR", "XBT/EUR", "XBT/USD"]
    assert pairs["XXBTZEUR"]["pair_decimals"] == 1
    assert sorted(await kraken(get, "Assets")) == ["XETH", "XXBT", "ZEUR", "ZUSD"]
    assert list(await kraken(get, "Assets", asset="XBT,ZEUR")) == ["XXBT", "ZEUR"]
    for asked, under in (("XBTEUR", "XXBTZEUR"), ("BTC/EUR", "BTC/EUR"), ("XXBTZEUR", "XXBTZEUR"), ("XBT/EUR",) * 2):
        assert list(await kraken(get, "AssetPairs", pair=asked)) == [under]
    assert sorted(await kraken(get, "Ticker", pair="XBTEUR,ETHEUR")) == ["XETHZEUR", "XXBTZEUR"]
    assert len(await kraken(get, "Ticker")) == 3
    assert (await kraken(get, "SystemStatus"))["status"] == "online"
    assert (await kraken(get, "Time"))["unixtime"] > 10**9


@pytest.mark.parametrize(
    ("path", "query", "error"),
    [
        ("Ticker", {"pair": "XBTEUR,DOGEEUR"}, UNKNOWN_PAIR),
        ("AssetPairs", {"pair": ""}, UNKNOWN_PAIR),
        ("Assets", {"asset": "XBT,DOGE"}, UNKNOWN_ASSET),
        ("Depth", {}, "EGeneral:Invalid arguments"),
        ("Depth", {"pair": "XBTEUR,ETHEUR"}, UNKNOWN_PAIR),
        ("Depth", {"pair": "XBTEUR", "count": "many"}, "EGeneral:Invalid arguments:count"),
        ("OHLC", {"pair": "XBTEUR", "interval": 2}, "EGeneral:Invalid arguments:interval"),
        ("Trades", {"pair": "XBTEUR", "since": "-1"}, "EGeneral:Invalid arguments:since"),
    ],
)
async def test_kraken_refuses_a_list_with_an_unknown_name(
    get: Get, path: str, query: dict[str, object], error: str
) -> None:
    answer = await get("KRAKEN", f"/0/public/{path}", **query)
    assert (answer.status_code, answer.json()) == (200, {"error": [error]})


async def test_kraken_s_books_trades_and_candles_agree_with_its_ticker(get: Get) -> None:
    ticker = (await kraken(get, "Ticker", pair="XBTEUR"))["XXBTZEUR"]
    depth = (await kraken(get, "Depth", pair="XBTEUR", count=5))["XXBTZEUR"]
    assert (depth["bids"][0][0], depth["asks"][0][0]) == (ticker["b"][0], ticker["a"][0])
    assert len(depth["bids"]) == len(depth["asks"]) == 5
    answer = await kraken(get, "Trades", pair="XBTEUR")
    trades = answer["XXBTZEUR"]
    assert len(trades) == 1_000
    assert trades[-1][0] == ticker["c"][0]
    assert (await kraken(get, "Trades", pair="XBTEUR", since=answer["last"]))["XXBTZEUR"] == []
    half = await kraken(get, "Trades", pair="XBTEUR", since=int(trades[500][2]), count=10)
    assert [row[6] for row in half["XXBTZEUR"]][-1] < trades[-1][6]
    candles = (await kraken(get, "OHLC", pair="XBTEUR", interval=5))["XXBTZEUR"]
    assert len(candles) > 250
    assert Decimal(candles[-1][4]) == Decimal(ticker["c"][0])
    times = [row[0] for row in candles]
    assert times == sorted(times)
    assert {time % 300 for time in times} == {0}
    assert (await kraken(get, "OHLC", pair="XBTEUR", interval=5, since=times[-3]))["XXBTZEUR"] == candles[-2:]


async def test_coinbase_lists_products_and_agrees_with_itself(get: Get) -> None:
    async def ask(path: str, **query: object) -> Any:
        return (await get("COINBASE", path, **query)).json()

    products = await ask("/products")
    assert [one["id"] for one in products] == ["BTC-EUR", "BTC-USD", "ETH-EUR"]
    assert await ask("/products/ETH-EUR") == products[2]
    assert {one["id"] for one in await ask("/currencies")} == {"BTC", "ETH", "EUR", "USD"}
    assert (await ask("/currencies/BTC"))["id"] == "BTC"
    assert (await ask("/time"))["epoch"] > 10**9
    ticker, book = await ask("/products/BTC-EUR/ticker"), await ask("/products/BTC-EUR/book")
    stats = await ask("/products/BTC-EUR/stats")
    assert (book["bids"][0][0], book["asks"][0][0]) == (ticker["bid"], ticker["ask"])
    assert Decimal(stats["low"]) <= Decimal(ticker["price"]) <= Decimal(stats["high"])
    deep = await ask("/products/BTC-EUR/book", level=2)
    assert len(deep["bids"]) == len(deep["asks"]) == 500
    assert deep["bids"][0] == book["bids"][0]
    trades = await ask("/products/BTC-EUR/trades", limit=7)
    assert trades[0]["trade_id"] == ticker["trade_id"]
    older = await ask("/products/BTC-EUR/trades", limit=7, after=trades[-1]["trade_id"])
    assert [one["trade_id"] for one in older] == [trades[-1]["trade_id"] - count for count in range(1, 8)]
    candles = await ask("/products/BTC-EUR/candles", granularity=300)
    assert len(candles) > 250
    assert str(candles[0][4]) == str(float(ticker["price"]))
    some = await ask("/products/BTC-EUR/candles", granularity=300, start=candles[9][0], end=candles[4][0])
    assert some == candles[4:10]
    assert set(await ask("/products/spark-lines")) == {"BTC-EUR", "BTC-USD", "ETH-EUR"}


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/products/DOGE-EUR", 404),
        ("/products/DOGE-EUR/ticker", 404),
        ("/currencies/DOGE", 404),
        ("/products/BTC-EUR/book?level=9", 400),
        ("/products/BTC-EUR/candles?granularity=61", 400),
        ("/products/BTC-EUR/candles?start=yesterday", 400),
        ("/products/BTC-EUR/candles?start=1&end=999999999", 400),
        ("/products/BTC-EUR/candles?start=99999-01-01T00:00:00Z", 400),
        ("/products/BTC-EUR/trades?limit=x", 400),
    ],
)
async def test_coinbase_refuses_with_a_message(get: Get, path: str, status: int) -> None:
    answer = await get("COINBASE", path.partition("?")[0], **dict(httpx.QueryParams(path.partition("?")[2])))
    assert answer.status_code == status
    assert answer.json()["message"]


async def test_bitstamp_lists_markets_and_agrees_with_itself(get: Get) -> None:
    async def ask(path: str, **query: object) -> Any:
        return (await get("BITSTAMP", f"/api/v2/{path}/", **query)).json()

    assert [one["market_symbol"] for one in await ask("markets")] == ["btceur", "btcusd", "etheur"]
    assert [one["url_symbol"] for one in await ask("trading-pairs-info")] == ["btceur", "btcusd", "etheur"]
    assert [one["pair"] for one in await ask("ticker")] == ["BTC/EUR", "BTC/USD", "ETH/EUR"]
    assert {one["currency"] for one in await ask("currencies")} == {"BTC", "ETH", "EUR", "USD"}
    ticker, book = await ask("ticker/btceur"), await ask("order_book/btceur")
    assert (book["bids"][0][0], book["asks"][0][0]) == (ticker["bid"], ticker["ask"])
    assert book["microtimestamp"].startswith(book["timestamp"])
    assert Decimal(ticker["low"]) <= Decimal(ticker["vwap"]) <= Decimal(ticker["high"])
    trades = await ask("transactions/btceur", time="hour")
    assert len(trades) > 300
    assert trades[0]["price"] == ticker["last"]
    assert int(trades[0]["date"]) - int(trades[-1]["date"]) <= 3_600
    candles = (await ask("ohlc/btceur", step=300, limit=20))["data"]["ohlc"]
    assert len(candles) == 20
    assert candles[-1]["close"] == ticker["last"]
    since = (await ask("ohlc/btceur", step=300, start=candles[3]["timestamp"], limit=2))["data"]["ohlc"]
    assert since == candles[3:5]


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("ticker/dogeeur/", 404),
        ("order_book/dogeeur/", 404),
        ("transactions/btceur/?time=year", 400),
        ("ohlc/btceur/?step=61", 400),
        ("ohlc/btceur/?step=60&limit=x", 400),
    ],
)
async def test_bitstamp_refuses(get: Get, path: str, status: int) -> None:
    answer = await get(
        "BITSTAMP", f"/api/v2/{path.partition('?')[0]}", **dict(httpx.QueryParams(path.partition("?")[2]))
    )
    assert answer.status_code == status
    assert answer.json()


async def test_bitstamp_names_what_is_wrong_with_a_question(get: Get) -> None:
    answer = await get("BITSTAMP", "/api/v2/ohlc/btceur/", step=60, limit="x", end="soon")
    assert [error["field"] for error in answer.json()["errors"]] == ["limit", "end"]
