"""Requests at a steady rate, from a venue's traders or from the sender."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Mapping
from itertools import count
from pathlib import Path

from bench.bench_desk import bare_environment
from bench.load import RequestLoad
from bench.sender_process import SETTINGS, SenderProcess
from bench.venues import OPTIONS
from cockpit.processes.launch import end_process, spawn, wait_until_ready
from cockpit.processes.sandbox_run import DESK_SETTINGS

MOST_BY_TRADERS = 100.0
"""Requests a second: beyond this a venue with traders, rivals and settlements uses a whole core."""
LOAD_S = 5.0
_PATH = "desk"


class RequestSource:
    """A venue and its traders, or the sender instead; ``settings`` are for the desk that receives the requests."""

    def __init__(self, settings: Mapping[str, str], rate: float, sender: SenderProcess | None) -> None:
        self.settings = settings
        self._rate = rate
        self._sender = sender

    @property
    def fills(self) -> bool:
        """Whether quotes are taken and settled: by the venue's traders, not by the sender."""
        return self._sender is None

    @contextlib.asynccontextmanager
    async def flowing(self) -> AsyncIterator[None]:
        """Send requests inside the block; traders send theirs anyway. Leaving waits for the current load."""
        ending = asyncio.Event()
        task = asyncio.create_task(self._send(self._sender, ending)) if self._sender is not None else None
        try:
            yield
        finally:
            ending.set()
            if task is not None:
                await task

    async def _send(self, sender: SenderProcess, ending: asyncio.Event) -> None:
        for run in count(1):
            if ending.is_set():
                return
            load = RequestLoad(subject=_PATH, run=run, rate=self._rate, seconds=LOAD_S, warm_up_s=0.0, other_pairs=0.0)
            await sender.measure(load)


@contextlib.asynccontextmanager
async def request_source(directory: Path, rate: float) -> AsyncIterator[RequestSource]:
    """Start processes that send ``rate`` requests a second; ``directory`` holds their files."""
    async with contextlib.AsyncExitStack() as stack:
        by_traders = rate <= MOST_BY_TRADERS
        env_file, log_file = directory / "venue.env", directory / "venue.log"
        arguments = ["venue", "--write-env", str(env_file), "--rate", str(rate if by_traders else 0)]
        arguments += ["--other-pairs", "0", *OPTIONS]
        venue = spawn(arguments, log_file, bare_environment())
        stack.push_async_callback(end_process, venue.pid)
        await wait_until_ready(venue, "the venue", log_file, env_file.exists)
        venue_env = dict(line.split("=", 1) for line in env_file.read_text("utf-8").splitlines())
        if by_traders:
            yield RequestSource({**DESK_SETTINGS, **venue_env}, rate, None)
            return
        sender = SenderProcess()
        stack.push_async_callback(sender.end)
        await sender.start()
        relay = {"NEAR_INTENTS_RELAY_WS_URL": f"ws://127.0.0.1:{sender.port}/{_PATH}"}
        yield RequestSource({**SETTINGS, **venue_env, **relay}, rate, sender)
