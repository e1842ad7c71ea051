"""`cockpit tune` on a real desk: widths are tried in turn, history says so, and the old one is back however it ends."""

import asyncio
import itertools
import json
import signal
from contextlib import suppress
from decimal import Decimal
from pathlib import Path

import pytest

from tests.e2e.conftest import Launch
from tests.support.processes.command import run
from tests.support.processes.desk_process import DeskProcess, accepted
from tests.support.processes.processes import Process, bare_environment
from tests.support.processes.taker import Taker
from tests.support.waiting import until
from venue.protocol.tokens import BTC

pytestmark = pytest.mark.slow

OLD = Decimal(8)
RULES = "SELECT params FROM decision_rules ORDER BY id"
ACTIONS = "SELECT arguments, accepted FROM operator_actions WHERE command = 'set pricing' ORDER BY id"


def plan(desk: DeskProcess, *options: str) -> Path:
    file = desk.state_dir / "plan.json"
    made = run("tune", "plan", str(file), "--widths", "14,10", *options, cwd=desk.state_dir)
    assert made.returncode == 0, made.stderr
    return file


def tuning(desk: DeskProcess, file: Path, *options: str) -> Process:
    arguments = ["tune", "run", str(file), "--socket", str(desk.socket_path), *options]
    return Process(arguments, desk.state_dir / "tune.log", bare_environment())


async def width_is(desk: DeskProcess, width: Decimal) -> None:
    await desk.until(lambda shot: shot.pricing.half_spread_bps == width, 30, f"{width} bps in force")


async def asking(taker: Taker) -> None:
    """Ask again and again, so that each width makes decisions."""
    while True:
        await taker.ask(BTC.token_id, amount_in=50_000, max_wait_ms=300)


async def test_a_plan_is_tried_recorded_and_ended_with_the_old_width(launch: Launch, taker: Taker) -> None:
    desk = await launch()
    await desk.arm()
    file = plan(desk, "--every", "10")
    order = [Decimal(step["half_spread_bps"]) for step in json.loads(file.read_text("utf-8"))["steps"]]
    # The first decision is by the old width.
    await taker.ask(BTC.token_id, amount_in=50_000, max_wait_ms=300)
    asks = asyncio.create_task(asking(taker))
    process = tuning(desk, file)
    try:
        await until(lambda: not process.running, 120, "the plan ends")
    finally:
        asks.cancel()
        with suppress(asyncio.CancelledError):
            await asks
    assert process.wait() == 0, process.output()
    assert (await desk.snapshot()).pricing.half_spread_bps == OLD
    assert "the plan is finished" in process.output()
    assert "put back; in force: half_spread_bps = 8" in process.output()
    await taker.ask(BTC.token_id, amount_in=50_000, max_wait_ms=300)

    def tried() -> list[Decimal]:
        found = [Decimal(json.loads(row[0])["half_spread_bps"]) for row in desk.rows(RULES)]
        return [width for width, _ in itertools.groupby(found)]

    await until(lambda: tried() == [OLD, *order, OLD], 30, "history says what was tried")
    set_to = [Decimal(json.loads(row[0])["half_spread_bps"]) for row in desk.rows(ACTIONS) if row[1]]
    assert set_to == [*order, OLD]
    ran = run("tune", "fit", "--history", str(desk.state_dir / "history.sqlite"), "--json", cwd=desk.state_dir)
    assert json.loads(ran.stdout)["verdict"] == "explore"


async def test_whatever_ends_it_the_old_width_comes_back(launch: Launch) -> None:
    desk = await launch()
    await desk.arm()
    file = plan(desk, "--every", "3600")
    first = Decimal(json.loads(file.read_text("utf-8"))["steps"][0]["half_spread_bps"])

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        process = tuning(desk, file)
        await width_is(desk, first)
        process.send(number)
        assert process.wait(60) == 1, process.output()
        await width_is(desk, OLD)

    process = tuning(desk, file)
    await width_is(desk, first)
    accepted(await desk.link.send("trade-executor", "disarm"))
    await width_is(desk, OLD)
    assert process.running
    accepted(await desk.link.send("trade-executor", "arm"))
    await width_is(desk, first)

    process.kill()
    assert (await desk.snapshot()).pricing.half_spread_bps == first
    command = ("tune", "run", str(file), "--socket", str(desk.socket_path), "--restore", "--json")
    restored = await asyncio.to_thread(run, *command, cwd=desk.state_dir, timeout_s=60)
    assert restored.returncode == 0, restored.stderr
    found = json.loads(restored.stdout)
    assert (found["end"], found["restored"], found["before"], found["asked"]) == ("restored", True, "8", None)
    await width_is(desk, OLD)

    process = tuning(desk, file)
    await width_is(desk, first)
    accepted(await desk.link.pricing({"half_spread_bps": "30"}))
    assert process.wait(60) == 1, process.output()
    assert "somebody else changed the half spread; in force: half_spread_bps = 30" in process.output()
    await width_is(desk, Decimal(30))


async def test_a_desk_that_dies_takes_the_tried_width_with_it(launch: Launch) -> None:
    desk = await launch()
    await desk.arm()
    file = plan(desk, "--every", "3600")
    process = tuning(desk, file)
    first = Decimal(json.loads(file.read_text("utf-8"))["steps"][0]["half_spread_bps"])
    await width_is(desk, first)
    desk.process.kill()
    await until(lambda: "disconnected" in process.output(), 30, "it notices")
    process.send(signal.SIGINT)
    assert process.wait(60) == 3, process.output()
    assert "no desk answers" in process.output()
    assert f"left as it is: in force: half_spread_bps = {first}, before the plan 8" in process.output()
    await desk.start()
    assert (await desk.snapshot()).pricing.half_spread_bps == OLD
    restored = tuning(desk, file, "--restore")
    assert restored.wait(60) == 0, restored.output()
    assert (await desk.snapshot()).pricing.half_spread_bps == OLD
