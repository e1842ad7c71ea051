"""The desk starts SAFE, and signs only while strategy and executor are both armed."""

from cockpit.model.commands import ARMABLE
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import accepted, refused
from tests.support.processes.quoting import quote_frames, request_once
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until


async def test_nothing_is_signed_unless_both_are_armed(launch: Launch, control: Control, taker: Taker) -> None:
    sent = await quote_frames(control)
    desk = await launch()
    shot = await desk.ready()
    assert (shot.mode, shot.strategy_armed, shot.executor_armed, shot.withdrawals_frozen) == (
        "SANDBOX",
        False,
        False,
        True,
    )

    decision, quotes = await request_once(desk, taker)
    assert (decision.reason, decision.actionable, quotes) == ("strategy_armed", False, [])

    accepted(await desk.link.send("strategy-engine", "arm"))
    decision, quotes = await request_once(desk, taker)
    assert (decision.reason, decision.actionable, quotes) == ("executor_armed", True, [])

    accepted(await desk.link.send("strategy-engine", "disarm"))
    assert "strategy" in refused(await desk.link.send("trade-executor", "arm"))
    decision, quotes = await request_once(desk, taker)
    assert (decision.reason, decision.actionable, quotes) == ("strategy_armed", False, [])
    assert await quote_frames(control) == sent

    for part in ARMABLE:
        accepted(await desk.link.send(part, "arm"))
    decision, quotes = await request_once(desk, taker, max_wait_ms=3_000)
    assert (decision.reason, decision.actionable, len(quotes)) == ("quote", True, 1)
    assert await quote_frames(control) == sent + 1

    accepted(await desk.link.send("trade-executor", "disarm"))
    decision, quotes = await request_once(desk, taker)
    assert (decision.reason, quotes) == ("executor_armed", [])
    assert await quote_frames(control) == sent + 1
    shot = await desk.snapshot()
    assert shot.alive.quotes == 1
    assert shot.executor_why == "disarmed by test"

    query = "SELECT actor, command, accepted FROM operator_actions WHERE actor = 'test' ORDER BY id"
    commands = [
        ("test", "arm strategy-engine", 1),
        ("test", "disarm strategy-engine", 1),
        ("test", "arm trade-executor", 0),
        ("test", "arm strategy-engine", 1),
        ("test", "arm trade-executor", 1),
        ("test", "disarm trade-executor", 1),
    ]
    await until(lambda: desk.rows(query) == commands)
    assert [(row.actor, row.command) for row in shot.journal[:2]] == [
        ("test", "disarm trade-executor"),
        ("test", "arm trade-executor"),
    ]
    assert (shot.rung, [row.ident for row in shot.interlocks][:3]) == ("SHADOW", ["reference", "funds", "balances"])


async def test_limits_hold_from_the_next_request_on(launch: Launch, taker: Taker) -> None:
    desk = await launch()
    await desk.arm()
    accepted(await desk.link.limits({"max_notional_eure": "30"}))
    decision, quotes = await request_once(desk, taker)
    assert (decision.reason, quotes) == ("notional", [])
    assert "max_notional_eure" in refused(await desk.link.limits({"max_notional_eure": "-1"}))
    assert "max_notional" in refused(await desk.link.limits({"max_notional": "10"}))
    accepted(await desk.link.limits({"max_notional_eure": "50"}))
    _, quotes = await request_once(desk, taker, max_wait_ms=3_000)
    assert len(quotes) == 1
