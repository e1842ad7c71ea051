"""The help says what its marks mean before it uses them, and fits a small terminal."""

import pytest

from panels.dialogs.help import LEGEND, help_lines
from panels.kit.actions import ACTIONS
from panels.kit.view import View

WHY = "strategy armed first: not armed; decisions seen in SHADOW: 0 actionable decisions without a venue error"


def lines(reason: str, width: int = 72) -> list[str]:
    view = View(snapshot=None, quiet_ms=0)
    return ["".join(cell.text for cell in line) for line in help_lines(ACTIONS, lambda ident, _: reason, view, width)]


def test_the_marks_are_explained_first() -> None:
    assert lines("")[0] == LEGEND


@pytest.mark.parametrize("width", [55, 72, 77])
def test_no_line_is_wider_than_its_dialog(width: int) -> None:
    shown = lines(WHY, width)
    assert [line for line in shown if len(line) > width] == []
    assert " ".join(part.strip() for part in shown).count("without a venue error") == len(ACTIONS)
