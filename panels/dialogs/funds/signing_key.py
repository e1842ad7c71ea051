"""The signing key: whether the Verifier accepts it, what it may do on the account, and its registration."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button

from cockpit.model.commands import Result
from cockpit.model.snapshot import KeyView
from panels.dialogs import messages
from panels.dialogs.choices import Choice, desk_identity
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.controls import PlainButton
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.dialogs.funds.amounts import wrapped
from panels.dialogs.outcome import Message
from panels.kit.messages import NO_CONNECTION, already
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View

WARNING = "Whoever holds a registered key can sign withdrawals of everything the account has on the Verifier."
MEANING = (
    "The desk signs add_public_key with its own key and attaches 1 yoctoNEAR; the account pays the gas. "
    f"From then on the Verifier accepts this key's quotes. {WARNING}"
)
ACCESS: dict[str, tuple[str, str]] = {
    "full": ("full access", "it can register itself and do anything on the NEAR account"),
    "function call": ("function call only", "it cannot attach the 1 yoctoNEAR that a registration takes"),
    "none": ("no access key of the account", "it can sign quotes once registered, but no NEAR transaction"),
}
NEEDS_FULL_ACCESS = "only a full-access key of the account can register it; run the command with one"
NOTHING_TO_COPY = "There is no command to copy yet."


def registering_blocked_by(view: View) -> str:
    """Return why the desk cannot register the key now; empty when it can."""
    if view.snapshot is None or not view.trusted:
        return NO_CONNECTION
    if view.too_small:
        return view.too_small
    key = view.snapshot.key
    if key.registered:
        return already("the key is", "registered")
    if key.registered is None:
        return "it is not known yet whether the key is registered"
    if key.access == "unknown":
        return "it is not known yet what the key may do on the account"
    return "" if key.access == "full" else NEEDS_FULL_ACCESS


def key_lines(key: KeyView, width: int) -> list[Line]:
    registered = {True: Cell("✓ registered", "good"), False: Cell("✗ NOT registered: its quotes are refused", "bad")}
    access, meaning = ACCESS.get(key.access, ("unknown", "NEAR has not answered yet"))
    lines: list[Line] = [(Cell("public key", "muted"),)]
    lines += [(Cell(part, "strong"),) for part in wrapped(key.public_key or "unknown", width)]
    verifier = Cell("? not known yet", "warn") if key.registered is None else registered[key.registered]
    lines += [
        (),
        (Cell("on the Verifier  ", "muted"), verifier),
        (Cell("on the account   ", "muted"), Cell(access, "text"), Cell(f": {meaning}", "muted")),
        (),
        (Cell(WARNING, "warn"),),
        (),
        (Cell("to register it by hand", "muted"),),
    ]
    return [*lines, *((Cell(part, "accent"),) for part in wrapped(key.command or "unknown", width))]


class RegisterKeyDialog(CommandDialog[Result]):
    def __init__(self, desk: DeskPort) -> None:
        super().__init__(desk, "Register the key?", (Choice("do", "Register"),))

    def question(self) -> Iterable[Widget]:
        yield PlainText(MEANING, id="meaning")

    def blocked_by(self, view: View, choice: Choice) -> str:
        return registering_blocked_by(view)

    def preconditions(self, view: View, choice: Choice) -> object:
        return desk_identity(view)

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        return self.desk.register_key(command_id, answer)

    def result(self, answer: Result) -> Result:
        return answer


class KeyDialog(Dialog[None]):
    """Shows the key; registering it asks once more."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "Copy", show=False)]

    def __init__(self, desk: DeskPort) -> None:
        super().__init__(desk, "Signing key")
        self._shown: object = None

    def body(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield PlainText(id="facts")
        yield PlainText("", id="blocked")
        yield self.message_line
        with Horizontal(id="buttons"):
            yield PlainButton("Close", id="cancel", compact=True)
            yield PlainButton("Copy the command", id="copy", compact=True)
            yield PlainButton("Register it now…", id="register", variant="warning", compact=True)

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    def own_keys(self) -> Iterable[str]:
        yield "y copies the command"

    def paint(self, view: View) -> None:
        super().paint(view)
        key = KeyView() if view.snapshot is None else view.snapshot.key
        blocked = registering_blocked_by(view)
        shown = (key, blocked, self.query_one("#facts").size.width)
        if shown == self._shown:
            return
        self._shown = shown
        self.query_one("#facts", PlainText).update(self.styled(key_lines(key, max(20, shown[2]))))
        notice = self.query_one("#blocked", PlainText)
        notice.update(f"Register it now: {blocked}" if blocked else "")
        notice.display = bool(blocked)
        self.query_one("#register", Button).disabled = bool(blocked)

    def action_copy(self) -> None:
        """Copy the command that registers the key."""
        command = "" if self.view.snapshot is None else self.view.snapshot.key.command
        if command:
            self.app.copy_to_clipboard(command)
            self.show_message(Message(messages.copied("the command"), "information", True))
        else:
            self.show_message(Message(NOTHING_TO_COPY, "warning"))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "copy":
            self.action_copy()
        elif event.button.id == "register":
            if not registering_blocked_by(self.desk.view):
                self.open_next(RegisterKeyDialog(self.desk))
        else:
            self.dismiss(None)
