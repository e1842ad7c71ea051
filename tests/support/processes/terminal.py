"""A terminal: the command in a real pty, with its screen and keys."""

import asyncio
import fcntl
import os
import signal
import struct
import subprocess
import sys
import termios
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

import pyte

from tests.support.waiting import PATIENCE_S, until

COLUMNS, LINES = 150, 45
KEYS = {"enter": "\r", "tab": "\t", "escape": "\x1b", "shift+tab": "\x1b[Z"}

CARET_GROUNDS = 3
"""Backgrounds in the line of a field that has the keyboard: of the dialog, of the field and of its caret."""


class AnsweringScreen(pyte.Screen):
    """A screen whose answers to the program go to ``answer``."""

    def __init__(self, columns: int, lines: int, answer: Callable[[str], None]) -> None:
        super().__init__(columns, lines)
        self._answer = answer

    def write_process_input(self, data: str) -> None:
        self._answer(data)


class Terminal:
    """``cockpit``, or another program, with these arguments in a terminal of its own."""

    def __init__(
        self,
        arguments: Sequence[str],
        cwd: Path,
        environ: Mapping[str, str],
        hang_ups: signal.Handlers = signal.SIG_DFL,
        program: Sequence[str] = (sys.executable, "-m", "cockpit"),
    ) -> None:
        def adopt() -> None:
            fcntl.ioctl(0, termios.TIOCSCTTY, 0)
            signal.signal(signal.SIGHUP, hang_ups)

        self._screen = AnsweringScreen(COLUMNS, LINES, self._answer)
        self._stream = pyte.ByteStream(self._screen)
        self._master, slave = os.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", LINES, COLUMNS, 0, 0))
        self.process = subprocess.Popen(
            [*program, *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            cwd=cwd,
            env={
                **environ,
                "TERM": "xterm-256color",
                "COLORTERM": "truecolor",
                "COLUMNS": str(COLUMNS),
                "LINES": str(LINES),
            },
            start_new_session=True,
            preexec_fn=adopt,
        )
        os.close(slave)
        os.set_blocking(self._master, False)
        self.answers = True
        """Whether the terminal answers questions, such as where its cursor is."""
        self.received = 0
        self.written = b""
        """The last that was written to the terminal."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._master, self._read)
        self._open = True

    def _read(self) -> None:
        try:
            raw = os.read(self._master, 65_536)
        except BlockingIOError:
            return
        except OSError:
            raw = b""
        if raw:
            self.received += len(raw)
            self.written = (self.written + raw)[-4_096:]
            self._stream.feed(raw)
        else:
            self._loop.remove_reader(self._master)

    def _answer(self, data: str) -> None:
        if self.answers:
            with suppress(BlockingIOError):  # Nobody reads the keys.
                os.write(self._master, data.encode())

    def stall(self) -> None:
        """Stop reading, as a terminal does behind a dead link once nothing fits in between any more."""
        self._loop.remove_reader(self._master)

    def swallow(self) -> None:
        """Go on reading and answer nothing, as sshd does while its own buffers take what a dead link does not."""
        self.answers = False

    def read_on(self) -> None:
        self._loop.add_reader(self._master, self._read)

    @property
    def text(self) -> str:
        """What the screen shows."""
        return "\n".join(self._screen.display)

    async def shows(self, words: str, times: int = 1, within_s: float = PATIENCE_S) -> None:
        """Wait until the screen shows the words so many times."""
        try:
            await until(lambda: self.text.count(words) == times, within_s, words)
        except AssertionError:
            raise AssertionError(f"the screen does not show {words!r} {times} times:\n{self.text}") from None

    def types_in(self, label: str) -> bool:
        """Return whether the field behind this label has the keyboard: its caret is a cell of a colour of its own.

        What is typed goes to the field that has it, so that it must have moved before the next is typed.
        """
        for number, line in enumerate(self._screen.display):
            start = line.find(label) + len(label)
            if start >= len(label):
                cells = self._screen.buffer[number]
                return len({cells[column].bg for column in range(start, line.find("│", start))}) == CARET_GROUNDS
        return False

    def press(self, *keys: str) -> None:
        """Press keys: names, ``ctrl+`` and a letter, or single characters."""
        for key in keys:
            text = chr(ord(key[5:]) - 96) if key.startswith("ctrl+") else KEYS.get(key, key)
            os.write(self._master, text.encode())

    async def ended(self, within_s: float = PATIENCE_S) -> int:
        """Wait for the command to end; its exit code."""
        await until(lambda: self.process.poll() is not None, within_s, "the cockpit ends")
        return self.process.returncode

    def hang_up(self) -> None:
        """Close the terminal, as when a connection is lost."""
        if self._open:
            self._open = False
            self._loop.remove_reader(self._master)
            os.close(self._master)

    def close(self) -> None:
        """Hang up and kill the command if it still runs."""
        self.hang_up()
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
