"""A replay as a process: it serves until a signal ends it."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping

from venue.sandbox.base.hosting import HttpHost
from venue.sandbox.recording.reading import Recording
from venue.sandbox.replay.endpoints import Replay
from venue.sandbox.replay.script import script_of
from venue.sandbox.serving.addresses import LOOPBACK, settings, urls

API_KEY = "replay"
"""What a solver may send as its key: every key is taken, and every signature."""


async def run_replay(
    recording: Recording, announce: Callable[[Mapping[str, str]], None], *, port: int = 0, speed: float = 1.0
) -> None:
    """Serve the recording on loopback until SIGTERM or SIGINT; ``announce`` gets the settings of a solver.

    Dates of answers are those of the recording. Raises OSError for a port that is taken, FrameLogError for frames
    that cannot be read.
    """
    script = script_of(recording.frames)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, ended.set)
    since_ns = time.monotonic_ns()
    host = HttpHost(
        Replay(script, speed=speed).apps(),
        port,
        lambda: script.began_ns + int((time.monotonic_ns() - since_ns) * speed),
    )
    await host.start()
    try:
        announce({"NEAR_INTENTS_API_KEY": API_KEY, **settings(urls(LOOPBACK, host.ports))})
        await ended.wait()
    finally:
        await host.stop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
