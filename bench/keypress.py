"""Time from a key press to its picture: keys are pressed at random moments and the screen is read."""

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from time import perf_counter

import msgspec
import pyte

from bench.load import percentile
from bench.tty import ProgramTerminal

WITHIN_S = 10.0
APART_S = (0.05, 0.35)
"""Shortest and longest pause before the next key, so that keys fall anywhere between two paints."""
LISTED = 4
HELP = "esc closes"


class KeyTimes(msgspec.Struct, frozen=True, kw_only=True):
    """Times of one kind of key from its press to the last byte of its picture, ms."""

    kind: str
    presses: int
    p50: float
    p99: float
    max: float

    @classmethod
    def of(cls, kind: str, took_ms: list[float]) -> "KeyTimes":
        return cls(
            kind=kind,
            presses=len(took_ms),
            p50=percentile(took_ms, 0.5),
            p99=percentile(took_ms, 0.99),
            max=max(took_ms, default=0.0),
        )


class Viewer:
    """The screen of a terminal, which it must read from the first byte."""

    def __init__(self, terminal: ProgramTerminal, size: tuple[int, int]) -> None:
        self._terminal = terminal
        self._screen = pyte.Screen(*size)
        self._stream = pyte.ByteStream(self._screen)
        self._changed = asyncio.Event()
        self._read_at = 0.0
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
        pressed = perf_counter()
        self._terminal.press(key.encode())
        return (await self.until(seen, f"the picture after {key!r}") - pressed) * 1000


@asynccontextmanager
async def viewing(terminal: ProgramTerminal, size: tuple[int, int]) -> AsyncIterator[Viewer]:
    """Read a terminal's screen inside the block."""
    viewer = Viewer(terminal, size)
    try:
        yield viewer
    finally:
        viewer.close()


async def key_times(viewer: Viewer, presses: int, rng: random.Random) -> list[KeyTimes]:
    """Press ``presses`` keys of each kind: another panel, the cursor of a list, the help over everything."""

    async def pause() -> None:
        await asyncio.sleep(rng.uniform(*APART_S))

    async def jump(number: int, name: str) -> float:
        return await viewer.press(str(number), lambda: viewer.lit(f"─ {number} {name}"))

    async def move(key: str) -> float:
        before = viewer.grounds()
        return await viewer.press(key, lambda: viewer.grounds() != before)

    jumps: list[float] = []
    for turn in range(presses):
        jumps.append(await jump(*((9, "Log"), (7, "Fills"))[turn % 2]))
        await pause()
    await jump(3, "Interlocks")
    await move("j")
    moves: list[float] = []
    for turn in range(presses):
        await pause()
        moves.append(await move("jk"[turn % 2]))
    helps: list[float] = []
    for _ in range(presses):
        await pause()
        helps.append(await viewer.press("?", lambda: HELP in viewer.text))
        await pause()
        await viewer.press("q", lambda: HELP not in viewer.text)
    return [KeyTimes.of("another panel", jumps), KeyTimes.of("cursor", moves), KeyTimes.of("help", helps)]
