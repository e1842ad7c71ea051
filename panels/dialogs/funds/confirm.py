"""The last step of a withdrawal: amount and address typed again, one press of space, and its outcome.

Enter never confirms. Once the order was sent, the dialog stays until its outcome is known or the operator leaves it.
"""

from collections.abc import Callable, Iterable
from typing import ClassVar, Literal

import msgspec
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.amount_input import parse_amount
from cockpit.model.commands import FEE_CHANGED, WithdrawalOrder, WithdrawalReview
from cockpit.model.errors import InvalidAmountError
from panels.dialogs import messages
from panels.dialogs.command_dialog import UNATTENDED_S, SpaceButton
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.amounts import amount, grouped
from panels.dialogs.funds.live_review import LiveReview
from panels.dialogs.outcome import Message, find_in_journal
from panels.frame.tour_strip import Place
from panels.kit.cells import Cell, Line
from panels.kit.form_fields import FormEntry
from panels.kit.view import View

TAIL = 6
"""How many last characters of the address are typed again."""
ENTER_DOES_NOT_CONFIRM = "Enter does not confirm: tab to Withdraw and press space."
LOOK_AGAIN = "check the numbers again"

Stage = Literal["typing", "checking", "sending", "accepted", "refused", "unknown"]


class ConfirmOutcome(msgspec.Struct, frozen=True):
    """``ordered``: sent, perhaps without a known outcome. Otherwise back to the review, with the reason if any."""

    ordered: bool
    reason: str = ""


def amount_problem(text: str, review: WithdrawalReview) -> str:
    """Return why the typed amount is not the reviewed one; empty when it is."""
    try:
        units = parse_amount(text, review.symbol, review.decimals)
    except InvalidAmountError as exc:
        return str(exc)
    return "" if str(units) == review.amount_units else f"not the {amount(review.amount, review.symbol)} above"


def tail_problem(text: str, review: WithdrawalReview) -> str:
    """Return why the typed characters are not the address's last ones; empty when they are."""
    if len(text) != TAIL:
        return f"type the last {TAIL} characters of the address above, exactly as shown"
    return "" if review.destination.endswith(text) else "the address above ends differently"


def order_summary(order: WithdrawalOrder, review: WithdrawalReview, width: int) -> list[Line]:
    return [
        (Cell("withdraw ", "muted"), Cell(amount(review.amount, review.symbol), "strong")),
        *(
            (Cell("to       " if number == 0 else "         ", "muted"), Cell(line, "strong"))
            for number, line in enumerate(grouped(review.destination, width - 9))
        ),
        (Cell("arrives  ", "muted"), Cell(amount(review.arrives, review.symbol), "strong")),
        (Cell("         ", "muted"), Cell(f"after a fee of {amount(review.fee, review.symbol)}", "text")),
        (Cell("key      ", "muted"), Cell(order.idempotency_key, "muted")),
    ]


def stage_after(outcome: Outcome, sent_before: bool = False) -> tuple[Stage, Message]:
    """Return the stage and the sentence after an outcome. ``sent_before``: an earlier attempt may have been taken."""
    if isinstance(outcome, UnknownOutcome):
        if outcome.sent or sent_before:
            text = f"{messages.OUTCOME_UNKNOWN} ({outcome.reason}). {messages.CHECK_BEFORE_NEW_ORDER}"
        else:
            text = f"{messages.ORDER_NOT_SENT} ({outcome.reason}); {messages.SAME_KEY_IS_SAFE}."
        return "unknown", Message(text, "error")
    if outcome.accepted:
        return "accepted", Message(f"Accepted: {outcome.reason or 'the desk took the order'}", "information", True)
    return "refused", Message(f"Refused: {outcome.reason or messages.NO_REASON}", "warning")


def terms_changed(reviewed: WithdrawalReview, latest: WithdrawalReview) -> str:
    """Return what is different from the review that is being confirmed; empty for nothing."""
    if latest.fee_units != reviewed.fee_units:
        before, after = amount(reviewed.fee, reviewed.symbol), amount(latest.fee, reviewed.symbol)
        return f"{FEE_CHANGED} from {before} to {after}; {LOOK_AGAIN}"
    if (latest.amount_units, latest.destination, latest.route) != (
        reviewed.amount_units,
        reviewed.destination,
        reviewed.route,
    ):
        return f"the terms have changed; {LOOK_AGAIN}"
    return ""


class ConfirmDialog(Dialog[ConfirmOutcome]):
    """Confirms one order under one key. Without a ``reviewer`` it takes up an order whose outcome is ``unknown``."""

    PLACE: ClassVar[Place] = "confirm"

    def __init__(
        self,
        desk: DeskPort,
        order: WithdrawalOrder,
        review: WithdrawalReview,
        reviewer: LiveReview | None,
        blocked_by: Callable[[View, LiveReview], str],
        unknown: UnknownOutcome | None = None,
    ) -> None:
        super().__init__(desk, "Confirm the withdrawal")
        self._order = order
        self._review = review
        self._reviewer = reviewer
        self._blocked_by = blocked_by
        self._stage: Stage = "typing" if unknown is None else "unknown"
        self._first_message = None if unknown is None else stage_after(unknown)[1]
        self._may_be_taken = unknown is not None
        self._unknown_id = "" if unknown is None else unknown.command_id
        self._painted_width = 0
        self._touched_s = 0.0
        self._amount = FormEntry("amount", "type the amount", unit="")
        self._tail = FormEntry("tail", f"and the address's last {TAIL}")

    def body(self) -> Iterable[Widget]:
        yield Static(id="terms")
        yield self._amount
        yield self._tail
        yield Static("", id="blocked", markup=False)
        yield self.message_line
        with Horizontal(id="buttons"):
            yield Button("Back", id="back", compact=True)
            yield SpaceButton(messages.RETRY_SAME_KEY, id="again", compact=True)
            yield SpaceButton("Withdraw (space)", id="withdraw", variant="warning", compact=True)

    def on_mount(self) -> None:
        self._touched_s = self.desk.clock()
        self.show_message(self._first_message)
        self._lay_out()

    def paint(self, view: View) -> None:
        super().paint(view)
        self._show_summary()
        if self._stage == "unknown":
            self._look_up(view)
        if self._stage != "typing" or self._reviewer is None:
            return
        self._reviewer.tick()
        reason = self._back_to_review(self._reviewer)
        if reason:
            self.dismiss(ConfirmOutcome(False, reason))
            return
        self._check()

    def on_input_changed(self, event: Input.Changed) -> None:
        event.stop()
        self._touched_s = self.desk.clock()
        if self._stage == "typing":
            self._check()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        # Enter goes from the amount to the address, and nowhere else.
        event.stop()
        if event.input is self._amount.input:
            self._tail.input.focus()
        elif not self.query_one("#withdraw", Button).disabled:
            self.show_message(Message(ENTER_DOES_NOT_CONFIRM, "information"))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "back":
            self.action_back()
        elif self.refuses_stale_picture():
            return
        elif event.button.id == "again" and self._stage == "unknown":
            self._send()
        elif event.button.id == "withdraw" and self._stage == "typing" and not self._mistyped():
            self._move("checking", Message("Checking the fee once more…", "information"))
            assert self._reviewer is not None
            self._reviewer.ask(self._reviewed)

    def action_back(self) -> None:
        # One step back; what was sent is waited for.
        if self._stage in ("typing", "refused"):
            self.dismiss(ConfirmOutcome(False))
        elif self._stage == "accepted" or (self._stage == "unknown" and self._may_be_taken):
            self.dismiss(ConfirmOutcome(True))
        elif self._stage == "unknown":
            self.dismiss(ConfirmOutcome(False))
        elif self._stage == "checking":
            self._move("typing", None)

    def _back_to_review(self, reviewer: LiveReview) -> str:
        # Why the operator must look at the review again; empty while it stands.
        changed = terms_changed(self._review, reviewer.latest)
        if changed:
            return changed
        if self.desk.clock() - self._touched_s >= UNATTENDED_S:
            return f"no input for two minutes; {LOOK_AGAIN}"
        return self._blocked_by(self.desk.view, reviewer)

    def _reviewed(self) -> None:
        if not self.is_attached or self._stage != "checking":
            return
        assert self._reviewer is not None
        reason = self._back_to_review(self._reviewer)
        if reason:
            self.dismiss(ConfirmOutcome(False, reason))
        else:
            self._send()

    def _send(self) -> None:
        self._move("sending", Message(messages.order_sent(self._order.idempotency_key), "information"))
        self.desk.withdraw(self._order, self._review, self._take_answer)

    def _look_up(self, view: View) -> None:
        result = find_in_journal(view.snapshot, self._unknown_id)
        if result is not None:
            self.desk.resolve(self._order)
            self._take_answer(result)

    def _take_answer(self, outcome: Outcome) -> bool:
        if not self.is_attached:
            return False
        if isinstance(outcome, UnknownOutcome) and outcome.sent:
            self._unknown_id, self._may_be_taken = outcome.command_id, True
        stage, message = stage_after(outcome, self._may_be_taken)
        if stage == "refused" and FEE_CHANGED in message.text:
            self.dismiss(ConfirmOutcome(False, message.text))
            return True
        self._move(stage, message)
        return True

    def _mistyped(self) -> bool:
        return bool(amount_problem(self._amount.value, self._review) or tail_problem(self._tail.value, self._review))

    def _check(self) -> None:
        for entry, problem in (
            (self._amount, amount_problem(self._amount.value, self._review)),
            (self._tail, tail_problem(self._tail.value, self._review)),
        ):
            entry.show_unit("✓" if not problem else "")
            entry.show_problem(problem if entry.value else "")
        self.query_one("#withdraw", Button).disabled = self._mistyped()

    def _move(self, stage: Stage, message: Message | None) -> None:
        self._stage = stage
        self.show_message(message)
        self._lay_out()

    def _lay_out(self) -> None:
        """Show the fields and buttons of the stage, and focus the harmless one."""
        stage = self._stage
        typing = stage in ("typing", "checking")
        for entry in (self._amount, self._tail):
            entry.display = typing
            entry.input.disabled = stage != "typing"
        back, again = self.query_one("#back", Button), self.query_one("#again", Button)
        withdraw = self.query_one("#withdraw", Button)
        back.disabled = stage == "sending"
        back.label = {"accepted": "Close", "unknown": "Leave it", "refused": "Back to the review"}.get(stage, "Back")
        again.display = stage == "unknown"
        withdraw.display = stage in ("typing", "checking", "sending")
        withdraw.disabled = stage != "typing" or self._mistyped()
        if stage == "typing":
            self._amount.input.focus()
        elif stage != "sending":
            back.focus()

    def _show_summary(self) -> None:
        width = max(20, self.query_one("#terms").size.width)
        if width != self._painted_width:
            self._painted_width = width
            self.query_one("#terms", Static).update(self.styled(order_summary(self._order, self._review, width)))
