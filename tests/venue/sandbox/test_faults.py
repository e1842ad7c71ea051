"""The faults of a rehearsal, as a client sees them."""

import asyncio
import json
import time
from decimal import Decimal
from typing import Any

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from tests.support.sandbox.maker import BTC, EURE, Maker, relay
from tests.support.sandbox.rig import Launch, Rig
from venue.transport.timestamps import nanoseconds

STATUS = {"jsonrpc": "2.0", "id": "1", "method": "status", "params": []}


async def test_dropped_connections_close_and_a_new_one_is_accepted(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        await Maker(socket).call("subscribe", ["quote"])
        await rig.control("/faults", {"relay_drop": True})
        with pytest.raises(ConnectionClosed):
            await asyncio.wait_for(socket.recv(), 60)

    async def forgotten() -> Any:
        seen = (await rig.state())["relay"]
        return (seen["connections"], seen["quote_subscriptions"]) == (0, 0)

    await rig.until(forgotten)
    async with relay(rig.env) as socket:
        assert (await Maker(socket).call("subscribe", ["quote"]))["result"]


async def test_a_stalled_relay_is_open_and_silent(launch: Launch) -> None:
    rig = await launch(rate=50.0)
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        await maker.events(1)
        await rig.control("/faults", {"relay_stall": True})
        issued = (await rig.state())["requests"]["total"]
        call = await maker.send("subscribe", ["quote_status"])

        async def five_more() -> bool:
            return bool((await rig.state())["requests"]["total"] >= issued + 5)

        await rig.until(five_more)
        await (await socket.ping())
        await rig.control("/faults", {"relay_stall": False})
        await maker.events(len(maker.seen) + 1)
        assert all(message.get("id") != call for message in maker.seen)


async def answer(rig: Rig, maker: Maker) -> tuple[int, asyncio.Task[Any]]:
    """Answer one request validly; return the call's id and the auction's pending outcome."""
    params = {"defuse_asset_identifier_in": BTC, "defuse_asset_identifier_out": EURE, "exact_amount_in": "100000"}
    pending_quote = asyncio.create_task(rig.rpc("quote", {**params, "wait_ms": 400}))
    event = (await maker.events(1))[0]
    signed = rig.signer.diff({BTC: 100_000, EURE: -80 * 10**18}, rig.salt, rig.deadline_ms())[1]
    output = {"amount_out": str(80 * 10**18)}
    quote = {"quote_id": event["params"]["data"]["quote_id"], "quote_output": output, "signed_data": signed}
    return await maker.send("quote_response", [quote]), pending_quote


async def test_a_mute_relay_accepts_the_quote_without_an_answer(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        await rig.control("/faults", {"relay_mute": True})
        call, pending_quote = await answer(rig, maker)
        assert len(await pending_quote) == 1
        await maker.call("subscribe", ["quote_status"])
        assert all(message.get("id") != call for message in maker.seen)


async def test_late_answers_come_after_the_auction(launch: Launch) -> None:
    rig = await launch()
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        await rig.control("/faults", {"relay_late_ms": 1_200})
        call, pending_quote = await answer(rig, maker)
        waiting = asyncio.create_task(maker.reply(call))
        assert len(await pending_quote) == 1
        assert not waiting.done()
        assert (await waiting)["result"] == "OK"


async def test_the_first_near_node_fails_in_each_way_and_the_second_answers(launch: Launch) -> None:
    rig = await launch()
    first, second = rig.env["NEAR_RPC_URL"].split(",")

    async def ask(url: str) -> tuple[int, str]:
        response = await rig.http.post(url, json=STATUS)
        return response.status_code, response.text

    assert json.loads((await ask(first))[1])["result"]["sync_info"]["latest_block_height"] > 0
    for fault, status in (("429", 429), ("500", 500)):
        await rig.control("/faults", {"near_a": fault})
        assert (await ask(first))[0] == status
        assert (await ask(second))[0] == 200
    await rig.control("/faults", {"near_a": "garbage"})
    status, text = await ask(first)
    assert status == 200
    with pytest.raises(json.JSONDecodeError):
        json.loads(text)
    await rig.control("/faults", {"near_a": "slow", "near_slow_ms": 600})
    slow = asyncio.create_task(ask(first))
    assert (await ask(second))[0] == 200
    assert not slow.done()
    assert (await slow)[0] == 200


async def test_a_frozen_exchange_stops_ticking_and_a_false_price_is_off_by_the_setting(launch: Launch) -> None:
    rig = await launch()
    origin = rig.env["REFERENCE_COINBASE_WS_URL"].replace("ws://", "http://")

    async def bid() -> Decimal:
        return Decimal((await rig.http.get(origin + "/products/BTC-EUR/ticker")).json()["bid"])

    honest = await bid()
    await rig.control("/faults", {"exchange_lie_bps": {"coinbase": 100}})
    assert (await bid()) / honest == pytest.approx(Decimal("1.01"), abs=Decimal("0.0001"))
    await rig.control("/faults", {"exchange_lie_bps": {}, "exchange_frozen": ["coinbase"]})
    async with connect(rig.env["REFERENCE_COINBASE_WS_URL"]) as frozen:
        await frozen.send(json.dumps({"type": "subscribe", "product_ids": ["BTC-EUR"], "channels": ["ticker"]}))
        assert json.loads(await frozen.recv())["type"] == "subscriptions"
        first = json.loads(await frozen.recv())
        async with connect(rig.env["REFERENCE_BITSTAMP_WS_URL"]) as bitstamp:
            await bitstamp.send(json.dumps({"event": "bts:subscribe", "data": {"channel": "order_book_btceur"}}))
            for _ in range(4):
                await bitstamp.recv()
        await rig.control("/faults", {"exchange_frozen": []})
        assert json.loads(await frozen.recv())["sequence"] > first["sequence"]


async def test_what_an_exchange_says_late_keeps_its_time_and_its_order_while_rest_answers_at_once(
    launch: Launch,
) -> None:
    rig = await launch()
    await rig.control("/faults", {"exchange_late_ms": {"coinbase": 600}})
    async with connect(rig.env["REFERENCE_COINBASE_WS_URL"]) as socket:
        await socket.send(json.dumps({"type": "subscribe", "product_ids": ["BTC-EUR"], "channels": ["ticker"]}))
        assert json.loads(await socket.recv())["type"] == "subscriptions"
        times = []
        for _ in range(3):
            times.append(nanoseconds(json.loads(await socket.recv())["time"]) or 0)
            assert time.time_ns() - times[-1] >= 590 * 10**6
        assert times == sorted(times)
        origin = rig.env["REFERENCE_COINBASE_WS_URL"].replace("ws://", "http://")
        answer = (await rig.http.get(origin + "/products/BTC-EUR/ticker")).json()
        assert time.time_ns() - (nanoseconds(answer["time"]) or 0) < 590 * 10**6


async def test_an_exchange_states_its_status_a_false_time_or_none_or_falls_silent(launch: Launch) -> None:
    rig = await launch()
    origin = rig.env["REFERENCE_KRAKEN_WS_URL"].replace("ws://", "http://").removesuffix("/v2")
    coinbase = rig.env["REFERENCE_COINBASE_WS_URL"].replace("ws://", "http://")

    async def changed_s() -> list[object]:
        depth = (await rig.http.get(origin + "/0/public/Depth?pair=XBTEUR")).json()["result"]["XXBTZEUR"]
        return list(depth["bids"][0][2:])

    async with connect(rig.env["REFERENCE_KRAKEN_WS_URL"]) as socket:
        assert json.loads(await socket.recv())["data"][0]["system"] == "online"
        await rig.control("/faults", {"exchange_status": {"kraken": "post_only", "coinbase": "post_only"}})
        assert json.loads(await socket.recv())["data"][0]["system"] == "post_only"
        assert (await rig.http.get(coinbase + "/products/BTC-EUR")).json()["post_only"] is True
        await rig.control("/faults", {"mend": True})
        assert json.loads(await socket.recv())["data"][0]["system"] == "online"
        await rig.control("/faults", {"exchange_clock_ms": {"kraken": -60_000}})
        (stated,) = await changed_s()
        assert isinstance(stated, int)
        assert 59 <= time.time() - stated < 65
        await rig.control("/faults", {"mend": True, "exchange_undated": ["kraken"], "exchange_silent": ["kraken"]})
        assert await changed_s() == []
        await socket.send(json.dumps({"method": "ping"}))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.3):
                await socket.recv()


@pytest.mark.parametrize(("how", "accepted"), [("keep_old", True), ("invalidate_old", False)])
async def test_a_rotated_salt_leaves_the_old_one_valid_or_not(launch: Launch, how: str, accepted: bool) -> None:
    rig = await launch()
    old = rig.salt
    await rig.control("/faults", {"rotate_salt": how})
    assert rig.salt != old
    async with relay(rig.env) as socket:
        maker = Maker(socket)
        await maker.call("subscribe", ["quote"])
        params = {"defuse_asset_identifier_in": BTC, "defuse_asset_identifier_out": EURE, "exact_amount_in": "100000"}
        pending_quote = asyncio.create_task(rig.rpc("quote", {**params, "wait_ms": 300}))
        event = (await maker.events(1))[0]
        signed = rig.signer.diff({BTC: 100_000, EURE: -80 * 10**18}, old, rig.deadline_ms())[1]
        output = {"amount_out": str(80 * 10**18)}
        quote = {"quote_id": event["params"]["data"]["quote_id"], "quote_output": output, "signed_data": signed}
        reply = await maker.call("quote_response", [quote])
        assert ("result" in reply) is accepted
        assert accepted or "invalid salt" in json.dumps(reply)
        assert (await pending_quote is not None) is accepted


@pytest.mark.parametrize("body", [{"nonsense": True}, {"near_a": "404"}, {"relay_late_ms": -1}, [], {"deposit": {}}])
async def test_an_unknown_fault_changes_nothing(launch: Launch, body: Any) -> None:
    rig = await launch()
    before = (await rig.state())["faults"]
    refused = await rig.control("/faults", body)
    assert refused.status_code == 400
    assert refused.json()["error"]
    assert (await rig.state())["faults"] == before


async def test_a_list_of_tokens_with_an_unknown_one_is_refused_whole(launch: Launch) -> None:
    rig = await launch()
    for delisted in (["nep141:btc.omft.near", "garbage"], ["BTC"], [""]):
        answer = await rig.control("/faults", {"bridge_delists": delisted})
        assert answer.status_code == 400
        assert f"the bridge does not carry {delisted[-1]}" in answer.json()["error"]
    assert (await rig.state())["faults"]["bridge_delists"] == []
