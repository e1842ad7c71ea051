"""Plays a venue and a scripted maker in virtual time, and writes every frame between them."""

import asyncio
from typing import Protocol

import msgspec

from venue.protocol.units import NS_PER_S
from venue.sandbox.config import VenueConfig
from venue.sandbox.recording.frame_log import Tally, line_of
from venue.sandbox.recording.frames import End, Message, Start, encode
from venue.sandbox.scenario.model import Scenario
from venue.sandbox.server import Venue
from venue.sandbox.virtual.loop import START_NS, VirtualLoop
from venue.sandbox.virtual.maker import ScriptedMaker

LAST_S = 0.001
"""How much longer than asked a run takes, so that what is due at its end still happens."""


class ByteSink(Protocol):
    """Where the bytes of a run go: a file, or whatever looks at them."""

    def write(self, raw: bytes, /) -> object: ...


class Played(msgspec.Struct, frozen=True, kw_only=True):
    """What came of a run: the venue's ``state`` at its end, what the maker counted, and the events of the scenario that
    could not happen.
    """

    frames: int
    state: dict[str, object]
    maker: dict[str, int]
    problems: tuple[str, ...]


class _Stream:
    """Writes every message at once."""

    def __init__(self, out: ByteSink, start: Start) -> None:
        self._out = out
        self.frames = 0
        out.write(encode(start))

    @property
    def tally(self) -> Tally:
        return Tally(frames=self.frames, dropped=0, problem="")

    def add(self, message: Message) -> None:
        self._out.write(line_of(message))
        self.frames += 1


def play(config: VenueConfig, scenario: Scenario | None, out: ByteSink, *, seconds: float | None = None) -> Played:
    """Play the scenario, or so many ``seconds``, and write the log of its frames: the same for the same arguments.

    Raises ValueError for settings that do not fit the scenario, OSError when ``out`` cannot be written.
    """
    if seconds is None:
        if scenario is None:
            raise ValueError("without a scenario say how many seconds to play")
        seconds = scenario.duration_ns / NS_PER_S
    with asyncio.Runner(loop_factory=VirtualLoop) as runner:
        loop = runner.get_loop()
        assert isinstance(loop, VirtualLoop)
        return runner.run(_play(loop, config, scenario, out, seconds))


async def _play(
    loop: VirtualLoop, config: VenueConfig, scenario: Scenario | None, out: ByteSink, seconds: float
) -> Played:
    start = Start(at_ns=START_NS, seed=config.seed, scenario=None if scenario is None else scenario.name)
    stream = _Stream(out, start)
    venue = Venue(config, clock=loop.utc_ns, monotonic_ns=loop.elapsed_ns, sink=stream, scenario=scenario)
    maker = ScriptedMaker(venue.apps(), venue.credentials(), config, loop.utc_ns)
    trading = asyncio.create_task(maker.run(), name="scripted maker")
    ended = asyncio.create_task(venue.ended(), name="end of the scenario")
    venue.begin()
    try:
        await asyncio.wait((trading, ended), timeout=seconds + LAST_S, return_when=asyncio.FIRST_COMPLETED)
        if trading.done():
            trading.result()
        found = Played(
            frames=stream.frames, state=venue.state(), maker=dict(maker.counts), problems=venue.scenario_problems()
        )
    finally:
        for task in (trading, ended):
            task.cancel()
        await asyncio.gather(trading, ended, return_exceptions=True)
        await venue.stop()
    out.write(encode(End(frames=stream.frames, dropped=0)))
    return found
