"""The question on quitting: what becomes of the desk."""

from collections.abc import Callable, Iterable
from typing import Literal

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static

from cockpit.format import left
from cockpit.snapshot import Snapshot
from panels.dialogue import Dialogue
from panels.outcome import Said
from panels.view import View

Leave = Literal["leave", "stop"]


def armed_parts(view: View) -> tuple[str, ...]:
    """What is armed, or was when the desk was last heard, or is being armed right now."""
    snapshot = view.snapshot
    if snapshot is None:
        return ()
    parts = []
    if snapshot.strategy_armed or view.asked.get("strategy-engine", "").startswith("arming"):
        parts.append("strategy")
    if snapshot.executor_armed or view.asked.get("trade-executor", "").startswith("arming"):
        parts.append("executor")
    return tuple(parts)


def without_you(snapshot: Snapshot) -> str:
    """What the desk does once nobody is attached any more."""
    if snapshot.when_alone == "keep" or not snapshot.executor_armed:
        return "goes on without you"
    does = "disarms" if snapshot.when_alone == "disarm" else "stops hard and burns live quotes"
    return f"{does} when no cockpit has been attached for {left(snapshot.alone_ms)}"


def situation(view: View) -> str:
    """What leaving means now."""
    snapshot = view.snapshot
    if snapshot is None:
        return "The desk was not seen yet. If one runs, it can be left running or stopped."
    parts = armed_parts(view)
    words = []
    if not view.trusted:
        words.append("The desk is not heard. What follows is what it last said.")
    if parts:
        verb = "is" if len(parts) == 1 else "are"
        words.append(f"The {' and the '.join(parts)} {verb} ARMED. Left running, the desk {without_you(snapshot)}.")
    else:
        words.append("Nothing is armed. Left running, the desk goes on watching; start the cockpit again to see it.")
    alive = snapshot.alive
    if alive.quotes:
        words.append(
            f"{alive.quotes} signed quote{'' if alive.quotes == 1 else 's'} may still be settled, "
            f"the last for {left(alive.last_death_ms)}: stopping does not take them back."
        )
    return "\n\n".join(words)


class LeaveDialogue(Dialogue[Leave | None]):
    """Cancel, leave the desk running, or disarm and stop it. ``disarm`` reports whether everything is disarmed."""

    def __init__(self, view: View, disarm: Callable[[Callable[[Said | None], None]], None]) -> None:
        super().__init__(view, "Quit?")
        self._disarm = disarm
        self._waiting = False
        self._insist = False

    def body(self) -> Iterable[Widget]:
        """The situation and the three ways."""
        yield Static(situation(self.view), id="meaning", markup=False)
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button("Leave the desk running", id="leave", compact=True)
            yield Button(self._stop_label(), id="stop", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Open on Cancel."""
        self.query_one("#cancel", Button).focus()

    def paint(self, view: View) -> None:
        """Keep the situation true while the question is open."""
        super().paint(view)
        armed = bool(armed_parts(view))
        self.query_one("#box").set_class(armed, "-armed")
        self.query_one("#meaning", Static).update(situation(view))
        self.query_one("#stop", Button).label = self._stop_label()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Go the chosen way; stopping disarms first and says when that failed."""
        event.stop()
        if event.button.id == "cancel":
            self.dismiss(None)
        elif event.button.id == "leave":
            self.dismiss("leave")
        elif self._insist or not armed_parts(self.view):
            self.dismiss("stop")
        elif not self._waiting:
            self._waiting = True
            self.query_one("#stop", Button).disabled = True
            self._disarm(self._disarmed)

    def _disarmed(self, problem: Said | None) -> None:
        if not self.is_attached:
            return
        if problem is None:
            self.dismiss("stop")
            return
        self._waiting, self._insist = False, True
        self.query_one("#stop", Button).disabled = False
        self.tell(problem)
        self.paint(self.view)

    def _stop_label(self) -> str:
        if self._insist:
            return "Stop the desk anyway"
        return "Disarm and stop the desk" if armed_parts(self.view) else "Stop the desk"
