"""A terminal that stops reading costs stale pixels: keys are heard, the desk goes on, and the picture is made good."""

import os
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path

import pytest

from cockpit.launch import end
from cockpit.patient import KEPT_BYTES, Outlet
from cockpit.rehearsal import Rehearsal
from tests.cockpit.waiting import until as blocking_until
from tests.e2e.processes import bare_environment
from tests.e2e.terminal import Terminal
from tests.e2e.test_terminal import FLAGS, arm, newest
from tests.e2e.waiting import until


@pytest.fixture
async def cockpit(short_dir: Path) -> AsyncIterator[Callable[[], Terminal]]:
    """A terminal with `cockpit sandbox`; whatever it started is ended afterwards."""
    terminals: list[Terminal] = []

    def start() -> Terminal:
        terminals.append(Terminal(FLAGS, short_dir, bare_environment(COCKPIT_STATE_DIR=str(short_dir))))
        return terminals[-1]

    yield start
    for terminal in terminals:
        terminal.close()
    for directory in (short_dir / "sandbox").glob("2*"):
        with suppress(FileNotFoundError):
            pids = Rehearsal(directory).pids()
            await end(pids.desk)
            await end(pids.venue)


async def test_keys_are_heard_while_the_terminal_does_not_read(
    cockpit: Callable[[], Terminal], short_dir: Path
) -> None:
    terminal = cockpit()
    await terminal.shows("○ DISARMED", 2)
    rehearsal = Rehearsal.running(short_dir / "sandbox")
    assert rehearsal is not None
    await until(lambda: "blocked" not in terminal.text, 30, "the executor may be armed")
    await arm(terminal, "ctrl+s", "strategy", 1)

    terminal.stall()
    terminal.press(*["z"] * 31)  # Each is a whole picture: far more than the kernel holds for a terminal.
    before = await newest(rehearsal)
    assert before.strategy_armed
    terminal.press("ctrl+x")

    async def disarmed() -> bool:
        return not (await newest(rehearsal)).strategy_armed

    await until(disarmed, 30, "disarmed by a key that was pressed into a stalled terminal")
    assert (await newest(rehearsal)).tick_ms < 1_500

    terminal.read_on()
    await terminal.shows("○ DISARMED", 2)
    terminal.press("?")
    await terminal.shows("esc closes")
    terminal.press("escape")
    await terminal.shows("esc closes", 0)
    terminal.press("q")
    await terminal.shows("Quit?")


def test_an_outlet_never_waits_and_tells_when_it_has_caught_up() -> None:
    reading, writing = os.pipe()
    told = threading.Event()
    outlet = Outlet(writing, told.set, lambda: None)
    outlet.start()
    try:
        outlet.write("x" * KEPT_BYTES)
        blocking_until(lambda: outlet.behind)
        for _ in range(100):
            outlet.write("y" * KEPT_BYTES)
        assert not told.is_set()
        os.set_blocking(reading, False)
        read = b""

        def caught_up() -> bool:
            nonlocal read
            with suppress(BlockingIOError):
                while piece := os.read(reading, 65_536):
                    read += piece
            return told.is_set()

        blocking_until(caught_up)
        assert KEPT_BYTES <= len(read) <= 3 * KEPT_BYTES
        assert not outlet.behind
        outlet.write("last words")
        outlet.stop()
        assert caught_up()
        assert read.endswith(b"last words")
    finally:
        os.close(reading)
        os.close(writing)
