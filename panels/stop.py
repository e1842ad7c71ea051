"""The hard stop: what it does and what it cannot do, Cancel first, and how far it has come."""

from collections.abc import Callable, Iterable

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Static

from cockpit.format import left, number, rounded
from cockpit.link import Outcome, Unknown
from cockpit.snapshot import HardStop
from panels.confirm import SpaceButton
from panels.dialogue import Answer, Dialogue
from panels.outcome import say
from panels.view import View

MEANING = (
    "The hard stop disarms strategy and executor at once and then burns every signed quote that is still alive: an "
    "empty intent with the same nonce is handed in, and once the chain has run it nobody can settle the quote. "
    "A quote that somebody settles first stays settled. Money does not move by it."
)


def situation(view: View) -> str:
    """What there is to burn."""
    snapshot = view.snapshot
    if snapshot is None:
        return "The desk was not heard yet; what is alive is not known."
    alive = snapshot.alive
    if not alive.quotes:
        return "No quote is alive: there is nothing to burn, the desk is only disarmed."
    return (
        f"{alive.quotes} quote{'' if alive.quotes == 1 else 's'} alive, binding {number(alive.btc, 8)} BTC and "
        f"{rounded(alive.eure, 2)} EURe; left alone, the last one dies in {left(alive.last_death_ms)}."
    )


def progress(stop: HardStop) -> str:
    """How far it has come."""
    counts = [f"{stop.burned} of {stop.asked} burned", f"{stop.settled} settled before", f"{stop.expired} died first"]
    state = "Done" if not stop.left else f"{stop.left} to go"
    return f"{state}: {', '.join(counts)}." + (f"\n{stop.detail}" if stop.detail and stop.left else "")


class StopDialogue(Dialogue[None]):
    """Asks once, with a button that Enter does not press; then shows the burning until it is left."""

    def __init__(self, view: View, ask: Callable[[Answer], object]) -> None:
        super().__init__(view, "Hard stop: burn live quotes?")
        self._ask = ask
        self._asked = False
        self._shown = ("", "")

    def body(self) -> Iterable[Widget]:
        """Meaning, situation, progress, answer, buttons."""
        yield Static(MEANING, id="meaning", markup=False)
        yield Static("", id="situation", markup=False)
        yield Static("", id="progress", markup=False)
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield SpaceButton("Disarm and burn (space)", id="do", variant="error", compact=True)

    def on_mount(self) -> None:
        """Open on Cancel."""
        super().on_mount()
        self.query_one("#cancel", Button).focus()

    def paint(self, view: View) -> None:
        """Keep situation and progress true."""
        super().paint(view)
        stop = None if view.snapshot is None else view.snapshot.hard_stop
        shown = (situation(view), "" if stop is None else f"The last hard stop. {progress(stop)}")
        if self._asked and stop is not None:
            shown = ("", progress(stop))
        if shown == self._shown:
            return
        self._shown = shown
        for name, text in zip(("#situation", "#progress"), shown, strict=True):
            widget = self.query_one(name, Static)
            widget.update(text)
            widget.display = bool(text)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Leave, or stop hard. It may be asked for of a silent desk, too: the answer tells whether it was heard."""
        event.stop()
        if event.button.id != "do":
            self.dismiss(None)
            return
        self.query_one("#do", Button).disabled = True
        self.query_one("#cancel", Button).focus()
        self.tell(None)
        self._ask(self._answered)

    def _answered(self, outcome: Outcome) -> bool:
        if not self.is_attached:
            return False
        said = say(outcome)
        self.tell(said)
        self._asked = said.done
        cancel = self.query_one("#cancel", Button)
        cancel.label = "Close" if said.done else "Cancel"
        self.query_one("#do", Button).disabled = said.done and not isinstance(outcome, Unknown)
        self.paint(self.view)
        return True
