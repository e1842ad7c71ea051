"""The log: one line for what happened once, and every line that matters."""

import pytest
from msgspec.structs import replace

from cockpit.app.notifications import diff_snapshots
from cockpit.model.snapshot import JournalRow, Snapshot
from panels.kit.notices import NoticeLog
from panels.kit.rows.cells import layout
from panels.views.log import COLUMNS, DISARM_BOTH, LogEntry, entries, folded
from tests.support.cockpit import samples


def row(number: int, command: str, reason: str = "done", *, actor: str = "ops", accepted: bool = True) -> JournalRow:
    return JournalRow(
        command_id=f"c{number}",
        age_ms=1000 * number,
        actor=actor,
        command=command,
        accepted=accepted,
        reason=reason,
    )


def shown(*rows: JournalRow, noticed: NoticeLog | None = None) -> list[LogEntry]:
    shot = replace(samples.snapshot(), journal=rows, findings=())
    return folded(entries(shot, noticed or NoticeLog(lambda: 0.0)))


BY_DESK = "the desk: price 9 s old, at most 5 s"
DISARMED = (
    row(1, "disarm trade-executor", "executor disarmed", actor=BY_DESK),
    row(1, "disarm strategy-engine", "strategy disarmed", actor=BY_DESK),
)


def test_what_disarms_both_parts_is_one_line_with_its_cause() -> None:
    (line,) = shown(*DISARMED)
    assert (line.who, line.what, line.text) == (BY_DESK, DISARM_BOTH, "strategy disarmed; executor disarmed")


def test_what_the_journal_says_is_not_noticed_again() -> None:
    before = replace(samples.snapshot(), journal=())
    now = replace(before, journal=DISARMED, rung="SAFE", strategy_armed=False, executor_armed=False)
    noticed = NoticeLog(lambda: 0.0)
    noticed.received(None, before)
    told = len(noticed.newest())
    noticed.received(before, now)
    assert len(noticed.newest()) == told
    found = diff_snapshots(before, now, ())
    assert [(item.kind, item.journalled) for item in found] == [("disarm", True)] * 2


def test_a_disarm_that_the_journal_does_not_list_is_noticed() -> None:
    before = replace(samples.snapshot(), journal=())
    now = replace(before, rung="SAFE", strategy_armed=False, executor_armed=False, executor_why="history is down")
    noticed = NoticeLog(lambda: 0.0)
    noticed.received(None, before)
    noticed.received(before, now)
    assert "history is down" in noticed.newest()[0].text
    assert not any(item.journalled for item in diff_snapshots(before, now, ()))


def test_two_people_disarming_one_part_each_are_two_lines() -> None:
    ops = row(1, "disarm trade-executor", "executor disarmed")
    assert len(shown(ops, replace(DISARMED[1], age_ms=1500))) == 2


def test_equal_lines_in_a_row_are_one_with_their_number() -> None:
    rows = [row(number, "limits", "below 0", accepted=False) for number in range(1, 8)]
    (line,) = shown(*rows)
    assert (line.count, line.age_ms, line.key) == (7, 1000, "command/c7")
    assert [
        one.count for one in shown(*rows[:3], row(9, "limits", "done"), *(replace(r, age_ms=9999) for r in rows))
    ] == [
        3,
        1,
        7,
    ]


def test_unfreezing_is_called_so_and_a_review_is_no_command() -> None:
    opened = row(1, "freeze-withdrawals", "one withdrawal within 10 min")
    frozen = row(2, "freeze-withdrawals", "withdrawals frozen")
    review = row(3, "withdrawal-estimate", "too much", accepted=False)
    lines = shown(opened, frozen, review)
    assert (lines[0].what, lines[0].mark) == ("unfreeze withdrawals", "✓")
    assert "unfreeze" not in lines[1].what
    assert (lines[2].what, lines[2].mark) == ("review", "·")


def test_nothing_of_the_journal_vanishes() -> None:
    shot: Snapshot = replace(samples.snapshot(), findings=())
    lines = folded(entries(shot, NoticeLog(lambda: 0.0)))
    told = sum(line.count + (line.what == DISARM_BOTH) for line in lines)
    assert told == len(shot.journal)


@pytest.mark.parametrize("width", [56, 76, 118])
def test_who_did_it_is_never_cut_for_a_long_outcome(width: int) -> None:
    wide = dict(layout(COLUMNS, width, needs=(6, len("root on pts/0"), 1, 17, 90)))
    assert wide[1] == len("root on pts/0")
    assert wide[4] >= 12
