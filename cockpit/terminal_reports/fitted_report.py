"""The whole report in so many cells: its charts, then its tables, in two columns where there is room. Pure."""

from collections.abc import Iterator, Sequence

from cockpit.model.recorded.report import FittedReport, ReportLine, ReportPart, ReportTone
from cockpit.reports import sections
from cockpit.reports.figures import TradingReport
from cockpit.terminal_reports.cell_text import wrapped
from cockpit.terminal_reports.fitted_tables import fitted_table, natural_width, side_by_side
from cockpit.terminal_reports.terminal_charts import charts

GAP = 3
"""Cells between two columns."""
LEAST_CHART, LEAST_TABLE = 50, 76
"""Cells of a column that make it worth having two."""
MOST_LINES = 5_000
NARROWEST = 20
"""Cells: below them lines are cut."""


def fitted_report(report: TradingReport, width: int, *, in_full: str) -> FittedReport:
    """Fit the report; ``in_full``: the command that prints what is more than a dialog holds."""
    width = max(NARROWEST, width)
    head = [*_text(sections.title(report), width, "strong"), *_text(sections.whose(report), width, "muted"), ()]
    drawn = list(_in_rows(charts(report, _column(width, LEAST_CHART)), width))
    lines = [*head, *drawn, *_in_columns(list(_blocks(report, _column(width, LEAST_TABLE))), width)]
    if len(lines) > MOST_LINES:
        lines = [*lines[:MOST_LINES], *_text(f"{len(lines) - MOST_LINES:,} more lines: {in_full}", width, "warn")]
    return FittedReport(width, tuple(lines), len(head) + len(drawn))


def _column(width: int, least: int) -> int:
    """Return the width of a column: half of it, where half is enough."""
    half = (width - GAP) // 2
    return half if half >= least else width


def _in_rows(blocks: Sequence[list[ReportLine]], width: int) -> Iterator[ReportLine]:
    """Put as many blocks in a row as there are columns, and an empty line under each row."""
    column = _column(width, LEAST_CHART)
    abreast = 1 if column == width else 2
    for start in range(0, len(blocks), abreast):
        left, *right = blocks[start : start + abreast]
        yield from side_by_side(left, right[0], column, GAP) if right else left
        yield ()


def _in_columns(blocks: Sequence[list[ReportLine]], width: int) -> list[ReportLine]:
    """Put the blocks under each other, in two columns that are about as long as each other where there is room."""
    column = _column(width, LEAST_TABLE)
    stacked = [_under_each_other(blocks[:place]) for place in range(len(blocks) + 1)]
    if column == width:
        return stacked[-1]
    rest = [_under_each_other(blocks[place:]) for place in range(len(blocks) + 1)]
    left, right = min(zip(stacked, rest, strict=True), key=lambda pair: max(map(len, pair)))
    return side_by_side(left, right, column, GAP)


def _under_each_other(blocks: Sequence[list[ReportLine]]) -> list[ReportLine]:
    lines: list[ReportLine] = []
    for block in blocks:
        lines += [(), *block] if lines else block
    return lines


def _blocks(report: TradingReport, width: int) -> Iterator[list[ReportLine]]:
    """Yield each section in its widest form that has room; names of groups are never shortened."""
    narrow = sections.sections(report, full_names=True)
    for one, wide in zip(narrow, sections.sections(report, wide=True), strict=True):
        yield _block(wide if wide.rows and natural_width(wide.rows) <= width else one, width)


def _block(one: sections.Section, width: int) -> list[ReportLine]:
    lines = _text(one.title, width, "strong")
    for text in one.lines:
        lines += _text(text, width)
    if one.rows is not None:
        lines += fitted_table(one.rows, width)
    if one.notes:
        lines += _text(sections.FAR_MIDS, width, "warn")
        for note in one.notes:
            lines += _text(f"  {note}", width, "warn", 4)
    return lines


def _text(text: str, width: int, tone: ReportTone = "text", hanging: int = 2) -> list[ReportLine]:
    return [(ReportPart(line, tone),) for line in wrapped(text, width, hanging)]
