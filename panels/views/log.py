"""Log: every command with its actor and outcome, the startup findings, and what this cockpit noticed."""

from collections.abc import Sequence
from typing import ClassVar, Literal

import msgspec

from cockpit.model.ages import age_ms
from cockpit.model.formatting import age, coarse_age, counted
from cockpit.model.recorded.names import short_names
from cockpit.model.recorded.pages import LiveRow, RecordedList
from cockpit.model.snapshot import JournalRow, Snapshot
from panels.kit.keymap import KeyMap
from panels.kit.messages import NO_REASON_GIVEN
from panels.kit.notices import NoticeLog
from panels.kit.panel import Panel
from panels.kit.rows.cells import Cell, Column, Detail, Field, GridRow
from panels.kit.rows.row_filter import Fields, RowFacts
from panels.kit.theme import Role

Mark = Literal["✓", "✗", "!", "·"]
ROLES: dict[Mark, Role] = {"✓": "good", "✗": "bad", "!": "warn", "·": "muted"}
COLUMNS = (
    Column("age", 6, "right", ticks=True),
    # "root on pts/0" is whole.
    Column("who", 13),
    Column("", 1),
    Column("what", 24),
    Column("outcome", 12, grow=True),
)
NOTICED: dict[str, Mark] = {"good": "✓", "info": "·", "warn": "!", "bad": "✗"}


KINDS = {"command": "Command", "noticed": "Noticed", "finding": "Startup finding", "review": "Review"}
REVIEW = "withdrawal-estimate"
FREEZE, FROZEN = "freeze-withdrawals", "withdrawals frozen"
DISARMS = {"disarm strategy", "disarm executor"}
DISARM_BOTH = "disarm everything"
TOGETHER_MS = 2_000
"""Two parts disarmed within this time were disarmed by one cause."""


class LogEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One line of the log; ``text`` is the outcome of a command, or the finding or notice."""

    key: str
    age_ms: int
    who: str
    mark: Mark
    what: str
    text: str = ""
    count: int = 1
    """How many equal lines it stands for; the key is that of the oldest, the age that of the newest."""


def journal_entry(row: JournalRow) -> LogEntry:
    if row.command == REVIEW:
        # Nothing was commanded: somebody looked at what a withdrawal would do.
        return LogEntry(
            key=f"review/{row.command_id}", age_ms=row.age_ms, who=row.actor, mark="·", what="review", text=row.reason
        )
    outcome = short_names(row.reason) or ("done" if row.accepted else NO_REASON_GIVEN)
    return LogEntry(
        key=f"command/{row.command_id}",
        age_ms=row.age_ms,
        who=row.actor,
        mark="✓" if row.accepted else "✗",
        what=_command_name(row),
        text=outcome if row.accepted else f"refused: {outcome}",
    )


def _command_name(row: JournalRow) -> str:
    opens = row.command == FREEZE and row.accepted and not row.reason.startswith(FROZEN)
    return "unfreeze withdrawals" if opens else short_names(row.command)


def folded(found: Sequence[LogEntry]) -> list[LogEntry]:
    """Return entries, newest first, with equal ones in a row as one, and the disarming of both parts as one."""
    lines: list[LogEntry] = []
    for entry in found:
        above = lines[-1] if lines else None
        if above is not None and _said(above) == _said(entry):
            lines[-1] = msgspec.structs.replace(above, key=entry.key, count=above.count + entry.count)
        elif above is not None and _disarm_together(above, entry):
            text = f"{entry.text}; {above.text}"
            lines[-1] = msgspec.structs.replace(above, key=entry.key, what=DISARM_BOTH, text=text)
        else:
            lines.append(entry)
    return lines


def _said(entry: LogEntry) -> tuple[str, str, str, str]:
    return entry.who, entry.mark, entry.what, entry.text


def _disarm_together(above: LogEntry, below: LogEntry) -> bool:
    both = {above.what, below.what} == DISARMS and above.who == below.who and {above.mark, below.mark} == {"✓"}
    return both and abs(above.age_ms - below.age_ms) <= TOGETHER_MS


def entries(snapshot: Snapshot, noticed: NoticeLog) -> list[LogEntry]:
    """List commands, findings and notices one by one, newest first."""
    run_ms = age_ms(snapshot.at_ns, snapshot.started_ns) or 0
    found = [journal_entry(row) for row in snapshot.journal]
    found += [
        LogEntry(key=f"finding/{number}", age_ms=run_ms, who="start", mark="!", what="found", text=text)
        for number, text in enumerate(snapshot.findings)
    ]
    found += [
        LogEntry(
            key=f"noticed/{notice.number}",
            age_ms=noticed.age_ms(notice),
            who="cockpit",
            mark=NOTICED[notice.weight],
            what="noticed",
            text=notice.text,
        )
        for notice in noticed.newest()
    ]
    return sorted(found, key=lambda entry: entry.age_ms)


def entry_row(entry: LogEntry) -> GridRow:
    role = ROLES[entry.mark]
    return GridRow(
        entry.key,
        (
            Cell(age(entry.age_ms), "muted"),
            Cell(entry.who, "text" if entry.who not in ("cockpit", "start") else "muted"),
            Cell(entry.mark, role),
            Cell(entry.what, "strong" if entry.key.startswith("command/") else "muted"),
            Cell(_times(entry), "muted" if entry.mark in "✓·" else role),
        ),
    )


def _times(entry: LogEntry) -> str:
    return f"{entry.count:,} times: {entry.text}" if entry.count > 1 else entry.text


class LogPanel(Panel[LogEntry]):
    TITLE = "Log"
    COLUMNS = COLUMNS
    TIMES_FROM = 72
    FED_BY = "history-writer"
    RECORDED: ClassVar[RecordedList] = "journal"
    FIELDS: ClassVar[Fields] = {"who": "text", "what": "text", "outcome": "text", "age": "age", "id": "text"}

    def __init__(self, ident: str, number: int, keys: KeyMap, noticed: NoticeLog) -> None:
        super().__init__(ident, number, keys)
        self._noticed = noticed

    def items(self, snapshot: Snapshot) -> Sequence[LogEntry]:
        if self.rewound is not None:
            return [journal_entry(row) for row in snapshot.journal]
        return entries(snapshot, self._noticed)

    def age_of(self, item: LogEntry) -> int:
        return item.age_ms

    def folded(self, items: Sequence[LogEntry]) -> Sequence[LogEntry]:
        return items if self.rewound is not None else folded(items)

    def key(self, item: LogEntry) -> str:
        return item.key

    def aged(self, item: LogEntry, ms: int) -> LogEntry:
        return msgspec.structs.replace(item, age_ms=item.age_ms + ms)

    def row(self, item: LogEntry) -> GridRow:
        return entry_row(item)

    def facts(self, item: LogEntry) -> RowFacts:
        word = {"✓": "ok", "✗": "refused", "!": "warning", "·": ""}[item.mark]
        return {
            "who": item.who,
            "what": item.what,
            "outcome": f"{word} {item.text}",
            "age": item.age_ms // 1000,
            "id": item.key,
        }

    def facts_of_recorded(self, row: LiveRow) -> RowFacts:
        return self.facts(journal_entry(row)) if isinstance(row, JournalRow) else {}

    def detail_of(self, item: LogEntry, snapshot: Snapshot) -> Detail:
        kind, _, ident = item.key.partition("/")
        return Detail(
            KINDS[kind],
            (
                Field("who", Cell(item.who)),
                Field("what", Cell(item.what, "strong")),
                Field("outcome", Cell(f"{item.mark} {_times(item)}", ROLES[item.mark])),
                Field("age", Cell(age(item.age_ms))),
                Field("id", Cell(ident), copy=True),
            ),
        )

    def empty(self, snapshot: Snapshot) -> Cell:
        return Cell("no commands yet", "muted")

    def freshness(self, snapshot: Snapshot) -> str:
        found = self.items(snapshot)
        return f"newest {coarse_age(found[0].age_ms)}" if found else ""

    def summary(self, snapshot: Snapshot) -> str:
        commands = [row for row in snapshot.journal if row.command != REVIEW]
        refused = sum(not row.accepted for row in commands)
        words = counted(len(commands), "command")
        return f"{words}, {refused} refused" if refused else words
