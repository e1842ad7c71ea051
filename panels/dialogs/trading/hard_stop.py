"""The question before a hard stop: what it does and what it cannot do; then how far it has come."""

from collections.abc import Iterable

from textual.widget import Widget

from cockpit.model.commands import Result
from cockpit.model.formatting import counted, number, rounded, time_left
from cockpit.model.quote_texts import MAKER_TERMS, counts, refused_text
from cockpit.model.snapshot import HardStopState
from panels.dialogs.choices import Choice
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.outcome import Message
from panels.kit.messages import no_data_about
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View

MEANING = (
    "The hard stop disarms strategy and executor at once, then burns the nonce of every quote that could still settle, "
    "refused ones included. Once an empty intent with the same nonce is on chain, nobody can settle the quote. "
    "A quote that settles first stays settled. "
    f"No money moves. {MAKER_TERMS}"
)
SENT = "the hard stop was sent"


def stop_situation(view: View) -> str:
    """Say what there is to burn."""
    snapshot = view.snapshot
    if snapshot is None:
        return no_data_about("the live quotes are")
    live = snapshot.alive
    if not live.quotes and not live.refused:
        return "There are no live quotes: nothing to burn, the desk is only disarmed."
    sentences = []
    if live.quotes:
        sentences.append(
            f"{counted(live.quotes, 'live quote')}: {number(live.btc, 8)} BTC and "
            f"{rounded(live.eure, 2)} EURe committed. Without a hard stop the last one expires in "
            f"{time_left(max(0, live.last_death_ms - view.quiet_ms))}."
        )
    if live.refused:
        sentences.append(
            f"{refused_text(live, snapshot.at_ns)}: {number(live.refused_btc, 8)} BTC and "
            f"{rounded(live.refused_eure, 2)} EURe."
        )
    return "\n".join(sentences)


def stop_progress(stop: HardStopState) -> str:
    """Say how many quotes are burned, settled or expired, and how many are left."""
    state = "Done" if not stop.left else f"{stop.left} to go"
    return f"{state}: {counts(stop)}." + (f"\n{stop.detail}" if stop.detail and stop.left else "")


class HardStopDialog(CommandDialog[Result]):
    """Stays open once it was sent, to show the progress. It may be sent without a connection: the reply tells."""

    def __init__(self, desk: DeskPort) -> None:
        choice = Choice("do", "Disarm and burn", variant="error")
        super().__init__(desk, "Hard stop: burn live quotes?", (choice,))
        self._stopped = False
        self._shown = ("", "")

    def question(self) -> Iterable[Widget]:
        yield PlainText(MEANING, id="meaning")
        yield PlainText("", id="situation")
        yield PlainText("", id="progress")

    def blocked_by(self, view: View, choice: Choice) -> str:
        return SENT if self._stopped else ""

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        return self.desk.hard_stop(command_id, answer)

    def result(self, answer: Result) -> None:
        return None

    def outcome_shown(self, message: Message) -> None:
        self._stopped = message.done
        self.set_label("cancel", "Close" if message.done else "Cancel")

    def paint(self, view: View) -> None:
        super().paint(view)
        self.query_one("#blocked", PlainText).display = False
        stop = None if view.snapshot is None else view.snapshot.hard_stop
        shown = (stop_situation(view), "" if stop is None else f"Previous hard stop. {stop_progress(stop)}")
        if self._stopped and stop is not None:
            shown = ("", stop_progress(stop))
        if shown == self._shown:
            return
        self._shown = shown
        for name, text in zip(("#situation", "#progress"), shown, strict=True):
            widget = self.query_one(name, PlainText)
            widget.update(text)
            widget.display = bool(text)
