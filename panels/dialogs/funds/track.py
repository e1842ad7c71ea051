"""The form that follows a withdrawal made elsewhere: its NEAR transaction, asset and amount."""

import re
from collections.abc import Iterable, Mapping

import msgspec
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input

from cockpit.model.amount_input import parse_amount
from cockpit.model.commands import Result, WithdrawalOrder
from cockpit.model.errors import InvalidAmountError
from cockpit.model.snapshot import Snapshot
from panels.dialogs.choices import Choice
from panels.dialogs.command_dialog import CommandDialog
from panels.dialogs.desk_port import Answer, DeskPort
from panels.dialogs.funds.amounts import inventory_row, symbols
from panels.kit.form_fields import FormChoice, FormEntry
from panels.kit.messages import NO_CONNECTION
from panels.kit.rows.plain_text import PlainLabel, PlainText
from panels.kit.view import View

MEANING = (
    "The desk follows it until it arrives on the other chain. No money moves. "
    "It explains no balance before NEAR or the bridge shows that it left this account."
)
_NEAR_HASH = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")


class ParsedTracking(msgspec.Struct, frozen=True):
    """An order to follow, or a sentence for each field that is wrong."""

    order: WithdrawalOrder | None
    problems: Mapping[str, str]


def parse_tracking(near_hash: str, symbol: str, amount: str, snapshot: Snapshot) -> ParsedTracking:
    """Read the form. The amount may be empty for a withdrawal that the bridge already lists."""
    problems: dict[str, str] = {}
    if not _NEAR_HASH.fullmatch(near_hash):
        problems["hash"] = "paste the NEAR transaction hash of the withdrawal, about 44 letters and digits"
    listed = any(row.near_hash == near_hash for row in snapshot.withdrawals)
    row, units = inventory_row(snapshot, symbol), ""
    try:
        if amount or not listed:
            units = str(parse_amount(amount, symbol, row.decimals if row is not None else 0))
    except InvalidAmountError as exc:
        problems["amount"] = str(exc)
    if problems:
        return ParsedTracking(None, problems)
    return ParsedTracking(WithdrawalOrder(asset_id=symbol, amount=units), {})


class TrackDialog(CommandDialog[Result]):
    AUTO_FOCUS = "#hash"

    def __init__(self, desk: DeskPort, snapshot: Snapshot) -> None:
        choices = (
            Choice("do", "Track it", variant="default"),
            Choice("untrack", "Stop tracking it", variant="default"),
        )
        super().__init__(desk, "Track a withdrawal made elsewhere", choices)
        self._hash = FormEntry("hash", "NEAR hash", placeholder="of the withdrawal")
        self._asset = FormChoice(symbols(snapshot), id="asset")
        self._amount = FormEntry("amount", "amount", placeholder="withdrawn, in whole tokens")
        self._order: WithdrawalOrder | None = None

    def question(self) -> Iterable[Widget]:
        yield self._hash
        with Horizontal(classes="field"):
            yield PlainLabel("asset", classes="name")
            yield self._asset
        yield self._amount
        yield PlainText(MEANING, id="meaning")

    def blocked_by(self, view: View, choice: Choice) -> str:
        return "" if view.trusted else NO_CONNECTION

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self.touch()

    def entry_done(self, entry: Input) -> None:
        if entry is self._hash.input:
            self.set_focus(self._asset)
        else:
            self.set_focus(self.query_one("#do", Button))

    def submit(self, choice: Choice) -> None:
        snapshot = self.desk.view.snapshot
        if snapshot is None:
            return
        if choice.id == "untrack":
            self._hash.show_problem("" if self._hash.value else "paste the hash under which it is tracked")
            self._amount.show_problem("")
            if self._hash.value:
                super().submit(choice)
            return
        parsed = parse_tracking(self._hash.value, self._asset.value, self._amount.value, snapshot)
        self._hash.show_problem(parsed.problems.get("hash", ""))
        self._amount.show_problem(parsed.problems.get("amount", ""))
        if parsed.order != self._order:
            self.forget_unknown()
        self._order = parsed.order
        if parsed.order is not None:
            super().submit(choice)

    def send(self, choice: Choice, command_id: str, answer: Answer) -> str:
        if choice.id == "untrack":
            return self.desk.untrack(self._hash.value, command_id, answer)
        assert self._order is not None
        return self.desk.track(self._order, self._hash.value, command_id, answer)

    def result(self, answer: Result) -> Result:
        return answer
