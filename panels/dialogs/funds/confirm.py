"""The last step of a withdrawal: amount and address typed again, one press, and its outcome in words.

Enter never confirms. Once the order was sent, the dialogue stays until its outcome is known or the operator leaves it.
"""

from collections.abc import Callable, Iterable
from typing import ClassVar, Literal

import msgspec
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button, Input, Static

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.amount_input import parse_amount
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from cockpit.model.errors import InvalidAmountError
from panels.dialogs.command_dialog import OPEN_S, SpaceButton
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.amounts import amount, grouped
from panels.dialogs.funds.desk_port import FundsPort
from panels.dialogs.funds.live_review import LiveReview
from panels.dialogs.outcome import Message, found
from panels.frame.tour_strip import Place
from panels.kit.cells import Cell, Line
from panels.kit.form_fields import FormEntry
from panels.kit.view import View

TAIL = 6
FEE_CHANGED = "the bridge's fee has changed"
"""How the desk's refusal begins when the fee is no longer the reviewed one."""
AGAIN = "do not order it again under another key: look at the list; asking again with the same key is safe"

Stage = Literal["typing", "checking", "sending", "accepted", "refused", "unknown"]


class ConfirmOutcome(msgspec.Struct, frozen=True):
    """How the last step ended: ``ordered`` (or perhaps ordered), or back to the review, and why."""

    ordered: bool
    why: str = ""


def amount_problem(text: str, review: WithdrawalReview) -> str:
    """Why the typed amount is not the reviewed one; empty when it is."""
    try:
        found = parse_amount(text, review.symbol, review.decimals)
    except InvalidAmountError as exc:
        return str(exc)
    return "" if str(found) == review.amount_units else f"that is not the {amount(review.amount, review.symbol)} above"


def tail_problem(text: str, review: WithdrawalReview) -> str:
    """Why the typed end is not the address's; empty when it is."""
    if len(text) != TAIL:
        return f"type the last {TAIL} characters of the address above, as they are written"
    return "" if review.destination.endswith(text) else "the address above ends differently"


def terms(order: WithdrawalOrder, review: WithdrawalReview, width: int) -> list[Line]:
    """What is about to be signed."""
    return [
        (Cell("burn     ", "muted"), Cell(amount(review.amount, review.symbol), "strong")),
        *(
            (Cell("to       " if number == 0 else "         ", "muted"), Cell(line, "strong"))
            for number, line in enumerate(grouped(review.destination, width - 9))
        ),
        (Cell("arrives  ", "muted"), Cell(amount(review.arrives, review.symbol), "strong")),
        (Cell("         ", "muted"), Cell(f"after a fee of {amount(review.fee, review.symbol)}", "text")),
        (Cell("key      ", "muted"), Cell(order.idempotency_key, "muted")),
    ]


def told(outcome: Outcome, asked_before: bool = False) -> tuple[Stage, Message]:
    """The stage after an outcome, and its sentence. ``asked_before``: an earlier attempt may have been taken."""
    if isinstance(outcome, UnknownOutcome):
        if outcome.sent or asked_before:
            return "unknown", Message(f"The outcome is UNKNOWN ({outcome.reason}): {AGAIN}.", "error", False)
        unsent = (
            f"Nothing was sent, the desk did not get it ({outcome.reason}): asking again with the same key is safe."
        )
        return "unknown", Message(unsent, "error", False)
    if outcome.accepted:
        return "accepted", Message(f"Accepted: {outcome.reason or 'the desk took it'}", "information", True)
    return "refused", Message(f"Refused: {outcome.reason or 'no reason given'}", "warning", False)


class ConfirmDialog(Dialog[ConfirmOutcome]):
    """Confirms one order under one key. Without a ``reviewer`` it takes up an order whose outcome is ``unknown``."""

    PLACE: ClassVar[Place] = "confirm"

    def __init__(
        self,
        view: View,
        money: FundsPort,
        order: WithdrawalOrder,
        review: WithdrawalReview,
        reviewer: LiveReview | None,
        obstacle: Callable[[View, LiveReview], str],
        unknown: UnknownOutcome | None = None,
    ) -> None:
        super().__init__(view, "Confirm the withdrawal")
        self._money = money
        self._order = order
        self._review = review
        self._reviewer = reviewer
        self._obstacle = obstacle
        self._stage: Stage = "typing" if unknown is None else "unknown"
        self._opening = None if unknown is None else told(unknown)[1]
        self._may_be_taken = unknown is not None
        self._in_doubt = "" if unknown is None else unknown.command_id
        self._painted: object = None
        self._touched = 0.0
        self._amount = FormEntry("amount", "type the amount", unit="")
        self._tail = FormEntry("tail", f"and the address's last {TAIL}")

    def body(self) -> Iterable[Widget]:
        """Terms, the two fields, the outcome, the buttons."""
        yield Static(id="terms")
        yield self._amount
        yield self._tail
        yield Static("", id="blocked", markup=False)
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Back", id="back", compact=True)
            yield SpaceButton("Ask again with the same key (space)", id="again", compact=True)
            yield SpaceButton("Withdraw (space)", id="withdraw", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Open on the amount, or on the outcome that is not known."""
        self._touched = self.clock()
        self.tell(self._opening)
        self._lay_out()

    def paint(self, view: View) -> None:
        """Keep the terms true; while nothing was sent, go back to the review as soon as they are not."""
        super().paint(view)
        self._show_terms()
        if self._stage == "unknown":
            self._look_up(view)
        if self._stage != "typing" or self._reviewer is None:
            return
        self._reviewer.tick()
        why = self._expired(self._reviewer)
        if why:
            self.dismiss(ConfirmOutcome(False, why))
            return
        self._check()

    def on_input_changed(self, event: Input.Changed) -> None:
        """The button follows what is typed."""
        event.stop()
        self._touched = self.clock()
        if self._stage == "typing":
            self._check()

    def on_input_submitted(self, event: Input.Submitted) -> None:
        """Enter goes from the amount to the address, and nowhere else."""
        event.stop()
        if event.input is self._amount.input:
            self._tail.input.focus()
        elif not self.query_one("#withdraw", Button).disabled:
            self.tell(Message("Enter does not confirm: tab to Withdraw and press space", "information", False))

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Back, ask again, or check everything once more and order it."""
        event.stop()
        if event.button.id == "back":
            self.action_back()
        elif self.on_an_old_picture():
            return
        elif event.button.id == "again" and self._stage == "unknown":
            self._send()
        elif event.button.id == "withdraw" and self._stage == "typing" and not self._wrong():
            self._move("checking", Message("reading the fee once more…", "information", False))
            assert self._reviewer is not None
            self._reviewer.ask(self._reviewed)

    def action_back(self) -> None:
        """One step back; what is under way is waited for."""
        if self._stage in ("typing", "refused"):
            self.dismiss(ConfirmOutcome(False))
        elif self._stage == "accepted" or (self._stage == "unknown" and self._may_be_taken):
            self.dismiss(ConfirmOutcome(True))
        elif self._stage == "unknown":
            self.dismiss(ConfirmOutcome(False))
        elif self._stage == "checking":
            self._move("typing", None)

    def _expired(self, reviewer: LiveReview) -> str:
        """Why the operator must look at the review again; empty while it stands."""
        was, now = self._review, reviewer.latest
        if now.fee_units != was.fee_units:
            former, new = amount(was.fee, was.symbol), amount(now.fee, now.symbol)
            return f"{FEE_CHANGED} from {former} to {new}: look at the numbers again"
        if (now.amount_units, now.destination, now.route) != (was.amount_units, was.destination, was.route):
            return "the terms have changed: look at them again"
        if self.clock() - self._touched >= OPEN_S:
            return "nobody typed for two minutes: look at the numbers again"
        return self._obstacle(self.now(), reviewer)

    def _reviewed(self) -> None:
        if not self.is_attached or self._stage != "checking":
            return
        assert self._reviewer is not None
        why = self._expired(self._reviewer)
        if why:
            self.dismiss(ConfirmOutcome(False, why))
        else:
            self._send()

    def _send(self) -> None:
        key = self._order.idempotency_key
        self._move("sending", Message(f"order {key} is under way: wait for its outcome…", "information", False))
        self._money.withdraw(self._order, self._review, self._answered)

    def _look_up(self, view: View) -> None:
        """An answer that was lost is in the journal, when the desk got the order."""
        result = found(view.snapshot, self._in_doubt)
        if result is not None:
            self._money.settled(self._order)
            self._answered(result)

    def _answered(self, outcome: Outcome) -> bool:
        if not self.is_attached:
            return False
        if isinstance(outcome, UnknownOutcome) and outcome.sent:
            self._in_doubt = outcome.command_id
        stage, said = told(outcome, self._may_be_taken)
        self._may_be_taken = self._may_be_taken or (isinstance(outcome, UnknownOutcome) and outcome.sent)
        if stage == "refused" and FEE_CHANGED in said.text:
            self.dismiss(ConfirmOutcome(False, said.text))
            return True
        self._move(stage, said)
        return True

    def _wrong(self) -> bool:
        return bool(amount_problem(self._amount.value, self._review) or tail_problem(self._tail.value, self._review))

    def _check(self) -> None:
        for entry, problem in (
            (self._amount, amount_problem(self._amount.value, self._review)),
            (self._tail, tail_problem(self._tail.value, self._review)),
        ):
            entry.mark("✓" if not problem else "")
            entry.complain(problem if entry.value else "")
        self.query_one("#withdraw", Button).disabled = self._wrong()

    def _move(self, stage: Stage, said: Message | None) -> None:
        self._stage = stage
        self.tell(said)
        self._lay_out()

    def _lay_out(self) -> None:
        """The fields and buttons of the stage, the harmless one in focus."""
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
        withdraw.disabled = stage != "typing" or self._wrong()
        if stage == "typing":
            self._amount.input.focus()
        elif stage != "sending":
            back.focus()

    def _show_terms(self) -> None:
        width = max(20, self.query_one("#terms").size.width)
        if width != self._painted:
            self._painted = width
            self.query_one("#terms", Static).update(self.text(terms(self._order, self._review, width)))
