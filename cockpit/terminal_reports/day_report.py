"""The report of a UTC day, read from history and fitted to a width."""

from functools import partial

from cockpit.model.formatting import utc_moment
from cockpit.model.recorded.report import FittedReport, RecordedReport, ReportPart, report_title
from cockpit.reports.trading_report import trading_report
from cockpit.terminal_reports.cell_text import wrapped
from cockpit.terminal_reports.fitted_report import fitted_report
from storage.reader import Reader, Span
from venue.protocol.tokens import TokenTable

_DAY_NS = 86_400 * 10**9


def day_report(reader: Reader, tokens: TokenTable, at_ns: int, width: int) -> RecordedReport:
    """Return the report of the day in which a moment, UTC ns, is; of one without a desk a sentence."""
    start = at_ns // _DAY_NS * _DAY_NS
    day = utc_moment(start)[:10]
    report = trading_report(reader, Span(start, start + _DAY_NS), tokens)
    if report.runs or report.decisions or any(side.fills for side in report.sides):
        fit = partial(fitted_report, report, in_full=f"cockpit report --day {day}")
    else:
        fit = partial(_sentence, nothing_recorded(day))
    return RecordedReport(report_title(start), fit, fit(width))


def nothing_recorded(day: str) -> str:
    return f"Nothing was recorded on {day} UTC: no desk ran."


def _sentence(text: str, width: int) -> FittedReport:
    return FittedReport(width, tuple((ReportPart(line),) for line in wrapped(text, width)))
