"""What the balances prove of a withdrawal: that it took nothing, or that its amount came back.

A proof must not be possible to mistake: no deposit or other withdrawal may hide the burn by adding up to its amount,
and what cannot be explained of the asset must be what it was when the withdrawal was ordered. For a withdrawal of an
earlier run the opening balances prove nothing; they must be what the earlier run read last before it signed.
"""

from collections.abc import Awaitable, Callable

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.inventory.movements import MAX_SEARCHED, Movement, explain
from cockpit.desk.inventory.sync import Inventory
from venue.protocol.assets import Pair


class BalanceEvidence:
    """Reads the balances and the bridge's deposits anew for every question.

    ``balance_before`` is the last recorded balance of a token up to a time (UTC ns), base units; None when there is
    none.
    """

    def __init__(
        self,
        pair: Pair,
        inventory: Inventory,
        liquidity: DepositTracker,
        movements: Callable[[], list[Movement]],
        balance_before: Callable[[str, int], Awaitable[int | None]],
    ) -> None:
        self._pair = pair
        self._inventory = inventory
        self._liquidity = liquidity
        self._movements = movements
        self._balance_before = balance_before

    async def still_there(self, withdrawal: Withdrawal, height: int) -> bool:
        """Whether balances of this block or a later one prove that the withdrawal has taken nothing, or that all of
        it came back before they were read."""
        inventory = self._inventory
        if await inventory.sync("refresh") is None or inventory.ledger.height < height or not inventory.explained:
            return False
        asset = withdrawal.order.asset
        if withdrawal.burn_booked or self._pair.amount(asset, inventory.ledger.unexplained) != withdrawal.aside:
            return False
        return not await self._could_be_hidden(withdrawal) and await self._opened_with_it(withdrawal)

    async def came_back(self, withdrawal: Withdrawal) -> bool:
        """Whether the balances showed the amount coming back, and nothing else can have been taken for it.

        What left and came back between two runs shows in nothing but opening balances that lack nothing.
        """
        if withdrawal.back_booked:
            return not await self._could_be_hidden(withdrawal)
        if not withdrawal.inherited or withdrawal.seen_leaving:
            return False
        return await self._opened_with_it(withdrawal) and not await self._could_be_hidden(withdrawal)

    async def _could_be_hidden(self, withdrawal: Withdrawal) -> bool:
        """Whether money that came in may make up for the burn. Unknown deposits may."""
        if await self._liquidity.read() is not None:
            return True
        # What an earlier run was paid may be in the opening balances in place of the burned amount.
        incoming = self._liquidity.incoming(self._since_ns(withdrawal))
        if not withdrawal.inherited:
            incoming = self._inventory.ledger.unbooked(incoming)
        others = [one for one in self._movements() if not one.key.startswith(withdrawal.order.withdrawal_id)]
        burned = self._pair.only(withdrawal.order.asset, withdrawal.order.amount)
        candidates = [*incoming, *others]
        return len(candidates) > MAX_SEARCHED or explain(burned, candidates) is not None

    @staticmethod
    def _since_ns(withdrawal: Withdrawal) -> int:
        """Deposits seen an hour before the order may still have been credited after it."""
        return withdrawal.order.requested_ns - 3600 * 10**9 if withdrawal.inherited else 0

    async def _opened_with_it(self, withdrawal: Withdrawal) -> bool:
        if not withdrawal.inherited:
            return True
        prepared, ledger, asset = withdrawal.prepared, self._inventory.ledger, withdrawal.order.asset
        if prepared is None or ledger.opening is None or self._pair.amount(asset, ledger.gap) != 0:
            return False
        return await self._balance_before(prepared.asset, prepared.at_ns) == self._pair.amount(asset, ledger.opening)
