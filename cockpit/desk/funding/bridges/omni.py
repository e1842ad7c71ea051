"""Withdrawals by the Omni bridge: found by their NEAR transaction, which the relay names, and followed to Bitcoin.

With its message a failed transfer is not credited back: there is no refund to wait for, and no status that says failed.
"""

from contextlib import suppress

from cockpit.desk.funding.bridges.status import WithdrawalStatus
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from venue.bridges.omni.client import OmniBridge
from venue.relay.rpc import RelayRpc
from venue.transport.errors import VenueError

PAYING = "the Omni bridge has it; its Bitcoin transaction is not final yet"


class OmniFollower:
    """Polls the bridge about withdrawals by it."""

    refunds = False

    def __init__(self, omni: OmniBridge, relay: RelayRpc, book: WithdrawalBook) -> None:
        self._omni = omni
        self._relay = relay
        self._book = book

    async def find(self, withdrawal: Withdrawal, near_hash: str) -> WithdrawalStatus | None:
        """Return the status by the bridge; None while it has not indexed it, or the NEAR transaction is not known."""
        near_hash = near_hash or await self.near_hash(withdrawal)
        if not near_hash or not withdrawal.confirmed:
            # Its API names no account: it cannot confirm what an operator names.
            return None
        order = withdrawal.order
        found = await self._omni.transfer(near_hash, order.asset, order.amount, order.destination)
        if found is None:
            return None
        if found.paid_hash is None:
            return WithdrawalStatus(state="bridging", detail=PAYING, near_hash=near_hash)
        return WithdrawalStatus(
            state="completed", detail="paid out", near_hash=near_hash, destination_hash=found.paid_hash
        )

    async def near_hash(self, withdrawal: Withdrawal) -> str:
        """Return the transaction by which the relay settled it; empty while the relay does not say."""
        if withdrawal.prepared is None:
            return ""
        with suppress(VenueError):
            found = await self._relay.transaction_of(withdrawal.prepared.hash)
            if found and not self._book.claimed(found, withdrawal):
                return found
        return ""
