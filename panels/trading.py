"""The trading state: which quotes are made, who or what decided that, and the keys to change it."""

from collections.abc import Callable, Iterable

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Static

from cockpit.link import Outcome
from cockpit.snapshot import Trading
from panels.command import SpaceButton
from panels.dialogue import Answer, Dialogue
from panels.outcome import say
from panels.view import View

MEANING = (
    "ACTIVE makes every quote that passes its guards; REDUCING only those that bring the inventory nearer to its "
    "target share; HALTED none. Quotes already signed keep binding, and nothing is armed or disarmed by it. "
    "What is set here stays over a restart. ACTIVE and REDUCING lift a halt for the day's loss: its count begins anew."
)
BUTTONS: tuple[tuple[str, Trading], ...] = (("Halt", "HALTED"), ("Reduce", "REDUCING"), ("Activate", "ACTIVE"))

Ask = Callable[[Trading, str, Answer], object]


def situation(view: View) -> str:
    """The state, and why it is so."""
    snapshot = view.snapshot
    if snapshot is None:
        return "The desk was not heard yet; its trading state is not known."
    last = "" if view.trusted else "last seen "
    why = f"\n{snapshot.trading_why}" if snapshot.trading_why else ""
    return f"Trading is {last}{snapshot.trading}.{why}"


class TradingDialogue(Dialogue[None]):
    """Opens on Cancel; a button a state, and a line for the reason that the journal keeps."""

    def __init__(self, view: View, ask: Ask) -> None:
        super().__init__(view, "Trading state")
        self._ask = ask
        self._waiting = False
        self._shown = ""

    def body(self) -> Iterable[Widget]:
        """The state, what it means, the reason, the buttons."""
        yield Static("", id="situation", markup=False)
        yield Static(MEANING, id="meaning", markup=False)
        with Horizontal(classes="field"):
            yield Label("Reason", classes="name")
            box = Input(id="reason", compact=True, max_length=200)
            box.cursor_blink = False
            yield box
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            for label, state in BUTTONS:
                if state == "HALTED":
                    yield Button(label, id=state, variant="warning", compact=True)
                else:
                    yield SpaceButton(f"{label} (space)", id=state, variant="warning", compact=True)

    def on_mount(self) -> None:
        """Open on Cancel."""
        self.query_one("#cancel", Button).focus()

    def paint(self, view: View) -> None:
        """Keep the state true while it is open."""
        super().paint(view)
        text = situation(view)
        if text != self._shown:
            self._shown = text
            self.query_one("#situation", Static).update(text)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the reason goes on to the buttons; only a button sets."""
        event.stop()
        self.query_one("#cancel", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or ask the desk."""
        event.stop()
        state = next((state for _, state in BUTTONS if state == event.button.id), None)
        if state is None:
            self.dismiss(None)
        elif not self._waiting:
            self._wait(True)
            self.tell(None)
            self._ask(state, self.query_one("#reason", Input).value.strip(), self._answered)

    def _wait(self, waiting: bool) -> None:
        self._waiting = waiting
        for _, state in BUTTONS:
            self.query_one(f"#{state}", Button).disabled = waiting
        if waiting:
            self.query_one("#cancel", Button).focus()

    def _answered(self, outcome: Outcome) -> bool:
        if not self.is_attached:
            return False
        said = say(outcome)
        if said.done:
            self.dismiss(None)
            return False
        self._wait(False)
        self.tell(said)
        return True
