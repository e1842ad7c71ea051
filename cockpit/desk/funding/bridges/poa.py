"""Withdrawals by the PoA bridge: found by their NEAR transaction, or by token, amount and destination."""

from cockpit.desk.funding.bridges.status import WithdrawalStatus
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.model.events import WithdrawalPrepared
from venue.bridges.poa.client import Bridge
from venue.bridges.poa.withdrawals import BridgeWithdrawal


class PoaFollower:
    """Polls the bridge about the withdrawals of one account."""

    refunds = True

    def __init__(self, account: str, bridge: Bridge, book: WithdrawalBook) -> None:
        self._account = account
        self._bridge = bridge
        self._book = book

    async def find(self, withdrawal: Withdrawal, near_hash: str) -> WithdrawalStatus | None:
        """Return the status by the bridge; None while it has not indexed it."""
        order, prepared = withdrawal.order, withdrawal.prepared
        found: BridgeWithdrawal | None = None
        if near_hash:
            found = await self._bridge.withdrawal_status(
                near_hash, near_token=order.asset.near_token, amount=order.amount
            )
            if not withdrawal.confirmed and found is not None:
                return self._confirming(found, withdrawal)
        if found is None and prepared is not None and prepared.route == "intent":
            found = await self._in_recent(withdrawal, prepared)
        return None if found is None else _status(found, withdrawal)

    def _confirming(self, found: BridgeWithdrawal, withdrawal: Withdrawal) -> WithdrawalStatus | None:
        """Return the status of one that an operator named, if the bridge says that it left this account."""
        if found.account_id not in ("", self._account):
            reason = f"not followed any more: the bridge says that it left the account {found.account_id}"
            return WithdrawalStatus(state="untracked", detail=reason)
        same = found.near_token_id == withdrawal.order.asset.near_token and found.amount == withdrawal.order.amount
        return _status(found, withdrawal) if same and found.account_id else None

    async def near_hash(self, withdrawal: Withdrawal) -> str:
        """Return the hash in the bridge's record of a withdrawal that left without a known one."""
        if withdrawal.prepared is None:
            return ""
        found = await self._in_recent(withdrawal, withdrawal.prepared)
        return found.tx_hash or "" if found is not None else ""

    async def _in_recent(self, withdrawal: Withdrawal, prepared: WithdrawalPrepared) -> BridgeWithdrawal | None:
        """Return the bridge's record of a withdrawal without a known hash, by token, amount and destination."""
        order = withdrawal.order
        for found in await self._bridge.recent_withdrawals(self._account, prepared.chain):
            young = found.created_ns is None or found.created_ns >= prepared.at_ns - 60 * 10**9
            same = found.near_token_id == order.asset.near_token and found.amount == prepared.amount
            if same and found.address.lower() == prepared.destination.lower() and young:
                if found.tx_hash and self._book.claimed(found.tx_hash, withdrawal):
                    continue
                return found
        return None


def _status(found: BridgeWithdrawal, withdrawal: Withdrawal) -> WithdrawalStatus:
    near_hash, paid = found.tx_hash or withdrawal.near_hash, found.transfer_tx_hash or ""
    if found.status == "COMPLETED":
        if not paid:
            return WithdrawalStatus(
                state="bridging", detail="bridge status COMPLETED, without a hash yet", near_hash=near_hash
            )
        return WithdrawalStatus(state="completed", detail="paid out", near_hash=near_hash, destination_hash=paid)
    if found.status == "RETURNED":
        return WithdrawalStatus(state="returned", detail="the bridge returned the amount", near_hash=near_hash)
    if found.status == "FAILED":
        detail = "bridge status FAILED: the amount left the Verifier and was not paid out; contact the bridge's support"
        known = near_hash or (withdrawal.prepared.hash if withdrawal.prepared is not None else "")
        return WithdrawalStatus(state="failed", detail=detail, near_hash=known)
    return WithdrawalStatus(
        state="bridging", detail=f"bridge status {found.status}", near_hash=near_hash, destination_hash=paid
    )
