"""In virtual time a venue and a scripted maker give the same bytes for the same seed, in every process."""

import hashlib
import io
import json
import os
import subprocess
import sys
from collections import Counter
from decimal import Decimal
from typing import Any

import pytest

from venue.protocol.units import NS_PER_S
from venue.sandbox.config import VenueConfig
from venue.sandbox.recording.frames import Frame
from venue.sandbox.recording.reading import Recording, read_lines
from venue.sandbox.scenario.reading import read_scenario
from venue.sandbox.virtual.errors import VirtualTimeError
from venue.sandbox.virtual.loop import START_NS, VirtualLoop
from venue.sandbox.virtual.playing import Played, play

SHORT = """
name = "short"
seed = 3
duration_s = 20

[venue]
rate = 2
other_pairs = 0
dry = 0
router_legs = 0
rivals = false
deposit_after_s = "none"
settle_s = [0.5, 1.0]

[[step]]
at_s = 5
price = { to = 40000, over_s = 2 }

[[step]]
at_s = 8
faults = { near_a = "429" }
for_s = 5

[[step]]
at_s = 9
deposit = { chain = "btc:mainnet", amount = 1_000_000, confirm_after_s = 1 }
account = { account = "solver.near", balances = { nBTC = "0.25" } }
alarm = { incident = { scopeType = "chain", scopeValue = "gnosis" } }

[[step]]
at_s = 10
ask = { asset_in = "nBTC", asset_out = "EURe", amount_in = "0.001", take = "best" }

[[step]]
at_s = 11
ask = { asset_in = "nBTC", asset_out = "EURe", amount_in = "0.001", worst = "1000000" }

[[step]]
at_s = 12
rotate_salt = "keep_old"
faults = { relay_drop = true }

[[step]]
at_s = 14
traders = "pause"

[[step]]
at_s = 16
traders = "run"
flow = { rate = 8 }

[[step]]
at_s = 17
forward_s = 600

[[step]]
at_s = 18
faults = { bridge_credits = "BTC" }
gift = { token_id = "nep141:btc.omft.near", amount = 7 }
"""
CHILD = """
import hashlib, json, sys
from venue.sandbox.config import VenueConfig
from venue.sandbox.scenario.reading import read_scenario
from venue.sandbox.virtual.playing import play
class Digest:
    def __init__(self): self.sum, self.size = hashlib.sha256(), 0
    def write(self, raw): self.sum.update(raw); self.size += len(raw)
scenario, out = read_scenario(sys.stdin.read()), Digest()
played = play(VenueConfig(**scenario.settings()), scenario, out)
print(json.dumps([out.sum.hexdigest(), out.size, played.frames, played.state["settlements"]["settled"]]))
"""


def played(text: str, **settings: Any) -> tuple[Played, bytes]:
    scenario, out = read_scenario(text), io.BytesIO()
    return play(VenueConfig(**(scenario.settings() | settings)), scenario, out), out.getvalue()


def in_a_process(text: str, hash_seed: str) -> list[Any]:
    ran = subprocess.run(
        [sys.executable, "-c", CHILD],
        input=text,
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
    )
    found: list[Any] = json.loads(ran.stdout)
    return found


def mids(found: Recording) -> dict[int, Decimal]:
    """Return the mid of each Kraken ticker frame by the nanoseconds since the start."""
    told = {}
    for frame in found.frames:
        if frame.endpoint == "kraken" and frame.direction == "out" and frame.kind == "frame":
            message = json.loads(frame.content, parse_float=Decimal)
            if message.get("channel") == "ticker":
                ticker = message["data"][0]
                told[frame.at_ns - START_NS] = (Decimal(ticker["bid"]) + Decimal(ticker["ask"])) / 2
    return told


def test_a_short_scenario_is_the_same_to_the_byte_and_does_what_it_says() -> None:
    one, raw = played(SHORT)
    assert hashlib.sha256(played(SHORT)[1]).digest() == hashlib.sha256(raw).digest()
    state: Any = one.state
    scenario = state["scenario"]
    assert (scenario["over"], scenario["problems"], scenario["done"]) == (True, [], scenario["events"])
    assert scenario["asks"] == {"published": 1, "too far from the price": 1}
    assert state["failures"] == 0
    assert state["settlements"]["settled"] > 3
    assert one.maker["reconnects"] == 1
    assert state["balances"]["solver.near"] == {"nep141:nbtc.bridge.near": "25000000"}
    assert [deposit["amount"] for deposit in state["deposits"]] == ["1000000"]
    assert state["faults"]["bridge_credits"] == "BTC"
    found = read_lines(raw, "stream")
    assert found.complete
    assert {frame.endpoint for frame in found.frames} >= {"relay", "near_a", "near_b", "bridge", "omni", "alarms"}
    price = mids(found)
    before = [mid for at_ns, mid in price.items() if at_ns < 5 * NS_PER_S]
    after = [mid for at_ns, mid in price.items() if at_ns > 7.5 * NS_PER_S]
    assert min(before) > 79_000
    assert max(after) < 41_000
    refused = [frame for frame in found.frames if frame.endpoint == "near_a" and frame.status == 429]
    assert refused
    assert all(8 * NS_PER_S <= frame.at_ns - START_NS <= 13 * NS_PER_S for frame in refused)
    assert any(b'"gnosis"' in frame.content for frame in found.frames if frame.endpoint == "alarms")
    assert max(frame.at_ns for frame in found.frames) - START_NS <= 20.1 * NS_PER_S
    requests = Counter(
        "paused" if 14.1 < at_s < 16 else "fast" if at_s >= 16 else "usual" for at_s in requests_at(found)
    )
    assert requests["paused"] == 0
    assert requests["fast"] / 4 > requests["usual"] / 14


def requests_at(found: Recording) -> list[float]:
    """Return when requests for quotes were sent, seconds since the start: time travel does not move the log's times."""
    sent: list[Frame] = [
        frame
        for frame in found.frames
        if frame.endpoint == "relay" and frame.direction == "out" and b'"min_deadline_ms"' in frame.content
    ]
    return [(frame.at_ns - START_NS) / NS_PER_S for frame in sent]


def test_a_scenario_can_end_the_venue() -> None:
    text = 'name = "end"\nduration_s = 1000\n[venue]\nrate = 0\n[[step]]\nat_s = 2\nend = true\n'
    _, raw = played(text)
    last = read_lines(raw, "stream").frames[-1]
    assert last.at_ns - START_NS <= 3 * NS_PER_S


def test_what_cannot_happen_at_its_time_is_told_and_stops_nothing() -> None:
    text = (
        'name = "late"\nduration_s = 3\n[venue]\nrate = 0\n[[step]]\nat_s = 1\nalarm = { resolve = "incident-9" }\n'
        '[[step]]\nat_s = 2\nfaults = { shield = "500" }\n'
    )
    found, _ = played(text)
    scenario: Any = found.state["scenario"]
    assert scenario["problems"] == ["at 1 s, alarm resolve=incident-9: no alarm incident-9 is up"]
    assert (scenario["done"], scenario["over"]) == (2, True)


def test_without_a_scenario_the_seconds_are_given() -> None:
    with pytest.raises(ValueError, match="how many seconds"):
        play(VenueConfig(), None, io.BytesIO())
    out = io.BytesIO()
    assert play(VenueConfig(rate=0), None, out, seconds=0.5).frames > 0
    assert read_lines(out.getvalue(), "stream").start.scenario is None


def test_virtual_time_that_nothing_can_move_on_is_an_error() -> None:
    loop = VirtualLoop()
    try:
        with pytest.raises(VirtualTimeError):
            loop.run_until_complete(loop.create_future())
    finally:
        loop.close()


TEN_MINUTES = (
    SHORT.replace("duration_s = 20", "duration_s = 600")
    .replace("rate = 2\n", "rate = 1\n")
    .replace("rate = 8 }", "rate = 1.5 }")
    .replace("other_pairs = 0\n", "other_pairs = 0.3\n")
    .replace("dry = 0\n", "dry = 0.2\n")
    .replace("router_legs = 0\n", "router_legs = 0.2\n")
    .replace("rivals = false\n", "rivals = true\n")
)


@pytest.mark.slow
def test_ten_minutes_replay_to_the_byte_from_their_seed() -> None:
    one, two = (in_a_process(TEN_MINUTES, hash_seed) for hash_seed in ("1", "2"))
    assert one == two
    assert one[2] > 5_000
    assert one[3] > 50
    other = TEN_MINUTES.replace("seed = 3", "seed = 4").replace("= 600", "= 60", 1)
    assert in_a_process(other, "1")[0] != in_a_process(TEN_MINUTES.replace("= 600", "= 60", 1), "1")[0]
