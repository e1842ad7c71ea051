"""The venue as a whole: its environment, deposits, recordings, control endpoint, start and end."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.support.sandbox.maker import BTC, EURE
from tests.support.sandbox.rig import Launch, Rig
from venue.protocol.tokens import DEFAULT_TOKENS, NBTC
from venue.sandbox.config import VenueConfig
from venue.sandbox.flow.errors import RecordingError
from venue.sandbox.server import Venue


async def test_the_environment_is_complete_and_the_same_for_the_same_seed(launch: Launch) -> None:
    first, second, other = await launch(seed=9), await launch(seed=9), await launch(seed=10)
    assert set(first.env) == {
        "NEAR_INTENTS_API_KEY",
        "NEAR_INTENTS_ACCOUNT_ID",
        "NEAR_INTENTS_SIGNER_PRIVATE_KEY",
        "NEAR_INTENTS_RELAY_WS_URL",
        "NEAR_INTENTS_RELAY_RPC_URL",
        "NEAR_INTENTS_BRIDGE_URL",
        "OMNI_API_URL",
        "NEAR_RPC_URL",
        "REFERENCE_KRAKEN_WS_URL",
        "REFERENCE_COINBASE_WS_URL",
        "REFERENCE_BITSTAMP_WS_URL",
        "NEAR_INTENTS_SHIELD_URL",
        "NEAR_INTENTS_STATUS_PAGE_URL",
        "SANDBOX_CONTROL_URL",
    }
    for name in ("NEAR_INTENTS_API_KEY", "NEAR_INTENTS_SIGNER_PRIVATE_KEY"):
        assert first.env[name] == second.env[name] != other.env[name]
    assert all("127.0.0.1" in value for name, value in first.env.items() if name.endswith("URL"))
    assert (await first.http.get(first.env["SANDBOX_CONTROL_URL"] + "/healthz")).json() == {"ok": True}


async def deposits(rig: Rig) -> Any:
    call = {"id": 1, "method": "recent_deposits", "params": [{"account_id": rig.signer.account}]}
    return (await rig.http.post(rig.env["NEAR_INTENTS_BRIDGE_URL"], json=call)).json()["result"]["deposits"]


async def test_a_deposit_shows_up_pending_and_is_credited_later(launch: Launch) -> None:
    rig = await launch(deposit_after_s=0.1, deposit_confirm_s=0.8, deposit_btc=123_456)
    before = int((await rig.state())["balances"][rig.signer.account][BTC])
    (pending,) = await rig.until(lambda: deposits(rig))
    assert (pending["status"], int(pending["amount"])) == ("PENDING", 123_456)
    assert int((await rig.state())["balances"][rig.signer.account][BTC]) == before

    async def credited() -> Any:
        state = await rig.state()
        return state if state["deposits"][0]["status"] == "CREDITED" else None

    state = await rig.until(credited)
    assert int(state["balances"][rig.signer.account][BTC]) == before + 123_456
    assert (await deposits(rig))[0]["status"] == "CREDITED"


async def test_a_deposit_can_be_requested(launch: Launch) -> None:
    rig = await launch()
    order = {"token_id": EURE, "amount": str(5 * 10**18), "confirm_after_s": 0}
    assert (await rig.control("/deposit", order)).status_code == 200

    async def credited() -> bool:
        return bool((await rig.state())["balances"][rig.signer.account][EURE] == str(15_005 * 10**18))

    await rig.until(credited)
    assert (await rig.control("/deposit", {"token_id": "nep141:wrap.near", "amount": "1"})).status_code == 400
    assert (await rig.control("/deposit", {"token_id": BTC, "amount": 0})).status_code == 400


async def test_requests_stop_and_resume_with_the_traders(launch: Launch) -> None:
    rig = await launch(rate=100.0, start_paused=True)
    assert (await rig.state())["requests"]["total"] == 0
    await rig.control("/traders", {"running": True})

    async def flowing() -> bool:
        return int((await rig.state())["requests"]["total"]) > 20

    await rig.until(flowing)
    assert (await rig.control("/traders", {"running": False})).json() == {"running": False}
    held = (await rig.state())["market"]
    requests = (await rig.state())["requests"]
    assert requests["total"] == requests["active"] + requests["other"] == sum(p["count"] for p in requests["pairs"])
    assert (await rig.state())["market"] == held


async def test_a_recording_moves_the_exchanges(launch: Launch, tmp_path: Path) -> None:
    file = tmp_path / "bars.csv"
    bars = ["2022-01-20T23:01:00Z,50000,50000,50000,50000", "2022-01-20T23:02:00Z,60000,60000,60000,60000"]
    file.write_text("time,open,high,low,close\n" + "\n".join(bars) + "\n")
    rig = await launch(prices=str(file), speed=120.0)

    async def bid() -> float:
        origin = rig.env["REFERENCE_BITSTAMP_WS_URL"].replace("ws://", "http://")
        return float((await rig.http.get(origin + "/api/v2/ticker/btceur/")).json()["bid"])

    assert await bid() == pytest.approx(50_000, rel=0.001)

    async def risen() -> bool:
        return abs(await bid() - 60_000) < 60

    await rig.until(risen)


def test_a_bad_recording_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(RecordingError, match=r"nothing\.csv cannot be read"):
        Venue(VenueConfig(prices=str(tmp_path / "nothing.csv")))


async def test_a_port_in_use_stops_the_start(launch: Launch) -> None:
    rig = await launch()
    taken = int(rig.env["SANDBOX_CONTROL_URL"].rsplit(":", 1)[1])
    with pytest.raises(OSError, match=f"port {taken} of 127.0.0.1, for relay, is in use; choose another --port"):
        await Venue(VenueConfig(port=taken)).start()


@pytest.mark.parametrize("name", [signal.SIGTERM, signal.SIGINT])
async def test_a_running_venue_ends_quietly_on_a_signal(name: signal.Signals) -> None:
    script = (
        "import asyncio, json\n"
        "from venue.sandbox.config import VenueConfig\n"
        "from venue.sandbox.process import run\n"
        "announce = lambda ready: print(json.dumps(dict(ready.env)), flush=True)\n"
        "asyncio.run(run(VenueConfig(rate=50.0), announce))\n"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-X", "dev", "-c", script, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    env = json.loads(await asyncio.wait_for(process.stdout.readline(), 60))
    host, port = env["NEAR_INTENTS_RELAY_RPC_URL"].removeprefix("http://").removesuffix("/rpc").split(":")
    _, writer = await asyncio.open_connection(host, int(port))
    process.send_signal(name)
    out, err = await asyncio.wait_for(process.communicate(), 60)
    writer.close()
    noise = [line for line in err.decode().splitlines() if not line.startswith("Executing <")]
    assert (process.returncode, out, noise) == (0, b"", [])


async def test_both_kinds_of_btc_are_asked_for_answered_and_settled(launch: Launch) -> None:
    rig = await launch(rate=60.0, other_pairs=0.0, rivals=True, legacy_share=0.4, legacy_both_ways=False)

    async def settled() -> Any:
        fills = (await rig.state())["fills"]
        sides = {token for fill in fills for token in fill["diff"]}
        return fills if {BTC, NBTC.token_id, EURE} <= sides and len(fills) > 20 else None

    fills = await rig.until(settled)
    for fill in fills:
        assert DEFAULT_TOKENS.market(*fill["diff"]) is not None
    state = await rig.state()
    assert state["requests"]["active"] == state["requests"]["total"]
    sold = {pair["asset_in"]: pair["asset_out"] for pair in state["requests"]["pairs"]}
    assert sold[BTC] == EURE
    assert not any(pair["asset_out"] == BTC for pair in state["requests"]["pairs"])
    for token in DEFAULT_TOKENS.token_ids:
        opening, closing = (
            sum(int(held.get(token, 0)) for held in state[name].values()) for name in ("opening", "balances")
        )
        assert opening == closing
    assert state["failures"] == 0


async def test_a_first_deposit_becomes_what_the_bridge_credits(launch: Launch) -> None:
    rig = await launch(deposit_after_s=0.05, deposit_confirm_s=0, deposit_btc=123_456, credited="nBTC")

    async def credited() -> Any:
        found = (await rig.state())["deposits"]
        return found if found and found[0]["status"] == "CREDITED" else None

    (deposit,) = await rig.until(credited)
    assert (deposit["symbol"], deposit["token_id"]) == (NBTC.symbol, NBTC.token_id)
    assert rig.venue.ledger.balance(rig.signer.account, NBTC.token_id) == 123_456
    await rig.control("/faults", {"bridge_credits": "BTC"})
    body = {"chain": NBTC.chain, "amount": 50_000, "confirm_after_s": 0}
    assert (await rig.control("/deposit", body)).status_code == 200
    assert (await rig.state())["deposits"][1]["symbol"] == "BTC"
