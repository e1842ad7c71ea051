"""A dialogue of ways to go, each a command to the desk: Cancel first, never by Enter, an id, an outcome of its own.

What it says is kept true while it is open. When that is no longer what was read on opening, or nobody touched it for
long, it asks for nothing any more.
"""

from collections.abc import Iterable, Sequence
from typing import ClassVar, Generic, NamedTuple, TypeVar

from textual import events
from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static
from textual.widgets.button import ButtonVariant

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.commands import Result
from panels.dialogs.dialog import Answer, Dialog
from panels.dialogs.outcome import Message, found, say
from panels.kit.messages import TERMS_CHANGED
from panels.kit.view import View

T = TypeVar("T")

OPEN_S = 120.0
"""A question that nobody has touched for so long is withdrawn: whoever comes back to it decides anew."""


class SpaceButton(Button, inherit_bindings=False):
    """A button that Enter does not press: space does, and the mouse."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("space", "press", show=False)]


class Choice(NamedTuple):
    """A button that asks the desk: its id, what is on it, and what is on it while nobody knows what became of it.

    ``name`` is put before what is in its way, where there are several.
    """

    ident: str
    label: str
    again: str = "Ask again (space)"
    name: str = ""
    variant: ButtonVariant = "warning"


class CommandDialog(Dialog[T], Generic[T]):
    """Dismissed with what ``closes_with`` makes of the desk's answer, with None when nothing was asked or it was left.

    A command whose outcome is unknown is asked for again under its own id, by the button that asked for it.
    """

    OPENS_ON: ClassVar[str] = "#cancel"

    def __init__(self, view: View, title: str, ways: Sequence[Choice]) -> None:
        super().__init__(view, title)
        self._ways = tuple(ways)
        self._way = self._ways[0]
        self._on_its_way = False
        self._in_doubt = ""
        self._read: dict[str, object] = {}
        self._blocked: str | None = None
        self._touched: float | None = None

    def body(self) -> Iterable[Widget]:
        """What is asked, what is in the way, the answer, the buttons."""
        yield from self.question()
        yield Static("", id="blocked", markup=False)
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield from self.buttons()

    def question(self) -> Iterable[Widget]:
        """What is asked."""
        return ()

    def buttons(self) -> Iterable[Widget]:
        """The buttons beside Cancel; of those that are no way to go, ``go`` is told."""
        for way in self._ways:
            yield SpaceButton(way.label, id=way.ident, variant=way.variant, compact=True)

    def in_the_way(self, view: View, way: Choice) -> str:
        """Why it cannot be asked for now; empty when it can."""
        return ""

    def rests_on(self, view: View, way: Choice) -> object:
        """What the decision rests on: when it changes, what was read on opening is no longer true. None: nothing."""
        return None

    def ask_for(self, way: Choice, command_id: str, answer: Answer) -> str:
        """Ask the desk, under this id or a new one; the id."""
        raise NotImplementedError

    def closes_with(self, result: Result) -> T | None:
        """What it closes with once the desk did it; None when it stays open."""
        return None

    def answered(self, said: Message) -> None:
        """The desk answered, or nobody did; for what a dialogue does beside saying so."""

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
        """Keep what is in the way true, and find out what no answer told."""
        super().paint(view)
        for way in self._ways:
            if self._read.get(way.ident) is None:
                self._read[way.ident] = self.rests_on(view, way)
        if self._in_doubt and not self._on_its_way:
            self.look_up(view, self._in_doubt)
        if not self.is_attached or self._expired():
            return
        hindrances = {way: self.hindrance(view, way) for way in self._ways}
        self._show_blocked(hindrances)
        for way, why in hindrances.items():
            self.query_one(f"#{way.ident}", Button).disabled = self._on_its_way or bool(why)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Leave, or ask the desk: by what is known now, not by what was painted last."""
        event.stop()
        way = next((way for way in self._ways if way.ident == event.button.id), None)
        if way is None:
            self.go(event.button.id or "")
        else:
            self.submit(way)

    def go(self, button: str) -> None:
        """Cancel, or another button that asks the desk for nothing."""
        self.dismiss(None)

    def submit(self, way: Choice) -> None:
        """Check once more, and ask."""
        if self._on_its_way or not self.may_act() or self.hindrance(self.view, way):
            return
        if way != self._way:
            self.forget_doubt()
        self._way = way
        self._on_its_way = True
        for each in self._ways:
            self.query_one(f"#{each.ident}", Button).disabled = True
        self.query_one("#cancel", Button).focus()
        command_id = self.ask_for(way, self._in_doubt, self._answered)
        if self._on_its_way:
            self._in_doubt = command_id
            self.tell(Message(f"◌ on its way as command {command_id}: wait for its outcome…", "information", False))

    def may_act(self) -> bool:
        """Whether a press counts: it was made on the newest picture and in time. What is known now is painted."""
        if self.on_an_old_picture():
            return False
        self.paint(self.now())
        return self.is_attached and self.is_active and not self._expired()

    def forget_doubt(self) -> None:
        """Something else is asked for now: the same id would be taken for the former command."""
        if not self._on_its_way:
            self._in_doubt = ""
            self.relabel()

    def look_up(self, view: View, command_id: str) -> None:
        """An answer that was lost is in the journal, when the desk got the command."""
        result = found(view.snapshot, command_id)
        if result is not None and not self._settle(result):
            self.app.notify(result.reason, markup=False)

    def _answered(self, outcome: Outcome) -> bool:
        self._on_its_way = False
        if not self.is_attached:
            return False
        if isinstance(outcome, UnknownOutcome) and outcome.sent:
            said = say(outcome)
            self.relabel()
            self.tell(said)
            self.answered(said)
            self.paint(self.now())
            return True
        return self._settle(outcome)

    def _settle(self, outcome: Outcome) -> bool:
        self._in_doubt = ""
        self.relabel()
        said = say(outcome)
        closes = self.closes_with(outcome) if said.done and isinstance(outcome, Result) else None
        if closes is not None:
            self.dismiss(closes)
            return False
        self.tell(said)
        self.answered(said)
        self.paint(self.now())
        return True

    def label(self, way: Choice) -> str:
        """What is on its button now."""
        return way.again if self._in_doubt and way == self._way else way.label

    def relabel(self) -> None:
        """Put on the buttons what is asked by them now."""
        for way in self._ways:
            self.put_on(way.ident, self.label(way))

    def put_on(self, button: str, label: str) -> None:
        """Put words on a button and give it the room they take."""
        widget = self.query_one(f"#{button}", Button)
        if str(widget.label) != label:
            widget.label = label
            widget.refresh(layout=True)

    def _show_blocked(self, hindrances: dict[Choice, str]) -> None:
        by_reason: dict[str, list[str]] = {}
        for way, why in hindrances.items():
            by_reason.setdefault(why, []).append(way.name)
        all_alike = len(by_reason) == 1
        text = "\n".join(
            f"{'blocked' if all_alike else ', '.join(names)}: {why}" for why, names in by_reason.items() if why
        )
        if text != self._blocked:
            self._blocked = text
            notice = self.query_one("#blocked", Static)
            notice.update(text)
            notice.display = bool(text)

    def hindrance(self, view: View, way: Choice) -> str:
        """Why it cannot be asked for, also because of what has changed since it was read; empty when it can."""
        read = self._read.get(way.ident)
        why = self.in_the_way(view, way)
        return why or (TERMS_CHANGED if read is not None and self.rests_on(view, way) not in (None, read) else "")

    def _expired(self) -> bool:
        if not self.is_active or self._on_its_way or self._touched is None or self.clock() - self._touched < OPEN_S:
            return False
        title = self.query_one("#box").border_title
        self.app.notify(f"“{title}” was left open for two minutes: closed, nothing was asked", markup=False, timeout=12)
        self.dismiss(None)
        return True
