"""A venue as a process: it runs until a signal or its scenario ends it."""

import asyncio
import signal
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from venue.sandbox.config import VenueConfig
from venue.sandbox.recording.frame_log import FrameLog
from venue.sandbox.recording.frames import Start
from venue.sandbox.scenario.model import Scenario
from venue.sandbox.server import Ready, Venue

Announce = Callable[[Ready], None]


async def run(
    config: VenueConfig,
    announce: Announce,
    faults: Mapping[str, object] | None = None,
    *,
    record: Path | None = None,
    scenario: Scenario | None = None,
) -> None:
    """Run a venue until SIGTERM, SIGINT or the end that its ``scenario`` sets.

    ``announce`` is called once every endpoint is open.

    ``faults`` hold from the start; ``record``: the frame log to write. Raises RecordingError for an invalid recording,
    OSError for a port that is taken or a log that cannot be made, and ValueError for a fault that there is not.
    """
    log = None
    if record is not None:
        name = None if scenario is None else scenario.name
        log = FrameLog(record, Start(at_ns=time.time_ns(), seed=config.seed, scenario=name))
    opened = False

    def announced(ready: Ready) -> None:
        nonlocal opened
        announce(ready)
        opened = True

    try:
        await _run(Venue(config, sink=log, scenario=scenario), announced, faults or {})
    finally:
        if log is not None:
            log.close()
            if not opened:
                log.path.unlink(missing_ok=True)


async def _run(venue: Venue, announce: Announce, faults: Mapping[str, object]) -> None:
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, venue.end)
    await venue.start()
    try:
        venue.apply_faults(faults)
        announce(venue.ready())
        await venue.ended()
    finally:
        await venue.stop()
        for name in (signal.SIGTERM, signal.SIGINT):
            loop.remove_signal_handler(name)
