"""The cockpit reads a file or a database itself, in a thread, and each failure is one sentence."""

import asyncio
import sqlite3
from collections.abc import Callable
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from cockpit.app.history.reading import HistoryReading, beside_socket
from cockpit.config.errors import SettingsError
from cockpit.model.recorded.pages import RecordedPage, RecordedText
from cockpit.model.recorded.report import RecordedReport
from panels.dialogs.history.columns import COLUMNS
from storage.history import Run
from storage.journal import Journal
from storage.postgres.history import PostgresHistory
from storage.sqlite.history import SqliteHistory
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from tests.support.waiting import PATIENCE_S
from venue.protocol.tokens import DEFAULT_TOKENS


async def answered(ask: Callable[[Callable[[Any], None]], None]) -> Any:
    came: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
    ask(came.set_result)
    return await asyncio.wait_for(came, PATIENCE_S)


def of(place: Path | str) -> HistoryReading:
    return HistoryReading(lambda: (place, DEFAULT_TOKENS))


@pytest.fixture(params=["sqlite", "postgres"])
async def reading(request: pytest.FixtureRequest, tmp_path: Path, postgres_url: str) -> HistoryReading:
    if request.param == "postgres":
        await small.fill(PostgresHistory(postgres_url, Journal(tmp_path / "history.journal")))
        return of(postgres_url)
    return of(await small.write(tmp_path / "history.sqlite"))


async def test_pages_traces_and_reports(reading: HistoryReading) -> None:
    page = await answered(lambda answer: reading.page("fills", "buy", None, answer))
    assert isinstance(page, RecordedPage)
    assert [row.quote for row in page.rows] == [("run-1", "quote-a")]
    trace = await answered(lambda answer: reading.trace("run-1", "quote-a", answer))
    assert isinstance(trace, RecordedText)
    assert trace.title == "Trace quote-a"
    report = await answered(lambda answer: reading.day_report(NOW, 75, answer))
    assert isinstance(report, RecordedReport)
    assert report.title == "Report 2026-09-21"
    wider = await answered(lambda answer: reading.fit_report(report, 196, answer))
    assert (report.fitted.width, wider.fitted.width) == (75, 196)


async def test_a_cockpit_that_knows_only_the_socket_reads_the_file_beside_it(tmp_path: Path) -> None:
    await small.write(tmp_path / "history.sqlite")
    reading = HistoryReading(beside_socket(tmp_path / "desk-ro.sock", {"HOME": str(tmp_path)}))
    page = await answered(lambda answer: reading.page("quotes", "", None, answer))
    assert len(page.rows) == 3


async def test_it_reads_beside_a_desk_that_writes_and_sees_what_is_new(tmp_path: Path) -> None:
    path = await small.write(tmp_path / "history.sqlite")
    reading = of(path)
    assert len((await answered(lambda answer: reading.page("decisions", "", None, answer))).rows) == 5
    history = SqliteHistory(path)
    await history.open(small_run())
    await history.write(small.refused("z", 40, 10**7))
    assert len((await answered(lambda answer: reading.page("decisions", "", None, answer))).rows) == 6
    await history.write(small.refused("y", 41, 10**7))
    await history.close(NOW)


def small_run() -> Run:
    return Run(run_id="run-2", mode="SANDBOX", account="maker.near", started_ns=NOW)


async def test_each_failure_is_one_sentence(tmp_path: Path) -> None:
    missing = await answered(lambda answer: of(tmp_path / "none").page("fills", "", None, answer))
    assert missing == f"there is no history {tmp_path / 'none'}: name one with --history, or run a desk first"
    path = await small.write(tmp_path / "history.sqlite")
    for text in ("day:never", "run:nobody", "run:", "day:2026-02-30"):
        problem = await answered(partial(of(path).page, "fills", text, None))
        assert isinstance(problem, str)
        assert "\n" not in problem
    (tmp_path / "text").write_text("no database" * 100)
    assert "not a SQLite database" in await answered(lambda answer: of(tmp_path / "text").trace("r", "q", answer))
    url = "postgresql://desk:hunter2@127.0.0.1:9/history"
    assert "hunter2" not in await answered(lambda answer: of(url).page("fills", "", None, answer))

    def broken() -> tuple[Path | str, Any]:
        raise SettingsError(("COCKPIT_MARKETS_FILE: it is missing",))

    said = await answered(lambda answer: HistoryReading(broken).page("fills", "", None, answer))
    assert said == "COCKPIT_MARKETS_FILE: it is missing"


async def test_each_list_has_a_cell_for_each_column(tmp_path: Path) -> None:
    path = await small.write(tmp_path / "history.sqlite")
    for name, columns in COLUMNS.items():
        page = await answered(partial(of(path).page, name, "", None))
        assert {len(row.cells) for row in page.rows} <= {len(columns)}
        assert page.rows or name == "journal"


async def test_a_quote_that_is_not_recorded_any_more_has_no_trace(tmp_path: Path) -> None:
    path = await small.write(tmp_path / "history.sqlite")
    said = await answered(lambda answer: of(path).trace("run-1", "gone", answer))
    assert isinstance(said, str)


async def test_a_row_that_cannot_be_read_is_one_sentence(tmp_path: Path) -> None:
    path = await small.write(tmp_path / "history.sqlite")
    with closing(sqlite3.connect(path)) as db:
        db.execute("UPDATE trade_decisions SET price = 'much'")
        db.commit()
    said = await answered(lambda answer: of(path).page("decisions", "", None, answer))
    assert "cannot be read" in said
