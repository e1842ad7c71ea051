"""PostgreSQL killed, cut off or locked under an armed desk: it keeps trading for the allowed time and loses nothing."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from cockpit.desk.interlocks.measures import TO_JOURNAL
from cockpit.model.commands import WithdrawalOrder
from tests.e2e.conftest import Launch
from tests.support.history.postgres_server import DURABLE, Server
from tests.support.history.severable_wire import SeverableWire
from tests.support.processes.desk_process import DeskProcess, accepted, refused
from tests.support.processes.taker import Taker
from tests.support.waiting import until
from venue.protocol.tokens import BTC, EURE

ADDRESS = "bc1qw508d6qejxtdg4y5r3zarvary0c5xw7kv8f3t4"
AWAY_S = 8
SENT = "SELECT quote_hash FROM execute_trade_commands ORDER BY id"
SETTLED = "SELECT quote_hash FROM trade_execution_results WHERE outcome = 'settled' ORDER BY quote_hash"


@pytest.fixture
def server() -> Iterator[Server]:
    """A server of the test's own, which keeps what it acknowledged over a crash."""
    with Server(settings=DURABLE) as server:
        yield server


class SteadyTaker:
    """Asks for quotes on either side, one after the other without a pause, and takes every tenth."""

    def __init__(self, taker: Taker) -> None:
        self._taker = taker
        self._over = False
        self._task = asyncio.create_task(self._ask())
        self.quoted: list[str] = []
        self.taken: list[str] = []

    async def _ask(self) -> None:
        asked = 0
        while not self._over:
            asked += 1
            asset, amount = (
                (BTC, {"amount_in": 20_000 + asked}) if asked % 2 else (EURE, {"amount_out": 20_000 + asked})
            )
            for quote in await self._taker.ask(asset.token_id, max_wait_ms=300, **amount):
                self.quoted.append(quote["quote_hash"])
                if len(self.quoted) % 10 == 0 and (await self._taker.take(quote))["status"] == "OK":
                    self.taken.append(quote["quote_hash"])

    async def some_more(self, count: int = 10) -> None:
        """Wait until so many more quotes came."""
        wanted = len(self.quoted) + count
        await until(lambda: len(self.quoted) >= wanted or self._task.done(), 30, f"{count} more quotes")
        assert not self._task.done(), self._task.exception()

    async def end(self) -> None:
        """Stop asking, once the last request has its answer."""
        self._over = True
        await self._task


@asynccontextmanager
async def asking(taker: Taker) -> AsyncIterator[SteadyTaker]:
    """Requests for as long as the block lasts."""
    load = SteadyTaker(taker)
    try:
        yield load
    finally:
        await load.end()


async def rows(url: str, sql: str) -> list[Any]:
    """What another program sees; the first column."""
    db = await asyncpg.connect(url)
    try:
        return [row[0] for row in await db.fetch(sql)]
    finally:
        await db.close()


async def nothing_is_lost(desk: DeskProcess, url: str, load: SteadyTaker) -> None:
    """Every request, decision, quote and fill is in the database once, in the order in which they happened."""

    async def settled() -> bool:
        return await rows(url, SETTLED) == sorted(load.taken)

    await until(settled, 30, "every fill is booked")
    shot = await desk.until(
        lambda shot: not shot.history_queue and all(row.unexplained == 0 for row in shot.inventory.rows)
    )
    sent = await rows(url, SENT)
    assert len(sent) == len(set(sent)) == shot.counts.sent
    assert [one for one in sent if one in load.quoted] == load.quoted
    requested = await rows(url, "SELECT quote_id FROM swap_demand_events ORDER BY id")
    assert len(requested) == shot.counts.requests == shot.counts.decisions
    assert await rows(url, "SELECT quote_id FROM trade_decisions ORDER BY id") == requested
    for table in ("swap_demand_events", "trade_decisions", "execute_trade_commands"):
        times = await rows(url, f"SELECT at_ns FROM {table} ORDER BY id")
        assert times == sorted(times), table
    assert await rows(url, "SELECT COUNT(*) FROM runs") == [1]


async def until_degraded(desk: DeskProcess, error: str) -> None:
    """Wait until the history is degraded with this error, while everything stays armed."""

    async def degraded() -> bool:
        shot = await desk.snapshot()
        assert shot.executor_armed, shot.executor_why
        health = await desk.health("history-writer")
        [line] = [row for row in shot.interlocks if row.ident == "history"]
        if not line.passed or line.measured != TO_JOURNAL:
            return False
        return shot.history == "degraded" and health.detail == "writing to the journal" and error in health.last_error

    await until(degraded, 20, error)


async def test_an_armed_desk_survives_a_killed_server_for_the_allowed_time_only(
    launch: Launch, taker: Taker, server: Server
) -> None:
    url = server.url()
    settings = {"TRADING_BTC_WITHDRAW_ADDRESS": ADDRESS, "WITHDRAWAL_COOLING_MS": "0"}
    desk = await launch(POSTGRES_URL=url, POSTGRES_AWAY_MS=str(AWAY_S * 1_000), **settings)
    await desk.arm()
    accepted(await desk.link.freeze(False))
    async with asking(taker) as load:
        await load.some_more()
        killed = time.monotonic()
        await asyncio.to_thread(server.kill)
        await until_degraded(desk, f"events wait in {desk.state_dir}/history.journal")
        assert "signing stops in" in (await desk.health("history-writer")).last_error
        assert (await desk.get("/history-writer/healthz")).status_code == 200
        order = WithdrawalOrder(asset_id="BTC", amount="100000", idempotency_key="key")
        assert "history" in refused(await desk.link.withdraw(order))
        await load.some_more()
        assert (await desk.snapshot()).executor_armed

        shot = await desk.until(lambda shot: not shot.executor_armed, 30)
        # Counted from the last answer, at most one heartbeat earlier.
        assert time.monotonic() - killed > AWAY_S - 2
        assert shot.history == "down"
        assert "signing is stopped until it is back" in shot.executor_why
        assert "history" in shot.executor_blocked
        assert "history" in refused(await desk.link.send("trade-executor", "arm"))
        assert (await desk.get("/history-writer/healthz")).status_code == 503
        assert [row.actor for row in shot.journal if row.command == "disarm trade-executor"] == ["desk"]
        before = shot.counts.decisions
        shot = await desk.until(lambda shot: shot.counts.decisions > before + 5)
        assert {row.reason for row in shot.decisions[:3]} == {"executor_armed"}

        await asyncio.to_thread(server.start)
        shot = await desk.until(lambda shot: shot.history == "ok", 30)
        assert not shot.executor_armed
        assert (await desk.health("history-writer")).last_error == ""
        await desk.arm("trade-executor")
        await load.some_more()
    await nothing_is_lost(desk, url, load)
    journal = "SELECT actor || ' ' || accepted FROM operator_actions WHERE command = '{}' ORDER BY id"
    assert await rows(url, journal.format("disarm trade-executor")) == ["desk 1"]
    assert await rows(url, journal.format("arm trade-executor")) == ["test 1", "test 0", "test 1"]
    assert desk.process.stop() == 0
    assert await rows(url, "SELECT COUNT(ended_ns) FROM runs") == [1]


async def test_a_connection_that_is_cut_repeatedly_disarms_nothing(
    launch: Launch, taker: Taker, server: Server
) -> None:
    async with SeverableWire(server.port) as wire:
        desk = await launch(POSTGRES_URL=server.url(port=wire.port))
        await desk.arm()
        async with asking(taker) as load:
            for _ in range(3):
                await load.some_more()
                wire.cut()
                await until_degraded(desk, "events wait in")
                await load.some_more()
                wire.mend()
                await desk.until(lambda shot: shot.history == "ok", 30)
            await load.some_more()
            assert (await desk.snapshot()).executor_armed
        await nothing_is_lost(desk, server.url(), load)
        assert desk.process.stop() == 0


async def test_a_lock_of_another_session_is_shown_and_disarms_nothing(
    launch: Launch, taker: Taker, server: Server
) -> None:
    desk = await launch(POSTGRES_URL=server.url())
    await desk.arm()
    async with asking(taker) as load:
        await load.some_more()
        session = await asyncpg.connect(server.url())
        await session.execute("BEGIN")
        await session.execute("LOCK TABLE trade_decisions IN ACCESS EXCLUSIVE MODE")
        await until_degraded(desk, "is locked by another session: end that one")
        await load.some_more()
        await session.execute("ROLLBACK")
        await session.close()
        shot = await desk.until(lambda shot: shot.history == "ok", 30)
        assert shot.executor_armed
        await load.some_more()
    await nothing_is_lost(desk, server.url(), load)
    assert desk.process.stop() == 0
