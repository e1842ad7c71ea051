"""^z gives the terminal back to the shell as it was, and fg takes it again, as in other terminal programs."""

import os
import pty
import select
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

pytestmark = pytest.mark.slow
PATIENCE_S = 60
APP = """
from textual.binding import Binding
from textual.widgets import Static
from cockpit.app.terminal.driver import NonBlockingApp

class Ticking(NonBlockingApp[None]):
    BINDINGS = [Binding("ctrl+z", "suspend_process", priority=True), Binding("q", "quit")]
    ticks = 0

    def compose(self):
        yield Static("", id="ticks")

    def on_mount(self):
        self.set_interval(0.1, self.tick)

    def tick(self):
        self.ticks += 1
        self.query_one("#ticks").update(f"tick {self.ticks}")

Ticking().run()
"""


class Shell:
    """An interactive shell with job control in a terminal of its own."""

    def __init__(self) -> None:
        self.pid, self._terminal = pty.fork()
        if self.pid == 0:
            os.environ.update(TERM="xterm-256color", PS1="READY> ", HISTFILE="")
            os.execvp("bash", ["bash", "--norc", "-i"])
        self._seen = b""

    def send(self, data: str) -> None:
        self._seen = b""
        os.write(self._terminal, data.encode())

    def waits_for(self, words: bytes) -> None:
        end = time.monotonic() + PATIENCE_S
        while words not in self._seen:
            assert time.monotonic() < end, f"no {words!r} in {self._seen[-400:]!r}"
            if select.select([self._terminal], [], [], 0.2)[0]:
                self._seen += os.read(self._terminal, 65_536)

    def end(self) -> None:
        with suppress(ProcessLookupError):
            os.kill(self.pid, signal.SIGKILL)
        os.waitpid(self.pid, 0)
        os.close(self._terminal)


@pytest.fixture
def shell() -> Iterator[Shell]:
    running = Shell()
    try:
        yield running
    finally:
        running.end()


def test_it_goes_on_as_before_when_it_is_woken_without_having_stopped(shell: Shell, tmp_path: Path) -> None:
    """SIGCONT alone: of a container that was frozen, or behind a SIGSTOP. Two readers would scramble what is typed."""
    program = tmp_path / "ticking.py"
    program.write_text(APP)
    shell.waits_for(b"READY>")
    shell.send(f"PYTHONPATH={Path(__file__).parents[4]} {sys.executable} {program}\n")
    shell.waits_for(b"\x1b[?1049h")
    shell.waits_for(b"tick ")
    [app] = psutil.Process(shell.pid).children()
    threads = app.num_threads()
    for sent in (signal.SIGCONT, signal.SIGCONT, signal.SIGSTOP):
        shell.send("")
        app.send_signal(sent)
        if sent == signal.SIGSTOP:
            shell.waits_for(b"Stopped")
            shell.send("fg\n")
        shell.waits_for(b"\x1b[?1049h")
        shell.waits_for(b"tick ")
        assert app.num_threads() == threads
    shell.send("q")
    shell.waits_for(b"READY>")
    shell.send("stty -a | tr ' ' '\\n' | grep -cE '^(icanon|echo|isig);?$' | sed s/^/modes:/\n")
    shell.waits_for(b"modes:3")


def test_it_stops_as_a_job_and_paints_again_in_the_foreground(shell: Shell, tmp_path: Path) -> None:
    program = tmp_path / "ticking.py"
    program.write_text(APP)
    shell.waits_for(b"READY>")
    shell.send(f"PYTHONPATH={Path(__file__).parents[4]} {sys.executable} {program}\n")
    shell.waits_for(b"\x1b[?1049h")
    shell.waits_for(b"tick")
    shell.send("\x1a")
    shell.waits_for(b"\x1b[?1049l")
    shell.waits_for(b"Stopped")
    shell.send("stty -a | tr ' ' '\\n' | grep -cE '^(icanon|echo|isig);?$' | sed s/^/modes:/\n")
    shell.waits_for(b"modes:3")
    shell.send("fg\n")
    shell.waits_for(b"\x1b[?1049h")
    shell.waits_for(b"tick")
    shell.send("q")
    shell.waits_for(b"READY>")
