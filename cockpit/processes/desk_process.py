"""The desk as a process without a screen."""

import asyncio
import logging
import os
import signal
from functools import partial

import uvloop

from cockpit.config.settings import Settings
from cockpit.desk.desk import Desk
from cockpit.desk.runtime.account_lock import hold_account
from cockpit.desk.runtime.core_dumps import keep_memory_private
from cockpit.desk.runtime.errors import DeskStartError
from cockpit.desk.runtime.state_dir_lock import hold_state_dir
from cockpit.processes.echo import echo
from cockpit.processes.readers import recall_day
from storage.errors import HistoryError
from storage.history import History
from storage.journal import Journal
from storage.sqlite.history import SqliteHistory
from storage.sqlite.writing.in_process import WritingProcess


def run_desk(settings: Settings) -> int:
    """Run a desk until SIGTERM or SIGINT; a second signal ends it at once. Returns the exit code."""
    keep_memory_private()
    logging.basicConfig(level=settings.log_level, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    for noisy in ("httpx", "httpcore", "websockets", "uvicorn", "aiosqlite", "asyncpg", "asyncio"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    try:
        with hold_state_dir(settings.state_dir), hold_account(settings):
            uvloop.run(_desk(settings))
    except (DeskStartError, HistoryError) as exc:
        echo(f"cockpit desk: {exc}", err=True)
        return 1
    return 0


def open_history(settings: Settings) -> History:
    """Make the history that the settings name. Raises HistoryError if events still wait for another one."""
    journal = Journal(settings.journal_path)
    if settings.postgres_url is not None:
        # Importing a driver that is not needed would cost every start 80 ms.
        from storage.postgres.history import PostgresHistory

        return PostgresHistory(settings.postgres_url.reveal(), journal, away_ms=settings.postgres_away_ms)
    if journal.waiting():
        raise HistoryError(
            f"{settings.journal_path} holds events for PostgreSQL; set POSTGRES_URL and start the desk to write them"
        )
    return SqliteHistory(settings.history_path, writing=WritingProcess)


async def _desk(settings: Settings) -> None:
    desk = Desk(settings, open_history(settings), recall=partial(recall_day, settings))
    asked = False

    def stop(number: signal.Signals) -> None:
        nonlocal asked
        if asked:
            os._exit(130)
        asked = True
        desk.stop(f"the signal {number.name}")

    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stop, name)
    loop.add_signal_handler(signal.SIGHUP, lambda: None)
    await desk.run()
