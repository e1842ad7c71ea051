"""Read-only sockets, one desk an account, the dead man's switch, `cockpit stop`."""

import asyncio
import sys
from contextlib import aclosing

import httpx

from cockpit.cli.stop import NOTHING_TO_DISARM
from cockpit.client.desk_client import DeskClient
from cockpit.model.commands import OperatorReport
from cockpit.model.snapshot import Snapshot
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import bare_environment
from tests.support.processes.taker import Taker
from tests.support.waiting import until
from venue.protocol.tokens import BTC


def watching(desk: DeskProcess) -> DeskClient:
    return DeskClient(desk.state_dir / "desk-ro.sock", actor="watcher", new_id=lambda: "1", read_only=True)


async def test_the_read_only_socket_shows_everything_and_takes_no_command(launch: Launch) -> None:
    desk = await launch()
    await desk.arm()
    path = desk.state_dir / "desk-ro.sock"
    assert path.stat().st_mode & 0o777 == 0o600
    transport = httpx.AsyncHTTPTransport(uds=str(path))
    async with httpx.AsyncClient(transport=transport, base_url="http://desk", timeout=60) as client:
        assert (await client.get("/healthz")).json()["ok"]
        assert (await client.get("/trade-executor/state")).json()["armed"]
        for method, where in (
            ("POST", "/trade-executor/disarm"),
            ("POST", "/trade-executor/arm"),
            ("POST", "/trade-executor/hard-stop"),
            ("POST", "/shutdown"),
            ("PUT", "/strategy-engine/limits"),
            ("POST", "/liquidity-manager/withdraw"),
            ("POST", "/inventory-sync/refresh"),
            ("POST", "/state"),
        ):
            answer = await client.request(method, where, json={})
            assert (answer.status_code, "read-only" in answer.text) == (403, True), where
    async with aclosing(watching(desk).snapshots()) as stream:  # type: ignore[type-var]
        async for shot in stream:
            assert getattr(shot, "executor_armed", False)
            break
    assert desk.process.running


async def test_a_second_desk_of_the_account_is_refused_and_names_the_first(launch: Launch) -> None:
    first = await launch()
    other = first.state_dir.parent / "other"
    other.mkdir(mode=0o700)
    second = DeskProcess(other, first.settings)
    process = second.spawn()
    assert process.wait() == 1
    for text in ("already running on this machine", str(first.process.pid), str(first.state_dir)):
        assert text in process.output()
    first.process.kill()
    await second.start()
    await second.close()


async def test_the_dead_mans_switch_disarms_the_desk(launch: Launch) -> None:
    desk = await launch(DESK_ALONE_MS="1500")
    painted: list[int] = []

    def report() -> OperatorReport:
        return OperatorReport(painted=painted[-1], key_age_ms=0)

    async with aclosing(desk.link.snapshots(report)) as attached, aclosing(watching(desk).snapshots()) as stream:  # type: ignore[type-var]
        first = await anext(attached)
        assert isinstance(first, Snapshot)
        painted.append(first.seq)
        await desk.until(lambda shot: shot.operators == 1)
        await desk.arm()
        async with asyncio.timeout(60):
            async for shot in stream:
                if getattr(shot, "executor_armed", False):
                    assert getattr(shot, "alone_left_ms", None) is None
                    break
        await attached.aclose()  # type: ignore[attr-defined]
        left: list[int] = []
        async with asyncio.timeout(60):
            async for shot in stream:
                if getattr(shot, "alone_left_ms", None) is not None:
                    left.append(shot.alone_left_ms)  # type: ignore[union-attr, arg-type]
                if not getattr(shot, "executor_armed", True):
                    break
    assert left == sorted(left, reverse=True)
    assert left
    shot = await desk.snapshot()
    assert "no cockpit was attached for 1.5 s" in shot.executor_why
    assert not shot.strategy_armed
    journal = "SELECT command FROM operator_actions WHERE actor LIKE 'the desk: no cockpit%' ORDER BY id"
    await until(lambda: len(desk.rows(journal)) == 2)


async def test_the_dead_mans_switch_burns_if_configured(launch: Launch, taker: Taker) -> None:
    long = {"QUOTE_DEADLINE_MS": "60000", "QUOTE_MAX_DEADLINE_MS": "60000"}
    desk = await launch(DESK_ALONE_MS="2000", DESK_WHEN_ALONE="stop", **long)
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=50_000, min_deadline_ms=30_000)
    burned = "SELECT COUNT(*) FROM trade_execution_results WHERE outcome = 'burned'"
    await until(lambda: desk.count(burned) == 1, 20)


async def test_an_unattended_desk_keeps_running_if_configured(launch: Launch) -> None:
    desk = await launch(DESK_ALONE_MS="1000", DESK_WHEN_ALONE="keep")
    await desk.arm()
    await asyncio.sleep(1.5)
    shot = await desk.snapshot()
    assert (shot.executor_armed, shot.when_alone, shot.alone_left_ms) == (True, "keep", None)


async def stop(desk: DeskProcess, *arguments: str) -> tuple[int, str]:
    """`cockpit stop`: exit code and output."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        *("-m", "cockpit", "stop", "--socket", str(desk.socket_path), *arguments),
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env=bare_environment(),
    )
    output, _ = await asyncio.wait_for(process.communicate(), 60)
    assert process.returncode is not None
    return process.returncode, output.decode()


async def test_stop_disarms_shows_the_live_quotes_and_burns_them(launch: Launch, taker: Taker) -> None:
    desk = await launch(QUOTE_DEADLINE_MS="60000", QUOTE_MAX_DEADLINE_MS="60000")
    await desk.arm()
    assert await taker.ask(BTC.token_id, amount_in=50_000, min_deadline_ms=30_000)
    await desk.until(lambda shot: shot.alive.quotes == 1)
    code, output = await stop(desk)
    assert (code, "1 live quote commits" in output) == (0, True), output
    shot = await desk.snapshot()
    assert (shot.strategy_armed, shot.executor_armed, shot.alive.quotes) == (False, False, 1)
    code, output = await stop(desk, "--hard")
    assert (code, "Aborted" in output) == (1, True), output
    code, output = await stop(desk, "--hard", "--yes")
    assert (code, "1 of 1 burned" in output) == (0, True), output
    assert (await desk.snapshot()).alive.quotes == 0
    desk.process.kill()
    code, output = await stop(desk)
    assert (code, NOTHING_TO_DISARM in output) == (1, True), output
