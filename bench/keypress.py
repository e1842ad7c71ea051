"""Time from a key press to its picture, and its CPU: keys are pressed at random moments and the screen is read."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter

import msgspec
import pyte

from bench.dialogs import DIALOGS, ESCAPE, PALETTE, TimedDialog
from bench.load import percentile
from bench.tty import ProgramTerminal
from bench.usage import Usage

WITHIN_S = 30.0
APART_S = (0.05, 0.35)
"""Shortest and longest pause before the next key, so that keys fall anywhere between two paints."""
LISTED = 4
DIALOG_SHARE = 4
"""A dialog is opened once for so many presses of other keys: there are twenty of them."""
DISARM = "\x18"


class KeyTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Times of one kind of key from its press to the last byte of its picture, ms.

    ``cpu_ms``: what the cockpit used from the press to the picture, on average; what it paints anyway is in it.
    """

    kind: str
    presses: int
    p50: float
    p99: float
    max: float
    cpu_ms: float

    @classmethod
    def of(cls, kind: str, took_ms: list[float], cpu_ms: float) -> "KeyTimes":
        return cls(
            kind=kind,
            presses=len(took_ms),
            p50=percentile(took_ms, 0.5),
            p99=percentile(took_ms, 0.99),
            max=max(took_ms, default=0.0),
            cpu_ms=cpu_ms / len(took_ms) if took_ms else 0.0,
        )


class Viewer:
    """The screen of a terminal, which it must read from the first byte."""

    def __init__(self, terminal: ProgramTerminal, size: tuple[int, int]) -> None:
        self._terminal = terminal
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = asyncio.Event()
        self._read_at = 0.0
        self._usage = Usage(terminal.process.pid)
        self.cpu_ms = 0.0
        """CPU of the cockpit over all presses since it was last set to 0."""
        terminal.on_output = self._received

    def _received(self, data: bytes, at: float) -> None:
        self._stream.feed(data)
        self._read_at = at
        self._changed.set()

    def close(self) -> None:
        """Stop reading, which costs as much as painting."""
        self._terminal.on_output = None

    @property
    def text(self) -> str:
        return "\n".join(self._screen.display)

    def grounds(self) -> tuple[str, ...]:
        """Return the background of each line in a column of the left lists; the cursor's differs."""
        return tuple(self._screen.buffer[line][LISTED].bg for line in range(self._screen.lines))

    def lit(self, words: str) -> bool:
        """Return whether the words are shown and end in bold, as the title of the focused panel does."""
        for line, shown in enumerate(self._screen.display):
            at = shown.find(words)
            if at >= 0 and self._screen.buffer[line][at + len(words) - 1].bold:
                return True
        return False

    async def until(self, seen: Callable[[], bool], what: str) -> float:
        """Return the time at which the bytes that completed the picture were read. Raises TimeoutError."""
        try:
            async with asyncio.timeout(WITHIN_S):
                while not seen():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise TimeoutError(f"{what} never came to the screen:\n{self.text}") from None
        return self._read_at

    async def press(self, key: str, seen: Callable[[], bool]) -> float:
        """Press a key; milliseconds until its picture was complete."""
        self._usage.restart()
        pressed = perf_counter()
        self._terminal.press(key.encode())
        took_ms = (await self.until(seen, f"the picture after {key!r}") - pressed) * 1000
        self.cpu_ms += self._usage.cpu_s() * 1000
        return took_ms


@asynccontextmanager
async def viewing(terminal: ProgramTerminal, size: tuple[int, int]) -> AsyncIterator[Viewer]:
    """Read a terminal's screen inside the block."""
    viewer = Viewer(terminal, size)
    try:
        yield viewer
    finally:
        viewer.close()


class KeyTimer:
    """Presses keys of one kind after the other at random moments."""

    def __init__(self, viewer: Viewer, presses: int, rng: random.Random) -> None:
        self._viewer = viewer
        self._presses = presses
        self._rng = rng
        self._taken: list[KeyTimes] = []

    async def times(self) -> list[KeyTimes]:
        """Press keys to other panels, of the cursor, and of every dialog; what was armed is not any more."""
        await self._panels()
        await self._cursor()
        await self._jump(5, "Decisions")
        for dialog in DIALOGS:
            if not dialog.disarmed:
                await self._dialog(dialog)
        await self._viewer.press(DISARM, lambda: "strategy ○ DISARMED" in self._viewer.text)
        await self._pause()
        for dialog in DIALOGS:
            if dialog.disarmed:
                await self._dialog(dialog)
        return self._taken

    async def _pause(self) -> None:
        await asyncio.sleep(self._rng.uniform(*APART_S))

    def _keep(self, kind: str, took_ms: list[float], cpu_ms: float) -> None:
        self._taken.append(KeyTimes.of(kind, took_ms, cpu_ms))

    async def _jump(self, number: int, name: str) -> float:
        return await self._viewer.press(str(number), lambda: self._viewer.lit(f"─ {number} {name}"))

    async def _panels(self) -> None:
        self._viewer.cpu_ms, took = 0.0, []
        for turn in range(self._presses):
            took.append(await self._jump(*((9, "Log"), (7, "Fills"))[turn % 2]))
            await self._pause()
        self._keep("another panel", took, self._viewer.cpu_ms)

    async def _cursor(self) -> None:
        viewer = self._viewer

        async def move(key: str) -> float:
            before = viewer.grounds()
            return await viewer.press(key, lambda: viewer.grounds() != before)

        await self._jump(3, "Interlocks")
        await move("j")
        viewer.cpu_ms, took = 0.0, []
        for turn in range(self._presses):
            await self._pause()
            took.append(await move("jk"[turn % 2]))
        self._keep("cursor", took, viewer.cpu_ms)

    async def _dialog(self, dialog: TimedDialog) -> None:
        viewer = self._viewer
        took, cpu_ms = [], 0.0
        for _ in range(max(1, self._presses // DIALOG_SHARE)):
            if dialog.search:
                await viewer.press(PALETTE.key, lambda: PALETTE.title in viewer.text)
                await viewer.press(dialog.search, lambda: dialog.command in viewer.text)
            await self._pause()
            viewer.cpu_ms = 0.0
            took.append(await viewer.press(dialog.key, lambda: dialog.shown(viewer.text)))
            cpu_ms += viewer.cpu_ms
            await self._pause()
            await viewer.press(ESCAPE, lambda: not dialog.shown(viewer.text))
            await self._pause()
        self._keep(dialog.kind, took, cpu_ms)
