"""Faults of clocks and nodes on real sockets: what the operator sees, and how soon trading stops."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from cockpit.config.settings import load
from cockpit.desk.desk import Desk
from cockpit.desk.interlocks.checklist import NAMES
from cockpit.desk.interlocks.monitor import InterlockMonitor
from cockpit.desk.risk.heartbeat import Heartbeat
from cockpit.model.environment import Environment
from cockpit.model.snapshot import InterlockRow, PartHealth, Snapshot
from storage.sqlite.history import SqliteHistory
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess, refused
from tests.support.processes.quoting import quote_frames, request_once, until_quoted
from tests.support.processes.relay_stand_in import standing_in
from tests.support.processes.request_flood import RequestFlood
from tests.support.processes.taker import Taker
from tests.support.processes.venue_process import Control, VenueProcess
from tests.support.waiting import until
from venue.protocol.tokens import BTC
from venue.transport.messages import UNREADABLE


def interlock(shot: Snapshot, ident: str) -> InterlockRow:
    (found,) = [row for row in shot.interlocks if row.ident == ident]
    return found


def executor(shot: Snapshot) -> PartHealth:
    return next(health for health in shot.health if health.part == "trade-executor")


class SteppedClock:
    """The real clock, until it is set."""

    def __init__(self) -> None:
        self.by_ns = 0

    def __call__(self) -> int:
        return time.time_ns() + self.by_ns


@asynccontextmanager
async def desk_here(state_dir: Path, settings: dict[str, str], clock: SteppedClock) -> AsyncIterator[DeskProcess]:
    """A desk in this process on a clock that can be set; used through its socket as any other."""
    outside = DeskProcess(state_dir, settings)
    checked = load(outside.env_file, {})
    desk = Desk(checked, SqliteHistory(checked.history_path), env=Environment(wall_ns=clock))
    running = asyncio.create_task(desk.run())
    try:
        await until(outside.socket_path.exists, 20, "the desk listens")
        yield outside
    finally:
        desk.stop()
        await running
        await outside.close()


async def test_without_the_desks_own_checks_nothing_is_signed(
    venue: VenueProcess, short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with standing_in() as relay:
        relay.answer = None
        settings = {**venue.env, "NEAR_INTENTS_RELAY_WS_URL": relay.url}
        async with desk_here(short_dir, settings, SteppedClock()) as desk:
            await desk.arm()
            flood = RequestFlood(relay, 100)
            try:
                await until(lambda: len(relay.quotes) > 20, 30)
                with monkeypatch.context() as stalled:
                    stalled.setattr(Heartbeat, "beat", lambda self: None)
                    stalled_text = "the desk's own checks last ran"
                    await desk.until(lambda shot: stalled_text in executor(shot).detail, what="stalled")
                    quoted = len(relay.quotes)
                    await flood.more(50)
                    assert len(relay.quotes) == quoted
                await until(lambda: len(relay.quotes) > quoted, 30)
                # And a watcher that ends takes the executor along, and is seen.
                next(task for task in asyncio.all_tasks() if task.get_name() == "tick").cancel()
                shot = await desk.until(lambda shot: not shot.executor_armed, what="disarmed by itself")
                assert "the desk's own checks failed: CancelledError" in shot.executor_why
                assert "tick: it was cancelled" in executor(shot).last_error
            finally:
                await flood.stop()


@pytest.mark.parametrize("by_s", [60, -60])
async def test_a_clock_set_by_a_minute_disarms_the_executor_at_the_next_tick(
    venue: VenueProcess, control: Control, short_dir: Path, by_s: int
) -> None:
    clock = SteppedClock()
    async with standing_in() as relay:
        relay.answer = None
        settings = {**venue.env, "NEAR_INTENTS_RELAY_WS_URL": relay.url}
        async with desk_here(short_dir, settings, clock) as desk:
            await desk.arm()
            assert interlock(await desk.snapshot(), "clock").measured.startswith("no error found; known to ±")
            flood = RequestFlood(relay, 100)
            await until(lambda: len(relay.quotes) > 20, 30)
            clock.by_ns = by_s * 10**9
            shot = await desk.until(lambda shot: not shot.executor_armed, what="disarmed by itself")
            frames = len(relay.quotes)
            side = "ahead of" if by_s > 0 else "behind"
            assert shot.executor_why.startswith(f"disarmed by desk: {NAMES['clock']}: ")
            assert f"{side} the venue's" in shot.executor_why
            assert (shot.journal[0].actor, shot.journal[0].command) == ("desk", "disarm trade-executor")
            assert "clock" in interlock(shot, "clock").remedy
            # A frame in flight when the desk disarmed may still arrive.
            await flood.more(50)
            assert len(relay.quotes) <= frames + 10
            assert "local clock" in refused(await desk.link.send("trade-executor", "arm"))
            clock.by_ns = 0
            await desk.until(lambda shot: interlock(shot, "clock").passed)
            await flood.stop()


async def test_a_desk_whose_monitor_fails_disarms_the_executor(
    venue: VenueProcess, control: Control, short_dir: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        monkeypatch.undo()
        raise RuntimeError("the watch broke")

    async with desk_here(short_dir, venue.env, SteppedClock()) as desk:
        await desk.arm()
        monkeypatch.setattr(InterlockMonitor, "tick", broken)
        shot = await desk.until(lambda shot: not shot.executor_armed, what="disarmed by itself")
        assert shot.executor_why == "disarmed by desk: the desk's own checks failed: RuntimeError"
        assert shot.strategy_armed
        assert [row.command for row in shot.journal].count("disarm trade-executor") == 1


@pytest.mark.slow
async def test_a_skewed_venue_clock_ends_live_after_its_grace(launch: Launch, control: Control) -> None:
    desk = await launch()
    await desk.arm()
    await control.faults(clock_skew_ms=60_000)
    shot = await desk.until(lambda shot: not shot.executor_armed, 30)
    assert "behind the venue's" in shot.executor_why
    assert shot.strategy_armed


@pytest.mark.parametrize(
    ("fault", "text"),
    [
        ("429", "answered HTTP 429"),
        ("500", "answered HTTP 500"),
        ("garbage", UNREADABLE),
        pytest.param("slow", "did not answer within 5 s", marks=pytest.mark.slow),
    ],
)
async def test_when_all_nodes_fail_quoting_stops_and_the_interlock_names_the_fault(
    launch: Launch, control: Control, taker: Taker, fault: str, text: str
) -> None:
    """Quotes stop once the balances are too old, 1 s here; LIVE closes ten seconds after that."""
    desk = await launch(INVENTORY_POLL_MS="200", INVENTORY_MAX_AGE_MS="1000")
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=50_000)
    sent = await quote_frames(control)
    await control.faults(near_a=fault, near_b=fault)
    shot = await desk.until(
        lambda shot: text in interlock(shot, "balances").measured and (shot.inventory.age_ms or 0) > 1_000
    )
    assert not interlock(shot, "balances").passed
    assert "NEAR RPC" in interlock(shot, "balances").remedy
    decision, quotes = await request_once(desk, taker)
    assert (decision.reason, quotes) == ("inventory_age", [])
    assert await quote_frames(control) == sent
    if fault == "slow":
        shot = await desk.until(lambda shot: not shot.executor_armed, 15)
        assert shot.executor_why.startswith(f"disarmed by desk: {NAMES['balances']}: ")
        return
    assert (interlock(shot, "balances").grace_left_ms or 0) > 0
    await control.mend()
    await until_quoted(taker)
    assert (await desk.snapshot()).executor_armed


async def test_nodes_stuck_at_a_block_are_detected(launch: Launch, control: Control) -> None:
    """They answer promptly with old balances."""
    desk = await launch(INVENTORY_POLL_MS="200", INVENTORY_MAX_AGE_MS="1500")
    await desk.arm()
    await control.faults(near_stale_s={"near_a": 600, "near_b": 600})
    shot = await desk.until(lambda shot: not interlock(shot, "balances").passed)
    assert "last read at block" in interlock(shot, "balances").measured
    assert (interlock(shot, "balances").grace_left_ms or 0) > 0
    await control.faults(near_stale_s={})
    await desk.until(lambda shot: interlock(shot, "balances").passed)


async def test_a_lost_relay_fails_its_interlock(launch: Launch) -> None:
    async with standing_in() as relay:
        desk = await launch(NEAR_INTENTS_RELAY_WS_URL=relay.url)
        await desk.arm()
    shot = await desk.until(lambda shot: not interlock(shot, "relay").passed)
    assert "relay not connected" in interlock(shot, "relay").measured
    assert 0 < (interlock(shot, "relay").grace_left_ms or 0) <= 30_000
    assert shot.executor_armed
