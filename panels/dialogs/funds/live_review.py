"""A review kept up to date: asked for again every few seconds, its age and the cooling time counted here."""

from collections.abc import Callable

from cockpit.client.desk_client import Reviewed, UnknownOutcome
from cockpit.model.commands import WithdrawalOrder, WithdrawalReview
from panels.dialogs.desk_port import DeskPort

REVIEW_EVERY_S = 3.0
REVIEW_SOON_S = 1.0
"""Between reviews once the cooling time is over."""
MAX_REVIEW_AGE_S = 20.0
"""An older review decides nothing."""


class LiveReview:
    """``latest`` is the newest review. ``problem``: why the last attempt brought none, empty when it did."""

    def __init__(self, desk: DeskPort, order: WithdrawalOrder, first: WithdrawalReview) -> None:
        self._desk = desk
        self.order = order
        self.latest = first
        self.problem = ""
        self._taken_s = self._asked_s = desk.clock()
        self._asked_number = self._answered_number = 0

    @property
    def age_ms(self) -> int:
        return int((self._desk.clock() - self._taken_s) * 1000)

    @property
    def cooling_left_ms(self) -> int:
        """Return how long the address must still wait."""
        return max(0, self.latest.cooling_left_ms - self.age_ms)

    @property
    def too_old(self) -> bool:
        return self.age_ms > MAX_REVIEW_AGE_S * 1000

    def tick(self) -> None:
        """Ask again when it is time."""
        since_s = self._desk.clock() - self._asked_s
        cooled = self.latest.cooling_left_ms > 0 and self.cooling_left_ms == 0
        every_s = REVIEW_SOON_S if cooled else REVIEW_EVERY_S
        if since_s >= every_s and self._answered_number == self._asked_number:
            self.ask()

    def ask(self, then: Callable[[], None] | None = None) -> None:
        """Ask now, whatever is in flight; ``then`` is called once this answer has been taken."""
        self._asked_number += 1
        self._asked_s = self._desk.clock()
        number = self._asked_number
        self._desk.review(self.order, lambda reviewed: self._take(number, reviewed, then))

    def _take(self, number: int, reviewed: Reviewed, then: Callable[[], None] | None) -> None:
        if number > self._answered_number:
            self._answered_number = number
            if isinstance(reviewed, WithdrawalReview):
                self.latest, self.problem, self._taken_s = reviewed, "", self._desk.clock()
            elif isinstance(reviewed, UnknownOutcome):
                self.problem = f"the desk did not renew the review: {reviewed.reason}"
            else:
                self.problem = reviewed.reason
        if then is not None:
            then()
