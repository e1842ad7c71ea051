"""Where to send money: the addresses in full, to copy or to scan, and a word to the bridge about what was sent."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Static

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.formatting import caption_age
from cockpit.model.snapshot import DepositAddressRow, Snapshot
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.amounts import amount, symbols
from panels.dialogs.funds.desk_port import FundsPort
from panels.dialogs.funds.qr import qr
from panels.dialogs.outcome import Message, found, say
from panels.kit.cells import Cell, Line
from panels.kit.form_fields import FormChoice, FormEntry
from panels.kit.view import View

LONGEST_HASH = 128


def address_of(snapshot: Snapshot, symbol: str) -> DepositAddressRow | None:
    """Where to send this asset, once the bridge has told."""
    return next((row for row in snapshot.deposit_addresses if row.symbol == symbol), None)


def address_lines(snapshot: Snapshot, chosen: str) -> list[Line]:
    """Every asset's address in full with what must be known about it, the chosen one lit."""
    lines: list[Line] = []
    for symbol in symbols(snapshot):
        row = address_of(snapshot, symbol)
        lit = symbol == chosen
        if row is None:
            lines.append((Cell(f"{symbol}  ", "strong"), Cell("the bridge has not told the address yet", "warn")))
            continue
        read = "" if row.age_ms is None else f"  read {caption_age(row.age_ms)}"
        lines.append((Cell(f"{symbol} on {row.chain}", "strong" if lit else "muted"), Cell(read, "muted")))
        lines.append((Cell(row.address, "accent" if lit else "text"),))
        if row.memo:
            lines.append((Cell("memo  ", "muted"), Cell(row.memo, "strong"), Cell("  must be in the transfer", "warn")))
        lines.append(minimum_line(row))
    return lines


def minimum_line(row: DepositAddressRow) -> Line:
    """The warning about deposits too small to be credited."""
    if row.minimum is None:
        return (Cell("the bridge's minimum is not known: wait before sending", "warn"),)
    return (Cell(f"send at least {amount(row.minimum, row.symbol)}: the bridge may never credit less", "warn"),)


def hash_problem(text: str) -> str:
    """Why this is no transaction hash; empty when it may be one."""
    if not text:
        return "paste the hash of the transaction that sent the deposit"
    if not (text.isascii() and text.isalnum()) or len(text) > LONGEST_HASH:
        return "a transaction hash is one word of letters and digits; paste it whole"
    return ""


class DepositDialog(Dialog[None]):
    """Addresses, the chosen one's QR code, and a field to tell the bridge of a deposit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False),
        Binding("c", "code", "Code", show=False),
        Binding("up", "scroll(-1)", show=False),
        Binding("down", "scroll(1)", show=False),
        Binding("pageup", "scroll(-8)", show=False),
        Binding("pagedown", "scroll(8)", show=False),
    ]

    def __init__(self, view: View, snapshot: Snapshot, money: FundsPort) -> None:
        super().__init__(view, "Deposit")
        self._money = money
        self._asset = FormChoice(symbols(snapshot), id="asset")
        self._hash = FormEntry("hash", "sent already?", placeholder="the deposit's transaction hash")
        self._shown: object = None
        self._coded = ""
        self._waiting = False
        self._asked = ("", "")
        self._in_doubt = ""

    def body(self) -> Iterable[Widget]:
        """The choice, the addresses and the code scrolling, the field, the buttons."""
        with Horizontal(classes="field"):
            yield self._asset
            yield Label("y copies the address · c shows the code alone", classes="aside")
        with VerticalScroll(id="scroll", can_focus=False):
            yield Static(id="addresses")
            yield Static(id="qr")
        yield self._hash
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Close", id="close", compact=True)
            yield Button("Copy the address", id="copy", compact=True)
            yield Button("Tell the bridge", id="notify", compact=True)

    def on_mount(self) -> None:
        """Open on the choice of the asset."""
        self._asset.focus()

    def paint(self, view: View) -> None:
        """Keep the addresses true; the code is drawn when the address is another."""
        super().paint(view)
        snapshot = view.snapshot
        if snapshot is None:
            return
        result = None if self._waiting else found(snapshot, self._in_doubt)
        if result is not None:
            self._answered(result)
        lines = address_lines(snapshot, self._asset.value)
        if lines != self._shown:
            self._shown = lines
            self.query_one("#addresses", Static).update(self.text(lines))
        row = address_of(snapshot, self._asset.value)
        address = "" if row is None else row.address
        if address != self._coded:
            self._coded = address
            self.query_one("#qr", Static).update(qr(address) if address else "")

    def on_choice_changed(self, event: FormChoice.Changed) -> None:
        """The other asset's code."""
        event.stop()
        self.tell(None)
        self.paint(self.view)

    def action_copy(self) -> None:
        """Send the chosen address to the terminal's clipboard."""
        if not self._coded:
            self.tell(Message("there is no address to copy yet", "warning", False))
            return
        self.app.copy_to_clipboard(self._coded)
        told = f"sent the {self._asset.value} address to the terminal's clipboard; compare it after pasting"
        self.tell(Message(told, "information", True))

    def action_code(self) -> None:
        """Give the code the whole box, or take it back: a camera needs all of it at once."""
        self.query_one("#box").toggle_class("-code")
        self.call_after_refresh(self._fit)

    def action_back(self) -> None:
        """Back from the code alone, then out."""
        if self.query_one("#box").has_class("-code"):
            self.action_code()
        else:
            self.dismiss(None)

    def action_scroll(self, rows: int) -> None:
        """Move the code into sight."""
        self.query_one("#scroll", VerticalScroll).scroll_relative(y=rows, animate=False)

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in the field tells the bridge: nothing moves by it."""
        event.stop()
        self._notify()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Close, copy, or tell the bridge."""
        event.stop()
        if event.button.id == "copy":
            self.action_copy()
        elif event.button.id == "notify":
            self._notify()
        else:
            self.dismiss(None)

    def _notify(self) -> None:
        problem = hash_problem(self._hash.value)
        self._hash.complain(problem)
        if problem:
            self._hash.input.focus()
        elif not self._waiting:
            asked = (self._asset.value, self._hash.value)
            known = self._in_doubt if asked == self._asked else ""
            self._asked, self._waiting = asked, True
            self.query_one("#notify", Button).disabled = True
            ident = self._money.notify_deposit(*asked, known, self._answered)
            if self._waiting:
                self._in_doubt = ident
                self.tell(Message(f"◌ telling the bridge, as command {ident}…", "information", False))

    def _answered(self, outcome: Outcome) -> bool:
        if not self.is_attached:
            return False
        self._waiting = False
        if not isinstance(outcome, UnknownOutcome):
            self._in_doubt = ""
        self.query_one("#notify", Button).disabled = False
        self.tell(say(outcome))
        return True
