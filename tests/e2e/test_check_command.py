"""`cockpit check` with and without a running desk: the same list, a reliable exit code, nothing armed."""

import asyncio
import json
import signal
import sys
from pathlib import Path
from typing import Any

import httpx

from cockpit.desk.interlocks.checklist import NAMES
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import Process, bare_environment
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE, NBTC

RUNS = "SELECT COUNT(*) FROM runs WHERE ended_ns IS NOT NULL"


async def checked(desk: DeskProcess, *options: str) -> tuple[int, str, str]:
    """Run the check with the desk's settings: exit code, standard output, standard error."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit", "check", "--env-file", str(desk.env_file), *options),
        env=bare_environment(),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await process.communicate()
    return process.returncode or 0, out.decode(), err.decode()


async def listed(desk: DeskProcess, *options: str) -> tuple[int, dict[str, Any]]:
    code, out, err = await checked(desk, "--json", *options)
    assert out, err
    return code, json.loads(out)


async def test_with_a_running_desk_it_shows_what_the_desk_measures(launch: Launch, control: Control) -> None:
    desk = await launch(LIVE_AFTER_SHADOW_DECISIONS="3")
    await desk.ready()
    code, found = await listed(desk)
    shot = await desk.snapshot()
    assert (code, found["green"], found["run_id"]) == (0, True, shot.run_id)
    assert [line["ident"] for line in found["lines"]] == [row.ident for row in shot.interlocks]
    assert [line["ident"] for line in found["lines"] if line["verdict"] == "not yet"] == ["strategy", "shadow"]

    await control.faults(exchange_frozen=["kraken", "coinbase", "bitstamp"])
    await desk.until(lambda shot: not shot.market.usable, 15)
    code, out, _ = await checked(desk, "--within", "0")
    assert code == 1
    assert f"✗ SHADOW {NAMES['reference']}" in out
    assert "wait for the exchanges" in out
    assert "1 interlock fails; the desk cannot be armed" in out
    assert not (await desk.snapshot()).journal


async def test_without_a_desk_it_starts_a_read_only_one_and_leaves_nothing(launch: Launch, short_dir: Path) -> None:
    desk = await launch()
    await desk.ready()
    desk.process.send(signal.SIGTERM)
    assert desk.process.wait() == 0
    code, found = await listed(desk)
    assert (code, found["rung"]) == (0, "SAFE"), found
    assert desk.count(RUNS) == 2
    assert not desk.socket_path.exists()

    # A normal start works afterwards.
    await desk.start()
    await desk.arm()


async def test_its_own_desk_refuses_commands_and_ends_in_order_on_a_signal(launch: Launch, control: Control) -> None:
    desk = await launch()
    desk.process.send(signal.SIGTERM)
    assert desk.process.wait() == 0
    await control.faults(near_a="500", near_b="500")
    arguments = ["check", "--within", "60", "--env-file", str(desk.env_file)]
    check = Process(arguments, desk.state_dir / "check.log", bare_environment())
    await until(desk.socket_path.exists, 20, "the check has started a desk")
    transport = httpx.AsyncHTTPTransport(uds=str(desk.socket_path))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", timeout=60) as client:
        answer = await client.post("/strategy-engine/arm", json={})
    assert answer.status_code == 403
    # Another check asks the same desk: the account is locked.
    code, found = await listed(desk, "--within", "0")
    assert (code, found["rung"]) == (1, "SAFE")
    check.send(signal.SIGTERM)
    assert check.wait() == 130
    assert desk.count(RUNS) == 2
    assert not desk.socket_path.exists()


async def test_before_funding_it_counts_the_requests_of_each_market(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(NEAR_INTENTS_ACCOUNT_ID="unfunded.sandbox.near")
    desk.process.send(signal.SIGTERM)
    assert desk.process.wait() == 0
    # Nothing is held, so the check fails, and it has listened for as long as it was told.
    listening = asyncio.create_task(listed(desk, "--within", "1", "--listen", "6"))
    await until(desk.socket_path.exists, 20, "the check has started a desk")
    await desk.until(lambda shot: shot.relay == "ok", 20)
    for asset_in, asset_out in ((NBTC, EURE), (NBTC, EURE), (EURE, NBTC), (BTC, EURE)):
        amount = {"exact_amount_in": str(10**asset_in.decimals // 1000)}
        await taker.ask_in(asset_in.token_id, asset_out.token_id, amount, max_wait_ms=300)
    code, found = await listening
    assert code == 1
    assert {row["market"]: (row["buys"], row["sells"]) for row in found["demand_by_market"]} == {
        "BTC/EURe": (1, 0),
        "nBTC/EURe": (2, 1),
    }
    assert found["demand_ms"] >= 5_000
