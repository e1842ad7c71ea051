"""The question on quitting: what becomes of the desk."""

from collections.abc import Iterable
from typing import Literal

from textual.widget import Widget
from textual.widgets import Button, Static

from cockpit.model.commands import Result
from cockpit.model.formatting import time_left
from cockpit.model.snapshot import Snapshot
from panels.dialogs.command_dialog import Choice, CommandDialog, SpaceButton
from panels.dialogs.dialog import Answer
from panels.dialogs.outcome import Message
from panels.dialogs.single_command import Ask
from panels.kit.messages import LAST_KNOWN_STATE
from panels.kit.view import View

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
    return f"{does} when no cockpit has been attached for {time_left(snapshot.alone_ms)}"


def situation(view: View) -> str:
    """What leaving means now."""
    snapshot = view.snapshot
    if snapshot is None:
        return "The desk was not seen yet. If one runs, it can be left running or stopped."
    parts = armed_parts(view)
    words = []
    if not view.trusted:
        words.append(LAST_KNOWN_STATE)
    if parts:
        verb = "is" if len(parts) == 1 else "are"
        words.append(f"The {' and the '.join(parts)} {verb} ARMED. Left running, the desk {without_you(snapshot)}.")
    else:
        words.append("Nothing is armed. Left running, the desk goes on watching; start the cockpit again to see it.")
    alive = snapshot.alive
    if alive.quotes:
        words.append(
            f"{alive.quotes} signed quote{'' if alive.quotes == 1 else 's'} may still be settled, "
            f"the last for {time_left(alive.last_death_ms)}: stopping does not take them back."
        )
    return "\n\n".join(words)


class QuitDialog(CommandDialog[Leave]):
    """Cancel, leave the desk running, or disarm and stop it; Enter stops nothing.

    ``disarm`` disarms everything under the given id or a new one, and gives the id. Where that was not done, or nobody
    knows, it can be asked for again, and the desk can be stopped all the same: stopping disarms, too.
    """

    def __init__(self, view: View, disarm: Ask) -> None:
        super().__init__(view, "Quit?", (Choice("stop", "Disarm and stop (space)"),))
        self._disarm = disarm
        self._failed = False
        self._shown: object = None

    def question(self) -> Iterable[Widget]:
        """The situation."""
        yield Static(situation(self.view), id="meaning", markup=False)

    def buttons(self) -> Iterable[Widget]:
        """Leaving, stopping, and stopping without an answer."""
        yield Button("Leave the desk running", id="leave", compact=True)
        yield from super().buttons()
        yield SpaceButton("Stop anyway (space)", id="anyway", variant="warning", compact=True)

    def rests_on(self, view: View, way: Choice) -> object:
        """Which desk is stopped."""
        snapshot = view.snapshot
        return None if snapshot is None else (snapshot.run_id, snapshot.mode, snapshot.account)

    def paint(self, view: View) -> None:
        """Keep the situation true while the question is open."""
        super().paint(view)
        armed = bool(armed_parts(view))
        self._failed = self._failed and armed
        shown = (situation(view), armed, self._failed)
        if shown == self._shown:
            return
        self._shown = shown
        self.query_one("#box").set_class(armed, "-armed")
        self.query_one("#meaning", Static).update(situation(view))
        self.put_on("leave", "Leave it" if self._failed else "Leave the desk running")
        self.query_one("#anyway", Button).display = self._failed
        self.relabel()

    def go(self, button: str) -> None:
        """Leave it running, or stop it without knowing that it is disarmed."""
        if button == "leave":
            self.dismiss("leave")
        elif button != "anyway":
            self.dismiss(None)
        elif self.may_act():
            self.dismiss("stop")

    def submit(self, way: Choice) -> None:
        """Disarm first; where nothing is armed there is nothing to wait for."""
        if armed_parts(self.now()):
            super().submit(way)
        elif self.may_act() and not self.hindrance(self.view, way):
            self.dismiss("stop")

    def ask_for(self, way: Choice, command_id: str, answer: Answer) -> str:
        """Disarm everything."""
        return self._disarm(command_id, answer)

    def closes_with(self, result: Result) -> Leave:
        """Everything is disarmed: the desk can be stopped."""
        return "stop"

    def answered(self, said: Message) -> None:
        """It was not done, or nobody knows: offer to stop it anyway."""
        self._failed = True

    def look_up(self, view: View, command_id: str) -> None:
        """What the desk reports counts: disarmed it can be stopped, but nobody who waited for it stops it unasked."""
        if view.trusted and not armed_parts(view):
            self.forget_doubt()
            self.tell(Message("Everything is disarmed now: stop the desk, or leave it running.", "information", True))

    def label(self, way: Choice) -> str:
        """Stopping alone, where nothing is armed."""
        if self._failed:
            return way.again
        return super().label(way) if armed_parts(self.view) else "Stop the desk (space)"
