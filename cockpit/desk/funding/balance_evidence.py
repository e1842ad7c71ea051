"""What the balances prove of a withdrawal: that it took nothing, or that its amount came back.

Conclusive only if no other movement could sum to the withdrawn amount, and if the unexplained difference of the asset
is what it was at the order. For a withdrawal of an earlier run the opening balances alone prove nothing; they must
equal the last ones that the earlier run read before it signed, or be these and the fills on record since then.
"""

from collections.abc import Awaitable, Callable, Sequence

from cockpit.desk.funding.deposits import DepositTracker
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.inventory.movements import MAX_SEARCHED, Movement, explain, total
from cockpit.desk.inventory.sync import Inventory
from storage.history import RecordedQuote
from venue.protocol.amounts import NOTHING, TokenAmounts
from venue.protocol.units import NS_PER_S

READ_BEFORE_NS = 60 * NS_PER_S
"""The balances that admitted a withdrawal were read at most so long before it was signed; a fill recorded since then
may be in them."""


class BalanceEvidence:
    """Reads the balances and the bridge's deposits anew at every call.

    ``balance_before`` returns the last recorded balance of a token up to a time (UTC ns), base units; None without one.
    ``left_since`` returns what withdrawals are known to have taken by a step since then (UTC ns); ``settled_since``
    the quotes whose settlement was recorded since then.
    """

    def __init__(
        self,
        inventory: Inventory,
        deposits: DepositTracker,
        movements: Callable[[], list[Movement]],
        left_since: Callable[[int], list[Movement]],
        balance_before: Callable[[str, int], Awaitable[int | None]],
        settled_since: Callable[[int], Awaitable[Sequence[RecordedQuote]]],
    ) -> None:
        self._inventory = inventory
        self._deposits = deposits
        self._movements = movements
        self._left_since = left_since
        self._balance_before = balance_before
        self._settled_since = settled_since

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
        candidates = self._other_movements(withdrawal)
        withdrawn = NOTHING - withdrawal.taken().amounts
        return len(candidates) > MAX_SEARCHED or explain(withdrawn, candidates) is not None

    def _other_movements(self, withdrawal: Withdrawal) -> list[Movement]:
        # Deposits credited to an earlier run may replace the withdrawn amount in the opening balances.
        incoming = self._deposits.incoming(self._since_ns(withdrawal))
        if not withdrawal.inherited:
            incoming = self._inventory.ledger.unbooked(incoming)
        others = [one for one in self._movements() if not one.key.startswith(withdrawal.order.withdrawal_id)]
        return [*incoming, *others]

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
        if await self._balance_before(prepared.asset, prepared.at_ns) == ledger.opening[token_id]:
            return True
        return not ledger.unexplained_opening and await self._by_fills(withdrawal, prepared.at_ns)

    async def _by_fills(self, withdrawal: Withdrawal, signed_ns: int) -> bool:
        """Return whether fills on record explain the balances since it was signed, and nothing does with its amount.

        A fill moves two tokens, so that it never looks like a withdrawal. Those of this run are counted, too: when
        each was settled is not recorded.
        """
        ledger = self._inventory.ledger
        settled = await self._settled_since(signed_ns - READ_BEFORE_NS)
        now = (ledger.opening or NOTHING) + ledger.filled
        change = now
        for token_id in {token_id for token_id, _ in now.items()} | {
            asset for one in settled for asset in _assets(one)
        }:
            before = await self._balance_before(token_id, signed_ns)
            if before is None:
                return False
            change -= TokenAmounts({token_id: before})
        later = [_moved(one) for one in settled if one.command.at_ns > signed_ns]
        earlier = [_moved(one) for one in settled if one.command.at_ns <= signed_ns]
        others = [*self._other_movements(withdrawal), *self._left_since(signed_ns)]
        candidates = [*earlier, *{one.key: one for one in others}.values()]
        if len(candidates) > MAX_SEARCHED:
            return False
        rest = change - total(later)
        taken = withdrawal.taken().amounts
        return explain(rest, candidates) is not None and explain(rest - taken, candidates) is None


def _assets(quote: RecordedQuote) -> tuple[str, str]:
    return quote.command.asset_in, quote.command.asset_out


def _moved(quote: RecordedQuote) -> Movement:
    command = quote.command
    amounts = {command.asset_in: command.amount_in, command.asset_out: -command.amount_out}
    return Movement(command.quote_hash, TokenAmounts(amounts))
