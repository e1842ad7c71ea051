"""What the balances prove of a withdrawal: that it took nothing, or that its amount came back.

Conclusive only if no other movement could sum to the withdrawn amount, and if the unexplained difference of the asset
is what it was at the order. For a withdrawal of an earlier run the opening balances alone prove nothing; they must
equal the last ones that the earlier run read before it signed.
"""

from collections.abc import Awaitable, Callable

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.inventory.movements import MAX_SEARCHED, Movement, explain
from cockpit.desk.inventory.sync import Inventory
from venue.protocol.amounts import TokenAmounts
from venue.protocol.units import NS_PER_S


class BalanceEvidence:
    """Reads the balances and the bridge's deposits anew at every call.

    ``balance_before`` returns the last recorded balance of a token up to a time (UTC ns), base units; None without one.
    """

    def __init__(
        self,
        inventory: Inventory,
        deposits: DepositTracker,
        movements: Callable[[], list[Movement]],
        balance_before: Callable[[str, int], Awaitable[int | None]],
    ) -> None:
        self._inventory = inventory
        self._deposits = deposits
        self._movements = movements
        self._balance_before = balance_before

    async def still_there(self, withdrawal: Withdrawal, height: int) -> bool:
        """Return whether balances at this block or later prove that nothing left, or that all of it had come back."""
        inventory = self._inventory
        if await inventory.sync("refresh") is None or inventory.ledger.height < height or not inventory.explained:
            return False
        unexplained = inventory.ledger.unexplained[withdrawal.order.asset.token_id]
        if withdrawal.out_booked or unexplained != withdrawal.unexplained_before:
            return False
        return not await self._could_be_hidden(withdrawal) and await self._in_opening_balances(withdrawal)

    async def came_back(self, withdrawal: Withdrawal) -> bool:
        """Return whether the balances show that the amount came back, and nothing else could look the same.

        What left and came back between two runs shows only in opening balances that lack nothing.
        """
        if withdrawal.back_booked:
            return not await self._could_be_hidden(withdrawal)
        if not withdrawal.inherited or withdrawal.seen_leaving:
            return False
        return await self._in_opening_balances(withdrawal) and not await self._could_be_hidden(withdrawal)

    async def _could_be_hidden(self, withdrawal: Withdrawal) -> bool:
        """Return whether incoming money may hide that the amount left. Unknown deposits may."""
        if await self._deposits.read() is not None:
            return True
        # Deposits credited to an earlier run may replace the withdrawn amount in the opening balances.
        incoming = self._deposits.incoming(self._since_ns(withdrawal))
        if not withdrawal.inherited:
            incoming = self._inventory.ledger.unbooked(incoming)
        others = [one for one in self._movements() if not one.key.startswith(withdrawal.order.withdrawal_id)]
        withdrawn = TokenAmounts({withdrawal.order.asset.token_id: withdrawal.order.amount})
        candidates = [*incoming, *others]
        return len(candidates) > MAX_SEARCHED or explain(withdrawn, candidates) is not None

    @staticmethod
    def _since_ns(withdrawal: Withdrawal) -> int:
        # Deposits seen an hour before the order may still have been credited after it.
        return withdrawal.order.requested_ns - 3600 * NS_PER_S if withdrawal.inherited else 0

    async def _in_opening_balances(self, withdrawal: Withdrawal) -> bool:
        if not withdrawal.inherited:
            return True
        prepared, ledger, token_id = withdrawal.prepared, self._inventory.ledger, withdrawal.order.asset.token_id
        if prepared is None or ledger.opening is None or ledger.unexplained_opening[token_id] != 0:
            return False
        return await self._balance_before(prepared.asset, prepared.at_ns) == ledger.opening[token_id]
