"""Notes of operators in the report: listed with time and author, and marked where they lie on the charts."""

import asyncio
import json
from pathlib import Path

import msgspec
import pytest

from cockpit.model.commands import NOTE
from cockpit.model.events import OperatorAction
from cockpit.reports import report_text
from cockpit.reports.figures import TradingReport
from cockpit.reports.page.page import page
from cockpit.reports.sections import MOST_MARKS, marks
from cockpit.reports.trading_report import trading_report
from cockpit.terminal_reports.terminal_charts import terminal_charts
from storage.history import Run
from storage.reader import find_run
from storage.sqlite.history import SqliteHistory
from storage.sqlite.reader import SqliteReader
from tests.support.history import small_history as small
from venue.protocol.tokens import DEFAULT_TOKENS
from venue.protocol.units import NS_PER_S


def note(number: int, at_ns: int, text: str, accepted: bool = True, command: str = NOTE) -> OperatorAction:
    return OperatorAction(
        at_ns=at_ns,
        command_id=f"note-{number}",
        actor="alice",
        command=command,
        arguments="{}",
        accepted=accepted,
        reason=text,
    )


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A history with two notes in its middle, one refused, and one of another time."""
    path = asyncio.run(small.write(tmp_path_factory.mktemp("notes") / "history.sqlite"))
    with SqliteReader(path) as reader:
        run = find_run(reader, "last")
    middle = (run.span.from_ns + run.span.to_ns) // 2
    added = [
        note(1, middle, "the bank is closed"),
        note(2, middle + NS_PER_S, "<b>open</b> again"),
        note(3, middle, "a note needs a text", accepted=False),
        note(4, middle, "limits changed", command="limits"),
        note(5, run.span.to_ns + 10**15, "of another day"),
    ]

    async def add() -> None:
        history = SqliteHistory(path)
        await history.open(
            Run(run_id="later", mode="SANDBOX", account="maker.near", started_ns=run.span.to_ns + 10**14)
        )
        await history.write(added)
        await history.close(run.span.to_ns + 2 * 10**14)

    asyncio.run(add())
    return path


@pytest.fixture(scope="module")
def report(path: Path) -> TradingReport:
    with SqliteReader(path) as reader:
        first = next(iter(reader.rows("SELECT run_id FROM runs ORDER BY seq")))[0]
        return trading_report(reader, find_run(reader, first).span, DEFAULT_TOKENS)


def test_notes_are_listed_with_time_and_author(report: TradingReport) -> None:
    assert [(one.actor, one.text) for one in report.notes] == [
        ("alice", "the bank is closed"),
        ("alice", "<b>open</b> again"),
    ]
    text = report_text.as_text(report)
    assert "Notes of operators" in text
    assert "UTC  alice: the bank is closed" in text
    notes = json.loads(report_text.as_json(report))["notes"]
    assert [set(one) for one in notes] == [{"at_ns", "actor", "text"}] * 2
    assert "alice" in report_text.as_csv(report)


def test_a_report_without_notes_says_nothing_of_them(report: TradingReport) -> None:
    silent = msgspec.structs.replace(report, notes=())
    assert "Notes of operators" not in report_text.as_text(silent)
    assert marks(silent) == []


def test_they_are_marked_on_the_charts_of_the_page_and_escaped(report: TradingReport) -> None:
    made, without = page(report), page(msgspec.structs.replace(report, notes=()))
    assert "alice: the bank is closed" in made
    assert "&lt;b&gt;open&lt;/b&gt; again" in made
    assert "<b>" not in made
    # Three charts over time, two notes each.
    assert made.count("stroke-dasharray: 0.7,1.155") - without.count("stroke-dasharray: 0.7,1.155") == 6


def test_they_are_marked_on_the_charts_of_the_terminal(report: TradingReport) -> None:
    made, without = terminal_charts(report), terminal_charts(msgspec.structs.replace(report, notes=()))
    assert made.count("│") > without.count("│")
    assert max(map(len, made.splitlines())) <= 80


def test_only_the_newest_of_many_are_marked(report: TradingReport) -> None:
    many = tuple(report.notes[0] for _ in range(200))
    assert [name for _, name in marks(msgspec.structs.replace(report, notes=many))] == [
        str(number) for number in range(201 - MOST_MARKS, 201)
    ]
    late = msgspec.structs.replace(report.notes[0], at_ns=report.curve[-1].at_ns + 1)
    assert marks(msgspec.structs.replace(report, notes=(late,))) == []
