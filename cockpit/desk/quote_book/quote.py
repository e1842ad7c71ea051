"""One signed quote, and what became of it."""

from typing import Literal

from cockpit.desk.quote_book.reservations import Commitment
from venue.relay.messages import QuoteStatus, StatusEvent

State = Literal["sent", "accepted", "refused", "unknown", "settling", "settled", "expired", "burning", "burned"]
OVER: tuple[State, ...] = ("settled", "expired", "burned")
"""States in which a quote can do nothing more. A refused one is not over: its signature binds until its deadline."""


_NOTHING: frozenset[StatusEvent] = frozenset()


class Quote:
    """A signed quote and what became of it.

    ``refused``: the relay answered, in this run, that it did not take the quote. ``burning``: an intent that uses its
    nonce was, or may have been, published. ``used_height``: the height of a block in which its nonce was seen used;
    ``confirmed_height``: of one by which two endpoints show it used, or the only one.
    ``reported``: what the relay reported of it, other than its settlement. ``burn_reported``: the relay reported that
    the burning was executed. ``reported_ns``: when the relay reported its settlement, UTC, at most its deadline; None
    while it did not, or when it settled long before. ``settled_ns``: when its fill was booked, UTC.
    ``salt_invalid``: its salt is said to be invalidated, so that it can neither settle nor be burned.
    """

    __slots__ = (
        "burn_reported",
        "burn_tx",
        "burning",
        "commitment",
        "confirmed_height",
        "detail",
        "refused",
        "reported",
        "reported_ns",
        "request_id",
        "salt_invalid",
        "settled_ns",
        "state",
        "status",
        "tx_hash",
        "used_height",
    )

    def __init__(self, commitment: Commitment, request_id: int, state: State = "sent") -> None:
        self.commitment = commitment
        self.request_id = request_id
        self.state: State = state
        self.burning = False
        self.refused = False
        self.reported: frozenset[StatusEvent] = _NOTHING
        self.used_height: int | None = None
        self.confirmed_height: int | None = None
        self.reported_ns: int | None = None
        self.settled_ns: int | None = None
        self.burn_reported = False
        self.salt_invalid = False
        self.burn_tx: str | None = None
        self.detail = ""
        self.status: QuoteStatus | None = None
        self.tx_hash: str | None = None
