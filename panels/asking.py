"""What the dialogues of money can ask for; the app carries it out beside the painting and brings the answer back."""

from collections.abc import Callable
from typing import Protocol

from cockpit.commands import WithdrawalOrder, WithdrawalReview
from cockpit.link import Reviewed
from panels.dialogue import Answer


class MoneyDesk(Protocol):
    """The desk as the dialogues see it. An ``Answer`` that returns False has its outcome said elsewhere."""

    def clock(self) -> float:
        """Seconds that only go forward."""

    def new_key(self) -> str:
        """A fresh idempotency key."""

    def review(self, order: WithdrawalOrder, answer: Callable[[Reviewed], None]) -> None:
        """What the order would mean now."""

    def withdraw(self, order: WithdrawalOrder, review: WithdrawalReview, answer: Answer) -> None:
        """Order it. The review is kept beside an order without an outcome, so that it can be asked for again."""

    def freeze(self, frozen: bool, answer: Answer) -> None:
        """Freeze withdrawals, or open them."""

    def track(self, order: WithdrawalOrder, near_hash: str, answer: Answer) -> None:
        """Follow a withdrawal made elsewhere."""

    def notify_deposit(self, asset_id: str, tx_hash: str, answer: Answer) -> None:
        """Tell the bridge of a deposit."""

    def register_key(self, answer: Answer) -> None:
        """Register the signing key with the Verifier."""
