"""What the dialogues of money can ask for; the app carries it out beside the painting and brings the answer back."""

from collections.abc import Callable
from typing import Protocol

from cockpit.client.desk_client import Reviewed
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from panels.dialogs.dialog import Answer


class FundsPort(Protocol):
    """The desk as the dialogues see it. An ``Answer`` that returns False has its outcome said elsewhere."""

    def clock(self) -> float:
        """Seconds that only go forward."""

    def new_key(self) -> str:
        """A fresh idempotency key."""

    def review(self, order: WithdrawalOrder, answer: Callable[[Reviewed], None]) -> None:
        """What the order would mean now."""

    def withdraw(self, order: WithdrawalOrder, review: WithdrawalReview, answer: Answer) -> None:
        """Order it. The review is kept beside an order without an outcome, so that it can be asked for again."""

    def settled(self, order: WithdrawalOrder) -> None:
        """What became of an order without an answer is known after all."""

    def freeze(self, frozen: bool, command_id: str, answer: Answer) -> str:
        """Freeze withdrawals, or open them; under this id or a new one, like all below. The id."""

    def track(self, order: WithdrawalOrder, near_hash: str, command_id: str, answer: Answer) -> str:
        """Follow a withdrawal made elsewhere."""

    def notify_deposit(self, asset_id: str, tx_hash: str, command_id: str, answer: Answer) -> str:
        """Tell the bridge of a deposit."""

    def register_key(self, command_id: str, answer: Answer) -> str:
        """Register the signing key with the Verifier."""
