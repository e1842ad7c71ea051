"""The form of a withdrawal: what to send and where, each problem by its field, nothing lost while correcting."""

from collections.abc import Iterable, Mapping
from typing import ClassVar

import msgspec
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, Label

from cockpit.client.desk_client import Reviewed, UnknownOutcome
from cockpit.model.amount_input import parse_amount
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from cockpit.model.errors import InvalidAmountError
from cockpit.model.snapshot import Snapshot
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.amounts import amount, held, symbols, units
from panels.dialogs.funds.desk_port import FundsPort
from panels.dialogs.funds.freeze import FreezeRow
from panels.dialogs.funds.live_review import LiveReview
from panels.dialogs.funds.review import ReviewDialog
from panels.dialogs.outcome import Message
from panels.frame.tour_strip import Place
from panels.kit.form_fields import FormChoice, FormEntry
from panels.kit.messages import NOTHING_SENT_WITHOUT_CONNECTION
from panels.kit.view import View

ASKING = Message("asking the desk for fee, minimum and what may go…", "information", False)


class Form(msgspec.Struct, frozen=True):
    """What the form holds: an order, or one sentence for each field that is wrong."""

    order: WithdrawalOrder | None
    problems: Mapping[str, str]


def typed_units(text: str, symbol: str, snapshot: Snapshot) -> int:
    """Base units of what was typed; ``max`` is all that may be spent. Raises BadAmount."""
    row = held(snapshot, symbol)
    if row is None:
        raise InvalidAmountError(f"the desk holds no {symbol}; choose another asset")
    if text.strip().lower() != "max":
        found = parse_amount(text, symbol, row.decimals)
        if row.spendable is not None and found > units(row.spendable, row.decimals):
            raise InvalidAmountError(
                f"more than the {amount(row.spendable, symbol)} that may be spent; take less, or type max"
            )
        return found
    if row.spendable is None:
        raise InvalidAmountError(
            f"what may be spent of {symbol} is not known; wait until balances are read, or type an amount"
        )
    if row.spendable <= 0:
        raise InvalidAmountError(f"nothing of {symbol} may be spent now: it is promised by quotes, or leaving")
    return units(row.spendable, row.decimals)


def read(symbol: str, typed: str, destination: str, snapshot: Snapshot) -> Form:
    """The order the form describes."""
    problems: dict[str, str] = {}
    found = 0
    try:
        found = typed_units(typed, symbol, snapshot)
    except InvalidAmountError as exc:
        problems["amount"] = str(exc)
    if not destination and symbol not in dict(snapshot.withdrawal_defaults):
        name = f"TRADING_{symbol.upper()}_WITHDRAW_ADDRESS"
        problems["destination"] = f"paste the address to send {symbol} to: {name} is not configured"
    if problems:
        return Form(None, problems)
    return Form(WithdrawalOrder(asset_id=symbol, amount=str(found), destination_address=destination), {})


class WithdrawDialog(Dialog[None]):
    """Asset, amount and destination; from here to the review, and only from there to the order."""

    PLACE: ClassVar[Place] = "withdraw"

    def __init__(self, view: View, snapshot: Snapshot, money: FundsPort) -> None:
        super().__init__(view, "Withdraw")
        self._money = money
        self._defaults = dict(snapshot.withdrawal_defaults)
        self._asset = FormChoice(symbols(snapshot), id="asset")
        self._amount = FormEntry("amount", "amount", placeholder="0.015, or max")
        self._destination = FormEntry("destination", "to", self._defaults.get(self._asset.value, ""))
        self._destinations: dict[str, str] = dict(self._defaults)
        self._shown_asset = self._asset.value
        self._freeze = FreezeRow(view, money)
        self._waiting = 0
        self._asked: tuple[str, str] | None = None
        """What was typed when it was last asked about, until something else is."""

    def body(self) -> Iterable[Widget]:
        """The freeze, the fields, the buttons."""
        yield self._freeze
        with Horizontal(classes="field"):
            yield Label("asset", classes="name")
            yield self._asset
        yield self._amount
        yield self._destination
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Cancel", id="cancel", compact=True)
            yield Button("Review…", id="review", compact=True)

    def on_mount(self) -> None:
        """Open on the asset."""
        self._asset.focus()

    def paint(self, view: View) -> None:
        """Keep the freeze and what may be spent true."""
        super().paint(view)
        self._freeze.paint(view)
        row = None if view.snapshot is None else held(view.snapshot, self._asset.value)
        self._amount.mark("" if row is None else f"{self._asset.value}, max {amount(row.spendable, '').strip()}")

    def on_choice_changed(self, event: FormChoice.Changed) -> None:
        """Another asset: its own destination, as it was left, and no answer about the former one."""
        event.stop()
        self._stop_waiting()
        self._destinations[self._shown_asset] = self._destination.value
        self._shown_asset = self._asset.value
        self._destination.value = self._destinations.get(self._shown_asset, "")
        self._amount.complain("")
        self._destination.complain("")
        self.paint(self.view)

    def on_input_changed(self, event: Input.Changed) -> None:
        """A field that is being corrected is not complained about, and no answer to the former text counts.

        Told late, of keys that came in one burst, it may be of the very text that was asked about.
        """
        event.stop()
        if self._typed() == self._asked:
            return
        self._stop_waiting()
        for entry in (self._amount, self._destination):
            if entry.input is event.input:
                entry.complain("")

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field goes on to the next, and from the last to the review."""
        event.stop()
        if event.input is self._amount.input:
            self._destination.input.focus()
        else:
            self.query_one("#review", Button).focus()

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Cancel, or go to the review."""
        event.stop()
        if event.button.id == "review":
            self._review()
        else:
            self.dismiss(None)

    def _review(self) -> None:
        view = self.now()
        snapshot = view.snapshot
        if snapshot is None or not view.trusted:
            self.tell(Message(NOTHING_SENT_WITHOUT_CONNECTION, "warning", False))
            return
        self._asked = self._typed()
        form = read(self._asset.value, self._amount.value, self._destination.value, snapshot)
        self._amount.complain(form.problems.get("amount", ""))
        self._destination.complain(form.problems.get("destination", ""))
        if form.order is None:
            self.tell(None)
            (self._amount if "amount" in form.problems else self._destination).input.focus()
            return
        order = form.order
        self._waiting += 1
        number = self._waiting
        self.query_one("#review", Button).disabled = True
        self.query_one("#cancel", Button).focus()
        self.tell(ASKING)
        self._money.review(order, lambda reviewed: self._reviewed(number, order, reviewed))

    def _typed(self) -> tuple[str, str]:
        return self._amount.value, self._destination.value

    def _stop_waiting(self) -> None:
        self._waiting += 1
        self._asked = None
        self.query_one("#review", Button).disabled = False
        self.tell(None)

    def _reviewed(self, number: int, order: WithdrawalOrder, reviewed: Reviewed) -> None:
        if not self.is_attached or number != self._waiting:
            return
        self._stop_waiting()
        if isinstance(reviewed, WithdrawalReview):
            reviewer = LiveReview(self._money, order, reviewed)
            self.ask_next(ReviewDialog(self.view, self._money, reviewer), self._came_back)
        elif isinstance(reviewed, UnknownOutcome):
            self.tell(Message(f"no review: {reviewed.reason}; nothing was ordered, try again", "error", False))
        else:
            self._destination.complain(reviewed.reason)
            self._destination.input.focus()

    def _came_back(self, ordered: bool | None) -> None:
        if ordered:
            self.dismiss(None)
        else:
            self.query_one("#review", Button).focus()
