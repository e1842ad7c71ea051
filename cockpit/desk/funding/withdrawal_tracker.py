"""Polls the status of a withdrawal, and sends the same bytes again while no service knows them.

Nothing here makes new bytes. A withdrawal is called expired only when its bytes can never execute (their time is over,
or another transaction used their nonce) and the balances show that the money is still there. That their time is over,
and that NEAR refused it, several endpoints must say; the first, the local clock too.
"""

import logging
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from cockpit.desk.funding.balance_evidence import BalanceEvidence
from cockpit.desk.funding.bridges.status import BridgeFollower, WithdrawalStatus
from cockpit.desk.funding.messages import (
    BALANCES_SHOW_IT,
    BRIDGE_LISTS_IT,
    NONCE_USED_BY_ONE,
    NOT_INDEXED,
    NOT_REFUNDED,
)
from cockpit.desk.funding.tracking.confirmation import Confirmation
from cockpit.desk.funding.withdrawal import Withdrawal
from cockpit.model.events import WithdrawalPrepared
from venue.near.errors import UnreadableOutcomeError
from venue.near.outcomes import TxOutcome, withdrawn_amount
from venue.near.rpc import NearRpc
from venue.protocol.assets import BridgeRoute
from venue.protocol.units import NS_PER_S
from venue.relay.rpc import IntentStatus, RelayRpc
from venue.signing.signed_bytes import decode_signed
from venue.transport.errors import RefusedError, UnreachableError, VenueError
from venue.witnesses import Witnesses

log = logging.getLogger(__name__)

RECEIPTS_NS = 120 * NS_PER_S
"""Block time within which the receipts of an included transaction have run: a block or two later, more under load."""


class WithdrawalTracker:
    """Polls NEAR, the relay and the bridge of each token about the withdrawals of one account."""

    def __init__(
        self,
        account: str,
        public_key: str,
        *,
        rpc: NearRpc,
        relay: RelayRpc,
        bridges: Mapping[BridgeRoute, BridgeFollower],
        evidence: BalanceEvidence,
        witnesses: Witnesses,
        confirmation: Confirmation,
    ) -> None:
        self._witnesses = witnesses
        self._account = account
        self._public_key = public_key
        self._rpc = rpc
        self._relay = relay
        self._bridges = bridges
        self._evidence = evidence
        self._confirmation = confirmation

    async def poll(self, withdrawal: Withdrawal) -> WithdrawalStatus:
        """Return the newest status. Raises VenueError when a service could not be asked: nothing is known anew."""
        found = await self._find(withdrawal)
        left = found.state in ("burned", "bridging", "completed")
        if left and not withdrawal.out_booked and withdrawal.left_at is None and found.left_at is None:
            # Its own block is unknown: by the newest of any endpoint it had left.
            return msgspec.structs.replace(found, left_at=await self._rpc.survey.newest())
        return found

    async def _find(self, withdrawal: Withdrawal) -> WithdrawalStatus:
        prepared = withdrawal.prepared
        if not withdrawal.confirmed:
            return await self._confirmation.status(withdrawal, self._bridge_of(withdrawal))
        if withdrawal.undecided and prepared is not None:
            if prepared.route == "transaction":
                return await self._transaction(withdrawal, prepared)
            return await self._intent(withdrawal, prepared)
        return await self._bridging(withdrawal)

    async def _transaction(self, withdrawal: Withdrawal, prepared: WithdrawalPrepared) -> WithdrawalStatus:
        unasked: UnreachableError | None = None
        try:
            outcome = await self._rpc.transaction(prepared.hash, self._account)
        except UnreachableError as exc:
            # A node that does not answer may know it; sending the same bytes again does no harm meanwhile.
            outcome, unasked = None, exc
        if outcome is not None:
            return await self._outcome(withdrawal, prepared, outcome, prepared.hash)
        block = await self._rpc.block("final")
        key = await self._rpc.access_key(self._account, self._public_key)
        if block.timestamp_ns > prepared.expires_ns:
            if unasked is not None:
                raise unasked
            doubt = await self._witnesses.why_not_over(prepared.expires_ns)
            return await self._expired(
                withdrawal, prepared, block.height, "its block hash is too old to execute", doubt
            )
        if key is None:
            return _unknown(
                "the signing key is no longer an access key of the account; nothing is sent until the bytes expire"
            )
        if key.nonce >= int(prepared.nonce):
            doubt = await self._witnesses.why_key_nonce_free(self._account, self._public_key, int(prepared.nonce))
            if not doubt:
                height = max(key.block_height, block.height)
                return await self._nonce_used(withdrawal, prepared, height, block.timestamp_ns)
            # Sent again: where the nonce is used the same bytes do nothing.
            log.warning("withdrawal %s: %s", prepared.withdrawal_id, doubt)
        try:
            sent = await self._rpc.send_transaction(decode_signed(prepared), wait_until="EXECUTED_OPTIMISTIC")
        except RefusedError as exc:
            return _unknown(f"NEAR refused the transaction for now ({exc}); the same bytes are sent again")
        except UnreachableError as exc:
            return _unknown(f"no answer from NEAR ({exc}); its hash is followed, or the same bytes are sent again")
        return await self._outcome(withdrawal, prepared, sent, prepared.hash)

    async def _nonce_used(
        self, withdrawal: Withdrawal, prepared: WithdrawalPrepared, height: int, block_ns: int
    ) -> WithdrawalStatus:
        """Judge a withdrawal whose nonce is used: by its own transaction, unknown to the nodes, or by another.

        The nonce is used blocks before the amount leaves: receipts run after the transaction that made them. So the
        balances prove nothing until they have had time to run.
        """
        reason = "another transaction used its access-key nonce"
        if withdrawal.nonce_used_ns is None:
            withdrawal.nonce_used_ns = block_ns
        waited = block_ns - withdrawal.nonce_used_ns >= RECEIPTS_NS
        doubt = "" if waited else "its receipts may still run"
        if waited and self._witnesses.needed == 1:
            # The single endpoint's word for the nonce; while the bytes are valid they could execute all the same.
            doubt = await self._witnesses.why_not_over(prepared.expires_ns)
        return await self._expired(withdrawal, prepared, height, reason, doubt)

    async def _intent(self, withdrawal: Withdrawal, prepared: WithdrawalPrepared) -> WithdrawalStatus:
        status: IntentStatus | None = None
        # The relay's status is a hint; the nonce shows whether the intent was executed.
        with suppress(VenueError):
            status = await self._relay.get_status(prepared.hash)
        block = await self._rpc.block("final")
        states = await self._witnesses.nonces(self._account, prepared.nonce)
        used = sum(state.used for state in states)
        if used >= self._witnesses.needed or (used and withdrawal.out_booked):
            return await self._executed_intent(withdrawal, status.tx_hash if status is not None else None)
        if used:
            return WithdrawalStatus(state=withdrawal.state, detail=NONCE_USED_BY_ONE)
        if block.timestamp_ns > prepared.expires_ns:
            doubt = await self._witnesses.why_not_dead(self._account, prepared.nonce, prepared.expires_ns)
            reason = "its deadline has passed and its nonce is unused"
            return await self._expired(withdrawal, prepared, block.height, reason, doubt)
        if status is not None and status.status in ("PENDING", "TX_BROADCASTED", "SETTLED"):
            return WithdrawalStatus(state="sent", detail=f"relay status {status.status}")
        try:
            published = await self._relay.publish_intent(decode_signed(prepared))
        except UnreachableError as exc:
            return _unknown(
                f"no answer from the relay ({exc}); its nonce is followed, or the same intent is published again"
            )
        except RefusedError as exc:
            return _unknown(f"the relay refused the intent for now ({exc}); the same bytes are sent again")
        if published.accepted:
            return WithdrawalStatus(state="sent", detail="the relay has the intent")
        return _unknown(f"the relay refused the intent ({published.reason}); it is sent again until its deadline")

    async def _executed_intent(self, withdrawal: Withdrawal, tx_hash: str | None) -> WithdrawalStatus:
        # Whether the transfer of the token went through is found out from here on.
        if not tx_hash:
            tx_hash = await self._bridge_of(withdrawal).near_hash(withdrawal)
        return WithdrawalStatus(state="burned", detail="the intent was executed: its nonce is used", near_hash=tx_hash)

    async def _outcome(
        self, withdrawal: Withdrawal, prepared: WithdrawalPrepared, outcome: TxOutcome, near_hash: str
    ) -> WithdrawalStatus:
        if outcome.state == "pending":
            return WithdrawalStatus(state="sent", detail="NEAR has the transaction, not executed yet")
        if not outcome.final:
            return WithdrawalStatus(state="sent", detail="executed, not final yet")
        try:
            amount = withdrawn_amount(outcome, prepared.amount)
        except UnreadableOutcomeError as exc:
            return await self._unresolved(withdrawal, outcome, near_hash) or _unknown(f"executed, but {exc}")
        if amount == 0:
            doubt = await self._witnesses.why_not_so(outcome, near_hash, self._account)
            if doubt:
                return _unknown(f"NEAR reports that nothing left, but {doubt}")
        if amount == 0 and outcome.state == "failed":
            return WithdrawalStatus(state="failed", detail=f"NEAR refused it, nothing left: {outcome.failure}")
        if amount == 0:
            return _refunded(near_hash, outcome.block_height)
        return WithdrawalStatus(
            state="burned",
            detail="left the Verifier; waiting for the bridge",
            near_hash=near_hash,
            left_at=outcome.block_height,
        )

    async def _unresolved(self, withdrawal: Withdrawal, outcome: TxOutcome, near_hash: str) -> WithdrawalStatus | None:
        """Judge by bridge and balances an executed withdrawal whose outcome does not show what it took."""
        if await self._bridge_of(withdrawal).find(withdrawal, near_hash) is not None:
            return WithdrawalStatus(state="burned", detail=BRIDGE_LISTS_IT, near_hash=near_hash)
        height = outcome.block_height or (await self._rpc.block("final")).height
        if await self._came_back(withdrawal, height):
            return _refunded(near_hash, height)
        if withdrawal.out_booked and not withdrawal.back_booked:
            return WithdrawalStatus(state="burned", detail=BALANCES_SHOW_IT, near_hash=near_hash)
        return None

    async def _came_back(self, withdrawal: Withdrawal, height: int) -> bool:
        if withdrawal.out_booked:
            return await self._evidence.came_back(withdrawal)
        return await self._evidence.still_there(withdrawal, height)

    async def _expired(
        self, withdrawal: Withdrawal, prepared: WithdrawalPrepared, height: int, reason: str, doubt: str
    ) -> WithdrawalStatus:
        """Judge bytes that can never execute again: expired once the balances prove that they did not before.

        ``doubt``: why they may still execute, or may have; empty when they cannot.
        """
        near_hash = prepared.hash if prepared.route == "transaction" else ""
        found = await self._bridge_of(withdrawal).find(withdrawal, near_hash)
        if found is not None:
            return WithdrawalStatus(state="burned", detail=BRIDGE_LISTS_IT, near_hash=found.near_hash or near_hash)
        if withdrawal.out_booked:
            return WithdrawalStatus(state="burned", detail=BALANCES_SHOW_IT, near_hash=near_hash)
        if doubt:
            return _unknown(f"{reason}, but {doubt}")
        if not await self._evidence.still_there(withdrawal, height):
            return _unknown(f"{reason}, but the balances do not prove yet that nothing left")
        return WithdrawalStatus(
            state="expired", detail=f"{reason}, and the balances show that nothing left; you may place a new order"
        )

    async def _bridging(self, withdrawal: Withdrawal) -> WithdrawalStatus:
        bridge = self._bridge_of(withdrawal)
        found = await bridge.find(withdrawal, withdrawal.near_hash)
        if found is not None:
            return found
        if withdrawal.state == "burned" and withdrawal.prepared is not None:
            known = await self._transfer_failed(withdrawal, withdrawal.prepared, refunds=bridge.refunds)
            if known is not None:
                return known
        return WithdrawalStatus(state=withdrawal.state, detail=NOT_INDEXED)

    async def _transfer_failed(
        self, withdrawal: Withdrawal, prepared: WithdrawalPrepared, *, refunds: bool
    ) -> WithdrawalStatus | None:
        """Judge one that left and that the bridge does not list: the token's transfer may have failed."""
        near_hash = withdrawal.near_hash
        if not near_hash and prepared.route == "intent":
            with suppress(VenueError):
                near_hash = (await self._relay.get_status(prepared.hash)).tx_hash or ""
        if near_hash:
            outcome = await self._rpc.transaction(near_hash, self._account)
            if outcome is not None and outcome.final and outcome.state == "succeeded":
                with suppress(UnreadableOutcomeError):
                    amount = withdrawn_amount(outcome, prepared.amount)
                    if amount == 0:
                        return _refunded(near_hash, outcome.block_height)
                    return _kept(near_hash, outcome, amount, prepared.amount) if not refunds else None
        if not refunds:
            # Only the chain's own word for it: an equal amount from elsewhere must not look like a refund.
            return None
        by_nodes_alone = prepared.route == "transaction" and not withdrawal.seen_leaving
        if by_nodes_alone and await self._witnesses.why_not_over(prepared.expires_ns):
            # The bytes could still take the money after it was said to be back.
            return None
        height = withdrawal.left_at or (await self._rpc.block("final")).height
        return _refunded(near_hash, height) if await self._came_back(withdrawal, height) else None

    def _bridge_of(self, withdrawal: Withdrawal) -> BridgeFollower:
        return self._bridges[withdrawal.order.asset.bridge]


def _kept(near_hash: str, outcome: TxOutcome, amount: int, burned: int) -> WithdrawalStatus | None:
    """Tell of a transfer that took the amount, although a part of its transaction failed; None without such a part."""
    if not outcome.receipts_failed or amount != burned:
        return None
    detail = f"{NOT_REFUNDED}: {outcome.receipts_failed[0]}"
    return WithdrawalStatus(state="burned", detail=detail, near_hash=near_hash, left_at=outcome.block_height)


def _refunded(near_hash: str, height: int | None) -> WithdrawalStatus:
    detail = "the token's transfer failed; the contract credited the amount back"
    return WithdrawalStatus(state="refunded", detail=detail, near_hash=near_hash, left_at=height)


def _unknown(detail: str) -> WithdrawalStatus:
    return WithdrawalStatus(state="unknown", detail=detail)
