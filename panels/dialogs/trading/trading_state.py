"""The trading state: which quotes are made, who set it and why, and the choices to change it."""

import re
from collections.abc import Iterable
from typing import ClassVar

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Input

from cockpit.model.commands import Result
from cockpit.model.snapshot import Trading
from panels.dialogs import messages
from panels.dialogs.choices import Choice, desk_identity
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.desk_port import Answer, DeskPort
from panels.kit.form_fields import EntryInput
from panels.kit.messages import NO_CONNECTION, no_data_about
from panels.kit.rows.plain_text import PlainLabel, PlainText
from panels.kit.view import View

MEANING = (
    "ACTIVE quotes whatever passes the risk checks. REDUCING quotes only what moves the inventory towards its target "
    "share. HALTED quotes nothing. Live quotes stay binding; nothing is armed or disarmed. The state survives a "
    "restart. ACTIVE and REDUCING lift a halt for the daily loss; its count starts again."
)


def trading_situation(view: View) -> str:
    """Say the state, and why it is so."""
    snapshot = view.snapshot
    if snapshot is None:
        return no_data_about("the trading state is")
    last = "" if view.trusted else "last seen "
    reason = f"\n{snapshot.trading_why}" if snapshot.trading_why else ""
    return f"Trading is {last}{snapshot.trading}.{reason}"


def _choice(verb: str, state: Trading) -> Choice:
    return Choice(state, f"{verb}", messages.retry(verb), verb)


class TradingStateDialog(CommandDialog[Result]):
    """A choice per state, and a line for the reason that the journal keeps.

    Halting may be sent without a connection: the reply tells whether the desk got it.
    """

    STATES: ClassVar[dict[Trading, Choice]] = {
        "HALTED": _choice("Halt", "HALTED"),
        "REDUCING": _choice("Reduce", "REDUCING"),
        "ACTIVE": _choice("Activate", "ACTIVE"),
    }

    def __init__(self, desk: DeskPort) -> None:
        super().__init__(desk, "Trading state", tuple(self.STATES.values()))
        self._reason = ""
        self._shown = ""

    def question(self) -> Iterable[Widget]:
        yield PlainText("", id="situation")
        yield PlainText(MEANING, id="meaning")
        with Horizontal(classes="field"):
            yield PlainLabel("Reason", classes="name")
            entry = EntryInput(id="reason", compact=True, max_length=200)
            entry.cursor_blink = False
            yield entry

    def blocked_by(self, view: View, choice: Choice) -> str:
        if choice.id == "HALTED":
            return ""
        return view.too_small if view.trusted else NO_CONNECTION

    def preconditions(self, view: View, choice: Choice) -> object:
        # What is lifted, but for the numbers in its reason: they change by themselves. A halt has no preconditions.
        snapshot = view.snapshot
        if snapshot is None or choice.id == "HALTED":
            return None
        return desk_identity(view), snapshot.trading, re.sub(r"\d+", "", snapshot.trading_why)

    def result(self, answer: Result) -> Result:
        return answer

    def paint(self, view: View) -> None:
        super().paint(view)
        text = trading_situation(view)
        if text != self._shown:
            self._shown = text
            self.query_one("#situation", PlainText).update(text)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.touch()

    def entry_done(self, entry: Input) -> None:
        # Enter goes on to the buttons; only a button sets.
        self.set_focus(self.query_one("#cancel"))

    def submit(self, choice: Choice) -> None:
        reason = self.query_one("#reason", Input).value.strip()
        if reason != self._reason:
            self.forget_unknown()
        self._reason = reason
        super().submit(choice)

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        state = next(state for state, each in self.STATES.items() if each == choice)
        return self.desk.set_trading(state, self._reason, command_id, answer)
