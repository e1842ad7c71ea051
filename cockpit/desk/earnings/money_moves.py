"""BTC that moves in or out but by fills, as its recorded steps tell, each movement once."""

from collections.abc import Mapping

from cockpit.accounting.earnings import DatedMove
from cockpit.desk.inventory.bookings import BOOKING
from cockpit.model.events import LiquidityAction
from storage.reporting.movements import LEFT, RETURNED
from venue.protocol.tokens import TokenTable


class MoneyMoves:
    """Knows which deposits are booked and which withdrawals have left, by the rules of the report."""

    def __init__(self, tokens: TokenTable) -> None:
        self._tokens = tokens
        self._booked: set[str] = set()
        self._states: dict[str, set[str]] = {}

    def recall(self, withdrawals: Mapping[str, frozenset[str]]) -> None:
        """Take over which states withdrawals of earlier runs have been in."""
        for action_id, states in withdrawals.items():
            self._states.setdefault(action_id, set()).update(states)

    def of(self, action: LiquidityAction) -> DatedMove | None:
        """Return what a step moved; None when it moved nothing, or no BTC."""
        sign = self._sign(action)
        token = None if action.asset is None else self._tokens.get(action.asset)
        if not sign or token is None or action.amount is None or token.underlying != self._tokens.base:
            return None
        return DatedMove(action.at_ns, sign * action.amount * token.scale)

    def _sign(self, action: LiquidityAction) -> int:
        if action.kind == BOOKING:
            return self._booking(action)
        return self._withdrawal(action) if action.kind == "withdrawal" else 0

    def _booking(self, action: LiquidityAction) -> int:
        if action.status == "OPENED" or (action.status != "UNBOOKED" and action.action_id in self._booked):
            return 0
        if action.status == "UNBOOKED":
            self._booked.discard(action.action_id)
            return -1
        self._booked.add(action.action_id)
        return 1

    def _withdrawal(self, action: LiquidityAction) -> int:
        before = self._states.setdefault(action.action_id, set())
        left = action.status in LEFT and before.isdisjoint((*LEFT, *RETURNED))
        came_back = action.status in RETURNED and before.isdisjoint(RETURNED) and not before.isdisjoint(LEFT)
        before.add(action.status)
        return -1 if left else 1 if came_back else 0
