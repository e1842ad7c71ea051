"""A recorded venue says again to another client what it said to the first, in the same order and with its ids."""

import asyncio
import io
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from tests.support.sandbox.maker import relay
from venue.sandbox.base.hosting import HttpHost
from venue.sandbox.config import VenueConfig
from venue.sandbox.recording.frame_log import FrameLog, Tally, line_of
from venue.sandbox.recording.frames import Frame, Kind, Message, Start, encode
from venue.sandbox.recording.reading import Recording, read_lines, read_recording
from venue.sandbox.recording.tap import Tap
from venue.sandbox.replay.calls import Sequences, keys_of, with_id
from venue.sandbox.replay.endpoints import Replay
from venue.sandbox.replay.script import script_of, subscribes
from venue.sandbox.server import Venue
from venue.sandbox.serving.addresses import LOOPBACK, settings, urls
from venue.sandbox.virtual.loop import START_NS, VirtualLoop
from venue.sandbox.virtual.maker import ScriptedMaker
from venue.sandbox.virtual.playing import LAST_S, play

LIMIT_S = 30


@asynccontextmanager
async def served(path: Path, speed: float = 1_000.0) -> AsyncIterator[tuple[dict[str, str], Replay]]:
    replay = Replay(script_of(read_recording(path).frames), speed=speed)
    host = HttpHost(replay.apps(), 0)
    await host.start()
    try:
        yield {"NEAR_INTENTS_API_KEY": "any", **settings(urls(LOOPBACK, host.ports))}, replay
    finally:
        await host.stop()


async def converse(env: dict[str, str], ids: str, *, until: int) -> list[Any]:
    """Subscribe, ask two nodes and the bridge, and return what came, without the ids."""
    came: list[Any] = []
    async with asyncio.timeout(LIMIT_S), httpx.AsyncClient(timeout=LIMIT_S, trust_env=False) as http:
        for url, method in (
            *((node, "block") for node in env["NEAR_RPC_URL"].split(",")),
            *((node, "block") for node in env["NEAR_RPC_URL"].split(",")),
            (env["NEAR_INTENTS_BRIDGE_URL"], "supported_tokens"),
        ):
            params: object = {"finality": "final"} if method == "block" else [{}]
            call = {"jsonrpc": "2.0", "id": f"{ids}-{len(came)}", "method": method, "params": params}
            answer = (await http.post(url, json=call)).json()
            assert answer.pop("id") == f"{ids}-{len(came)}"
            came.append(answer)
        async with relay(env) as socket:
            came += await hear(socket, ids, until)
        async with connect(env["REFERENCE_KRAKEN_WS_URL"], proxy=None) as socket:
            await socket.send('{"method":"subscribe","params":{"channel":"ticker","symbol":["BTC/EUR"]}}')
            came += [json.loads(await socket.recv()) for _ in range(4)]
    return came


async def hear(socket: ClientConnection, ids: str, until: int) -> list[Any]:
    for topic in ("quote", "quote_status"):
        call = {"jsonrpc": "2.0", "id": f"{ids}-{topic}", "method": "subscribe", "params": [topic]}
        await socket.send(json.dumps(call))
    came = [json.loads(await socket.recv()) for _ in range(until)]
    replies = {one.pop("id"): one for one in came if "id" in one}
    assert set(replies) == {f"{ids}-quote", f"{ids}-quote_status"}
    return [*replies.values(), *(one for one in came if "method" in one)]


async def test_another_client_is_told_the_same_in_the_same_order(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    log = FrameLog(path, Start(at_ns=1, seed=1))
    venue = Venue(VenueConfig(rate=30, other_pairs=0.5, deposit_btc=0), sink=log)
    await venue.start()
    try:
        said = await converse(venue.env(), "first", until=12)
    finally:
        await venue.stop()
        log.close()
    async with served(path) as (env, replay):
        assert await converse(env, "second", until=12) == said
        async with httpx.AsyncClient(timeout=LIMIT_S, trust_env=False) as http:
            unknown = await http.post(env["NEAR_INTENTS_BRIDGE_URL"], json={"id": 1, "method": "never_asked"})
            assert unknown.status_code == 404
            state = (await http.get(env["SANDBOX_CONTROL_URL"] + "/state")).json()
        with pytest.raises(InvalidStatus, match="503"):
            await relay(env)
    assert state["websockets_left"] == {"relay": 0, "kraken": 0}
    assert state["counts"]["bridge"] == {"answered": 1, "unknown": 1}
    assert replay.counts["relay"]["refused"] == 1


def test_a_run_in_virtual_time_can_be_replayed() -> None:
    out = io.BytesIO()
    play(VenueConfig(rate=5, other_pairs=0, rivals=False), None, out, seconds=5)
    script = script_of(read_lines(out.getvalue(), "stream").frames)
    (course,) = script.courses["relay"]
    assert course.refused is None
    assert all(push.subscriptions == 2 for push in course.pushes if push.content is not None)
    events = [json.loads(push.content) for push in course.pushes if push.content is not None]
    asked = [event["params"]["data"]["quote_id"] for event in events if "quote_id" in event["params"].get("data", {})]
    assert len(asked) > 10
    answer = {"id": "own", "method": "quote_response", "params": [{"quote_id": asked[3], "signed_data": {}}]}
    raw = json.dumps(answer).encode()
    reply = course.replies.next(keys_of(("relay",), raw))
    assert reply is not None
    assert json.loads(with_id(reply, raw)) == {"jsonrpc": "2.0", "id": "own", "result": "OK"}


def frames(*lines: tuple[Kind, str, dict[str, Any]]) -> list[Frame]:
    return [
        Frame(kind=kind, at_ns=number, endpoint="relay", connection=1, direction="in" if way == "in" else "out", **rest)
        for number, (kind, way, rest) in enumerate(lines)
    ]


async def test_refusals_ends_and_lost_answers_are_replayed(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    log = FrameLog(path, Start(at_ns=1, seed=1))
    venue = Venue(VenueConfig(rate=0, rivals=False, deposit_btc=0), sink=log)
    await venue.start()
    publish = {"id": 1, "method": "publish_intent", "params": [{"signed_data": {}}]}
    headers = {"Authorization": f"Bearer {venue.env()['NEAR_INTENTS_API_KEY']}"}
    try:
        with pytest.raises(InvalidStatus, match="403"):
            await relay({**venue.env(), "NEAR_INTENTS_API_KEY": "wrong"})
        async with asyncio.timeout(LIMIT_S), relay(venue.env()) as socket:
            venue.apply_faults({"relay_drop": True})
            with pytest.raises(ConnectionClosed, match="1012"):
                await socket.recv()
        venue.apply_faults({"publish": {"mode": "drop"}})
        async with httpx.AsyncClient(timeout=LIMIT_S, trust_env=False, headers=headers) as http:
            with pytest.raises(httpx.RemoteProtocolError):
                await http.post(venue.env()["NEAR_INTENTS_RELAY_RPC_URL"], json=publish)
    finally:
        await venue.stop()
        log.close()
    async with served(path) as (env, _), asyncio.timeout(LIMIT_S):
        with pytest.raises(InvalidStatus, match="403"):
            await relay(env)
        async with relay(env) as socket:
            with pytest.raises(ConnectionClosed, match="1012"):
                await socket.recv()
        async with httpx.AsyncClient(timeout=LIMIT_S, trust_env=False) as http:
            with pytest.raises(httpx.RemoteProtocolError):
                await http.post(env["NEAR_INTENTS_RELAY_RPC_URL"], json=publish)


def test_what_follows_a_subscription_waits_for_it() -> None:
    subscribe = {"text": '{"id":1,"method":"subscribe","params":["quote"]}'}
    (course,) = script_of(
        frames(
            ("open", "in", {"path": "/ws"}),
            ("frame", "out", {"text": '{"hello":1}'}),
            ("frame", "in", subscribe),
            ("frame", "out", {"text": '{"id":1,"result":"s"}'}),
            ("frame", "out", {"text": '{"method":"event"}'}),
            ("close", "out", {"status": 1012}),
        )
    ).courses["relay"]
    assert [(push.subscriptions, push.after_ns, push.code) for push in course.pushes] == [
        (0, 1, 1000),
        (1, 2, 1000),
        (1, 3, 1012),
    ]


@pytest.mark.parametrize(
    ("content", "asks"),
    [
        (b'{"method":"subscribe","params":["quote"]}', True),
        (b'{"type":"subscribe"}', True),
        (b'{"event":"bts:subscribe"}', True),
        (b'{"method":"unsubscribe"}', False),
        (b'{"method":"quote_response"}', False),
        (b"[1]", False),
        (b"\xff", False),
    ],
)
def test_a_subscription_is_known_by_its_words(content: bytes, asks: bool) -> None:
    assert subscribes(content) is asks


@given(st.lists(st.tuples(st.sampled_from("abc"), st.integers()), min_size=1, max_size=20))
def test_answers_of_a_key_come_in_their_order_and_the_last_stays(calls: list[tuple[str, int]]) -> None:
    sequences: Sequences[int] = Sequences()
    for key, answer in calls:
        sequences.add((f"exact {key}", "any"), answer)
    for key in "abc":
        expected = [answer for other, answer in calls if other == key]
        found = [sequences.next((f"exact {key}",)) for _ in range(len(expected) + 2)]
        assert found == ([*expected, expected[-1], expected[-1]] if expected else [None, None])
    assert [sequences.next(("never", "any")) for _ in calls] == [answer for _, answer in calls]


@given(
    st.binary(max_size=60) | st.sampled_from([b'{"id":1}', b'{"id":null,"method":7,"params":{"quote_id":3}}', b"[]"])
)
def test_any_call_has_keys_and_any_answer_takes_an_id(content: bytes) -> None:
    keys = keys_of(("relay", "POST", "/rpc"), content)
    assert len(set(keys)) == len(keys) >= 2
    assert isinstance(with_id(content, b'{"id":"x"}'), bytes)
    big = b'{"id":1,"result":123456789012345678901234567890}'
    assert with_id(big, b'{"id":"x"}') == big.replace(b'"id":1', b'"id":"x"')


def test_the_same_maker_sends_a_replay_the_same_frames() -> None:
    config, seconds = VenueConfig(rate=4, other_pairs=0.2, token_life_s=60), 8
    out, again = io.BytesIO(), io.BytesIO()
    play(config, None, out, seconds=seconds)
    first = read_lines(out.getvalue(), "stream")
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        runner.run(replayed(loop, config, first, again, seconds))
    second = read_lines(encode(first.start) + again.getvalue(), "again")
    for endpoint in {frame.endpoint for frame in first.frames}:
        assert sent_to(second, endpoint) == sent_to(first, endpoint)
    assert len(sent_to(first, "relay")) > 20


async def replayed(loop: VirtualLoop, config: VenueConfig, first: Recording, out: io.BytesIO, seconds: float) -> None:
    class Stream:
        tally = Tally(frames=0, dropped=0, problem="")

        def add(self, message: Message) -> None:
            out.write(line_of(message))

    tap = Tap(Stream(), loop.utc_ns)
    apps = {name: tap.on(name, app) for name, app in Replay(script_of(first.frames)).apps().items()}
    credentials = Venue(config, clock=lambda: START_NS).credentials()
    trading = asyncio.create_task(ScriptedMaker(apps, credentials, config, loop.utc_ns).run())
    await asyncio.wait((trading,), timeout=seconds + LAST_S)
    trading.cancel()
    await asyncio.gather(trading, return_exceptions=True)


def sent_to(recording: Recording, endpoint: str) -> list[tuple[str, int, bytes]]:
    return [
        (frame.kind, frame.at_ns, frame.content)
        for frame in recording.frames
        if frame.endpoint == endpoint and frame.direction == "in" and frame.kind in ("open", "frame", "request")
    ]
