"""The question on quitting: whether the desk keeps running or is stopped."""

from collections.abc import Iterable
from typing import Literal

from textual.widget import Widget
from textual.widgets import Button

from cockpit.model.commands import Result
from cockpit.model.formatting import counted, time_left
from cockpit.model.quote_texts import refused_text
from cockpit.model.snapshot import Snapshot
from panels.dialogs import messages
from panels.dialogs.choices import Choice, desk_identity
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.controls import LeaveButton, SpaceButton
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.outcome import Message
from panels.kit.labels import ACTS_ALONE
from panels.kit.messages import LAST_KNOWN_STATE, own_command
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View

Leave = Literal["leave", "stop"]
"""What becomes of the desk: it keeps running, or it is stopped."""


def armed_parts(view: View) -> tuple[str, ...]:
    """Return the parts that are armed, were armed when last seen, or are being armed right now."""
    snapshot = view.snapshot
    if snapshot is None:
        return ()
    parts = []
    if snapshot.strategy_armed or view.asked.get("strategy-engine", "").startswith("arming"):
        parts.append("strategy")
    if snapshot.executor_armed or view.asked.get("trade-executor", "").startswith("arming"):
        parts.append("executor")
    return tuple(parts)


def when_left_running(snapshot: Snapshot) -> str:
    """Say what the desk does once no cockpit is attached."""
    if snapshot.when_alone == "keep" or not snapshot.executor_armed:
        return "keeps quoting without you" if snapshot.executor_armed else "keeps running without you"
    return f"{ACTS_ALONE[snapshot.when_alone]} once no cockpit has been attached for {time_left(snapshot.alone_ms)}"


def quit_situation(view: View) -> str:
    """Say what quitting means now."""
    snapshot = view.snapshot
    if snapshot is None:
        return messages.NOT_CONNECTED_YET_QUIT
    if view.desk_ended:
        return "\n\n".join(ended_desk(view, snapshot))
    parts = armed_parts(view)
    sentences = []
    if not view.trusted:
        sentences.append(LAST_KNOWN_STATE)
    if parts:
        verb = "is" if len(parts) == 1 else "are"
        sentences.append(
            f"The {' and the '.join(parts)} {verb} ARMED. Left running, the desk {when_left_running(snapshot)}."
        )
    else:
        again = f"{own_command(snapshot.mode)} opens it again"
        sentences.append(f"Nothing is armed. Left running, the desk keeps watching; {again}.")
    live = snapshot.alive
    if live.quotes:
        sentences.append(
            f"{counted(live.quotes, 'live quote')} may still settle, the last for "
            f"{time_left(max(0, live.last_death_ms - view.quiet_ms))}. Stopping the desk does not revoke them."
        )
    if live.refused:
        sentences.append(f"{refused_text(live, snapshot.at_ns)}. Stopping the desk does not revoke them.")
    others = other_cockpits(snapshot, view.actor)
    if others:
        sentences.append(f"Also attached: {others}. Stopping the desk stops it for all; they are told who did it.")
    return "\n\n".join(sentences)


def ended_desk(view: View, snapshot: Snapshot) -> Iterable[str]:
    """Say that the desk does not run, and what that means for the quotes it has signed."""
    who = f"{view.stopped_by} stopped the desk" if view.stopped_by else "The desk has ended"
    yield f"{who}: nothing is quoted or signed now. {own_command(snapshot.mode)} starts it again, disarmed."
    live = snapshot.alive
    were_live = f"{counted(live.quotes, 'quote was', 'quotes were')} live when it was last seen"
    left_ms = live.last_death_ms - view.quiet_ms
    if not live.quotes:
        yield "No quote was live when it was last seen."
    elif left_ms > 0:
        yield f"{were_live} and may still settle, the last for {time_left(left_ms)}. Only a running desk can burn them."
    else:
        yield f"{were_live}; none can settle any more. Its next start books what was settled."
    if live.refused and live.refused_last_ms > view.quiet_ms:
        yield f"{refused_text(live, snapshot.at_ns)}. Only a running desk can burn them."


def other_cockpits(snapshot: Snapshot, own: str) -> str:
    """Name the cockpits that are attached beside this one; empty when there are none."""
    names = list(snapshot.cockpits)
    if own in names:
        names.remove(own)
    nameless = snapshot.attached - len(snapshot.cockpits) - (own not in snapshot.cockpits)
    if nameless > 0:
        names.append("one that only looks" if nameless == 1 else f"{nameless} that only look")
    return ", ".join(names)


def in_sandbox(view: View) -> bool:
    return view.snapshot is not None and view.snapshot.mode == "SANDBOX"


class QuitDialog(CommandDialog[Leave]):
    """An armed desk is disarmed before it is stopped. Where that failed or got no reply, the operator can retry, or
    stop the desk anyway: stopping disarms, too. Of a desk that has ended only its sandbox is left to stop.
    """

    def __init__(self, desk: DeskPort) -> None:
        super().__init__(desk, "Quit?", (Choice("stop", "Disarm and stop"),))
        self._failed = False
        self._shown: object = None

    def question(self) -> Iterable[Widget]:
        yield PlainText(quit_situation(self.view), id="meaning")

    def buttons(self) -> Iterable[Widget]:
        yield LeaveButton(messages.LEAVE_RUNNING, id="leave", compact=True)
        yield from super().buttons()
        yield SpaceButton("Stop anyway", id="anyway", variant="warning", compact=True)

    def own_keys(self) -> Iterable[str]:
        yield messages.AGAIN_QUITS if self.view.desk_ended else messages.AGAIN_LEAVES

    def preconditions(self, view: View, choice: Choice) -> object:
        return desk_identity(view)

    def paint(self, view: View) -> None:
        super().paint(view)
        armed = self._must_disarm(view)
        self._failed = self._failed and armed
        shown = (quit_situation(view), armed, self._failed, view.desk_ended)
        if shown == self._shown:
            return
        self._shown = shown
        self.query_one("#box").set_class(armed, "-armed")
        self.query_one("#meaning", PlainText).update(quit_situation(view))
        self.set_label("leave", self._leave_label(view))
        self._offer("anyway", self._failed)
        self._offer("stop", not view.desk_ended or in_sandbox(view))
        self.relabel()

    def leave(self, button: str) -> None:
        if button == "leave":
            self.dismiss("leave")
        elif button != "anyway":
            self.dismiss(None)
        elif self.may_act():
            self.dismiss("stop")

    def submit(self, choice: Choice) -> None:
        if self._must_disarm(self.desk.view):
            super().submit(choice)
        elif self.may_act() and not self.unavailable(self.view, choice):
            self.dismiss("stop")

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        return self.desk.disarm_to_stop(command_id, answer)

    def result(self, answer: Result) -> Leave:
        return "stop"

    def outcome_shown(self, message: Message) -> None:
        self._failed = True

    def look_up(self, view: View, command_id: str) -> None:
        # What the desk reports counts: once disarmed it can be stopped, but only on another press.
        if view.trusted and not armed_parts(view):
            self.forget_unknown()
            self.show_message(Message(messages.EVERYTHING_DISARMED, "information", True))

    def label(self, choice: Choice) -> str:
        if self._failed:
            return choice.retry
        if self.view.desk_ended:
            return messages.END_SANDBOX
        return super().label(choice) if armed_parts(self.view) else "Stop the desk"

    def _leave_label(self, view: View) -> str:
        if view.desk_ended:
            return messages.QUIT
        return "Leave it" if self._failed else messages.LEAVE_RUNNING

    def _offer(self, ident: str, offered: bool) -> None:
        button = self.query_one(f"#{ident}", Button)
        if button.has_focus and not offered:
            self.move_to_cancel()
        button.display = offered

    @staticmethod
    def _must_disarm(view: View) -> bool:
        return bool(armed_parts(view)) and not view.desk_ended
