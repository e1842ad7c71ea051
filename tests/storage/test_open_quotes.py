"""A start finds what is live by the newest reading, page by page, and reads no more of a history of any size."""

import asyncio
import time
from pathlib import Path
from typing import Any

import aiosqlite
import msgspec
import pytest

from bench.plans import postgres_full_scans, sqlite_steps
from bench.start_rows import RUN, SqliteStore, over, write, write_live
from storage import open_quotes
from storage.errors import HistoryError
from storage.history import ACCOUNTED, UNEXPLAINED, History, PreviousRun, Run
from storage.open_quotes import LATEST_READING, NEVER_OVER, NOT_OVER_BY, QUOTES, cut, read_page
from storage.queries import (
    ACCOUNTED_NS,
    EXPLAINED,
    FILLS_SINCE,
    LAST_ARGUMENTS,
    PRICES_SINCE,
    REQUESTS_SINCE,
    SETTLED_SINCE,
)
from storage.sqlite.history import SqliteHistory
from tests.support.history import rows as facts
from tests.support.history.engines import Engine, PostgresEngine, SqliteEngine
from tests.support.history.open_quotes import every_open_quote
from tests.support.history.rows import START_NS
from venue.protocol.tokens import DEFAULT_TOKENS

LIVE = 50
START: dict[str, tuple[object, ...]] = {
    LATEST_READING: (),
    NOT_OVER_BY: (START_NS,),
    NEVER_OVER: (START_NS, START_NS),
    QUOTES: ("[1, 2]",),
    ACCOUNTED_NS: (ACCOUNTED, 0),
    EXPLAINED: (UNEXPLAINED,),
    SETTLED_SINCE: (START_NS,),
    FILLS_SINCE: (START_NS,),
    PRICES_SINCE: ("composite", START_NS),
    REQUESTS_SINCE: (START_NS,),
    LAST_ARGUMENTS: (ACCOUNTED,),
}
"""What a start asks of the tables that grow, each with some values."""


def told(n: int, over_before_ns: int | None) -> list[Any]:
    return [msgspec.structs.replace(facts.inventory(n), over_before_ns=over_before_ns)]


async def open_hashes(history: History) -> list[str]:
    return [quote.command.quote_hash for quote in await every_open_quote(history)]


async def test_what_is_over_by_the_newest_reading_is_not_looked_for(engine: Engine) -> None:
    """Whatever became of it: an outcome that the store refused to record is no quote to wait for."""
    history = engine.make()
    await history.open(facts.run())
    commands = [msgspec.structs.replace(facts.command(n), deadline_ns=START_NS + 10 * n) for n in range(5)]
    await history.write([*commands, facts.result(3, "expired"), *told(9, START_NS + 10)])
    assert await open_hashes(history) == [commands[n].quote_hash for n in (1, 2, 4)]
    await history.write(told(10, START_NS + 20))
    assert await open_hashes(history) == [commands[n].quote_hash for n in (2, 4)]
    # The clock was set back: the newest word counts, not the highest.
    await history.write(told(11, START_NS))
    assert await open_hashes(history) == [commands[n].quote_hash for n in (0, 1, 2, 4)]
    # A version that tells nothing wrote last.
    await history.write(told(12, None))
    assert await open_hashes(history) == [commands[n].quote_hash for n in (0, 1, 2, 4)]
    await history.close(None)


async def test_quotes_are_read_page_by_page_in_the_order_of_signing(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(open_quotes, "PAGE", 2)
    history = engine.make()
    await history.open(facts.run())
    commands = [msgspec.structs.replace(facts.command(n), deadline_ns=START_NS + 9 - n) for n in range(5)]
    await history.write([*commands, facts.result(0, "accepted"), *told(9, START_NS)])
    pages = [page async for page in history.open_quotes()]
    assert [len(page) for page in pages] == [2, 2, 1]
    assert [quote.command for page in pages for quote in page] == commands
    assert [quote.outcomes for quote in pages[0]] == [("accepted",), ()]
    await history.close(None)


def test_a_page_that_lacks_a_quote_is_no_answer() -> None:
    """A quote that was left out would reserve nothing."""
    assert cut([("[]",)]) == cut([(None,)]) == []
    [page] = cut([("[1, 2]",)])
    for found in ("[]", None, "[[1]]", "[1", '["x"]'):
        with pytest.raises(HistoryError, match="quotes that may still settle"):
            read_page(page, [(found,)])


async def test_a_start_asks_nothing_that_reads_a_growing_table_as_a_whole(engine: Engine) -> None:
    history = engine.make()
    await history.open(facts.run())
    await history.write(facts.one_of_each(1))
    await history.close(None)
    if isinstance(engine, SqliteEngine):
        steps = list(sqlite_steps(engine.path, START))
        # Values given, what a query found itself, and the newest requests.
        allowed = ("SCAN CONSTANT ROW", "SCAN t ", "SCAN wanted", "SCAN d")
        assert [(sql, step) for sql, step in steps if step.startswith("SCAN ") and not step.startswith(allowed)] == []
        return
    assert isinstance(engine, PostgresEngine)
    found = await postgres_full_scans(engine.url, START)
    assert [(sql, table) for sql, table in found if table != "runs"] == []


class CountedHistory(SqliteHistory):
    """Counts the steps of SQLite's machine, by the hundred, and never checks the file."""

    def __init__(self, path: Path) -> None:
        super().__init__(path, small_bytes=0, check_after_s=3_600)
        self.hundreds = 0

    async def _start(self, db: aiosqlite.Connection, run: Run, *, check: bool) -> PreviousRun | None:
        await db.set_progress_handler(self._count, 100)
        return await super()._start(db, run, check=check)

    def _count(self) -> int:
        self.hundreds += 1
        return 0


async def steps_of_a_start(path: Path, quotes: int) -> int:
    now_ns = time.time_ns()
    started_ns = now_ns - 10**9
    first = CountedHistory(path)
    await first.open(Run(run_id=RUN, mode="SANDBOX", account="maker.near", started_ns=started_ns))
    await first.close(None)
    store = SqliteStore(path)
    for events in over(quotes, now_ns):
        await write(store, events)
    balances = [msgspec.structs.replace(facts.inventory(1), asset=token.token_id) for token in DEFAULT_TOKENS.tokens]
    await write_live(store, balances, LIVE, now_ns)
    history = CountedHistory(path)
    await history.open(Run(run_id="next", mode="SANDBOX", account="maker.near", started_ns=now_ns))
    history.hundreds = 0
    assert len(await every_open_quote(history)) == LIVE
    assert len(await history.last_explained()) == len(DEFAULT_TOKENS.tokens)
    await history.last_arguments(ACCOUNTED)
    await history.close(None)
    return history.hundreds


@pytest.mark.slow
def test_a_start_takes_no_more_steps_over_a_hundred_thousand_rows(
    tmp_path: Path,
) -> None:
    few = asyncio.run(steps_of_a_start(tmp_path / "few.sqlite", 200))
    many = asyncio.run(steps_of_a_start(tmp_path / "many.sqlite", 20_000))
    assert few > 10
    # Two hundred readings are looked back at where there are so many.
    assert many < 3 * few
