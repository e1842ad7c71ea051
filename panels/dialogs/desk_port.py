"""What a dialog needs of the desk and of the terminal; the app implements it."""

from collections.abc import Callable, Mapping
from typing import Protocol

from cockpit.client.desk_client import Outcome, Previewed, Reviewed
from cockpit.model.commands import Part, WithdrawalOrder, WithdrawalReview
from cockpit.model.pricing.pricing_set import PricingTerms
from cockpit.model.snapshot import Trading
from panels.dialogs.funds.address_book import AddressBook
from panels.frame.message_line import Said
from panels.kit.view import View

Answer = Callable[[Outcome], bool]
"""Takes the outcome of a command; returns False once the dialog is closed, and the outcome must be shown elsewhere."""


class DeskPort(Protocol):
    """Every command is sent in the background under ``command_id``, or under a new id where that is empty, and its id
    is returned at once; ``answer`` takes the outcome later.
    """

    @property
    def view(self) -> View:
        """Return what is known right now; what was painted last is older by as long as the app was busy."""

    @property
    def picture_is_stale(self) -> bool:
        """Return whether the terminal's picture is so old that a key was not pressed on what is true now."""

    @property
    def said(self) -> Said | None:
        """Return what was just said to the operator, while its time lasts."""

    @property
    def address_book(self) -> AddressBook:
        """Return the operator's labels of addresses."""

    def clock(self) -> float:
        """Return monotonic seconds."""

    def new_key(self) -> str:
        """Make an idempotency key for a withdrawal."""

    def arm(self, part: Part, command_id: str, answer: Answer) -> str: ...

    def disarm_to_stop(self, command_id: str, answer: Answer) -> str:
        """Disarm both parts; ``answer`` takes the worse of the two outcomes."""

    def hard_stop(self, command_id: str, answer: Answer) -> str: ...

    def set_limits(self, changes: Mapping[str, object], command_id: str, answer: Answer) -> str: ...

    def set_pricing(self, changes: Mapping[str, object], command_id: str, answer: Answer) -> str: ...

    def preview_pricing(self, changes: Mapping[str, object], answer: Callable[[Previewed], None]) -> None:
        """Ask what a change of the pricing would have quoted; nothing is changed."""

    def pricing_terms(self, answer: Callable[[PricingTerms], None]) -> None:
        """Ask for the presets; there is no answer where the desk gives none."""

    def set_trading(self, state: Trading, reason: str, command_id: str, answer: Answer) -> str: ...

    def note(self, text: str, command_id: str, answer: Answer) -> str:
        """Keep a note in the journal."""

    def freeze(self, frozen: bool, command_id: str, answer: Answer) -> str:
        """Freeze withdrawals, or unfreeze them."""

    def track(self, order: WithdrawalOrder, near_hash: str, command_id: str, answer: Answer) -> str:
        """Follow a withdrawal that was made elsewhere."""

    def untrack(self, near_hash: str, command_id: str, answer: Answer) -> str:
        """Stop following a withdrawal that was made elsewhere."""

    def notify_deposit(self, asset_id: str, tx_hash: str, command_id: str, answer: Answer) -> str:
        """Tell the bridge about a deposit."""

    def register_key(self, command_id: str, answer: Answer) -> str: ...

    def review(self, order: WithdrawalOrder, answer: Callable[[Reviewed], None]) -> None: ...

    def withdraw(self, order: WithdrawalOrder, review: WithdrawalReview, answer: Answer) -> None:
        """Place the order. The review is kept beside an order without an outcome, so that it can be sent again."""

    def resolve(self, order: WithdrawalOrder) -> None:
        """Forget an order: its outcome was found in the journal."""
