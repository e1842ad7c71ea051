"""A report fitted to the width of a dialog: lines of text, and what each piece of them is."""

from collections.abc import Callable
from typing import Literal, NamedTuple

import msgspec

from cockpit.model.formatting import utc_moment

ReportTone = Literal["text", "strong", "muted", "accent", "warn"]


class ReportPart(NamedTuple):
    text: str
    tone: ReportTone = "text"


ReportLine = tuple[ReportPart, ...]


class FittedReport(msgspec.Struct, frozen=True):
    """Lines of at most ``width`` cells. ``tables_at``: the line after the charts, where the tables start."""

    width: int
    lines: tuple[ReportLine, ...]
    tables_at: int = 0


class RecordedReport(msgspec.Struct, frozen=True):
    """The report of a UTC day. ``fit`` draws it for a width, in the thread that reads."""

    title: str
    fit: Callable[[int], FittedReport]
    fitted: FittedReport


def report_title(at_ns: int) -> str:
    """Name the report of the day of a moment, UTC ns."""
    return f"Report {utc_moment(at_ns)[:10]}"
