"""A terminal that stops reading: keys still work, the desk keeps running, and the screen catches up."""

import os
import re
import threading
from collections.abc import AsyncGenerator
from contextlib import aclosing, suppress
from pathlib import Path
from time import monotonic
from typing import cast

import psutil

from cockpit.app.terminal.driver import MAX_QUEUED_BYTES, OutputThread
from cockpit.client.desk_client import ConnectionLost
from cockpit.model.snapshot import Snapshot
from cockpit.processes.sandbox_run import SandboxRun
from tests.support.processes.sandbox_session import Open, arm, link, newest, ready_for_live
from tests.support.processes.terminal import Terminal
from tests.support.waiting import until, until_blocking

BUSY = ("sandbox", "--rate", "50", "--other-pairs", "0", "--balance", "BTC=50", "--balance", "EURe=5000000")
WIDE_LIMIT = "STRATEGY_MAX_PROMISED_EURE=1000000\n"
"""However long quotes stay open on a slow machine, the desk goes on quoting."""
STALLED_S = 10.0
GROWS_BYTES = 10_000_000
"""A cockpit just started still fills its caches, whether its terminal reads or not."""
READ_BYTES = 100_000
"""What the kernel holds for a terminal, one picture and a little: far less than ten seconds of pictures."""
RIGHT_COLUMN = 56
"""Where the panels on the right begin."""


async def test_keys_work_while_the_terminal_does_not_read(cockpit: Open, short_dir: Path) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None
    await until(lambda: "blocked" not in terminal.text, 30, "the executor may be armed")
    await arm(terminal, "ctrl+s", "strategy", 1)

    terminal.stall()
    terminal.press(*["z"] * 31)  # Each is a whole picture: far more than the kernel holds for a terminal.
    before = await newest(run)
    assert before.strategy_armed
    terminal.press("ctrl+x")

    async def disarmed() -> bool:
        return not (await newest(run)).strategy_armed

    await until(disarmed, 30, "disarmed by a key that was pressed into a stalled terminal")
    assert (await newest(run)).tick_ms < 1_500

    terminal.read_on()
    await terminal.shows("○ DISARMED", 2)
    terminal.press("?")
    await terminal.shows("esc closes")
    terminal.press("escape")
    await terminal.shows("esc closes", 0)
    terminal.press("q")
    await terminal.shows("Quit?")


async def snapshots_for(run: SandboxRun, seconds: float) -> list[Snapshot]:
    """Every snapshot that the desk streams in this time."""
    started, shots = monotonic(), []
    async with aclosing(cast(AsyncGenerator[Snapshot | ConnectionLost, None], link(run).snapshots())) as stream:
        async for item in stream:
            assert isinstance(item, Snapshot), item
            shots.append(item)
            if monotonic() - started >= seconds:
                break
    return shots


def complete(terminal: Terminal) -> bool:
    """Whether each panel's left edge, on the left and on the right, runs from its upper to its lower corner."""
    lines = terminal.text.splitlines()
    edges = ("".join(line[column] for line in lines) for column in (0, RIGHT_COLUMN))
    return all(re.fullmatch(r"[^╭│╰]*(╭│+╰)+[^╭│╰]*", edge) for edge in edges)


def decided(terminal: Terminal) -> int:
    """How many decisions the screen shows."""
    shown = re.search(r"([\d,]+) decided", terminal.text)
    return int(shown[1].replace(",", "")) if shown else 0


async def test_ten_seconds_without_reading_cost_only_a_stale_screen(cockpit: Open, short_dir: Path) -> None:
    env_file = short_dir / "wide.env"
    env_file.write_text(WIDE_LIMIT)
    env_file.chmod(0o600)
    terminal = cockpit((*BUSY, "--env-file", str(env_file)))
    await terminal.shows("○ DISARMED", 2)
    run = SandboxRun.running(short_dir / "sandbox")
    assert run is not None
    await until(lambda: "✗^s" not in terminal.text, 30, "the strategy may be armed")
    await arm(terminal, "ctrl+s", "strategy", 1)
    await ready_for_live(run)
    await arm(terminal, "ctrl+e", "executor", 2)
    await until(lambda: decided(terminal) > 200, 30, "the desk is busy")
    await until(lambda: complete(terminal), 30, "panels are where the test looks for them")
    memory = psutil.Process(terminal.process.pid).memory_info

    terminal.stall()
    received, rss = terminal.received, memory().rss
    shots = await snapshots_for(run, STALLED_S)
    assert len(shots) > 2 * STALLED_S
    assert max(shot.tick_ms for shot in shots) < 1_500
    first, middle, last = (shot.counts for shot in (shots[0], shots[len(shots) // 2], shots[-1]))
    assert first.decisions + 100 < middle.decisions < last.decisions - 100
    assert first.sent < middle.sent < last.sent

    terminal.press("ctrl+x")

    async def disarmed() -> bool:
        shot = await newest(run)
        return not shot.strategy_armed and not shot.executor_armed

    await until(disarmed, 30, "disarmed by a key that was pressed into a stalled terminal")
    assert memory().rss - rss < GROWS_BYTES
    after = await newest(run)

    terminal.read_on()
    await terminal.shows("○ DISARMED", 2)
    await until(lambda: decided(terminal) >= after.counts.decisions, 30, "the newest is on the screen")
    await until(lambda: complete(terminal), 30, "the picture is whole")
    assert terminal.received - received < READ_BYTES
    terminal.press("?")
    await terminal.shows("esc closes")


def test_the_output_thread_never_blocks_and_reports_when_it_has_caught_up() -> None:
    reading, writing = os.pipe()
    caught = threading.Event()
    output = OutputThread(writing, caught.set, lambda: None)
    output.start()
    try:
        output.write("x" * MAX_QUEUED_BYTES)
        until_blocking(lambda: output.behind)
        for _ in range(100):
            output.write("y" * MAX_QUEUED_BYTES)
        assert not caught.is_set()
        os.set_blocking(reading, False)
        read = b""

        def caught_up() -> bool:
            nonlocal read
            with suppress(BlockingIOError):
                while piece := os.read(reading, 65_536):
                    read += piece
            return caught.is_set()

        until_blocking(caught_up)
        assert MAX_QUEUED_BYTES <= len(read) <= 3 * MAX_QUEUED_BYTES
        assert not output.behind
        output.write("last words")
        output.stop()
        assert caught_up()
        assert read.endswith(b"last words")
    finally:
        os.close(reading)
        os.close(writing)
