"""What takes the place of the panels or a line above them: no connection, a frozen view, faults."""

from textual.app import ComposeResult
from textual.containers import Container

from cockpit.model.formatting import age, counted
from panels.kit.messages import CONNECTED_WITHOUT_DATA, desk_stopped
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.rows.text_lines import LineView
from panels.kit.view import View


def connecting_text(view: View, where: str) -> str:
    """Describe the connection before the first snapshot; ``where`` is the desk's socket."""
    if view.start_problem:
        return f"The desk did not start.\n\n{view.start_problem}\n\nFix this and start the cockpit again.  q quits."
    lines = ["connecting to the desk…", "", where]
    if view.link_lost:
        lines += ["", f"not connected yet: {view.link_lost}", "retrying automatically.  q quits."]
    return "\n".join(lines)


class ConnectingNotice(Container):
    """Fills the screen until there is a snapshot."""

    def __init__(self, where: str, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._where = where
        self._text = connecting_text(View(snapshot=None), where)
        self._label = PlainText(self._text)

    def compose(self) -> ComposeResult:
        yield self._label

    def paint(self, view: View) -> None:
        """Show the state of the connection."""
        text = connecting_text(view, self._where)
        if text != self._text:
            self._text = text
            self._label.update(text)
        self.set_class(bool(view.start_problem), "-alarm")


def banner(view: View) -> Line | None:
    """Say why the panels are not simply live; None when they are."""
    if view.snapshot is not None and view.silent:
        why = f"reconnecting: {view.link_lost}" if view.link_lost else CONNECTED_WITHOUT_DATA
        if view.stopped_by:
            why = desk_stopped(view.stopped_by, view.snapshot.mode)
        return (Cell(f" ✗ this data is {age(view.tick_age_ms)} old · {why}", "bad"),)
    if view.frozen_ms is not None:
        return (Cell(f" ‖ FROZEN {age(view.frozen_ms)} ago · {view.unseen or 'nothing new'} · space resumes", "warn"),)
    snapshot = view.snapshot
    if snapshot is not None and not snapshot.executor_armed and snapshot.executor_blocked:
        return (Cell(f" ◐ the executor cannot be armed: {snapshot.executor_blocked}", "warn"),)
    return None


class Banner(LineView):
    """A line above the panels, hidden while they are live."""

    def paint(self, view: View) -> None:
        """Show the banner, or hide the line."""
        line = banner(view)
        self.display = line is not None
        self.show([line] if line is not None else [])


def faults_line(faults: tuple[str, ...]) -> Line | None:
    """Show the newest fault, how many there are, and the key that acknowledges them; None without one."""
    if not faults:
        return None
    count = f"{counted(len(faults), 'fault')}, latest: " if len(faults) > 1 else ""
    return (
        Cell(" ! FAULT ", "alarm"),
        Cell(" a", "accent"),
        Cell(" acknowledges · ", "muted"),
        Cell(count + faults[-1]),
    )


class FaultBar(LineView):
    """The line of faults, which stays until they are acknowledged."""

    def paint(self, faults: tuple[str, ...]) -> None:
        """Show the faults, or hide the line."""
        line = faults_line(faults)
        self.display = line is not None
        self.show([line] if line is not None else [])
