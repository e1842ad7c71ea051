"""The daily digest: the report of the last 24 hours, with a picture where the extra `charts` is installed."""

import os
from collections.abc import Sequence
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from cockpit.alerting.message import AlertMessage
from cockpit.config.markets import load_markets
from cockpit.model.alerts.channel import Hello
from cockpit.model.formatting import counted
from cockpit.reports import report_text
from cockpit.reports.figures import ReportedFill
from cockpit.reports.trading_report import trading_report
from storage.errors import HistoryError
from storage.reader import Span

NS_PER_S = 10**9
DAY_NS = 86_400 * NS_PER_S
MAX_TEXT = 12_000
PICTURE = "alerts-digest.png"


def make_digest(hello: Hello, heading: str, at_ns: int) -> AlertMessage:
    """Return the digest of the 24 hours before ``at_ns``. It reads the history: call it in a thread."""
    span = Span(at_ns - DAY_NS, at_ns)
    try:
        text, fills = _report(hello, span)
    except HistoryError as error:
        text, fills = f"There is no report: {error}", ()
    return AlertMessage(
        rule="digest",
        key="digest",
        severity="info",
        title=f"{heading}: the last 24 hours",
        text=text[:MAX_TEXT],
        count=1,
        first_ns=span.from_ns,
        last_ns=at_ns,
        queued_ns=at_ns,
        picture=draw(fills, span, Path(hello.state_dir, PICTURE)),
    )


def _report(hello: Hello, span: Span) -> tuple[str, Sequence[ReportedFill]]:
    markets, problems = load_markets(hello.markets_file or "none", {}, hello.state_dir)
    if problems:
        raise HistoryError("; ".join(problems))
    if hello.history.startswith(("postgresql://", "postgres://")):
        from storage.postgres.reader import PostgresReader

        with PostgresReader(hello.history) as reader:
            figures = trading_report(reader, span, markets.tokens, with_fills=True)
    else:
        from storage.sqlite.reader import SqliteReader

        with SqliteReader(Path(hello.history)) as file_reader:
            figures = trading_report(file_reader, span, markets.tokens, with_fills=True)
    return report_text.as_text(figures), figures.fills


def captured(fills: Sequence[ReportedFill]) -> tuple[list[tuple[int, Decimal]], int]:
    """Return the spread captured so far at each fill (UTC ns, EURe), and of how many fills it is not known."""
    course: list[tuple[int, Decimal]] = []
    for fill in fills:
        if fill.spread is not None:
            course.append((fill.at_ns, fill.spread + (course[-1][1] if course else 0)))
    return course, len(fills) - len(course)


def draw(fills: Sequence[ReportedFill], span: Span, path: Path) -> str:
    """Draw the spread captured in the span into ``path``; return it, or nothing without matplotlib or fills."""
    if not fills:
        return ""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.dates import date2num
        from matplotlib.figure import Figure
    except ImportError:
        return ""
    course, unknown = captured(fills)
    times = [_utc(at_ns) for at_ns in (span.from_ns, *(at_ns for at_ns, _ in course))]
    sums = [0.0, *(float(so_far) for _, so_far in course)]
    figure = Figure(figsize=(8, 4), layout="constrained")
    axes = figure.add_subplot()
    axes.plot(date2num([*times, _utc(span.to_ns)]), [*sums, sums[-1]], drawstyle="steps-post")
    axes.xaxis_date(UTC)
    axes.set_xlabel("UTC")
    axes.set_ylabel("spread captured, EURe")
    if unknown:
        axes.set_title(f"without {counted(unknown, 'fill')} of unknown spread")
    axes.grid(visible=True, linewidth=0.5)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, 0o600)
        with open(handle, "wb") as file:
            FigureCanvasAgg(figure).print_png(file)
    except OSError:
        return ""
    return str(path)


def _utc(at_ns: int) -> datetime:
    return datetime.fromtimestamp(at_ns / NS_PER_S, UTC)
