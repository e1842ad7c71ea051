"""The form of a withdrawal: what to send and where, each problem by its field, nothing lost while correcting."""

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from typing import ClassVar

import msgspec
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input

from cockpit.client.desk_client import Reviewed, UnknownOutcome
from cockpit.model.amount_input import parse_amount
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from cockpit.model.errors import InvalidAmountError
from cockpit.model.formatting import exact, is_euro, readable
from cockpit.model.snapshot import InventoryRow, Snapshot
from panels.dialogs import messages
from panels.dialogs.controls import PlainButton
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.amounts import amount, inventory_row, symbols, units
from panels.dialogs.funds.freeze import FreezeRow
from panels.dialogs.funds.live_review import LiveReview
from panels.dialogs.funds.review import ReviewDialog
from panels.dialogs.outcome import Message
from panels.frame.tour_strip import Place
from panels.kit.form_fields import FormChoice, FormEntry
from panels.kit.messages import NOTHING_SENT_WITHOUT_CONNECTION
from panels.kit.rows.plain_text import PlainLabel
from panels.kit.view import View

REVIEWING = Message("Asking the desk for fee, minimum and available balance…", "information")
TYPED = "typed"
"""In place of a label: the address was typed."""
EXAMPLE, EURO_EXAMPLE = Decimal("0.015"), Decimal(100)
NOTHING_ORDERED = "nothing was ordered; try again"


class TypedOrder(msgspec.Struct, frozen=True):
    """The order the form describes, or a sentence for each field that is wrong."""

    order: WithdrawalOrder | None
    problems: Mapping[str, str]


def parse_units(text: str, symbol: str, snapshot: Snapshot) -> int:
    """Return base units of the typed amount; ``max`` is all that is available. Raises InvalidAmountError."""
    row = inventory_row(snapshot, symbol)
    if row is None:
        raise InvalidAmountError(f"the desk holds no {symbol}; choose another asset")
    if text.strip().lower() != "max":
        typed = parse_amount(text, symbol, row.decimals)
        if row.spendable == 0 and (elsewhere := _elsewhere(row, snapshot)):
            raise InvalidAmountError(f"0 {symbol} available; {elsewhere}; choose that asset")
        if row.spendable is not None and typed > units(row.spendable, row.decimals):
            raise InvalidAmountError(exceeds_available(text, amount(row.spendable, symbol)))
        return typed
    if row.spendable is None:
        raise InvalidAmountError(f"the available {symbol} is unknown; wait for the next balances or type an amount")
    if row.spendable <= 0:
        elsewhere = _elsewhere(row, snapshot)
        if elsewhere:
            raise InvalidAmountError(f"0 {symbol} available; {elsewhere}; choose that asset")
        raise InvalidAmountError(f"no {symbol} is available: it is committed to live quotes or leaving; wait")
    return units(row.spendable, row.decimals)


def _elsewhere(row: InventoryRow, snapshot: Snapshot) -> str:
    """Say what other tokens of the same underlying have available; empty when none has."""
    others = (other for other in snapshot.inventory.rows if other.underlying == row.underlying != "" and other != row)
    return " and ".join(f"{exact(other.spendable)} is in {other.symbol}" for other in others if other.spendable)


def exceeds_available(typed: str, available: str) -> str:
    return f"{typed.strip()} exceeds the {available} available; reduce it or type max"


def max_text(row: InventoryRow) -> str:
    return "unknown" if row.spendable is None else readable(row.spendable, row.symbol)


def amount_hint(row: InventoryRow | None) -> str:
    """Name amounts that the form takes now; empty when it takes none."""
    if row is None:
        return ""
    example = EURO_EXAMPLE if is_euro(row.symbol) else EXAMPLE
    if row.spendable is None:
        return str(example)
    if row.spendable < example:
        return "max" if row.spendable > 0 else ""
    return f"{example}, or max"


def parse_order(symbol: str, typed: str, destination: str, snapshot: Snapshot) -> TypedOrder:
    """Read the form. An empty destination is the configured one."""
    problems: dict[str, str] = {}
    amount_units = 0
    try:
        amount_units = parse_units(typed, symbol, snapshot)
    except InvalidAmountError as exc:
        problems["amount"] = str(exc)
    if not destination and symbol not in dict(snapshot.withdrawal_defaults):
        row = inventory_row(snapshot, symbol)
        of_euros = row is not None and row.underlying.startswith("EUR")
        kind = "EURE" if of_euros else row.underlying if row is not None and row.underlying else symbol
        name = f"TRADING_{kind.upper()}_WITHDRAW_ADDRESS"
        problems["destination"] = f"type the address to send {symbol} to; {name} is not configured"
    if problems:
        return TypedOrder(None, problems)
    order = WithdrawalOrder(asset_id=symbol, amount=str(amount_units), destination_address=destination)
    return TypedOrder(order, {})


class WithdrawDialog(Dialog[None]):
    """Asset, amount and destination; from here to the review, and only from there to the order.

    ``warnings``: what the operator must know before they order.
    """

    ESCAPE = messages.ESC_CANCELS
    PLACE: ClassVar[Place] = "withdraw"

    def __init__(self, desk: DeskPort, snapshot: Snapshot, warnings: Sequence[str] = ()) -> None:
        super().__init__(desk, "Withdraw")
        self._warnings = "\n".join(warnings)
        defaults = dict(snapshot.withdrawal_defaults)
        self._asset = FormChoice(symbols(snapshot), id="asset")
        self._amount = FormEntry("amount", "amount")
        self._destination = FormEntry("destination", "to", defaults.get(self._asset.value, ""))
        self._destinations: dict[str, str] = defaults
        self._shown_asset = self._asset.value
        self._freeze = FreezeRow(desk)
        self._book = FormChoice((TYPED, *desk.address_book.of(self._asset.value)), id="book")
        self._review_number = 0
        self._asked: tuple[str, str] | None = None
        """What was typed when the review in flight was asked for; None once it is no longer waited for."""

    def body(self) -> Iterable[Widget]:
        yield self._freeze
        with Horizontal(classes="field"):
            yield PlainLabel("asset", classes="name")
            yield self._asset
        yield self._amount
        with Horizontal(id="book-row", classes="field"):
            yield PlainLabel("book", classes="name")
            yield self._book
        yield self._destination
        yield self.message_line
        with Horizontal(id="buttons"):
            yield PlainButton("Cancel", id="cancel", compact=True)
            yield PlainButton("Review…", id="review", compact=True)

    def on_mount(self) -> None:
        self._show_book()
        self._asset.focus()
        self._warn()

    def _warn(self) -> None:
        self.show_message(Message(self._warnings, "warning") if self._warnings else None)

    def _show_book(self) -> None:
        """Offer the labels for the asset, that of the address lit; nothing where the book has none."""
        book = self.desk.address_book
        labels = book.of(self._asset.value)
        self.query_one("#book-row").display = bool(labels)
        self._book.offer((TYPED, *labels), book.label_of(self._asset.value, self._destination.value) or TYPED)

    def paint(self, view: View) -> None:
        super().paint(view)
        self._freeze.paint(view)
        row = None if view.snapshot is None else inventory_row(view.snapshot, self._asset.value)
        self._amount.show_hint(amount_hint(row))
        self._amount.show_unit("" if row is None else f"{self._asset.value}, max {max_text(row)}")

    def on_form_choice_changed(self, event: FormChoice.Changed) -> None:
        # Another asset: its own destination, as it was left, and no answer about the previous one.
        event.stop()
        self._stop_waiting()
        if event.choice is self._book:
            address = self.desk.address_book.of(self._asset.value).get(self._book.value)
            if address is not None:
                self._destination.value = address
            return
        self._destinations[self._shown_asset] = self._destination.value
        self._shown_asset = self._asset.value
        self._destination.value = self._destinations.get(self._shown_asset, "")
        self._show_book()
        self._amount.show_problem("")
        self._destination.show_problem("")
        self.paint(self.view)

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        # Where keys came in one burst, with Enter among them, this event arrives after the review was asked for, with
        # the very text it was asked for: its answer still counts.
        if self._typed() == self._asked:
            return
        self._stop_waiting()
        self._show_book()
        for entry in (self._amount, self._destination):
            if entry.input is event.input:
                entry.show_problem("")

    def entry_done(self, entry: Input) -> None:
        if entry is self._amount.input:
            self.set_focus(self._destination.input)
        else:
            self.set_focus(self.query_one("#review", Button))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "review":
            self._review()
        else:
            self.dismiss(None)

    def _review(self) -> None:
        view = self.desk.view
        snapshot = view.snapshot
        if snapshot is None or not view.trusted:
            self.show_message(Message(NOTHING_SENT_WITHOUT_CONNECTION, "warning"))
            return
        self._asked = self._typed()
        parsed = parse_order(self._asset.value, self._amount.value, self._destination.value, snapshot)
        self._amount.show_problem(parsed.problems.get("amount", ""))
        self._destination.show_problem(parsed.problems.get("destination", ""))
        if parsed.order is None:
            self._warn()
            (self._amount if "amount" in parsed.problems else self._destination).input.focus()
            return
        order = parsed.order
        self._review_number += 1
        number = self._review_number
        self.query_one("#review", Button).disabled = True
        self.query_one("#cancel", Button).focus()
        self.show_message(REVIEWING)
        self.desk.review(order, lambda reviewed: self._reviewed(number, order, reviewed))

    def _typed(self) -> tuple[str, str]:
        return self._amount.value, self._destination.value

    def _stop_waiting(self) -> None:
        self._review_number += 1
        self._asked = None
        self.query_one("#review", Button).disabled = False
        self._warn()

    def _reviewed(self, number: int, order: WithdrawalOrder, reviewed: Reviewed) -> None:
        if not self.is_attached or number != self._review_number:
            return
        self._stop_waiting()
        if isinstance(reviewed, WithdrawalReview):
            reviewer = LiveReview(self.desk, order, reviewed)
            self.open_next(ReviewDialog(self.desk, reviewer), self._left_review)
        elif isinstance(reviewed, UnknownOutcome):
            self.show_message(Message(f"No review: {reviewed.reason}; {NOTHING_ORDERED}.", "error"))
        else:
            self._destination.show_problem(reviewed.reason)
            self._destination.input.focus()

    def _left_review(self, ordered: bool | None) -> None:
        if ordered:
            self.dismiss(None)
        else:
            self.query_one("#review", Button).focus()
