"""The review of a withdrawal: everything to know before it is confirmed, renewed while it is open."""

from collections.abc import Iterable
from typing import ClassVar

import msgspec
from textual.containers import Horizontal
from textual.widget import Widget
from textual.widgets import Button

from cockpit.model.commands import MAX_FEE_PERCENT, NEW_ADDRESS, WithdrawalReview
from cockpit.model.formatting import counted, number, time_left
from panels.dialogs import messages
from panels.dialogs.controls import PlainButton
from panels.dialogs.desk_port import DeskPort
from panels.dialogs.dialog import Dialog, ScrolledPart
from panels.dialogs.funds.address_book import AddressBook
from panels.dialogs.funds.amounts import amount, grouped, readable_amount
from panels.dialogs.funds.confirm import ConfirmDialog
from panels.dialogs.funds.confirm_checks import ConfirmOutcome
from panels.dialogs.funds.freeze import FreezeRow
from panels.dialogs.funds.live_review import LiveReview
from panels.dialogs.outcome import Message
from panels.frame.tour_strip import Place
from panels.kit.alarms import alarm_lines, alarm_words
from panels.kit.messages import NO_CONNECTION
from panels.kit.rows.cells import Cell, Line
from panels.kit.rows.plain_text import PlainText
from panels.kit.theme import Role
from panels.kit.view import View

LABEL_WIDTH = 12
ROUTES = {"transaction": "NEAR transaction", "intent": "intent"}
NOT_IN_BOOK = "this address is not in your address book"
NEVER_REFUNDED = "a transfer that fails after it left is not credited back"


def fact(label: str, text: str, role: Role = "text") -> Line:
    return (Cell(f"{label:>{LABEL_WIDTH}}  ", "muted"), Cell(text, role))


def destination_lines(address: str, width: int) -> list[Line]:
    """Write the whole address in groups, on as many lines as needed."""
    lines = grouped(address, width - LABEL_WIDTH - 2)
    return [fact("to" if number == 0 else "", line, "strong") for number, line in enumerate(lines)]


def committed_text(review: WithdrawalReview) -> str:
    """Write what live quotes may still take of the asset."""
    quotes = review.alive_quotes
    if not quotes:
        return f"none of your live quotes gives {review.symbol}"
    committed = readable_amount(review.alive_promised, review.symbol)
    return f"{counted(quotes, 'live quote')} may still take {committed}"


def review_lines(review: WithdrawalReview, width: int) -> list[Line]:
    symbol = review.symbol
    return [
        *destination_lines(review.destination, width),
        fact("on", f"{review.chain}, via {way_out(review)}"),
        fact("withdraw", amount(review.amount, symbol), "strong"),
        worth_line(review),
        fee_line(review),
        *omni_lines(review),
        fact("arrives", amount(review.arrives, symbol), "strong"),
        fact("minimum", amount(review.minimum, symbol)),
        fact("balance", readable_amount(review.balance, symbol)),
        fact("available", readable_amount(review.spendable, symbol)),
        fact("afterwards", readable_amount(review.spendable_after, symbol)),
        fact("committed", committed_text(review), "accent" if review.alive_quotes else "text"),
    ]


def worth_line(review: WithdrawalReview) -> Line:
    """Name what the amount is worth; a slip of a digit is seen in euros first."""
    if review.amount_eur is None:
        return fact("worth", "unknown: there is no price now", "warn")
    return fact("worth", f"{number(review.amount_eur, 2)} EUR")


def book_lines(book: AddressBook, review: WithdrawalReview) -> list[Line]:
    """Name the address as the operator's book does, or say that it is not in it; nothing without a book."""
    if not book.entries:
        return []
    label = book.label_of(review.symbol, review.destination)
    return [fact("book", label or NOT_IN_BOOK, "text" if label else "warn")]


def fee_line(review: WithdrawalReview) -> Line:
    """Name the fee, and what part of the amount it is where that is much: confirming accepts it."""
    fee, whole = review.fee, review.amount
    if fee is None or not whole or fee * 100 <= whole * MAX_FEE_PERCENT:
        return fact("bridge fee", amount(fee, review.symbol), "text" if fee is not None else "warn")
    return fact("bridge fee", f"{amount(fee, review.symbol)}, {fee / whole:.1%} of the amount", "warn")


def way_out(review: WithdrawalReview) -> str:
    route = ROUTES.get(review.route, review.route)
    return f"{route} and the Omni bridge" if review.bridge == "omni" else route


def omni_lines(review: WithdrawalReview) -> list[Line]:
    """Name each fee of the Omni bridge, and that its transfers are not refunded; nothing for the PoA bridge."""
    if review.bridge != "omni" or review.gas_fee is None:
        return []
    symbol = review.symbol
    lines = [
        fact("", f"{amount(review.gas_fee, symbol)} gas at most, {amount(review.protocol_fee, symbol)} protocol fee"),
    ]
    if review.native_fee:
        lines.append(fact("and", f"{amount(review.native_fee, 'NEAR')}, paid from your wNEAR on the Verifier", "warn"))
    return [*lines, fact("no refund", NEVER_REFUNDED, "warn")]


def refusals(review: WithdrawalReview) -> tuple[str, ...]:
    """Return why the desk would refuse it now, without the cooling time: the countdown here shows it better."""
    return tuple(reason for reason in review.refusals if not reason.startswith(NEW_ADDRESS))


def cooling_line(reviewer: LiveReview) -> Line:
    """Count down the cooling time of an address that was never used before."""
    left_ms = reviewer.cooling_left_ms
    if left_ms:
        return fact("cooling", f"{time_left(left_ms)} left: {NEW_ADDRESS}; compare it once more", "warn")
    return fact("cooling", "over", "text")


def confirming_blocked_by(view: View, reviewer: LiveReview) -> str:
    """Return why the withdrawal cannot be confirmed now; empty when it can."""
    if not view.trusted:
        return NO_CONNECTION
    if view.too_small:
        return view.too_small
    if reviewer.problem:
        return reviewer.problem
    if reviewer.too_old:
        return "this review is too old; a new one is being requested"
    reasons = refusals(reviewer.latest)
    if reasons:
        return reasons[0] if len(reasons) == 1 else f"{reasons[0]} (and {len(reasons) - 1} more, above)"
    if reviewer.cooling_left_ms:
        return f"the address cools off for {time_left(reviewer.cooling_left_ms)} more"
    # The countdown here may be over a moment before the desk's own.
    return "; ".join(reviewer.latest.refusals)


class ReviewDialog(Dialog[bool]):
    """Closes with True once the withdrawal was ordered. ``reviewer`` is kept up to date while this is open."""

    ESCAPE = messages.ESC_BACK
    PLACE: ClassVar[Place] = "review"

    def __init__(self, desk: DeskPort, reviewer: LiveReview) -> None:
        super().__init__(desk, "Review the withdrawal")
        self._reviewer = reviewer
        self._freeze = FreezeRow(desk)
        self._shown: tuple[Line, ...] = ()
        self._blocked = "?"

    def body(self) -> Iterable[Widget]:
        with ScrolledPart(id="scroll"):
            yield PlainText(id="facts")
        yield self._freeze
        yield PlainText("", id="blocked")
        yield self.message_line
        with Horizontal(id="buttons"):
            yield PlainButton("Back", id="cancel", compact=True)
            yield PlainButton("Confirm…", id="confirm", variant="warning", compact=True)

    def on_mount(self) -> None:
        self.query_one("#cancel", Button).focus()

    def paint(self, view: View) -> None:
        super().paint(view)
        self._reviewer.tick()
        self._freeze.paint(view)
        review = self._reviewer.latest
        lines = [
            *review_lines(review, self._width()),
            *book_lines(self.desk.address_book, review),
            cooling_line(self._reviewer),
        ]
        lines += [fact("✗ refused", reason, "bad") for reason in refusals(review)]
        if view.snapshot is not None:
            # What matters must be seen without scrolling.
            alarms = alarm_lines(view.snapshot)
            lines = [*alarms, *lines] if alarm_words(view.snapshot) else [*lines, *alarms]
        if tuple(lines) != self._shown:
            self._shown = tuple(lines)
            self.query_one("#facts", PlainText).update(self.styled(lines))
        blocked = confirming_blocked_by(view, self._reviewer)
        if blocked != self._blocked:
            self._blocked = blocked
            notice = self.query_one("#blocked", PlainText)
            notice.update(f"{messages.NOT_YET}: {blocked}" if blocked else "")
            notice.display = bool(blocked)
            button = self.query_one("#confirm", Button)
            if blocked and button.has_focus:
                self.query_one("#cancel", Button).focus()
            button.disabled = bool(blocked)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        event.stop()
        if event.button.id != "confirm":
            self.dismiss(False)
        elif not self.refuses_stale_picture() and not confirming_blocked_by(self.desk.view, self._reviewer):
            review = self._reviewer.latest
            order = msgspec.structs.replace(
                self._reviewer.order,
                amount=review.amount_units,
                destination_address=review.destination,
                expected_fee=review.fee_units,
                expected_native_fee=review.native_fee_units or None,
                idempotency_key=self.desk.new_key(),
            )
            self.show_message(None)
            dialog = ConfirmDialog(self.desk, order, review, self._reviewer, confirming_blocked_by)
            self.open_next(dialog, self._confirmed)

    def _confirmed(self, outcome: ConfirmOutcome | None) -> None:
        if outcome is not None and outcome.ordered:
            self.dismiss(True)
            return
        self.query_one("#cancel", Button).focus()
        if outcome is not None and outcome.reason:
            self.show_message(Message(outcome.reason, "warning"))
        self._reviewer.ask()

    def _width(self) -> int:
        return max(20, self.query_one("#facts").size.width)
