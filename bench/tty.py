"""A program in a terminal of its own, whose output is read as fast as it comes."""

import asyncio
import contextlib
import fcntl
import os
import pty
import re
import signal
import struct
import subprocess
import termios
import threading
from collections.abc import Callable, Mapping, Sequence
from time import perf_counter

_ESCAPES = re.compile(rb"\x1b(?:\[[0-?]*[ -/]*[@-~]|[\]P_^][^\x07\x1b]*(?:\x07|\x1b\\)|[@-Z\\-~])")
KEPT = 1_000_000
READ_WITHIN_S = 2.0
SIZE = (120, 40)
"""Columns and rows by default."""


class ProgramTerminal:
    """Starts the program at once; ``started`` is the perf_counter time of that. ``size`` is columns and rows.

    ``painted`` counts the bytes written. ``on_output`` receives each piece of them and when it was read (perf_counter).
    """

    def __init__(self, command: Sequence[str], environ: Mapping[str, str], size: tuple[int, int] = SIZE) -> None:
        # A program believes these before it asks the terminal.
        kept = {name: value for name, value in environ.items() if name not in ("COLUMNS", "LINES")}
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
        self.started = perf_counter()
        self.process = subprocess.Popen(
            command,
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**kept, "TERM": "xterm-256color", "COLORTERM": "truecolor"},
            start_new_session=True,
        )
        os.close(slave)
        self.painted = 0
        self.on_output: Callable[[bytes, float], None] | None = None
        self._shown = b""
        self._keep = True
        self._changed = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        # A thread of its own: a terminal takes at most 4 KB that nobody reads, and whoever looks at them takes longer.
        self._reader = threading.Thread(target=self._read, name="terminal", daemon=True)
        self._reader.start()

    def _read(self) -> None:
        with contextlib.suppress(OSError, RuntimeError):  # The program has ended, or this bench.
            while data := os.read(self._master, 65_536):
                self._loop.call_soon_threadsafe(self._received, data, perf_counter())

    def _received(self, data: bytes, at: float) -> None:
        self.painted += len(data)
        if self.on_output is not None:
            self.on_output(data, at)
        if self._keep:
            self._shown = (self._shown + data)[-KEPT:]
            self._changed.set()

    async def until(self, *words: str, within_s: float = 30.0) -> float:
        """Wait for all of these words; seconds since the start. Raises TimeoutError with the end of the output."""
        wanted = [word.encode() for word in words]
        try:
            async with asyncio.timeout(within_s):
                while True:
                    self._changed.clear()
                    text = _ESCAPES.sub(b"", self._shown)
                    if all(word in text for word in wanted):
                        return perf_counter() - self.started
                    await self._changed.wait()
        except TimeoutError:
            tail = _ESCAPES.sub(b"", self._shown)[-500:].decode("utf-8", "replace")
            raise TimeoutError(f"the terminal never showed {words}; it ends with {tail!r}") from None

    def press(self, keys: bytes) -> None:
        os.write(self._master, keys)

    def forget(self) -> None:
        """Discard the output kept so far."""
        self._keep = False
        self._shown = b""

    async def end(self) -> None:
        """End the program: SIGTERM, then SIGKILL."""
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            for _ in range(100):
                if self.process.poll() is not None:
                    break
                await asyncio.sleep(0.02)
            else:
                self.process.kill()
                self.process.wait()
        await asyncio.to_thread(self._reader.join, READ_WITHIN_S)
        if not self._reader.is_alive():  # Else something that the program left behind still has the terminal.
            os.close(self._master)
