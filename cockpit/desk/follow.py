"""Finding out what became of a withdrawal, and sending the same bytes again while nobody knows of them.

Nothing here makes new bytes. A withdrawal is called expired only when its bytes can never execute (their time is over
by block time, or another transaction used their nonce) and the balances show that the money is still there.
"""

from collections.abc import Awaitable, Callable

import msgspec

from cockpit.desk.withdrawal import State, Withdrawal
from cockpit.events import WithdrawalPrepared
from venue.bridge import Bridge
from venue.bridge_withdrawals import BridgeWithdrawal
from venue.jsonrpc import Refused, Unreachable
from venue.near_rpc import NearRpc
from venue.near_tx import OutcomeUnknown, TxOutcome, withdrawal_burned
from venue.relay_rpc import RelayRpc
from venue.signed_bytes import decode_signed
from venue.verifier import Verifier


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What is known now: a state and a sentence, and what else was learnt on the way."""

    state: State
    detail: str
    near_hash: str = ""
    destination_hash: str = ""
    burned_at: int | None = None


class Follower:
    """Asks NEAR, the relay and the bridge about withdrawals of one account.

    ``still_there`` reads the balances at or after a block height and says whether they are explained without the burn.
    """

    def __init__(
        self,
        account: str,
        public_key: str,
        *,
        rpc: NearRpc,
        verifier: Verifier,
        relay: RelayRpc,
        bridge: Bridge,
        still_there: Callable[[Withdrawal, int], Awaitable[bool]],
    ) -> None:
        self._account = account
        self._public_key = public_key
        self._rpc = rpc
        self._verifier = verifier
        self._relay = relay
        self._bridge = bridge
        self._still_there = still_there

    async def look(self, withdrawal: Withdrawal) -> Finding:
        """One step further, or the same state with a better sentence. Raises Unreachable or Refused: nothing learnt."""
        prepared = withdrawal.prepared
        if withdrawal.undecided and prepared is not None:
            if prepared.route == "transaction":
                return await self._transaction(withdrawal, prepared)
            return await self._intent(withdrawal, prepared)
        return await self._bridging(withdrawal)

    async def _transaction(self, withdrawal: Withdrawal, prepared: WithdrawalPrepared) -> Finding:
        outcome = await self._rpc.transaction(prepared.hash, self._account)
        if outcome is not None:
            return _outcome(outcome, prepared)
        block = await self._rpc.block("final")
        key = await self._rpc.access_key(self._account, self._public_key)
        if block.timestamp_ns > prepared.expires_ns:
            return await self._dead(withdrawal, prepared, block.height, "its block hash is too old to execute")
        if key is None:
            return _unknown(
                "the signing key is no access key of the account any more; the bytes wait until they expire"
            )
        if key.nonce >= int(prepared.nonce):
            outcome = await self._rpc.transaction(prepared.hash, self._account)
            if outcome is not None:
                return _outcome(outcome, prepared)
            height = max(key.block_height, block.height)
            return await self._dead(withdrawal, prepared, height, "another transaction used its access-key nonce")
        try:
            sent = await self._rpc.send_transaction(decode_signed(prepared), wait_until="EXECUTED_OPTIMISTIC")
        except Refused as exc:
            return _unknown(f"NEAR does not take the transaction now ({exc}); the same bytes are tried again")
        except Unreachable as exc:
            return _unknown(f"no answer from NEAR ({exc}); the same bytes are sent again or their hash is followed")
        return _outcome(sent, prepared)

    async def _intent(self, withdrawal: Withdrawal, prepared: WithdrawalPrepared) -> Finding:
        status = await self._relay.get_status(prepared.hash)
        if status.status == "SETTLED" and status.tx_hash:
            return await self._settled_intent(withdrawal, prepared, status.tx_hash)
        if status.status in ("PENDING", "TX_BROADCASTED"):
            return Finding(state="sent", detail=f"the relay says {status.status}")
        block = await self._rpc.block("final")
        if await self._verifier.is_nonce_used(self._account, prepared.nonce, finality="final"):
            found = await self._in_recent(prepared)
            return Finding(
                state="burned",
                detail="its nonce is used: the intent was executed",
                near_hash=(found.tx_hash if found else None) or status.tx_hash or "",
                burned_at=block.height,
            )
        if block.timestamp_ns > prepared.expires_ns:
            return await self._dead(
                withdrawal, prepared, block.height, "its deadline has passed and its nonce is unused"
            )
        try:
            published = await self._relay.publish_intent(decode_signed(prepared))
        except Unreachable as exc:
            return _unknown(
                f"no answer from the relay ({exc}); the same intent is published again or its nonce followed"
            )
        except Refused as exc:
            return _unknown(f"the relay does not take the intent now ({exc}); the same bytes are tried again")
        if published.taken:
            return Finding(state="sent", detail="the relay has the intent")
        return _unknown(f"the relay refuses the intent ({published.reason}); it is tried again until its deadline")

    async def _settled_intent(self, withdrawal: Withdrawal, prepared: WithdrawalPrepared, tx_hash: str) -> Finding:
        """Executed; whether the token's transfer went through, the transaction, the bridge or the balances tell."""
        outcome = await self._rpc.transaction(tx_hash, self._account)
        if outcome is None or outcome.state == "pending":
            return Finding(state="burned", detail="the intent is settled", near_hash=tx_hash)
        finding = msgspec.structs.replace(_outcome(outcome, prepared), near_hash=tx_hash)
        if finding.state != "unknown":
            return finding
        token = withdrawal.order.asset.near_token
        if await self._bridge.withdrawal_status(tx_hash, near_token=token, amount=prepared.amount):
            return Finding(state="burned", detail="the bridge knows the burn", near_hash=tx_hash)
        height = outcome.block_height or (await self._rpc.block("final")).height
        if withdrawal.back_booked or (not withdrawal.burn_booked and await self._still_there(withdrawal, height)):
            return Finding(state="refunded", detail="the contract credited the amount back", near_hash=tx_hash)
        return finding

    async def _in_recent(self, prepared: WithdrawalPrepared) -> BridgeWithdrawal | None:
        """The bridge's own record of a burn whose hash nobody told, by token, amount and destination."""
        for found in await self._bridge.recent_withdrawals(self._account, prepared.chain):
            young = found.created_ns is None or found.created_ns >= prepared.at_ns - 60 * 10**9
            if found.amount == prepared.amount and found.address.lower() == prepared.destination.lower() and young:
                return found
        return None

    async def _dead(self, withdrawal: Withdrawal, prepared: WithdrawalPrepared, height: int, why: str) -> Finding:
        """Never again executable: expired once the balances prove that it did not execute before."""
        if await self._bridge.withdrawal_status(
            prepared.hash, near_token=withdrawal.order.asset.near_token, amount=prepared.amount
        ):
            return Finding(state="burned", detail="the bridge knows the burn", near_hash=prepared.hash)
        if withdrawal.burn_booked:
            near_hash = prepared.hash if prepared.route == "transaction" else ""
            return Finding(state="burned", detail="the balances show the burn", near_hash=near_hash, burned_at=height)
        if not await self._still_there(withdrawal, height):
            return _unknown(f"{why}, but the balances do not prove yet that nothing was burned")
        return Finding(
            state="expired", detail=f"{why}, and the balances show that nothing left; a new withdrawal may be made"
        )

    async def _bridging(self, withdrawal: Withdrawal) -> Finding:
        order = withdrawal.order
        if withdrawal.near_hash == "" and withdrawal.prepared is not None:
            found = await self._in_recent(withdrawal.prepared)
        else:
            found = await self._bridge.withdrawal_status(
                withdrawal.near_hash, near_token=order.asset.near_token, amount=order.amount
            )
        if found is None:
            if withdrawal.back_booked:
                return Finding(state="refunded", detail="the contract credited the amount back")
            return Finding(state=withdrawal.state, detail="the bridge has not indexed it yet")
        return _bridge_says(found, withdrawal)


def _bridge_says(found: BridgeWithdrawal, withdrawal: Withdrawal) -> Finding:
    near_hash, paid = found.tx_hash or "", found.transfer_tx_hash or ""
    if found.status == "COMPLETED":
        if not paid:
            return Finding(state="bridging", detail="the bridge says COMPLETED and no hash yet", near_hash=near_hash)
        return Finding(state="completed", detail="paid out", near_hash=near_hash, destination_hash=paid)
    if found.status == "RETURNED":
        return Finding(state="returned", detail="the bridge gave the amount back", near_hash=near_hash)
    if found.status == "FAILED":
        detail = "the bridge says FAILED: the amount left the Verifier and was not paid out; ask the bridge's support"
        return Finding(state="failed", detail=detail, near_hash=near_hash)
    return Finding(
        state="bridging", detail=f"the bridge says {found.status}", near_hash=near_hash, destination_hash=paid
    )


def _outcome(outcome: TxOutcome, prepared: WithdrawalPrepared) -> Finding:
    near_hash = prepared.hash
    if outcome.state == "pending":
        return Finding(state="sent", detail="NEAR has the transaction and has not executed it yet")
    try:
        burned = withdrawal_burned(outcome, prepared.amount)
    except OutcomeUnknown as exc:
        return Finding(state="unknown", detail=f"executed, but {exc}", near_hash=near_hash)
    if burned == 0 and outcome.state == "failed":
        return Finding(state="failed", detail=f"NEAR refused it and nothing left: {outcome.failure}")
    if burned == 0:
        detail = "the token's transfer failed and the contract credited the amount back"
        return Finding(state="refunded", detail=detail, near_hash=near_hash, burned_at=outcome.block_height)
    if not outcome.final:
        return Finding(state="sent", detail="executed, not final yet")
    return Finding(
        state="burned",
        detail="burned on NEAR; waiting for the bridge",
        near_hash=near_hash,
        burned_at=outcome.block_height,
    )


def _unknown(detail: str) -> Finding:
    return Finding(state="unknown", detail=detail)
