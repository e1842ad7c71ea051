"""What history says of deposits in the balances, so that a later run does not count one twice, or never."""

from collections.abc import Iterable
from typing import Literal

import msgspec

from cockpit.desk.inventory.movements import Movement
from cockpit.model.events import LiquidityAction
from venue.protocol.amounts import TokenAmounts

BOOKING = "booking"
"""The kind of these liquidity actions."""

Booking = Literal["BOOKED", "ASSUMED", "UNBOOKED"]
BOOKINGS: dict[Booking, str] = {
    "BOOKED": "the balances show it",
    "ASSUMED": "the bridge credited it; taken out of an unexplained difference",
    "UNBOOKED": "the bridge no longer lists it as credited",
}


class Bookings(msgspec.Struct, frozen=True):
    """Deposits in the balances of a reading. ``known``: keys of all; ``assumed``: those on the bridge's word.

    ``taken_back``: keys of those that the bridge no longer listed as credited.
    """

    known: frozenset[str]
    taken_back: frozenset[str]
    assumed: tuple[Movement, ...]


def bookings_by(actions: Iterable[LiquidityAction], at_ns: int) -> Bookings:
    """Return what was booked by a reading that was requested then (UTC ns)."""
    last = {action.action_id: action for action in actions if action.at_ns <= at_ns}
    booked = [action for action in last.values() if action.status != "UNBOOKED"]
    assumed = [action for action in booked if action.status == "ASSUMED" and action.asset is not None]
    return Bookings(
        frozenset(action.action_id for action in booked),
        frozenset(last) - frozenset(action.action_id for action in booked),
        tuple(Movement(one.action_id, TokenAmounts({one.asset or "": one.amount or 0})) for one in assumed),
    )
