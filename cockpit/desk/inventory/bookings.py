"""What history says of deposits in the balances, so that a later run does not count one twice, or never."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from cockpit.desk.inventory.movements import Movement
from cockpit.model.events import LiquidityAction
from venue.protocol.amounts import TokenAmounts

BOOKING = "booking"
"""The kind of these liquidity actions."""

Booking = Literal["OPENED", "BOOKED", "ASSUMED", "UNBOOKED"]
BOOKINGS: dict[Booking, str] = {
    "OPENED": "from here on it is recorded which deposits are in the balances",
    "BOOKED": "the balances show it",
    "ASSUMED": "the bridge credited it; taken out of an unexplained difference",
    "UNBOOKED": "the bridge no longer lists it as credited, or the reading that showed it is not on record",
}


class Bookings(msgspec.Struct, frozen=True, kw_only=True):
    """Deposits in the balances of a reading. ``known``: keys of all; ``assumed``: those on the bridge's word.

    ``taken_back``: keys of those that the bridge no longer listed as credited. ``recorded_since_ns``: since which
    reading (requested then, UTC) every deposit has its booking, None if none was by then. ``later``: deposits that only
    later readings have shown.
    """

    known: frozenset[str]
    taken_back: frozenset[str]
    assumed: tuple[Movement, ...]
    later: tuple[Movement, ...]
    recorded_since_ns: int | None


def bookings_by(actions: Iterable[LiquidityAction], at_ns: int) -> Bookings:
    """Return what was booked by a reading that was requested then (UTC ns)."""
    bookings = list(actions)
    by_then = [action for action in bookings if action.at_ns <= at_ns]
    last = {action.action_id: action for action in by_then if action.status != "OPENED"}
    taken_back = frozenset(key for key, action in last.items() if action.status == "UNBOOKED")
    known = frozenset(last) - taken_back
    newest = {action.action_id: action for action in bookings if action.status != "OPENED"}
    return Bookings(
        known=known,
        taken_back=taken_back,
        assumed=tuple(_movement(action) for action in last.values() if action.status == "ASSUMED"),
        later=tuple(
            _movement(one) for key, one in newest.items() if key not in known and one.status in ("BOOKED", "ASSUMED")
        ),
        recorded_since_ns=min((action.at_ns for action in by_then if action.status == "OPENED"), default=None),
    )


def _movement(action: LiquidityAction) -> Movement:
    return Movement(action.action_id, TokenAmounts({action.asset or "": action.amount or 0}))


def booking(
    key: str, status: Booking, at_ns: int, *, asset: str | None = None, amount: int | None = None
) -> LiquidityAction:
    """``at_ns``: when the reading was requested that shows it."""
    return LiquidityAction(
        at_ns=at_ns,
        action_id=key,
        kind=BOOKING,
        asset=asset,
        amount=amount,
        chain=None,
        tx_hash=None,
        status=status,
        detail=BOOKINGS[status],
    )
