"""The interlocks of the running desk, or of a read-only desk started for the check."""

import asyncio
import contextlib
import logging
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import msgspec

from cockpit.client.desk_client import NO_DESK
from cockpit.client.unix_http import unix_client
from cockpit.config.settings import Settings
from cockpit.model.snapshot import InterlockRow, Snapshot
from cockpit.processes.errors import DeskUnavailableError
from cockpit.processes.launch import is_listening

POLL_S = 0.25
ANSWER_S = 5.0
START_S = 20.0
NEED_ARMING = ("strategy", "shadow")
"""Interlocks that only arming turns green; on a disarmed desk they are "not yet" rather than red."""


def required(rows: tuple[InterlockRow, ...]) -> tuple[InterlockRow, ...]:
    """Return the interlocks that a healthy desk passes, armed or not."""
    return tuple(row for row in rows if row.ident not in NEED_ARMING)


def is_green(shot: Snapshot) -> bool:
    """Return whether every interlock passes but those that need arming; False for an empty list."""
    rows = required(shot.interlocks)
    return bool(rows) and all(row.passed for row in rows)


async def read_snapshot(socket_path: Path, within_s: float, listen_s: float = 0.0) -> Snapshot:
    """Read the snapshot once all is green or the desk has run for ``within_s``, and has run for ``listen_s``.

    Raises DeskUnavailableError.
    """
    decoder = msgspec.json.Decoder(Snapshot)
    async with unix_client(socket_path, ANSWER_S) as client:
        while True:
            try:
                shot = decoder.decode((await client.get("/state")).content)
            except httpx.ConnectError:
                raise DeskUnavailableError(f"{NO_DESK} {socket_path}") from None
            except (httpx.HTTPError, OSError) as exc:
                raise DeskUnavailableError(f"the desk does not answer ({type(exc).__name__}): {socket_path}") from None
            except msgspec.MsgspecError as exc:
                raise DeskUnavailableError(
                    f"the desk runs an incompatible version of this program: {exc} ({socket_path})"
                ) from None
            ran_s = (shot.at_ns - shot.started_ns) / 1e9
            if (is_green(shot) or ran_s >= within_s) and ran_s >= listen_s:
                return shot
            await asyncio.sleep(POLL_S)


@contextlib.asynccontextmanager
async def read_only_desk(settings: Settings) -> AsyncIterator[Path]:
    """Run a desk in this process that refuses commands, until the block ends; yields its read-only socket.

    It starts, records and ends as any desk does. SIGTERM, SIGINT and SIGHUP cancel the block and end it in order.
    Raises HistoryError and DeskUnavailableError. The caller holds the locks of state directory and account.
    """
    from cockpit.desk.desk import Desk
    from cockpit.desk.runtime.core_dumps import keep_memory_private
    from cockpit.processes.desk_process import open_history

    keep_memory_private()
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
            raise DeskUnavailableError("the desk ended before the check; see desk.log for the reason")
        yield settings.read_only_socket_path
    except TimeoutError:
        raise DeskUnavailableError(f"the desk did not start within {START_S:g} s; see desk.log") from None
    finally:
        desk.stop()
        await running


def _log_into(path: Path, level: str) -> None:
    # The desk's messages must not appear between the lines of the list.
    file = os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600), "a")
    logging.basicConfig(stream=file, level=level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "httpcore", "websockets", "uvicorn", "aiosqlite", "asyncpg", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
