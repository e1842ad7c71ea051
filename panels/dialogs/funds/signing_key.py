"""The signing key: whether the Verifier takes it, what it is on the account, and its registration."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Static

from cockpit.model.snapshot import KeyView
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.amounts import wrapped
from panels.dialogs.funds.desk_port import FundsPort
from panels.dialogs.outcome import Message
from panels.dialogs.question import Question
from panels.kit.cells import Cell, Line
from panels.kit.messages import NO_CONNECTION, already
from panels.kit.view import View

WARNING = "Whoever holds a registered key can sign withdrawals of everything the account has on the Verifier."
MEANING = (
    "The desk signs add_public_key with its own key and attaches 1 yoctoNEAR; the gas is paid by the account. "
    f"From then on the Verifier takes this key's quotes. {WARNING}"
)
ACCESS: dict[str, tuple[str, str]] = {
    "full": ("full access", "it can register itself and do anything on the NEAR account"),
    "function call": ("function call only", "it cannot attach the 1 yoctoNEAR a registration takes"),
    "none": ("no access key of the account", "it can sign quotes once registered, and no NEAR transaction"),
}


def obstacle(view: View) -> str:
    """Why the desk cannot register the key now; empty when it can."""
    if view.snapshot is None or not view.trusted:
        return NO_CONNECTION
    key = view.snapshot.key
    if key.registered:
        return already("the key is", "registered")
    if key.registered is None:
        return "whether the key is registered is not known yet"
    if key.access == "unknown":
        return "what the key may do on the account is not known yet"
    return "" if key.access == "full" else "only a full-access key of the account can: run the command with one"


def key_lines(key: KeyView, width: int) -> list[Line]:
    """Everything about the key."""
    registered = {True: Cell("✓ registered", "good"), False: Cell("✗ NOT registered: its quotes are refused", "bad")}
    access, means = ACCESS.get(key.access, ("unknown", "NEAR has not answered yet"))
    lines: list[Line] = [(Cell("public key", "muted"),)]
    lines += [(Cell(part, "strong"),) for part in wrapped(key.public_key or "unknown", width)]
    verifier = Cell("? not known yet", "warn") if key.registered is None else registered[key.registered]
    lines += [
        (),
        (Cell("on the Verifier  ", "muted"), verifier),
        (Cell("on the account   ", "muted"), Cell(access, "text"), Cell(f": {means}", "muted")),
        (),
        (Cell(WARNING, "warn"),),
        (),
        (Cell("to register it by hand (y copies)", "muted"),),
    ]
    return [*lines, *((Cell(part, "accent"),) for part in wrapped(key.command or "unknown", width))]


class KeyDialog(Dialog[None]):
    """Shows the key; registering it is asked for once more."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("y", "copy", "Copy", show=False)]

    def __init__(self, view: View, money: FundsPort) -> None:
        super().__init__(view, "Signing key")
        self._money = money
        self._shown: object = None

    def body(self) -> Iterable[Widget]:
        """The facts, why it cannot be registered, the buttons."""
        with VerticalScroll(id="scroll"):
            yield Static(id="facts")
        yield Static("", id="blocked", markup=False)
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Close", id="cancel", compact=True)
            yield Button("Copy the command", id="copy", compact=True)
            yield Button("Register it now…", id="register", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Open on Close."""
        self.query_one("#cancel", Button).focus()

    def paint(self, view: View) -> None:
        """Keep it true."""
        super().paint(view)
        key = KeyView() if view.snapshot is None else view.snapshot.key
        why = obstacle(view)
        shown = (key, why, self.query_one("#facts").size.width)
        if shown == self._shown:
            return
        self._shown = shown
        self.query_one("#facts", Static).update(self.text(key_lines(key, max(20, shown[2]))))
        notice = self.query_one("#blocked", Static)
        notice.update(f"Register it now: {why}" if why else "")
        notice.display = bool(why)
        self.query_one("#register", Button).disabled = bool(why)

    def action_copy(self) -> None:
        """Send the command to the terminal's clipboard."""
        command = "" if self.view.snapshot is None else self.view.snapshot.key.command
        if command:
            self.app.copy_to_clipboard(command)
            self.tell(Message("sent the command to the terminal's clipboard", "information", True))
        else:
            self.tell(Message("there is no command to copy yet", "warning", False))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Close, copy, or ask before registering."""
        event.stop()
        if event.button.id == "copy":
            self.action_copy()
        elif event.button.id == "register":
            if not obstacle(self.now()):
                question = Question(
                    self.view, "Register the key?", MEANING, "Register", self._money.register_key, obstacle
                )
                self.ask_next(question)
        else:
            self.dismiss(None)
