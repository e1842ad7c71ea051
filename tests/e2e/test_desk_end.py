"""How a desk ends, and how the next one starts on the same state directory."""

import asyncio
import json
import signal
import time

from websockets.asyncio.client import unix_connect

from cockpit.client.desk_client import ConnectionLost
from cockpit.desk.interlocks.checklist import NAMES
from cockpit.model.snapshot import Snapshot
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess, accepted, refused
from tests.support.processes.taker import Taker
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE

SHORT = {"QUOTE_DEADLINE_MS": "10000", "QUOTE_MAX_DEADLINE_MS": "10000"}


async def starts_safe_and_waits(desk: DeskProcess) -> None:
    """A restarted desk is disarmed, shows why it cannot be armed, and can be armed once the old quotes have expired."""
    await desk.start()
    shot = await desk.until(lambda shot: True)
    assert (shot.strategy_armed, shot.executor_armed) == (False, False)
    assert NAMES["former"] in shot.executor_blocked
    assert NAMES["former"] in refused(await desk.link.send("trade-executor", "arm"))
    await desk.until(lambda shot: all(row.passed for row in shot.interlocks if row.rung == "SHADOW"))
    accepted(await desk.link.send("strategy-engine", "arm"))
    await desk.until(lambda shot: not shot.executor_blocked)
    expiry_ns = desk.count("SELECT MAX(deadline_ns) FROM execute_trade_commands")
    assert time.time_ns() > expiry_ns
    accepted(await desk.link.send("trade-executor", "arm"))


async def test_sigterm_disarms_writes_and_leaves_nothing_behind(launch: Launch, taker: Taker) -> None:
    desk = await launch(**SHORT)
    await desk.arm()
    await taker.deal(BTC.token_id, amount_in=50_000, min_deadline_ms=1000)
    assert await taker.ask(EURE.token_id, amount_out=50_000, min_deadline_ms=1000)
    items: list[Snapshot | ConnectionLost] = []

    async def watch() -> None:
        async for item in desk.link.snapshots():
            items[:] = [*items, item]

    watching = asyncio.create_task(watch())
    await until(lambda: items)
    started = time.monotonic()
    assert desk.process.stop() == 0
    assert time.monotonic() - started < 10
    assert not desk.socket_path.exists()
    await until(lambda: isinstance(items[-1], ConnectionLost))
    watching.cancel()
    shots = [item for item in items if isinstance(item, Snapshot)]
    assert (shots[-1].strategy_armed, shots[-1].executor_armed) == (False, False)

    [(ended,)] = desk.rows("SELECT ended_ns FROM runs")
    assert ended
    assert desk.count("SELECT COUNT(*) FROM trade_decisions") == 2
    assert desk.count("SELECT COUNT(*) FROM execute_trade_commands") == 2
    outcomes = desk.rows("SELECT outcome FROM trade_execution_results ORDER BY id")
    assert outcomes.count(("accepted",)) == 2
    await starts_safe_and_waits(desk)


async def test_a_killed_desk_keeps_its_history_and_its_commitments(launch: Launch, taker: Taker) -> None:
    desk = await launch(**SHORT)
    await desk.arm()
    fill = await taker.deal(BTC.token_id, amount_in=50_000, min_deadline_ms=1000)
    await desk.until(lambda shot: shot.counts.settled == 1)
    settled = "SELECT quote_hash FROM trade_execution_results WHERE outcome = 'settled'"
    await until(lambda: desk.rows(settled) == [(fill["quote_hash"],)])
    assert await taker.ask(EURE.token_id, amount_out=50_000, min_deadline_ms=1000)
    desk.process.kill()

    assert desk.rows("PRAGMA integrity_check") == [("ok",)]
    assert desk.rows("SELECT ended_ns FROM runs") == [(None,)]
    await starts_safe_and_waits(desk)
    assert desk.rows(settled) == [(fill["quote_hash"],)]
    assert desk.count("SELECT COUNT(*) FROM runs") == 2
    longest_ns = int(SHORT["QUOTE_MAX_DEADLINE_MS"]) * 1_000_000
    [(first_write,), _] = desk.rows("SELECT last_write_ns FROM runs ORDER BY seq")
    armed = "SELECT at_ns FROM operator_actions WHERE command = 'arm trade-executor' AND accepted ORDER BY id"
    await until(lambda: len(desk.rows(armed)) == 2)
    assert desk.rows(armed)[1][0] > first_write + longest_ns


async def test_shutdown_by_command_ends_the_desk(launch: Launch) -> None:
    desk = await launch()
    accepted(await desk.link.shutdown())
    assert desk.process.wait() == 0
    assert not desk.socket_path.exists()
    await until(lambda: desk.count("SELECT COUNT(*) FROM operator_actions WHERE command = 'shutdown'") == 1)


async def test_a_cockpit_that_stops_reading_delays_neither_the_desk_nor_its_end(launch: Launch, taker: Taker) -> None:
    desk = await launch()
    await desk.arm()
    async with unix_connect(str(desk.socket_path), "ws://desk/stream", compression=None, max_queue=1) as stalled:
        json.loads(await stalled.recv())
        stalled.transport.pause_reading()
        await taker.deal(BTC.token_id, amount_in=50_000)
        await desk.until(lambda shot: shot.counts.settled == 1 and shot.attached == 2)
        assert desk.process.stop() == 0
        stalled.transport.abort()


async def test_a_hangup_of_the_terminal_does_not_end_the_desk(launch: Launch) -> None:
    desk = await launch()
    await desk.arm()
    desk.process.send(signal.SIGHUP)
    before = await desk.snapshot()
    shot = await desk.until(lambda shot: shot.seq >= before.seq + 2)
    assert shot.executor_armed
