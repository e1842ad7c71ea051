"""A review that stays true: asked for again every few seconds, with its age and the cooling time counted here."""

from collections.abc import Callable

from cockpit.client.desk_client import Reviewed, UnknownOutcome
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from panels.dialogs.funds.desk_port import FundsPort

EVERY_S = 3.0
SOON_S = 1.0
OLD_S = 20.0
"""Three seconds between reviews, one when the cooling time is over; after twenty a review decides nothing."""


class LiveReview:
    """Keeps ``latest`` up to date. ``problem`` says why the last attempt brought no review, empty when it did."""

    def __init__(self, money: FundsPort, order: WithdrawalOrder, first: WithdrawalReview) -> None:
        self._money = money
        self.order = order
        self.latest = first
        self.problem = ""
        self._at = self._asked = money.clock()
        self._number = self._answered = 0

    @property
    def age_ms(self) -> int:
        """How old the latest review is."""
        return int((self._money.clock() - self._at) * 1000)

    @property
    def cooling_left_ms(self) -> int:
        """How long the address must still wait."""
        return max(0, self.latest.cooling_left_ms - self.age_ms)

    @property
    def old(self) -> bool:
        """Whether the review is too old to decide by."""
        return self.age_ms > OLD_S * 1000

    def tick(self) -> None:
        """Ask again when it is time."""
        since = self._money.clock() - self._asked
        cooled = self.latest.cooling_left_ms > 0 and self.cooling_left_ms == 0
        if since >= (SOON_S if cooled else EVERY_S) and self._answered == self._number:
            self.ask()

    def ask(self, then: Callable[[], None] | None = None) -> None:
        """Ask now, whatever is under way; ``then`` is called once this answer has been taken."""
        self._number += 1
        self._asked = self._money.clock()
        number = self._number
        self._money.review(self.order, lambda reviewed: self._take(number, reviewed, then))

    def _take(self, number: int, reviewed: Reviewed, then: Callable[[], None] | None) -> None:
        if number > self._answered:
            self._answered = number
            if isinstance(reviewed, WithdrawalReview):
                self.latest, self.problem, self._at = reviewed, "", self._money.clock()
            elif isinstance(reviewed, UnknownOutcome):
                self.problem = f"the desk did not review it again: {reviewed.reason}"
            else:
                self.problem = reviewed.reason
        if then is not None:
            then()
