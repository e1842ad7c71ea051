"""Every endpoint of a venue is recorded, frame by frame, and no secret of its answers is."""

import asyncio
from pathlib import Path

import httpx
import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

from tests.support.sandbox.maker import Maker
from venue.sandbox.config import VenueConfig
from venue.sandbox.recording.frame_log import FrameLog
from venue.sandbox.recording.frames import Frame, Start
from venue.sandbox.recording.reading import read_recording
from venue.sandbox.recording.tap import MOST_CONTENT
from venue.sandbox.server import Venue


async def test_every_endpoint_is_recorded_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "frames.jsonl"
    log = FrameLog(path, Start(at_ns=1, seed=1))
    venue = Venue(VenueConfig(rate=0, rivals=False, deposit_btc=0, token_life_s=600), sink=log)
    await venue.start()
    env, near = venue.env(), venue.env()["NEAR_RPC_URL"].split(",")
    headers = {"Authorization": f"Bearer {env['NEAR_INTENTS_API_KEY']}"}
    status = {"id": "a", "jsonrpc": "2.0", "method": "get_status", "params": [{"intent_hash": "none"}]}
    secrets = [env["NEAR_INTENTS_API_KEY"], env["NEAR_INTENTS_SIGNER_PRIVATE_KEY"]]
    try:
        async with httpx.AsyncClient(timeout=30, headers=headers, trust_env=False) as http:
            await http.post(env["NEAR_INTENTS_RELAY_RPC_URL"] + "?method=get_status", json=status)
            for node in near:
                await http.post(node, json={"id": 1, "jsonrpc": "2.0", "method": "status", "params": []})
                await http.get(node + "/health")
            await http.post(env["NEAR_INTENTS_BRIDGE_URL"], content=b"\xff\xfe")
            await http.post(env["NEAR_INTENTS_BRIDGE_URL"], content=b"[" + b" " * MOST_CONTENT + b"]")
            await http.get(env["OMNI_API_URL"] + "/api/v3/transfers/transfer?transaction_hash=x")
            await http.get(env["NEAR_INTENTS_SHIELD_URL"])
            control = env["SANDBOX_CONTROL_URL"]
            opened = (await http.post(control + "/accounts", json={"account": "solver.near"})).json()
            issued = (await http.post(control + "/token", json={"life_s": 60})).json()
            secrets += [opened["private_key"], issued["token"]]
            tally = (await http.get(control + "/state")).json()["recording"]
            assert tally["dropped"] == 0
            assert tally["problem"] == ""
        for name in ("KRAKEN", "COINBASE", "BITSTAMP"):
            async with connect(env[f"REFERENCE_{name}_WS_URL"], proxy=None) as socket:
                await socket.send('{"hello":"venue"}')
                await socket.ping()
        with pytest.raises(InvalidStatus, match="401"):
            await connect(env["NEAR_INTENTS_RELAY_WS_URL"], proxy=None)
        async with (
            connect(env["NEAR_INTENTS_RELAY_WS_URL"], proxy=None, additional_headers=headers) as socket,
            asyncio.timeout(30),
        ):
            maker = Maker(socket)
            await maker.call("subscribe", ["quote"])
    finally:
        await venue.stop()
        log.close()
    found = read_recording(path)
    assert found.complete
    assert {frame.endpoint for frame in found.frames} == set(venue.apps())
    raw = path.read_bytes()
    assert [secret for secret in secrets if secret.encode() in raw] == []
    sent = [frame for frame in found.frames if frame.endpoint == "bridge" and frame.direction == "in"]
    assert [(frame.content[:2], len(frame.content), frame.cut) for frame in sent] == [
        (b"\xff\xfe", 2, False),
        (b"[ ", MOST_CONTENT, True),
    ]

    def of(endpoint: str) -> list[Frame]:
        return [frame for frame in found.frames if frame.endpoint == endpoint]

    asked, answered, refused_one = of("relay")[:2], of("relay")[1], of("relay")[2:4]
    assert (asked[0].method, asked[0].path) == ("POST", "/rpc?method=get_status")
    assert (answered.status, answered.media) == (200, "application/json")
    assert [(frame.kind, frame.status) for frame in refused_one] == [("open", None), ("answer", 401)]
    kinds = [(frame.kind, frame.direction) for frame in of("relay")[4:]]
    assert kinds[:3] == [("open", "in"), ("frame", "in"), ("frame", "out")]
    assert kinds[-1] == ("close", "in")
    assert len({frame.connection for frame in found.frames}) == len(
        [frame for frame in found.frames if frame.kind in ("open", "request")]
    )
    assert all(one.at_ns <= two.at_ns for one, two in zip(found.frames, found.frames[1:], strict=False))
