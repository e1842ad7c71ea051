"""The arming ladder's checklist of a desk: of the one that runs, or of one started only to be looked at."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec

from cockpit.config.settings import Settings
from cockpit.model.snapshot import InterlockRow, Snapshot
from cockpit.processes.errors import DeskUnavailableError
from cockpit.processes.launch import is_listening

POLL_S = 0.25
ANSWER_S = 5.0
START_S = 20.0
NEED_ARMING = ("strategy", "shadow")
"""Lines that only climbing turns green: on a desk that has not climbed they are "not yet", and no fault."""


def deciding(rows: tuple[InterlockRow, ...]) -> tuple[InterlockRow, ...]:
    """The lines that a healthy desk must show green whether it is armed or not."""
    return tuple(row for row in rows if row.ident not in NEED_ARMING)


def is_green(shot: Snapshot) -> bool:
    """Whether nothing but climbing itself keeps the ladder closed. A list without lines proves nothing."""
    rows = deciding(shot.interlocks)
    return bool(rows) and all(row.passed for row in rows)


async def read_snapshot(socket_path: Path, within_s: float) -> Snapshot:
    """The desk that listens there, once every line is green or it has run for ``within_s`` seconds. Raises NoAnswer."""
    transport = httpx.AsyncHTTPTransport(uds=str(socket_path))
    decoder = msgspec.json.Decoder(Snapshot)
    async with httpx.AsyncClient(
        transport=transport, base_url="http://desk", timeout=ANSWER_S, trust_env=False
    ) as client:
        while True:
            try:
                shot = decoder.decode((await client.get("/state")).content)
            except (httpx.HTTPError, OSError) as exc:
                raise DeskUnavailableError(
                    f"the desk at {socket_path} does not answer ({type(exc).__name__})"
                ) from None
            except msgspec.MsgspecError as exc:
                raise DeskUnavailableError(
                    f"the desk at {socket_path} is of another version of this program: {exc}"
                ) from None
            if is_green(shot) or shot.at_ns - shot.started_ns >= within_s * 1e9:
                return shot
            await asyncio.sleep(POLL_S)


@contextlib.asynccontextmanager
async def read_only_desk(settings: Settings) -> AsyncIterator[Path]:
    """A desk in this process that takes no command, until the block ends; where it listens to who looks on.

    It starts, writes and ends as any desk does; a signal to end cancels the block and lets it end in order. Raises
    HistoryError. The caller holds the locks of state directory and account.
    """
    from cockpit.desk.desk import Desk
    from cockpit.processes.desk_process import open_history

    _log_into(settings.state_dir / "desk.log", settings.log_level)
    desk = Desk(settings, open_history(settings), takes_commands=False)
    block, loop = asyncio.current_task(), asyncio.get_running_loop()
    assert block is not None
    for name in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(name, block.cancel)
    running = asyncio.create_task(desk.run(), name="desk")
    try:
        async with asyncio.timeout(START_S):
            while not running.done() and not is_listening(settings.read_only_socket_path):
                await asyncio.wait({running}, timeout=0.02)
        if running.done():
            await running
            raise DeskUnavailableError("the desk ended before it could be looked at; its desk.log has the reason")
        yield settings.read_only_socket_path
    except TimeoutError:
        raise DeskUnavailableError(f"the desk was not up within {START_S:g} s") from None
    finally:
        desk.stop()
        await running


def _log_into(path: Path, level: str) -> None:
    """What a desk tells belongs into its log, not between the lines of the list."""
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a")
    logging.basicConfig(stream=file, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "httpcore", "websockets", "uvicorn", "aiosqlite", "asyncpg", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
