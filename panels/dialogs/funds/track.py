"""The form that takes up a withdrawal made elsewhere: its burn on NEAR, its asset and its amount."""

import re
from collections.abc import Iterable, Mapping

import msgspec
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, Label, Static

from cockpit.model.amount_input import parse_amount
from cockpit.model.commands import WithdrawalOrder
from cockpit.model.errors import InvalidAmountError
from cockpit.model.snapshot import Snapshot
from panels.dialogs.command_dialog import Choice
from panels.dialogs.dialog import Answer
from panels.dialogs.funds.amounts import held, symbols
from panels.dialogs.funds.desk_port import FundsPort
from panels.dialogs.single_command import SingleCommandDialog
from panels.kit.form_fields import FormChoice, FormEntry
from panels.kit.messages import NO_CONNECTION
from panels.kit.view import View

_NEAR_HASH = re.compile(r"[1-9A-HJ-NP-Za-km-z]{32,44}")


class Tracked(msgspec.Struct, frozen=True):
    """What the form holds: an order to follow, or one sentence for each field that is wrong."""

    order: WithdrawalOrder | None
    problems: Mapping[str, str]


def read(near_hash: str, symbol: str, typed: str, snapshot: Snapshot) -> Tracked:
    """What to follow. The amount may be left out for a withdrawal that the bridge already lists."""
    problems: dict[str, str] = {}
    if not _NEAR_HASH.fullmatch(near_hash):
        problems["hash"] = "paste the NEAR transaction hash of the burn, about 44 letters and digits"
    listed = any(row.near_hash == near_hash for row in snapshot.withdrawals)
    row, found = held(snapshot, symbol), ""
    try:
        if typed or not listed:
            found = str(parse_amount(typed, symbol, row.decimals if row is not None else 0))
    except InvalidAmountError as exc:
        problems["amount"] = str(exc)
    if problems:
        return Tracked(None, problems)
    return Tracked(WithdrawalOrder(asset_id=symbol, amount=found), {})


class TrackDialog(SingleCommandDialog):
    """Asks the desk to follow a withdrawal; moves nothing."""

    OPENS_ON = "#hash"

    def __init__(self, view: View, snapshot: Snapshot, money: FundsPort) -> None:
        super().__init__(view, "Track a withdrawal made elsewhere", "Track it (space)", variant="default")
        self._money = money
        self._hash = FormEntry("hash", "NEAR hash", placeholder="of the burn")
        self._asset = FormChoice(symbols(snapshot), id="asset")
        self._amount = FormEntry("amount", "amount", placeholder="burned, in whole tokens")
        self._tracked: WithdrawalOrder | None = None

    def question(self) -> Iterable[Widget]:
        """The fields."""
        yield self._hash
        with Horizontal(classes="field"):
            yield Label("asset", classes="name")
            yield self._asset
        yield self._amount
        yield Static("It is followed until the other chain shows it. Nothing is sent by this.", id="meaning")

    def obstacle(self, view: View) -> str:
        """Only a desk that is heard is asked."""
        return "" if view.trusted else NO_CONNECTION

    def on_input_changed(self, event: Input.Changed) -> None:
        """Somebody is typing."""
        event.stop()
        self.touch()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter in a field goes on to the next, and from the last to the button."""
        event.stop()
        if event.input is self._hash.input:
            self._asset.focus()
        else:
            self.query_one("#do", Button).focus()

    def submit(self, way: Choice) -> None:
        """Check what was typed, and ask."""
        snapshot = self.now().snapshot
        if snapshot is None:
            return
        tracked = read(self._hash.value, self._asset.value, self._amount.value, snapshot)
        self._hash.complain(tracked.problems.get("hash", ""))
        self._amount.complain(tracked.problems.get("amount", ""))
        if tracked.order != self._tracked:
            self.forget_doubt()
        self._tracked = tracked.order
        if tracked.order is not None:
            super().submit(way)

    def send(self, command_id: str, answer: Answer) -> str:
        """Ask for what was typed."""
        assert self._tracked is not None
        return self._money.track(self._tracked, self._hash.value, command_id, answer)
