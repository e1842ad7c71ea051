"""A history that cannot be written: the executor disarms, and no event is lost."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import accepted, refused
from tests.support.processes.quoting import quote_frames, request_once
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC


@contextmanager
def locked(state_dir: Path) -> Iterator[None]:
    """Another program holds a lock on the history."""
    with closing(sqlite3.connect(state_dir / "history.sqlite", isolation_level=None, timeout=10)) as db:
        db.execute("BEGIN EXCLUSIVE")
        yield
        db.execute("ROLLBACK")


async def test_a_locked_history_disarms_the_executor_and_loses_nothing(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch()
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=50_000)
    sent = await quote_frames(control)

    with locked(desk.state_dir):
        shot = await desk.until(lambda shot: not shot.executor_armed)
        assert shot.history == "down"
        assert "history" in shot.executor_why
        assert "locked" in shot.executor_why
        assert [row.actor for row in shot.journal if row.command == "disarm trade-executor"] == ["desk"]
        assert "history" in shot.executor_blocked
        assert "history" in refused(await desk.link.send("trade-executor", "arm"))
        assert shot.strategy_armed
        decision, quotes = await request_once(desk, taker)
        assert (decision.reason, quotes) == ("executor_armed", [])
        assert await quote_frames(control) == sent
        assert (await desk.get("/history-writer/healthz")).status_code == 503

    shot = await desk.until(lambda shot: shot.history == "ok")
    assert not shot.executor_armed
    accepted(await desk.link.send("trade-executor", "arm"))
    _, quotes = await request_once(desk, taker, max_wait_ms=3_000)
    assert len(quotes) == 1
    await until(lambda: desk.count("SELECT COUNT(*) FROM trade_decisions") == 3)
    query = "SELECT command, accepted FROM operator_actions WHERE command = 'arm trade-executor' ORDER BY id"
    assert desk.rows(query) == [("arm trade-executor", done) for done in (1, 0, 1)]


async def test_a_history_moved_away_disarms_the_executor(launch: Launch) -> None:
    desk = await launch()
    await desk.arm()
    path = desk.state_dir / "history.sqlite"
    path.rename(path.with_suffix(".away"))
    shot = await desk.until(lambda shot: not shot.executor_armed)
    assert "moved or deleted" in shot.executor_why
    assert "history" in refused(await desk.link.send("trade-executor", "arm"))
    path.with_suffix(".away").rename(path)
    await desk.until(lambda shot: shot.history == "ok")
    accepted(await desk.link.send("trade-executor", "arm"))


async def test_a_desk_that_ends_while_the_history_is_locked_exits_with_an_error(launch: Launch) -> None:
    desk = await launch()
    await desk.arm()
    with locked(desk.state_dir):
        assert desk.process.stop() == 1
    assert "could not be written to the history" in desk.process.output()
    assert desk.count("SELECT COUNT(*) FROM runs WHERE ended_ns IS NOT NULL") == 0
    assert not desk.socket_path.exists()
