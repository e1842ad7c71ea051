"""Who counts as an operator of a real desk: terminals that are read, and nobody behind a dead one."""

import asyncio
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from socket import AF_UNIX, socket

import pytest

from panels.dialogs.messages import STILL_THERE
from tests.e2e.conftest import Launch
from tests.support.processes.desk_process import DeskProcess
from tests.support.processes.processes import bare_environment
from tests.support.processes.terminal import Terminal
from tests.support.waiting import until

pytestmark = pytest.mark.slow

NOTICED_S = 60
"""Twelve seconds until a cockpit is nobody, and what a busy machine takes."""
HANDSHAKE = (
    b"GET /stream HTTP/1.1\r\nHost: desk\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

Attach = Callable[..., Terminal]


@pytest.fixture
def attach(short_dir: Path) -> Iterator[Attach]:
    """Open terminals with the cockpit of a desk."""
    terminals: list[Terminal] = []

    def start(desk: DeskProcess, *flags: str) -> Terminal:
        arguments = ("--env-file", str(desk.env_file), *flags)
        terminals.append(Terminal(arguments, short_dir, bare_environment()))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()


async def watched(desk: DeskProcess, count: int = 1) -> None:
    await desk.until(lambda shot: shot.operators == count, 40, f"{count} cockpits are watched")


async def disarmed(desk: DeskProcess) -> str:
    """Wait until the desk has disarmed; why."""
    shot = await desk.until(lambda shot: not shot.executor_armed, NOTICED_S, "the desk disarms")
    assert not shot.strategy_armed
    return shot.executor_why


def stalled(terminal: Terminal) -> None:
    terminal.stall()
    terminal.press(*["z"] * 31)  # Whole pictures: more than the kernel holds for a terminal.


def swallowed(terminal: Terminal) -> None:
    terminal.swallow()


def stopped(terminal: Terminal) -> None:
    terminal.process.send_signal(signal.SIGSTOP)


@pytest.mark.parametrize("lose", [stalled, swallowed, stopped])
async def test_a_cockpit_that_nobody_can_see_is_no_operator(
    launch: Launch, attach: Attach, lose: Callable[[Terminal], None]
) -> None:
    desk = await launch(DESK_ALONE_MS="1000")
    terminal = attach(desk)
    await watched(desk)
    await desk.arm()
    await asyncio.sleep(2)
    assert (await desk.snapshot()).executor_armed
    lose(terminal)
    why = await disarmed(desk)
    assert "nobody saw the attached cockpit for 1 s" in why or "no cockpit was attached for 1 s" in why
    if lose is stopped:
        await desk.until(lambda shot: shot.attached == 1, 30, "only this stream is attached")
        terminal.process.send_signal(signal.SIGCONT)
        await watched(desk)


async def test_a_socket_that_never_reads_is_nobody_and_is_cut_off(launch: Launch) -> None:
    desk = await launch(DESK_ALONE_MS="1000")
    with closing(socket(AF_UNIX)) as raw:
        raw.connect(str(desk.socket_path))
        raw.sendall(HANDSHAKE)
        await desk.until(lambda shot: shot.attached == 2, what="it is attached")
        await desk.arm()
        assert "nobody saw the attached cockpit for 1 s" in await disarmed(desk)
        await desk.until(lambda shot: shot.attached == 1, 40, "it is cut off")


async def test_one_of_two_cockpits_is_enough_and_a_read_only_one_is_not(launch: Launch, attach: Attach) -> None:
    desk = await launch(DESK_ALONE_MS="1000")
    first, second = attach(desk), attach(desk)
    await watched(desk, 2)
    await desk.arm()
    stalled(first)
    await watched(desk, 1)
    await asyncio.sleep(2)
    assert (await desk.snapshot()).executor_armed
    looking = attach(desk, "--read-only")
    await looking.shows("READ-ONLY")
    second.hang_up()
    assert "for 1 s" in await disarmed(desk)


async def test_the_desk_asks_for_a_key_before_it_disarms_for_want_of_one(launch: Launch, attach: Attach) -> None:
    desk = await launch(OPERATOR_IDLE_MS="8000")
    terminal, looking = attach(desk), attach(desk, "--read-only")
    await watched(desk)
    await desk.arm()
    await terminal.shows(STILL_THERE)
    await looking.shows("NO KEY: disarms in")
    terminal.press("z")
    await terminal.shows(STILL_THERE, 0)
    await desk.until(lambda shot: shot.idle_left_ms is None, what="a key answers")
    assert STILL_THERE not in looking.text
    await terminal.shows(STILL_THERE)
    await desk.link.send("market-reference-ingest", "refresh")
    await terminal.shows(STILL_THERE, 0)
    assert (await desk.snapshot()).executor_armed
    assert "no key or command for 16 s" in await disarmed(desk)
    journal = "SELECT command FROM operator_actions WHERE actor LIKE 'the desk: no key or command%' ORDER BY id"
    await until(lambda: len(desk.rows(journal)) == 2)
    await terminal.shows(STILL_THERE, 0)


@pytest.mark.skipif(shutil.which("tmux") is None, reason="tmux is not installed")
async def test_a_detached_tmux_is_watched_until_no_key_comes(launch: Launch, short_dir: Path) -> None:
    desk = await launch(DESK_ALONE_MS="1000", OPERATOR_IDLE_MS="18000")
    tmux = ("tmux", "-S", str(short_dir / "tmux"), "-f", "/dev/null")
    command = (sys.executable, "-m", "cockpit", "--env-file", str(desk.env_file))
    environ = {**bare_environment(), "TERM": "xterm-256color"}

    async def run(*arguments: str) -> str:
        process = await asyncio.create_subprocess_exec(*tmux, *arguments, env=environ, stdout=subprocess.PIPE)
        return (await process.communicate())[0].decode()

    await run("new-session", "-d", "-x", "150", "-y", "45", *command)
    try:
        await watched(desk)
        await desk.arm()
        await desk.until(lambda shot: shot.idle_left_ms is not None, 40, "it asks after longer than any dead one lasts")
        assert (await desk.snapshot()).operators == 1

        async def asks() -> bool:
            return STILL_THERE in await run("capture-pane", "-p")

        await until(asks, 10, "it asks on the screen")
        await run("send-keys", "z")
        await desk.until(lambda shot: shot.idle_left_ms is None, what="a key answers")
        assert "no key or command for 36 s" in await disarmed(desk)
    finally:
        await run("kill-server")
