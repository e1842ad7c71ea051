"""A report fitted to a width: whatever the width and the names, every cell is there and no line is longer."""

import re
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace
from rich.cells import cell_len

from cockpit.model.printable import printable
from cockpit.model.recorded.report import FittedReport, ReportLine
from cockpit.reports import sections
from cockpit.terminal_reports import fitted_report as module
from cockpit.terminal_reports.cell_text import wrapped
from cockpit.terminal_reports.fitted_report import NARROWEST, fitted_report
from cockpit.terminal_reports.fitted_tables import NONE, fitted_table
from cockpit.terminal_reports.terminal_charts import HEIGHT, NOT_KNOWN, NOTHING_TO_DRAW, TITLES, text_of
from storage.reporting.notes import RecordedNote
from tests.support.desk.builders import NOW
from tests.support.reports.reports import LONG_NOTE, LONG_PARTNER, empty_report, reported_day

COMMAND = "cockpit report --day 2026-09-21"
ANY_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)


def _rows(columns: int) -> st.SearchStrategy[list[str]]:
    return st.lists(ANY_TEXT, min_size=columns, max_size=columns)


def fitted(width: int) -> FittedReport:
    return fitted_report(reported_day(NOW), width, in_full=COMMAND)


def bare(text: str) -> str:
    """Return the text without the spaces at which it may be broken."""
    return re.sub(r"\s+", "", text)


def letters(lines: Sequence[ReportLine]) -> str:
    return "".join(text_of(line) for line in lines)


@pytest.mark.parametrize("width", [NARROWEST, 33, 55, 75, 102, 103, 115, 154, 155, 195])
def test_no_line_is_longer_than_the_width_and_nothing_is_shortened(width: int) -> None:
    made = fitted(width)
    texts = [text_of(line) for line in made.lines]
    assert max(map(cell_len, texts)) <= width
    assert not any("…" in text for text in texts)
    whole = bare("".join(texts))
    if width < 155:
        assert bare(LONG_PARTNER) in whole
        assert bare(LONG_NOTE) in whole
    for title in TITLES.values():
        assert width < 40 or bare(title) in whole


def test_it_says_what_the_command_prints() -> None:
    whole = bare(letters(fitted(75).lines))
    for section in sections.sections(reported_day(NOW), wide=False, full_names=True):
        assert bare(section.title) in whole
        for text in (*section.lines, *section.notes, *(cell for row in section.rows or () for cell in row)):
            assert bare(text) in whole


def test_charts_stand_beside_each_other_from_their_width_on_and_tables_from_theirs() -> None:
    def beside(width: int, left: str, right: str) -> bool:
        return any(left in text and right in text for text in map(text_of, fitted(width).lines))

    pairs = [(TITLES["trading"], TITLES["total"]), ("Quotes", "Markouts, bps")]
    assert [[beside(width, *pair) for pair in pairs] for width in (102, 103, 154, 155)] == [
        [False, False],
        [True, False],
        [True, False],
        [True, True],
    ]


def test_the_tables_start_where_it_says() -> None:
    for width in (75, 115, 195):
        made = fitted(width)
        assert text_of(made.lines[made.tables_at]).startswith("Quotes")


def test_a_wide_terminal_has_more_columns() -> None:
    assert "sent  filled  fills" in "\n".join(map(text_of, fitted(115).lines))
    assert "sent filled" not in "\n".join(map(text_of, fitted(60).lines))


def test_what_is_more_than_a_dialog_holds_names_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_LINES", 100)
    made = fitted(75)
    assert len(made.lines) <= 102
    assert COMMAND in letters(made.lines[100:])


def test_what_a_terminal_would_act_on_is_marked() -> None:
    note = RecordedNote(at_ns=NOW, actor="\x1b[31mmallory", text="two\nlines\u202e")
    made = fitted_report(replace(reported_day(NOW), notes=(note,)), 75, in_full=COMMAND)
    assert all(part.text == printable(part.text) for line in made.lines for part in line)
    assert "mallory: two lines" in letters(made.lines)


def test_a_report_of_nothing_says_unknown_and_none_and_draws_nothing() -> None:
    empty = replace(
        empty_report(),
        profit_unknown="no mid was recorded",
        sides=reported_day(NOW).sides,
        curve=(),
    )
    text = "\n".join(map(text_of, fitted_report(empty, 75, in_full=COMMAND).lines))
    assert NOTHING_TO_DRAW in re.sub(r"\s+", " ", text)
    assert "unknown  no mid was recorded" in text
    assert "win rate (settled / accepted) ? %" in text
    assert "reaction p50 ?, p99 ?, max ? µs" in text


def test_a_day_without_a_mid_has_charts_of_what_is_known_only() -> None:
    curve = tuple(replace(point, mid=None, trading=None, total=None, value=None) for point in reported_day(NOW).curve)
    lines = fitted_report(replace(reported_day(NOW), curve=curve), 75, in_full=COMMAND).lines
    texts = [text_of(line) for line in lines]
    assert texts.count(NOT_KNOWN) == 3
    dots = [place for place, line in enumerate(lines) if any(part.tone == "accent" for part in line)]
    assert dots
    assert dots[-1] - dots[0] < HEIGHT


@given(
    rows=st.integers(1, 5).flatmap(
        lambda cells: st.lists(st.lists(ANY_TEXT, min_size=cells, max_size=cells), max_size=5)
    ),
    width=st.integers(NARROWEST, 200),
)
@settings(max_examples=150, deadline=None)
def test_a_table_keeps_every_cell_in_any_width(rows: list[list[str]], width: int) -> None:
    lines = fitted_table(rows, width)
    assert all(cell_len(text_of(line)) <= width for line in lines)
    if len(rows) < 2:
        assert letters(lines) == NONE
        return
    # A broken cell has its parts in several lines, those of its neighbours between them: letters are counted.
    shown = bare(letters(lines))
    for row in rows[1:]:
        for cell in row:
            for letter in bare(printable(" ".join(cell.splitlines()))):
                assert letter in shown


@given(text=ANY_TEXT, width=st.integers(2, 60), hanging=st.integers(0, 8))
@settings(max_examples=150, deadline=None)
def test_wrapping_loses_no_letter_and_no_space_between_words(text: str, width: int, hanging: int) -> None:
    lines = wrapped(text, width, hanging)
    assert all(cell_len(line) <= width for line in lines)
    assert bare("".join(lines)) == bare(printable(" ".join(text.splitlines())))


@pytest.mark.parametrize(
    ("width", "shown"),
    [
        (30, ["          sent   hit", "a maker  1,000  10.5"]),
        (20, ["          sent   hit", "a maker  1,000  10.5"]),
        (18, ["         sent  hit", "a maker 1,000 10.5"]),
        (13, ["         sent", "a maker 1,000", "          hit", "a maker  10.5"]),
        (10, ["a maker", " sent", "  1,000", " hit 10.5"]),
    ],
)
def test_a_table_gives_up_gaps_first_and_then_goes_under_itself(width: int, shown: list[str]) -> None:
    assert [text_of(line) for line in fitted_table([["", "sent", "hit"], ["a maker", "1,000", "10.5"]], width)] == shown
