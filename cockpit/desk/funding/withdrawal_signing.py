"""Signs a withdrawal by its route: a NEAR transaction, or an intent for the relay."""

from collections.abc import Callable

from cockpit.desk.funding.errors import NotPreparedError
from cockpit.desk.funding.withdrawal import RecordedOrder, Withdrawal
from cockpit.desk.funding.withdrawal_book import WithdrawalBook
from cockpit.model.environment import Environment
from venue.near.rpc import NearRpc
from venue.protocol.units import NS_PER_S
from venue.signing.signer import LONGEST_INTENT_NS, SignedBytes, Signer

VALID_NS = 25 * 3600 * NS_PER_S
"""A transaction's block hash is good for about 24 h (PROTOCOL); an hour more is certain."""


class WithdrawalSigning:
    """Makes the bytes of a withdrawal. ``salt`` returns the Verifier's current one, None while it is not known."""

    def __init__(
        self,
        account: str,
        signer: Signer,
        rpc: NearRpc,
        book: WithdrawalBook,
        *,
        salt: Callable[[], bytes | None],
        env: Environment,
    ) -> None:
        self._wall_ns = env.wall_ns
        self._account = account
        self._signer = signer
        self._rpc = rpc
        self._book = book
        self._salt = salt

    async def sign(self, order: RecordedOrder) -> tuple[SignedBytes, int]:
        """Return the signed bytes and when, by block time (UTC ns), they can no longer execute.

        Raises NotPreparedError, VenueError, or the signer's refusal.
        """
        block = await self._rpc.block("final")
        if order.route == "intent":
            salt = self._salt()
            if salt is None:
                raise NotPreparedError("the Verifier's salt is not known; try again")
            # A node that is ahead must not make it live longer, nor this machine's clock make it outlive the bound.
            deadline = min(block.timestamp_ns, self._wall_ns()) + LONGEST_INTENT_NS
            signed = self._signer.sign_withdrawal_intent(
                order.asset, order.amount, order.destination, deadline_ns=deadline, salt=salt, terms=order.terms
            )
            return signed, deadline
        key = await self._rpc.access_key(self._account, self._signer.public_key)
        if key is None or not key.full_access:
            raise NotPreparedError(
                "a withdrawal by transaction attaches 1 yoctoNEAR, which needs a full-access key of the account; "
                "set WITHDRAWAL_ROUTE=intent, or use such a key"
            )
        # Of two transactions with one nonce only one can execute: that of another asset may still be in flight.
        last = max([key.nonce, *(access_nonce(w) for w in self._book if w.undecided)])
        signed = self._signer.sign_withdrawal_transaction(
            order.asset, order.amount, order.destination, access_nonce=last, block_hash=block.hash
        )
        return signed, block.timestamp_ns + VALID_NS


def access_nonce(withdrawal: Withdrawal) -> int:
    """Return the access-key nonce that its bytes use; 0 for an intent."""
    prepared = withdrawal.prepared
    return int(prepared.nonce) if prepared is not None and prepared.route == "transaction" else 0
