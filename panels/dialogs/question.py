"""A question before something that cannot be taken back: what it means, Cancel first, the desk's answer in the box."""

from collections.abc import Callable, Iterable

from textual.widget import Widget
from textual.widgets import Static

from panels.dialogs.single_command import Ask, SingleCommandDialog
from panels.kit.view import View


class Question(SingleCommandDialog):
    """Asks, opening on Cancel. ``obstacle`` says why it cannot be done now, empty when it can."""

    def __init__(
        self, view: View, title: str, meaning: str, label: str, ask: Ask, obstacle: Callable[[View], str]
    ) -> None:
        super().__init__(view, title, f"{label} (space)", ask)
        self._meaning = meaning
        self._in_the_way = obstacle

    def question(self) -> Iterable[Widget]:
        """What it means."""
        yield Static(self._meaning, id="meaning", markup=False)

    def obstacle(self, view: View) -> str:
        """What the caller says is in the way."""
        return self._in_the_way(view)

    def picture(self, view: View) -> object:
        """Whose money it is about."""
        snapshot = view.snapshot
        return None if snapshot is None else (snapshot.run_id, snapshot.mode, snapshot.account)
