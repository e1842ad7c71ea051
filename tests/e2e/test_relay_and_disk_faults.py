"""Faults of relay, disk and process under load: what the operator sees, and that nothing is signed on unknown state."""

import resource
import signal

import pytest

from cockpit.desk.interlocks.checklist import NAMES
from cockpit.model.snapshot import PartHealth, Snapshot
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import refused
from tests.support.processes.relay_stand_in import standing_in
from tests.support.processes.request_flood import RequestFlood
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control
from tests.support.waiting import until
from venue.protocol.tokens import BTC

SHORT = {"QUOTE_DEADLINE_MS": "5000", "QUOTE_MAX_DEADLINE_MS": "5000"}


async def test_a_desk_killed_while_it_quotes_fast_restores_its_commitments(launch: Launch) -> None:
    async with standing_in() as relay:
        relay.answer = None
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url, **SHORT)
        await desk.arm()
        flood = RequestFlood(relay, 500)
        recorded = "SELECT COUNT(*) FROM execute_trade_commands"
        await until(lambda: len(relay.quotes) > 600 and desk.count(recorded) > 100, 60)
        desk.process.kill()
        await flood.stop()
        recorded_quotes = desk.rows("SELECT quote_hash FROM execute_trade_commands")
        assert len(recorded_quotes) > 100
        assert desk.rows("PRAGMA integrity_check") == [("ok",)]

        await desk.start()
        shot = await desk.until(lambda shot: bool(shot.findings))
        assert "broke off" in shot.findings[0]
        assert any("had no outcome on record" in one for one in shot.findings)
        assert NAMES["former"] in refused(await desk.link.send("trade-executor", "arm"))
        # Signed but unrecorded quotes are waited for: nothing here holds them.
        assert any("without a record" in one for one in shot.findings)
        shot = await desk.until(lambda shot: shot.alive.quotes == 0 and not shot.executor_blocked, 40)
        assert all(row.unexplained == 0 for row in shot.inventory.rows)
        open_ended = (
            "SELECT COUNT(*) FROM execute_trade_commands c WHERE NOT EXISTS (SELECT 1 FROM trade_execution_results r "
            "WHERE r.quote_hash = c.quote_hash AND r.outcome = 'expired')"
        )
        await until(lambda: desk.count(open_ended) == 0)
        accounted = "SELECT accepted FROM operator_actions WHERE command = 'account for former runs'"
        await until(lambda: desk.rows(accounted) == [(1,)])
        await desk.arm()


async def test_a_full_disk_disarms_the_executor_until_there_is_space(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch()
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=50_000)
    size = (desk.state_dir / "history.sqlite-wal").stat().st_size
    [writer] = desk.children()
    unlimited = resource.prlimit(writer, resource.RLIMIT_FSIZE)
    resource.prlimit(writer, resource.RLIMIT_FSIZE, (size, unlimited[1]))
    shot = await desk.until(lambda shot: not shot.executor_armed, 10)
    assert "disk" in shot.executor_why
    assert "history" in shot.executor_blocked
    assert (shot.history, shot.strategy_armed) == ("down", True)
    assert await taker.ask(BTC.token_id, amount_in=50_000, max_wait_ms=300) == []
    resource.prlimit(writer, resource.RLIMIT_FSIZE, unlimited)
    await desk.until(lambda shot: shot.history == "ok")
    await until(lambda: desk.count("SELECT COUNT(*) FROM trade_decisions") == 2)
    await desk.arm()
    assert await control.balances()
    desk.process.send(signal.SIGTERM)
    assert desk.process.wait() == 0


def ingest(shot: Snapshot) -> PartHealth:
    return next(health for health in shot.health if health.part == "near-intents-ingest")


@pytest.mark.slow
async def test_a_relay_that_stalls_open_is_noticed_by_its_silence(launch: Launch) -> None:
    async with standing_in() as relay:
        relay.answer = None
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url, QUOTE_DEADLINE_MS="60000")
        await desk.arm()
        await relay.is_quoted(exact_amount_in="1000")
        relay.hold_reading(True)
        # A ping goes out every 10 s and is waited for 5 s. The connection after it may come within one snapshot.
        shot = await desk.until(lambda shot: "did not answer a ping" in ingest(shot).last_error, 30)
        assert shot.alive.quotes == 1
        shot = await desk.until(lambda shot: shot.counts.unknown == 1)
        assert shot.quotes[0].outcome == "unknown"
        shot = await desk.until(lambda shot: shot.relay == "ok", 20)
        assert shot.inventory.rows[1].reserved == shot.quotes[0].gives


@pytest.mark.slow
async def test_a_relay_that_answers_late_leaves_the_quote_unknown_and_reserved_until_then(
    launch: Launch, control: Control, taker: Taker
) -> None:
    desk = await launch(QUOTE_DEADLINE_MS="60000")
    await desk.arm()
    await control.faults(relay_late_ms=7_000)
    assert await taker.ask(BTC.token_id, amount_in=50_000)
    shot = await desk.until(lambda shot: shot.counts.unknown == 1, 10)
    assert (shot.alive.quotes, shot.quotes[0].detail) == (1, "the relay did not answer")
    shot = await desk.until(lambda shot: shot.counts.accepted == 1, 10)
    assert (shot.alive.quotes, shot.quotes[0].outcome) == (1, "accepted")
