"""Registering the signing key with the Verifier: by the desk when its key may, by hand otherwise."""

import asyncio

from cockpit.desk.funding.messages import NOT_CONFIRMED
from cockpit.model.environment import Environment
from cockpit.model.events import LiquidityAction
from cockpit.model.recorder import Recorder
from storage.errors import HistoryError
from venue.near.rpc import NearRpc
from venue.protocol.assets import INTENTS_CONTRACT
from venue.signing.signer import SignedBytes, Signer
from venue.transport.errors import RefusedError, VenueError
from venue.verifier import Verifier

KIND = "key"
DURABLE_WITHIN_S = 5.0


def by_hand(account: str, public_key: str, contract: str = INTENTS_CONTRACT) -> str:
    """Return the ``near`` command that registers the key; it needs a full-access key of the account."""
    return (
        f"near contract call-function as-transaction {contract} add_public_key json-args "
        f"'{{\"public_key\":\"{public_key}\"}}' prepaid-gas '100.0 Tgas' attached-deposit '1 yoctoNEAR' "
        f"sign-as {account} network-config mainnet sign-with-keychain send"
    )


class KeyRegistration:
    """Signs ``add_public_key`` for the desk's own key once, and sends those bytes until their outcome is known."""

    def __init__(
        self, env: Environment, recorder: Recorder, account: str, signer: Signer, rpc: NearRpc, verifier: Verifier
    ) -> None:
        self._env = env
        self._recorder = recorder
        self._account = account
        self._signer = signer
        self._rpc = rpc
        self._verifier = verifier
        self._signed: SignedBytes | None = None

    async def register(self) -> tuple[bool, str]:
        """Register the key; return whether it is registered now, and what was done or why not, in one sentence."""
        try:
            if await self._verifier.has_public_key(self._account, self._signer.public_key):
                self._signed = None
                return True, "the key is registered already"
            signed = self._signed or await self._sign()
            if signed is None:
                return False, (
                    "the signing key is not a full-access key of the account, so it cannot register itself; "
                    f"run: {by_hand(self._account, self._signer.public_key, self._signer.contract)}"
                )
            self._signed = signed
            outcome = await self._rpc.send_transaction(signed.sent, wait_until="FINAL")
        except RefusedError as exc:
            self._signed = None
            return False, f"NEAR refused the registration: {exc}"
        except VenueError as exc:
            return False, f"the outcome is unknown ({exc}); repeat the command to send the same transaction again"
        except HistoryError as exc:
            return False, f"nothing was sent: {exc}"
        if outcome.state == "pending":
            return False, f"transaction {signed.hash} is pending; repeat the command in a moment"
        self._signed = None
        if outcome.state == "failed":
            return False, f"the registration failed: {outcome.failure}"
        self._record_step(signed, "registered")
        return True, f"the key is registered by transaction {signed.hash}"

    async def _sign(self) -> SignedBytes | None:
        """Sign and record the transaction; None when the key is not a full-access key."""
        key = await self._rpc.access_key(self._account, self._signer.public_key)
        if key is None or not key.full_access:
            return None
        block = await self._rpc.block("final")
        signed = self._signer.sign_key_registration(key.nonce, block.hash)
        self._record_step(signed, "prepared")
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                await self._recorder.flush()
        except TimeoutError:
            raise HistoryError(NOT_CONFIRMED) from None
        return signed

    def _record_step(self, signed: SignedBytes, status: str) -> None:
        self._recorder.record(
            LiquidityAction(
                at_ns=self._env.wall_ns(),
                action_id=f"key-{signed.hash}",
                kind=KIND,
                asset=None,
                amount=None,
                chain=None,
                tx_hash=signed.hash,
                status=status,
                detail=f"add_public_key {self._signer.public_key}",
            )
        )
