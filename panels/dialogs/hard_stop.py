"""The hard stop: what it does and what it cannot do, Cancel first, and how far it has come."""

from collections.abc import Iterable

from textual.widget import Widget
from textual.widgets import Static

from cockpit.model.commands import Result
from cockpit.model.formatting import number, rounded, time_left
from cockpit.model.snapshot import HardStopState
from panels.dialogs.outcome import Message
from panels.dialogs.single_command import Ask, SingleCommandDialog
from panels.kit.messages import no_data_about
from panels.kit.view import View

MEANING = (
    "The hard stop disarms strategy and executor at once and then burns every signed quote that is still alive: an "
    "empty intent with the same nonce is handed in, and once the chain has run it nobody can settle the quote. "
    "A quote that somebody settles first stays settled. Money does not move by it."
)
DONE = "it was asked for"


def situation(view: View) -> str:
    """What there is to burn."""
    snapshot = view.snapshot
    if snapshot is None:
        return no_data_about("the live quotes are")
    alive = snapshot.alive
    if not alive.quotes:
        return "No quote is alive: there is nothing to burn, the desk is only disarmed."
    return (
        f"{alive.quotes} quote{'' if alive.quotes == 1 else 's'} alive, binding {number(alive.btc, 8)} BTC and "
        f"{rounded(alive.eure, 2)} EURe; left alone, the last one dies in {time_left(alive.last_death_ms)}."
    )


def progress(stop: HardStopState) -> str:
    """How far it has come."""
    counts = [f"{stop.burned} of {stop.asked} burned", f"{stop.settled} settled before", f"{stop.expired} died first"]
    state = "Done" if not stop.left else f"{stop.left} to go"
    return f"{state}: {', '.join(counts)}." + (f"\n{stop.detail}" if stop.detail and stop.left else "")


class HardStopDialog(SingleCommandDialog):
    """Asks once, with a button that Enter does not press; then shows the burning until it is left.

    It may be asked for of a silent desk, too: the answer tells whether it was heard.
    """

    def __init__(self, view: View, ask: Ask) -> None:
        super().__init__(view, "Hard stop: burn live quotes?", "Disarm and burn (space)", ask, "error")
        self._stopped = False
        self._shown = ("", "")

    def question(self) -> Iterable[Widget]:
        """Meaning, situation, progress."""
        yield Static(MEANING, id="meaning", markup=False)
        yield Static("", id="situation", markup=False)
        yield Static("", id="progress", markup=False)

    def obstacle(self, view: View) -> str:
        """Nothing but having been done."""
        return DONE if self._stopped else ""

    def paint(self, view: View) -> None:
        """Keep situation and progress true."""
        super().paint(view)
        self.query_one("#blocked", Static).display = False
        stop = None if view.snapshot is None else view.snapshot.hard_stop
        shown = (situation(view), "" if stop is None else f"The last hard stop. {progress(stop)}")
        if self._stopped and stop is not None:
            shown = ("", progress(stop))
        if shown == self._shown:
            return
        self._shown = shown
        for name, text in zip(("#situation", "#progress"), shown, strict=True):
            widget = self.query_one(name, Static)
            widget.update(text)
            widget.display = bool(text)

    def answered(self, said: Message) -> None:
        """Stay, to show how far it comes."""
        self._stopped = said.done
        self.put_on("cancel", "Close" if said.done else "Cancel")

    def closes_with(self, result: Result) -> None:
        """It stays open: what is being burned is worth watching."""
