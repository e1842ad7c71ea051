"""What a confirmation checks and shows: the typed amount and address, the order, the stage after an outcome. Pure."""

from typing import Literal

import msgspec

from cockpit.client.desk_client import Outcome, UnknownOutcome
from cockpit.model.amount_input import parse_amount
from cockpit.model.commands import FEE_CHANGED, WithdrawalOrder, WithdrawalReview
from cockpit.model.errors import InvalidAmountError
from panels.dialogs import messages
from panels.dialogs.funds.amounts import amount, grouped
from panels.dialogs.outcome import Message
from panels.kit.rows.cells import Cell, Line

TAIL = 6
"""How many last characters of the address are typed again."""
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
        (Cell("         ", "muted"), Cell(_after_fees(review), "text")),
        (Cell("key      ", "muted"), Cell(order.idempotency_key, "muted")),
    ]


def _after_fees(review: WithdrawalReview) -> str:
    fee = f"after a fee of {amount(review.fee, review.symbol)}"
    return f"{fee} and {amount(review.native_fee, 'NEAR')} beside it" if review.native_fee else fee


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
    if latest.native_fee_units != reviewed.native_fee_units:
        before, after = amount(reviewed.native_fee, "NEAR"), amount(latest.native_fee, "NEAR")
        return f"{FEE_CHANGED} from {before} to {after}; {LOOK_AGAIN}"
    if (latest.amount_units, latest.destination, latest.route) != (
        reviewed.amount_units,
        reviewed.destination,
        reviewed.route,
    ):
        return f"the terms have changed; {LOOK_AGAIN}"
    return ""
