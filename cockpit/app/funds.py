"""Money in and out as the cockpit carries it out: dialogues opened, questions to the desk run beside the painting."""

from collections.abc import Awaitable, Callable, Mapping
from functools import partial

import msgspec

from cockpit.app.host import Host
from cockpit.app.pending_orders import PendingOrder, PendingOrders
from cockpit.client.desk_client import DeskClient, Outcome, Reviewed, UnknownOutcome
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from cockpit.model.snapshot import Trading
from panels.dialogs.dialog import Answer
from panels.dialogs.funds.amounts import amount
from panels.dialogs.funds.confirm import ConfirmDialog
from panels.dialogs.funds.deposit import DepositDialog
from panels.dialogs.funds.review import obstacle
from panels.dialogs.funds.signing_key import KeyDialog
from panels.dialogs.funds.track import TrackDialog
from panels.dialogs.funds.withdraw import WithdrawDialog

LEFT = "a cockpit was left before it was answered"


class UnresolvedOrder(msgspec.Struct, frozen=True):
    """An order that may have been taken, and the last that was heard of it."""

    order: WithdrawalOrder
    review: WithdrawalReview
    unknown: UnknownOutcome


class FundsActions:
    """Implements panels.asking.MoneyDesk. ``unsettled`` is the order whose outcome nobody here knows, if there is one:
    no other is made before it is settled, and it is only ever asked for again under its own key."""

    def __init__(self, link: DeskClient, host: Host, new_key: Callable[[], str]) -> None:
        self._link = link
        self._host = host
        self._new_key = new_key
        self._kept = PendingOrders(link.socket_path.parent / "orders")
        self.unsettled: UnresolvedOrder | None = None

    def clock(self) -> float:
        """Seconds that only go forward."""
        return self._host.clock()

    def new_key(self) -> str:
        """A fresh idempotency key."""
        return self._new_key()

    def recover(self) -> tuple[str, ...]:
        """Take up an order that an earlier cockpit left without an outcome; a sentence for each that cannot be read."""
        if self._link.read_only:
            return ()
        left = self._kept.left()
        if left.orders and self.unsettled is None:
            kept = left.orders[0]
            self.unsettled = UnresolvedOrder(kept.order, kept.review, UnknownOutcome("withdraw", LEFT))
            what = amount(kept.review.amount, kept.review.symbol)
            self._host.warn(
                f"the order to withdraw {what} under the key {kept.order.idempotency_key} has no known outcome: "
                "w shows it, and asks again with the same key"
            )
        return tuple(
            f"order file {unread.path.name} cannot be read ({unread.why}): a withdrawal may be without a known "
            "outcome. Compare the withdrawals that the desk lists with what was ordered, and only then order again; "
            f"the file stays until you move it away: {unread.path}"
            for unread in left.unread
        )

    def open_withdrawal(self) -> None:
        """The form; or the order whose outcome is unknown, which comes first."""
        if self.unsettled is None or not self._kept.holds(self.unsettled.order.idempotency_key):
            self.unsettled = None  # Another cockpit may have learnt its outcome.
            for told in self.recover():
                self._host.warn(told)
        view, left = self._host.now_seen(), self.unsettled
        if left is not None:
            self._host.open(ConfirmDialog(view, self, left.order, left.review, None, obstacle, left.unknown))
        elif view.snapshot is not None:
            self._host.open(WithdrawDialog(view, view.snapshot, self))

    def open_deposit(self) -> None:
        """Addresses and codes."""
        view = self._host.now_seen()
        if view.snapshot is not None:
            self._host.open(DepositDialog(view, view.snapshot, self))

    def open_tracking(self) -> None:
        """The form that takes up a withdrawal made elsewhere."""
        view = self._host.now_seen()
        if view.snapshot is not None:
            self._host.open(TrackDialog(view, view.snapshot, self))

    def open_key(self) -> None:
        """The signing key."""
        self._host.open(KeyDialog(self._host.now_seen(), self))

    def freeze_now(self) -> None:
        """Freeze withdrawals without asking; the outcome is said."""
        self.freeze(True, "", lambda _outcome: False)

    def review(self, order: WithdrawalOrder, answer: Callable[[Reviewed], None]) -> None:
        """What the order would mean now."""

        async def ask() -> None:
            answer(await self._link.review(order))

        self._host.command(ask())

    def withdraw(self, order: WithdrawalOrder, review: WithdrawalReview, answer: Answer) -> None:
        """Order it; what is not answered is kept under its key."""
        self._host.command(self._withdraw(order, review, answer))

    def settled(self, order: WithdrawalOrder) -> None:
        """What became of an order without an answer is known after all: it is asked for no more."""
        self.unsettled = None
        self._kept.drop(order.idempotency_key)

    def freeze(self, frozen: bool, command_id: str, answer: Answer) -> str:
        """Freeze withdrawals, or open them."""
        return self._run(partial(self._link.freeze, frozen), command_id, answer)

    def track(self, order: WithdrawalOrder, near_hash: str, command_id: str, answer: Answer) -> str:
        """Follow a withdrawal made elsewhere."""
        return self._run(partial(self._link.track, order, near_hash), command_id, answer)

    def notify_deposit(self, asset_id: str, tx_hash: str, command_id: str, answer: Answer) -> str:
        """Tell the bridge of a deposit."""
        return self._run(partial(self._link.notify_deposit, asset_id, tx_hash), command_id, answer)

    def register_key(self, command_id: str, answer: Answer) -> str:
        """Register the signing key with the Verifier."""
        return self._run(self._link.register_key, command_id, answer)

    def hard_stop(self, command_id: str, answer: Answer) -> str:
        """Disarm everything and burn the quotes that are alive."""
        return self._run(self._link.hard_stop, command_id, answer)

    def set_limits(self, changes: Mapping[str, object], command_id: str, answer: Answer) -> str:
        """Set new limits."""
        return self._run(partial(self._link.limits, changes), command_id, answer)

    def set_trading(self, state: Trading, reason: str, command_id: str, answer: Answer) -> str:
        """Ask for a trading state."""
        return self._run(partial(self._link.trading, state, reason), command_id, answer)

    def _run(self, asked: Callable[..., Awaitable[Outcome]], command_id: str, answer: Answer) -> str:
        ident = command_id or self._link.new_id()

        async def ask() -> None:
            outcome = await asked(command_id=ident)
            if not answer(outcome):
                self._host.toast(outcome)

        self._host.command(ask())
        return ident

    async def _send(self, order: WithdrawalOrder, review: WithdrawalReview) -> Outcome:
        try:
            self._kept.keep(PendingOrder(order, review))
        except OSError as error:
            why = f"its key could not be kept on disk ({error.strerror}), so it was not sent"
            return UnknownOutcome("withdraw", why, sent=False)
        return await self._link.withdraw(order)

    async def _withdraw(self, order: WithdrawalOrder, review: WithdrawalReview, answer: Answer) -> None:
        # Kept before it is sent: whatever becomes of this task, the order is not forgotten.
        former = self.unsettled
        self.unsettled = UnresolvedOrder(order, review, UnknownOutcome("withdraw", "it is under way"))
        outcome = await self._send(order, review)
        if not isinstance(outcome, UnknownOutcome):
            self.unsettled = None
        else:
            self.unsettled = UnresolvedOrder(order, review, outcome) if outcome.sent else former
        if self.unsettled is None:
            self._kept.drop(order.idempotency_key)
        if not answer(outcome):
            self._host.toast(outcome)
