"""Withdrawal orders as the cockpit places them: one whose outcome is unknown is kept, and sent again only as it was."""

import msgspec

from cockpit.app.pending_orders import PendingOrder, PendingOrders, UnreadableOrder
from cockpit.client.desk_client import DeskClient, Outcome, UnknownOutcome
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from panels.dialogs.funds.amounts import amount

COCKPIT_CLOSED = "the cockpit closed before the desk replied"


class UnresolvedOrder(msgspec.Struct, frozen=True):
    """An order that the desk may have taken, and why its outcome is unknown."""

    order: WithdrawalOrder
    review: WithdrawalReview
    unknown: UnknownOutcome


class RecoveredOrders(msgspec.Struct, frozen=True):
    """What earlier cockpits left: a sentence about the unresolved order, and one per file that cannot be read."""

    unresolved: str = ""
    unreadable: tuple[str, ...] = ()


class WithdrawalSubmission:
    """``unresolved`` is the order whose outcome is unknown, if any: no other is placed before it is resolved, and it is
    only ever sent again under its own key.
    """

    def __init__(self, client: DeskClient) -> None:
        self._client = client
        self._pending = PendingOrders(client.socket_path.parent / "orders")
        self.unresolved: UnresolvedOrder | None = None

    def recover(self) -> RecoveredOrders:
        """Take up an order that an earlier cockpit left without an outcome."""
        if self._client.read_only:
            return RecoveredOrders()
        left = self._pending.left()
        text = ""
        if left.orders and self.unresolved is None:
            order, review = left.orders[0].order, left.orders[0].review
            self.unresolved = UnresolvedOrder(order, review, UnknownOutcome("withdraw", COCKPIT_CLOSED))
            text = no_known_outcome(order, review)
        return RecoveredOrders(text, tuple(unreadable_text(unread) for unread in left.unreadable))

    def check(self) -> RecoveredOrders:
        """Forget an order whose outcome another cockpit learnt, and take up another one that is left."""
        if self.unresolved is not None and self._pending.holds(self.unresolved.order.idempotency_key):
            return RecoveredOrders()
        self.unresolved = None
        return self.recover()

    def resolve(self, order: WithdrawalOrder) -> None:
        """Forget an order whose outcome is known: it is sent no more."""
        self.unresolved = None
        self._pending.drop(order.idempotency_key)

    async def submit(self, order: WithdrawalOrder, review: WithdrawalReview) -> Outcome:
        """Send the order. It is on disk before that, so that it is not forgotten whatever becomes of this task."""
        previous = self.unresolved
        self.unresolved = UnresolvedOrder(order, review, UnknownOutcome("withdraw", "still in flight"))
        outcome = await self._send(order, review)
        if not isinstance(outcome, UnknownOutcome):
            self.unresolved = None
        else:
            self.unresolved = UnresolvedOrder(order, review, outcome) if outcome.sent else previous
        if self.unresolved is None:
            self._pending.drop(order.idempotency_key)
        return outcome

    async def _send(self, order: WithdrawalOrder, review: WithdrawalReview) -> Outcome:
        try:
            self._pending.keep(PendingOrder(order, review))
        except OSError as error:
            return UnknownOutcome("withdraw", f"its key could not be saved to disk: {error.strerror}", sent=False)
        return await self._client.withdraw(order)


def no_known_outcome(order: WithdrawalOrder, review: WithdrawalReview) -> str:
    return (
        f"The withdrawal of {amount(review.amount, review.symbol)} (key {order.idempotency_key}) has no known outcome. "
        "Press w to see it, or to retry it with the same key."
    )


def unreadable_text(unreadable: UnreadableOrder) -> str:
    return (
        f"Order file {unreadable.path.name} cannot be read ({unreadable.reason}). A withdrawal may have no known "
        "outcome: compare the desk's list with your orders before you order again. The file stays until you move it "
        f"away: {unreadable.path}"
    )
