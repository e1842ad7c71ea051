"""A dialogue that asks the desk for one thing: Cancel first, never by Enter, its id while it is on its way, an outcome.

What it says is kept true while it is open. When that is no longer what was read on opening, or nobody touched it for
long, it asks for nothing any more.
"""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static
from textual.widgets.button import ButtonVariant

from cockpit.commands import Result
from cockpit.link import Outcome, Unknown
from panels.dialogue import Answer, Dialogue, Moments
from panels.outcome import Said, say
from panels.view import View

OPEN_S = 120.0
"""A question that nobody has touched for so long is withdrawn: whoever comes back to it decides anew."""

UNPAINTED = "the terminal had not shown the newest picture when this was pressed: nothing was asked, look again"

Ask = Callable[[str, Answer], str]
"""Sends the command under the given id, under a new one when that is empty; gives the id."""


class SpaceButton(Button, inherit_bindings=False):
    """A button that Enter does not press: space does, and the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "press", show=False)]


class CommandDialogue(Dialogue[Result]):
    """Dismissed with the desk's answer once it did what was asked, with None when nothing was asked or it was left."""

    OPENS_ON: ClassVar[str] = "#cancel"

    def __init__(
        self, view: View, title: str, label: str, ask: Ask | None = None, variant: ButtonVariant = "warning"
    ) -> None:
        super().__init__(view, title)
        self._label = label
        self._ask = ask
        self._variant: ButtonVariant = variant
        self._on_its_way = False
        self._in_doubt = ""
        self._read: object = None
        self._blocked = "?"
        self._touched: float | None = None

    def body(self) -> Iterable[Widget]:
        """What is asked, what is in the way, the answer, the buttons."""
        yield from self.question()
        yield Static("", id="blocked", markup=False)
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield SpaceButton(self._label, id="do", variant=self._variant, compact=True)

    def question(self) -> Iterable[Widget]:
        """What is asked."""
        return ()

    def obstacle(self, view: View) -> str:
        """Why it cannot be asked for now; empty when it can."""
        return ""

    def picture(self, view: View) -> object:
        """What the decision rests on: when it changes, what was read on opening is no longer true. None: nothing."""
        return None

    def send(self, command_id: str, answer: Answer) -> str:
        """Ask the desk, under this id or a new one; the id."""
        assert self._ask is not None
        return self._ask(command_id, answer)

    def on_mount(self) -> None:
        """Open on Cancel, or where there is nothing to do by mistake."""
        self.touch()
        self.query_one(self.OPENS_ON).focus()

    def on_key(self, event: events.Key) -> None:
        """Somebody is there; too late, when the time was over before."""
        if self._expired():
            event.stop()
            event.prevent_default()
        else:
            self.touch()

    def touch(self) -> None:
        """Count the time without anybody from now on."""
        self._touched = self.clock()

    def paint(self, view: View) -> None:
        """Keep the obstacle true, and find in the journal what no answer told."""
        super().paint(view)
        if self._read is None:
            self._read = self.picture(view)
        if self._in_doubt:
            self._look_up(view)
        if not self.is_attached or self._expired():
            return
        obstacle = self._hindrance(view)
        if obstacle != self._blocked:
            self._blocked = obstacle
            notice = self.query_one("#blocked", Static)
            notice.update(f"blocked: {obstacle}" if obstacle else "")
            notice.display = bool(obstacle)
        self.query_one("#do", Button).disabled = self._on_its_way or bool(obstacle)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Leave, or ask the desk: by what is known now, not by what was painted last."""
        event.stop()
        if event.button.id == "do":
            self.submit()
        else:
            self.dismiss(None)

    def submit(self) -> None:
        """Check once more, and ask."""
        view = self.now()
        if isinstance(self.app, Moments) and self.app.unpainted:
            self.tell(Said(UNPAINTED, "warning", False))
            return
        self.paint(view)
        if not self.is_attached or self._on_its_way or self._hindrance(view) or self._expired():
            return
        self._on_its_way = True
        self.query_one("#do", Button).disabled = True
        self.query_one("#cancel", Button).focus()
        command_id = self.send(self._in_doubt, self._answered)
        if self._on_its_way:
            self._in_doubt = command_id
            self.tell(Said(f"◌ on its way as command {command_id}: wait for its outcome…", "information", False))

    def forget_doubt(self) -> None:
        """Something else is asked for now: the same id would be taken for the former command."""
        if not self._on_its_way:
            self._in_doubt = ""

    def answered(self, said: Said) -> None:
        """The desk answered, or nobody did; for what a dialogue does beside saying so."""

    def _answered(self, outcome: Outcome) -> bool:
        self._on_its_way = False
        if not self.is_attached:
            return False
        if isinstance(outcome, Unknown) and outcome.sent:
            self.tell(say(outcome))
            self.query_one("#do", Button).label = "Ask again (space)"
            self.paint(self.now())
            return True
        return self._settle(outcome)

    def _settle(self, outcome: Outcome) -> bool:
        self._in_doubt = ""
        self.query_one("#do", Button).label = self._label
        said = say(outcome)
        if said.done and isinstance(outcome, Result) and self.closes():
            self.dismiss(outcome)
            return False
        self.tell(said)
        self.answered(said)
        self.paint(self.now())
        return True

    def closes(self) -> bool:
        """Whether the dialogue closes once the desk did it."""
        return True

    def _look_up(self, view: View) -> None:
        """An answer that was lost is in the journal, when the desk got the command."""
        journal = () if view.snapshot is None else view.snapshot.journal
        row = next((row for row in journal if row.command_id == self._in_doubt), None)
        if row is None or self._on_its_way:
            return
        told = f"{row.reason} (found in the desk's journal)"
        found = Result(command_id=row.command_id, command=row.command, accepted=row.accepted, reason=told, at_ns=0)
        if not self._settle(found):
            self.app.notify(told, markup=False)

    def _hindrance(self, view: View) -> str:
        why = self.obstacle(view)
        if not why and self._read is not None and self.picture(view) not in (None, self._read):
            why = "what this rests on has changed since it was opened: close it, and open it again"
        return why

    def _expired(self) -> bool:
        if not self.is_current or self._on_its_way or self._touched is None or self.clock() - self._touched < OPEN_S:
            return False
        title = self.query_one("#box").border_title
        self.app.notify(f"“{title}” was left open for two minutes: closed, nothing was asked", markup=False, timeout=12)
        self.dismiss(None)
        return True
