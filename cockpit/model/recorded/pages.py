"""A page of recorded rows, as a cockpit shows it: what is asked, and what is found."""

from collections.abc import Callable
from typing import Literal

import msgspec

from cockpit.model.snapshot import DecisionRow, DepositRow, FillRow, JournalRow, QuoteRow, WithdrawalRow

RecordedList = Literal["fills", "quotes", "decisions", "funds", "journal"]
Tone = Literal["text", "good", "bad", "warn", "muted"]

NEWEST_ID = 2**62
"""Greater than that of any row."""

LISTS: tuple[RecordedList, ...] = ("fills", "quotes", "decisions", "funds", "journal")


class Cursor(msgspec.Struct, frozen=True):
    """Where a page ended: what comes next is older than this row. Time: UTC ns."""

    at_ns: int
    row_id: int


def until(at_ns: int) -> Cursor:
    """Return where the rows of a moment, UTC ns, and those before it start."""
    return Cursor(at_ns, NEWEST_ID)


LiveRow = DecisionRow | QuoteRow | FillRow | DepositRow | WithdrawalRow | JournalRow
"""A row as a live board has it."""


class LiveFilter(msgspec.Struct, frozen=True):
    """A filter of a live list. ``holds``: whether it shows a row; called in the thread that reads.

    ``at_ns``: the moment from which ages count, UTC. ``text``: how it was typed.
    """

    text: str
    holds: Callable[[LiveRow], bool]
    at_ns: int


class RecordedRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row: when it happened (UTC ns), its columns as text, and the quote whose trace it opens, if it has one."""

    key: str
    at_ns: int
    cells: tuple[str, ...]
    tone: Tone = "text"
    quote: tuple[str, str] | None = None
    """Run and quote id."""


class RecordedPage(msgspec.Struct, frozen=True, kw_only=True):
    """Rows, the newest first. ``older``: where to go on, None at the start of the history.

    ``searched_ns``: how far back was looked, when a search ended before the page was full.
    """

    rows: tuple[RecordedRow, ...]
    older: Cursor | None
    searched_ns: int | None = None


Step = Literal["", "second", "event", "fill"]
"""How far to go from a moment: nowhere, a second, to the next row of any list, to the next fill."""


class RecordedText(msgspec.Struct, frozen=True):
    """A trace or a report, as lines."""

    title: str
    lines: tuple[str, ...]
