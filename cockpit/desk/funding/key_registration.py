"""Registering the signing key with the Verifier: by the desk when its key may, by hand otherwise."""

import asyncio
from collections.abc import Awaitable, Callable

from cockpit.model.events import LiquidityAction
from storage.errors import HistoryError
from venue.near.rpc import NearRpc
from venue.protocol.assets import INTENTS_CONTRACT
from venue.signing.signer import SignedBytes, Signer
from venue.transport.errors import RefusedError, VenueError
from venue.verifier import Verifier

KIND = "key"
DURABLE_WITHIN_S = 5.0


def by_hand(account: str, public_key: str, network: str = "mainnet") -> str:
    """The ``near`` command that registers the key, signed by whoever holds a full-access key of the account."""
    return (
        f"near contract call-function as-transaction {INTENTS_CONTRACT} add_public_key json-args "
        f"'{{\"public_key\":\"{public_key}\"}}' prepaid-gas '100.0 Tgas' attached-deposit '1 yoctoNEAR' "
        f"sign-as {account} network-config {network} sign-with-keychain send"
    )


class KeyRegistration:
    """Signs ``add_public_key`` for the desk's own key once, and sends those bytes until their outcome is known."""

    def __init__(
        self,
        account: str,
        signer: Signer,
        rpc: NearRpc,
        verifier: Verifier,
        *,
        record: Callable[[LiquidityAction], None],
        durable: Callable[[], Awaitable[None]],
        wall_ns: Callable[[], int],
    ) -> None:
        self._account = account
        self._signer = signer
        self._rpc = rpc
        self._verifier = verifier
        self._record = record
        self._durable = durable
        self._wall_ns = wall_ns
        self._signed: SignedBytes | None = None

    async def register(self) -> tuple[bool, str]:
        """Whether the key is registered now, or why not, in one sentence. No answer is told as unknown."""
        try:
            if await self._verifier.has_public_key(self._account, self._signer.public_key):
                self._signed = None
                return True, "the key is registered"
            signed = self._signed or await self._sign()
            if signed is None:
                return False, (
                    "the signing key is no full-access key of the account, so it cannot register itself; "
                    f"run: {by_hand(self._account, self._signer.public_key)}"
                )
            self._signed = signed
            outcome = await self._rpc.send_transaction(signed.sent, wait_until="FINAL")
        except RefusedError as exc:
            self._signed = None
            return False, f"NEAR refused the registration: {exc}"
        except VenueError as exc:
            return False, f"the outcome is unknown ({exc}); ask again, the same transaction is sent"
        except HistoryError as exc:
            return False, f"nothing was sent: {exc}"
        if outcome.state == "pending":
            return False, f"transaction {signed.hash} is under way; ask again"
        self._signed = None
        if outcome.state == "failed":
            return False, f"the registration failed: {outcome.failure}"
        self._note(signed, "registered")
        return True, f"the key is registered, by transaction {signed.hash}"

    async def _sign(self) -> SignedBytes | None:
        """Sign and record; None when the key may not."""
        key = await self._rpc.access_key(self._account, self._signer.public_key)
        if key is None or not key.full_access:
            return None
        block = await self._rpc.block("final")
        signed = self._signer.sign_key_registration(key.nonce, block.hash)
        self._note(signed, "prepared")
        try:
            async with asyncio.timeout(DURABLE_WITHIN_S):
                await self._durable()
        except TimeoutError:
            raise HistoryError("the history did not confirm the record in time; look at its health") from None
        return signed

    def _note(self, signed: SignedBytes, status: str) -> None:
        detail = f"add_public_key {self._signer.public_key}"
        self._record(
            LiquidityAction(self._wall_ns(), f"key-{signed.hash}", KIND, None, None, None, signed.hash, status, detail)
        )
