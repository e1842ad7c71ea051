"""Where to deposit: the addresses in full, to copy or to scan, and a way to tell the bridge what was sent."""

from collections.abc import Iterable
from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.formatting import caption_age
from cockpit.model.snapshot import DepositAddressRow, Snapshot
from panels.dialogs import messages
from panels.dialogs.controls import PlainButton
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.dialogs.funds.amounts import amount, depositable
from panels.dialogs.funds.qr import qr
from panels.dialogs.outcome import Message, describe, find_in_journal
from panels.kit.alarms import alarm_lines
from panels.kit.form_fields import FormChoice, FormEntry
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View

MAX_HASH_LENGTH = 128
NO_ADDRESS = "waiting for the bridge to return the address"
NOTHING_TO_COPY = "There is no address to copy yet."
HASH_IS_ONE_WORD = "a transaction hash is one word of letters and digits; paste all of it"


def address_of(snapshot: Snapshot, symbol: str) -> DepositAddressRow | None:
    """Return where to deposit this asset; None until the bridge has returned the address."""
    return next((row for row in snapshot.deposit_addresses if row.symbol == symbol), None)


def address_lines(snapshot: Snapshot, chosen: str) -> list[Line]:
    """Write every asset's address in full with what must be known about it, the chosen one lit."""
    lines: list[Line] = []
    for symbol in depositable(snapshot):
        row = address_of(snapshot, symbol)
        lit = symbol == chosen
        if row is None:
            lines.append((Cell(f"{symbol}  ", "strong"), Cell(NO_ADDRESS, "warn")))
            continue
        read = "" if row.age_ms is None else f"  read {caption_age(row.age_ms)}"
        lines.append((Cell(f"{symbol} on {row.chain}", "strong" if lit else "muted"), Cell(read, "muted")))
        lines.append((Cell(row.address, "accent" if lit else "text"),))
        if row.memo:
            lines.append((Cell("memo  ", "muted"), Cell(row.memo, "strong"), Cell("  must be in the transfer", "warn")))
        lines += [credit_line(row)] if row.credits and row.note else []
        lines += [note_line(row)] if row.note else []
        lines.append(minimum_line(row))
    return lines


def credit_line(row: DepositAddressRow) -> Line:
    """Name the tokens that a deposit may become, each with the bridge's minimum and the own deposits so far."""
    named = [
        f"{credit.symbol} (at least {amount(credit.minimum, credit.symbol)}; {counted(credit.deposits)})"
        for credit in row.credits
    ]
    return (Cell("becomes ", "muted"), Cell(" or ".join(named), "text"))


def note_line(row: DepositAddressRow) -> Line:
    return (Cell(row.note, "muted" if row.known else "warn"),)


def counted(deposits: int) -> str:
    if not deposits:
        return "none of yours so far"
    return f"{deposits} of yours so far"


def minimum_line(row: DepositAddressRow) -> Line:
    """Warn about deposits too small to be credited."""
    if row.minimum is None:
        return (Cell("the bridge's minimum is unknown: wait before you send", "warn"),)
    return (Cell(f"send at least {amount(row.minimum, row.symbol)}: the bridge may never credit less", "warn"),)


def hash_problem(text: str) -> str:
    """Return why this is no transaction hash; empty when it may be one."""
    if not text:
        return "paste the hash of the transaction that sent the deposit"
    if not (text.isascii() and text.isalnum()) or len(text) > MAX_HASH_LENGTH:
        return HASH_IS_ONE_WORD
    return ""


class DepositDialog(Dialog[None]):
    """Addresses, the chosen one's QR code, and a field to tell the bridge about a deposit."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("y", "copy", "Copy", show=False),
        Binding("c", "code", "Code", show=False),
    ]

    def __init__(self, desk: DeskPort, snapshot: Snapshot) -> None:
        super().__init__(desk, "Deposit")
        self._asset = FormChoice(depositable(snapshot), id="asset")
        self._hash = FormEntry("hash", "already sent?", placeholder="the deposit's transaction hash")
        self._shown: object = None
        self._coded_address = ""
        self._in_flight = False
        self._sent = ("", "")
        self._unknown_id = ""

    def body(self) -> Iterable[Widget]:
        with Horizontal(classes="field"):
            yield self._asset
        with ScrolledPart(id="scroll"):
            yield PlainText(id="addresses")
            yield PlainText(id="qr")
        yield self._hash
        yield self.message_line
        with Horizontal(id="buttons"):
            yield PlainButton("Close", id="close", compact=True)
            yield PlainButton("Copy the address", id="copy", compact=True)
            yield PlainButton("Tell the bridge", id="notify", compact=True)

    def on_mount(self) -> None:
        self._asset.focus()

    def own_keys(self) -> Iterable[str]:
        yield "y copies"
        yield "c: code alone"

    def paint(self, view: View) -> None:
        super().paint(view)
        snapshot = view.snapshot
        if snapshot is None:
            return
        result = None if self._in_flight else find_in_journal(snapshot, self._unknown_id)
        if result is not None:
            self._take_answer(result)
        lines = [*alarm_lines(snapshot), *address_lines(snapshot, self._asset.value)]
        if lines != self._shown:
            self._shown = lines
            self.query_one("#addresses", PlainText).update(self.styled(lines))
        row = address_of(snapshot, self._asset.value)
        address = "" if row is None else row.address
        if address != self._coded_address:
            self._coded_address = address
            self.query_one("#qr", PlainText).update(qr(address) if address else "")

    def on_form_choice_changed(self, event: FormChoice.Changed) -> None:
        event.stop()
        self.show_message(None)
        self.paint(self.view)

    def action_copy(self) -> None:
        """Copy the chosen address."""
        if not self._coded_address:
            self.show_message(Message(NOTHING_TO_COPY, "warning"))
            return
        self.app.copy_to_clipboard(self._coded_address)
        text = f"{messages.copied(f'the {self._asset.value} address')}. Compare it after pasting."
        self.show_message(Message(text, "information", True))

    def action_code(self) -> None:
        """Give the code the whole box, or take it back: a camera needs all of it at once."""
        self.query_one("#box").toggle_class("-code")
        self.call_after_refresh(self._fit)

    def action_back(self) -> None:
        if self.query_one("#box").has_class("-code"):
            self.action_code()
        else:
            self.dismiss(None)

    def entry_done(self, entry: Input) -> None:
        # Enter tells the bridge: no money moves by it.
        self._notify()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "copy":
            self.action_copy()
        elif event.button.id == "notify":
            self._notify()
        else:
            self.dismiss(None)

    def _notify(self) -> None:
        problem = hash_problem(self._hash.value)
        self._hash.show_problem(problem)
        if problem:
            self._hash.input.focus()
        elif not self._in_flight:
            deposit = (self._asset.value, self._hash.value)
            known_id = self._unknown_id if deposit == self._sent else ""
            self._sent, self._in_flight = deposit, True
            self.query_one("#notify", Button).disabled = True
            command_id = self.desk.notify_deposit(*deposit, known_id, self._take_answer)
            if self._in_flight:
                self._unknown_id = command_id
                self.show_message(Message(messages.command_sent(command_id), "information"))

    def _take_answer(self, outcome: Outcome) -> bool:
        if not self.is_attached:
            return False
        self._in_flight = False
        if not isinstance(outcome, UnknownOutcome):
            self._unknown_id = ""
        self.query_one("#notify", Button).disabled = False
        self.show_message(describe(outcome))
        return True
