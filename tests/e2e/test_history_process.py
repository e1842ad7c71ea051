"""The process that writes the history: one that stands still or dies is a failing history; it ends with its desk."""

import os
import signal
from pathlib import Path

from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import accepted
from tests.support.processes.quoting import request_once
from tests.support.processes.taker import Taker
from tests.support.waiting import until
from venue.protocol.tokens import BTC


def runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


async def test_a_history_process_that_stands_still_or_dies_disarms_and_ends_with_its_desk(
    launch: Launch, taker: Taker
) -> None:
    desk = await launch()
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=50_000)
    [writer] = desk.children()
    os.kill(writer, signal.SIGSTOP)
    shot = await desk.until(lambda shot: not shot.executor_armed)
    assert "the history has not answered for 2 s" in shot.executor_why
    os.kill(writer, signal.SIGCONT)
    await desk.until(lambda shot: shot.history == "ok")

    accepted(await desk.link.send("trade-executor", "arm"))
    os.kill(writer, signal.SIGKILL)
    await until(lambda: desk.children() not in ([], [writer]))
    await desk.until(lambda shot: shot.history == "ok")
    decision, _ = await request_once(desk, taker, max_wait_ms=3_000)
    query = "SELECT COUNT(*) FROM trade_decisions WHERE decision_id = ?"
    await until(lambda: desk.count(query, decision.decision_id) == 1)

    [writer] = desk.children()
    os.kill(writer, signal.SIGSTOP)
    desk.process.kill()
    await until(lambda: not runs(writer))
