"""What fills the screen before there is anything to show."""

from textual.app import ComposeResult
from textual.containers import Container
from textual.widgets import Static

from panels.kit.view import View


def notice(view: View, where: str) -> str:
    """One calm sentence about what is going on, and what the reader can do."""
    if view.start_problem:
        return f"The desk did not start.\n\n{view.start_problem}\n\nMend it and start the cockpit again.  q quits."
    lines = ["connecting to the desk…", "", where]
    if view.link_lost:
        lines += ["", f"not yet: {view.link_lost}", "trying again by itself.  q quits."]
    return "\n".join(lines)


class ConnectingNotice(Container):
    """A text in the middle of the screen."""

    def __init__(self, where: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._where = where
        self._text = notice(View(snapshot=None), where)
        self._label = Static(self._text, markup=False)

    def compose(self) -> ComposeResult:
        """The text."""
        yield self._label

    def paint(self, view: View) -> None:
        """Say how it stands."""
        text = notice(view, self._where)
        if text != self._text:
            self._text = text
            self._label.update(text)
        self.set_class(bool(view.start_problem), "-alarm")
