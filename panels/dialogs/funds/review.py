"""The review of a withdrawal: everything to know before it is confirmed, read again while it is looked at."""

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual.containers import Horizontal, VerticalScroll
from textual.widget import Widget
from textual.widgets import Button, Static

from cockpit.model.commands import NEW_ADDRESS, WithdrawalReview
from cockpit.model.formatting import time_left
from panels.dialogs.dialog import Dialog
from panels.dialogs.funds.amounts import amount, grouped
from panels.dialogs.funds.confirm import ConfirmDialog, ConfirmOutcome
from panels.dialogs.funds.desk_port import FundsPort
from panels.dialogs.funds.freeze import FreezeRow
from panels.dialogs.funds.live_review import LiveReview
from panels.dialogs.outcome import Message
from panels.frame.tour_strip import Place
from panels.kit.cells import Cell, Line
from panels.kit.messages import NO_CONNECTION
from panels.kit.theme import Role
from panels.kit.view import View

LABEL = 12


def fact(label: str, text: str, role: Role = "text") -> Line:
    """A named fact on a line."""
    return (Cell(f"{label:>{LABEL}}  ", "muted"), Cell(text, role))


def destination_lines(address: str, width: int) -> list[Line]:
    """The whole address in groups, below each other where one line is too short."""
    lines = grouped(address, width - LABEL - 2)
    return [fact("to" if number == 0 else "", line, "strong") for number, line in enumerate(lines)]


def review_lines(review: WithdrawalReview, width: int) -> list[Line]:
    """The numbers, the address in full among them."""
    symbol = review.symbol
    alive = f"{review.alive_quotes} quote{'' if review.alive_quotes == 1 else 's'} still alive"
    promised = (
        f"{alive} promise {amount(review.alive_promised, symbol)}" if review.alive_quotes else "no quote is alive"
    )
    after = amount(review.spendable_after, symbol)
    return [
        *destination_lines(review.destination, width),
        fact("on", f"{review.chain}, by {review.route}"),
        fact("burned", amount(review.amount, symbol), "strong"),
        fact("bridge fee", amount(review.fee, symbol), "text" if review.fee is not None else "warn"),
        fact("arrives", amount(review.arrives, symbol), "strong"),
        fact("minimum", amount(review.minimum, symbol)),
        fact("balance", amount(review.balance, symbol)),
        fact("spendable", amount(review.spendable, symbol)),
        fact("afterwards", after),
        fact("promised", promised, "accent" if review.alive_quotes else "text"),
    ]


def refusals(review: WithdrawalReview) -> tuple[str, ...]:
    """Why the desk would refuse it now, the cooling time apart."""
    return tuple(reason for reason in review.refusals if not reason.startswith(NEW_ADDRESS))


def cooling_line(reviewer: LiveReview) -> Line:
    """The count-down of an address never used before."""
    waits = reviewer.cooling_left_ms
    if waits:
        return fact("cooling", f"{time_left(waits)} left: {NEW_ADDRESS}; compare it once more", "warn")
    return fact("cooling", "over", "text")


def obstacle(view: View, reviewer: LiveReview) -> str:
    """Why the withdrawal cannot be confirmed now; empty when it can."""
    if not view.trusted:
        return NO_CONNECTION
    if reviewer.problem:
        return reviewer.problem
    if reviewer.old:
        return "these numbers are old; they are being read again"
    against = refusals(reviewer.latest)
    if against:
        return against[0] if len(against) == 1 else f"{against[0]} (and {len(against) - 1} more, above)"
    if reviewer.cooling_left_ms:
        return f"the address must wait {time_left(reviewer.cooling_left_ms)} more"
    # The count-down here may be over a moment before the desk's own.
    return "; ".join(reviewer.latest.refusals)


class ReviewDialog(Dialog[bool]):
    """Shows the review; True once the withdrawal was ordered. ``reviewer`` is kept up to date while this is open."""

    PLACE: ClassVar[Place] = "review"

    def __init__(self, view: View, money: FundsPort, reviewer: LiveReview) -> None:
        super().__init__(view, "Review the withdrawal")
        self._money = money
        self._reviewer = reviewer
        self._freeze = FreezeRow(view, money)
        self._shown: tuple[Line, ...] = ()
        self._blocked = "?"

    def body(self) -> Iterable[Widget]:
        """The facts, scrolling where there is little room; the obstacle and the buttons always in sight."""
        with VerticalScroll(id="scroll"):
            yield Static(id="facts")
        yield self._freeze
        yield Static("", id="blocked", markup=False)
        yield self._said
        with Horizontal(id="buttons"):
            yield Button("Back", id="cancel", compact=True)
            yield Button("Confirm…", id="confirm", variant="warning", compact=True)

    def on_mount(self) -> None:
        """Open on Back."""
        self.query_one("#cancel", Button).focus()

    def paint(self, view: View) -> None:
        """Ask again when it is time, and show what is known."""
        super().paint(view)
        self._reviewer.tick()
        self._freeze.paint(view)
        review = self._reviewer.latest
        lines = [*review_lines(review, self._width()), cooling_line(self._reviewer)]
        lines += [fact("✗ refused", reason, "bad") for reason in refusals(review)]
        if tuple(lines) != self._shown:
            self._shown = tuple(lines)
            self.query_one("#facts", Static).update(self.text(lines))
        obstacle_now = obstacle(view, self._reviewer)
        if obstacle_now != self._blocked:
            self._blocked = obstacle_now
            notice = self.query_one("#blocked", Static)
            notice.update(f"Not yet: {obstacle_now}" if obstacle_now else "")
            notice.display = bool(obstacle_now)
            button = self.query_one("#confirm", Button)
            if obstacle_now and button.has_focus:
                self.query_one("#cancel", Button).focus()
            button.disabled = bool(obstacle_now)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Back to the form, or on to the confirmation."""
        event.stop()
        if event.button.id != "confirm":
            self.dismiss(False)
        elif not self.on_an_old_picture() and not obstacle(self.now(), self._reviewer):
            review = self._reviewer.latest
            order = msgspec.structs.replace(
                self._reviewer.order,
                amount=review.amount_units,
                destination_address=review.destination,
                expected_fee=review.fee_units,
                idempotency_key=self._money.new_key(),
            )
            self.tell(None)
            dialogue = ConfirmDialog(self.view, self._money, order, review, self._reviewer, obstacle)
            self.ask_next(dialogue, self._ended)

    def _ended(self, ended: ConfirmOutcome | None) -> None:
        if ended is not None and ended.ordered:
            self.dismiss(True)
            return
        self.query_one("#cancel", Button).focus()
        if ended is not None and ended.why:
            self.tell(Message(ended.why, "warning", False))
        self._reviewer.ask()

    def _width(self) -> int:
        return max(20, self.query_one("#facts").size.width)
