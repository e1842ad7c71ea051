"""The help says what its marks mean before it uses them, and fits a small terminal."""

from panels.dialogs.help import LEGEND, help_lines
from panels.kit.actions import ACTIONS
from panels.kit.view import View

WHY = "strategy armed first: not armed; decisions seen in SHADOW: 0 actionable decisions without a venue error"


def lines(reason: str) -> list[str]:
    view = View(snapshot=None, quiet_ms=0)
    return ["".join(cell.text for cell in line) for line in help_lines(ACTIONS, lambda ident, _: reason, view)]


def test_the_marks_are_explained_first() -> None:
    assert lines("")[0] == LEGEND


def test_no_line_is_wider_than_the_dialog_at_80_columns() -> None:
    wide = [line for line in lines(WHY) if len(line) > 72]
    assert wide == []
    assert " ".join(part.strip() for part in lines(WHY)).count("without a venue error") == len(ACTIONS)
