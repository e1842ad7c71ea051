"""The report of a day: empty, without a price, without a decision, and after old rows were deleted."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from cockpit.model.recorded.report import RecordedReport
from cockpit.reports.page.page import page
from cockpit.reports.report_text import as_json, as_text
from cockpit.reports.trading_report import trading_report
from cockpit.terminal_reports.day_report import day_report, nothing_recorded
from cockpit.terminal_reports.terminal_charts import NOTHING_TO_DRAW, TITLES, text_of
from storage.reader import Span
from storage.sqlite.reader import SqliteReader
from tests.support.desk.builders import NOW
from tests.support.history import small_history as small
from venue.protocol.tokens import DEFAULT_TOKENS

DAY_NS = 86_400 * 10**9


@pytest.fixture
async def path(tmp_path: Path) -> Path:
    return await small.write(tmp_path / "history.sqlite")


def change(path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(path)) as db:
        for statement in statements:
            db.execute(statement)
        db.commit()


def report_of(path: Path, at_ns: int = NOW, width: int = 75) -> RecordedReport:
    with SqliteReader(path) as reader:
        return day_report(reader, DEFAULT_TOKENS, at_ns, width)


def text(report: RecordedReport) -> str:
    return "\n".join(text_of(line) for line in report.fitted.lines)


def test_it_is_of_the_utc_day_and_fits_other_widths_without_the_history(path: Path) -> None:
    report = report_of(path)
    path.unlink()
    assert report.title == "Report 2026-09-21"
    assert "trading, fills marked to 49,000.00" in text(report)
    assert TITLES["trading"] in text(report)
    assert report.fit(120).width == 120


@pytest.mark.parametrize("at_ns", [0, NOW - DAY_NS, NOW + 400 * DAY_NS])
def test_a_day_without_a_desk_is_a_sentence(path: Path, at_ns: int) -> None:
    report = report_of(path, at_ns, 75)
    assert text(report) == nothing_recorded(report.title.removeprefix("Report "))
    assert all(len(text_of(line)) <= 30 for line in report.fit(30).lines)


def test_without_a_mid_profit_and_charts_are_unknown(path: Path) -> None:
    change(path, "DELETE FROM market_price_events")
    shown = text(report_of(path))
    assert "unknown  no mid was recorded" in shown
    assert NOTHING_TO_DRAW.split(",")[0] in shown
    assert "trading, fills marked" not in shown


def test_a_day_without_a_fill_has_none(path: Path) -> None:
    change(path, "DELETE FROM trade_execution_results WHERE outcome = 'settled'")
    shown = text(report_of(path))
    assert "both      0" in shown
    assert "Markouts, bps in the desk's favour, weighted by EURe\nnone" in shown


def test_deleted_requests_are_named(path: Path) -> None:
    change(path, "DELETE FROM swap_demand_events WHERE quote_id IN ('quote-d', 'quote-e')")
    assert "were deleted (HISTORY_KEEP_DAYS): 2 or more" in text(report_of(path)).replace("\n  ", " ")


def test_a_spread_whose_decision_is_missing_is_unknown_and_not_zero(path: Path) -> None:
    change(path, "DELETE FROM trade_decisions WHERE decision_id = 'decision-a'")
    with SqliteReader(path) as reader:
        report = trading_report(reader, Span(NOW, NOW + DAY_NS), DEFAULT_TOKENS)
    assert [side.spread_unknown for side in report.sides] == [1, 0]
    [buy, sell, both] = [
        line.split() for line in as_text(report).splitlines() if line.split()[:1] in (["buy"], ["sell"], ["both"])
    ][:3]
    assert buy[-1] == "?"
    assert "unknown" not in sell
    assert both[-3:] == ["+", "1", "unknown"]
    assert '"spread_unknown": 1' in as_json(report)
    assert "+ 1 unknown" in page(report)
