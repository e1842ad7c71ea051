"""The trading state: which quotes are made, who or what decided that, and the keys to change it."""

import re
from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input, Label, Static

from cockpit.model.commands import Result
from cockpit.model.snapshot import Trading
from panels.dialogs.command_dialog import Choice, CommandDialog
from panels.dialogs.dialog import Answer
from panels.kit.messages import NO_CONNECTION, no_data_about
from panels.kit.view import View

MEANING = (
    "ACTIVE makes every quote that passes its guards; REDUCING only those that bring the inventory nearer to its "
    "target share; HALTED none. Quotes already signed keep binding, and nothing is armed or disarmed by it. "
    "What is set here stays over a restart. ACTIVE and REDUCING lift a halt for the day's loss: its count begins anew."
)

Ask = Callable[[Trading, str, str, Answer], str]
"""Asks for the state, with the reason for it, under the given command id or a new one; gives the id."""


def situation(view: View) -> str:
    """The state, and why it is so."""
    snapshot = view.snapshot
    if snapshot is None:
        return no_data_about("the trading state is")
    last = "" if view.trusted else "last seen "
    why = f"\n{snapshot.trading_why}" if snapshot.trading_why else ""
    return f"Trading is {last}{snapshot.trading}.{why}"


def _way(verb: str, state: Trading) -> Choice:
    return Choice(state, f"{verb} (space)", f"{verb} again (space)", verb)


class TradingStateDialog(CommandDialog[Result]):
    """Opens on Cancel; a button a state, and a line for the reason that the journal keeps.

    Halting may be asked of a silent desk, too: the answer tells whether it was heard.
    """

    STATES: ClassVar[dict[Trading, Choice]] = {
        "HALTED": _way("Halt", "HALTED"),
        "REDUCING": _way("Reduce", "REDUCING"),
        "ACTIVE": _way("Activate", "ACTIVE"),
    }

    def __init__(self, view: View, ask: Ask) -> None:
        super().__init__(view, "Trading state", tuple(self.STATES.values()))
        self._ask = ask
        self._reason = ""
        self._shown = ""

    def question(self) -> Iterable[Widget]:
        """The state, what it means, the reason."""
        yield Static("", id="situation", markup=False)
        yield Static(MEANING, id="meaning", markup=False)
        with Horizontal(classes="field"):
            yield Label("Reason", classes="name")
            box = Input(id="reason", compact=True, max_length=200)
            box.cursor_blink = False
            yield box

    def in_the_way(self, view: View, way: Choice) -> str:
        """Nothing keeps from halting; the others are asked only of a desk that is heard."""
        return "" if view.trusted or way.ident == "HALTED" else NO_CONNECTION

    def rests_on(self, view: View, way: Choice) -> object:
        """What is lifted by it, but for the numbers in it: they change by themselves. A halt rests on nothing."""
        snapshot = view.snapshot
        if snapshot is None or way.ident == "HALTED":
            return None
        why = re.sub(r"\d+", "", snapshot.trading_why)
        return snapshot.run_id, snapshot.mode, snapshot.account, snapshot.trading, why

    def closes_with(self, result: Result) -> Result:
        """The desk's answer."""
        return result

    def paint(self, view: View) -> None:
        """Keep the state true while it is open."""
        super().paint(view)
        text = situation(view)
        if text != self._shown:
            self._shown = text
            self.query_one("#situation", Static).update(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        """Somebody is typing."""
        event.stop()
        self.touch()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the reason goes on to the buttons; only a button sets."""
        event.stop()
        self.query_one("#cancel").focus()

    def submit(self, way: Choice) -> None:
        """Another reason is another command."""
        reason = self.query_one("#reason", Input).value.strip()
        if reason != self._reason:
            self.forget_doubt()
        self._reason = reason
        super().submit(way)

    def ask_for(self, way: Choice, command_id: str, answer: Answer) -> str:
        """Ask for the state of the button."""
        state = next(state for state, each in self.STATES.items() if each == way)
        return self._ask(state, self._reason, command_id, answer)
