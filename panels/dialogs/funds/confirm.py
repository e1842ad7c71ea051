"""The last step of a withdrawal: amount and address typed again, one press of space, and its outcome.

Enter never confirms. Once the order was sent, the dialog stays until its outcome is known or the operator leaves it.
"""

from collections.abc import Callable, Iterable
from typing import ClassVar

from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.commands import FEE_CHANGED, WithdrawalOrder, WithdrawalReview
from panels.dialogs import messages
from panels.dialogs.command_dialog import UNATTENDED_S
from panels.dialogs.controls import LeaveButton, SpaceButton
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.confirm_checks import (
    LOOK_AGAIN,
    TAIL,
    ConfirmOutcome,
    Stage,
    amount_problem,
    order_summary,
    stage_after,
    tail_problem,
    terms_changed,
)
from panels.dialogs.funds.live_review import LiveReview
from panels.dialogs.outcome import Message, find_in_journal
from panels.frame.tour_strip import Place
from panels.kit.form_fields import FormEntry
from panels.kit.rows.plain_text import PlainText
from panels.kit.view import View

ENTER_DOES_NOT_CONFIRM = "Enter never confirms: tab to Withdraw and press space."


class ConfirmDialog(Dialog[ConfirmOutcome]):
    """Confirms one order under one key. Without a ``reviewer`` it takes up an order whose outcome is ``unknown``."""

    ESCAPE = messages.ESC_BACK
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
        yield PlainText(id="terms")
        yield self._amount
        yield self._tail
        yield PlainText("", id="blocked")
        yield self.message_line
        with Horizontal(id="buttons"):
            yield LeaveButton("Back", id="back", compact=True)
            yield SpaceButton(messages.RETRY_SAME_KEY, id="again", compact=True)
            yield SpaceButton("Withdraw", id="withdraw", variant="warning", compact=True)

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

    def entry_done(self, entry: Input) -> None:
        # Enter goes from the amount to the address, and nowhere else.
        if entry is self._amount.input:
            self.set_focus(self._tail.input)
        elif not self.query_one("#withdraw", Button).disabled:
            self.show_message(Message(ENTER_DOES_NOT_CONFIRM, "information"))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id == "back":
            self.action_back()
        elif self.refuses_stale_picture():
            return
        elif event.button.id == "again" and self._stage == "unknown":
            if self.desk.view.too_small:
                self.show_message(Message(self.desk.view.too_small, "warning"))
            else:
                self._send()
        elif event.button.id == "withdraw" and self._stage == "typing" and not self._mistyped():
            self._move("checking", Message("Checking the fee once more…", "information"))
            assert self._reviewer is not None
            self._reviewer.ask(self._reviewed)

    def leaves_by_space(self) -> bool:
        return self._stage == "typing"

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
            self.query_one("#terms", PlainText).update(self.styled(order_summary(self._order, self._review, width)))
