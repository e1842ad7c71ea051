"""What is known of a withdrawal that was sent, and who is asked once it left the Verifier."""

from typing import Protocol

import msgspec

from cockpit.desk.funding.withdrawal import State, Withdrawal


class WithdrawalStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What is known now. ``left_at``: a block height by which the amount had left, None while none is known."""

    state: State
    detail: str
    near_hash: str = ""
    destination_hash: str = ""
    left_at: int | None = None


class BridgeFollower(Protocol):
    """Asks one bridge about withdrawals by it. Methods raise VenueError when it could not be asked.

    ``refunds``: whether an amount whose transfer to the bridge failed comes back to the balance by itself.
    """

    refunds: bool

    async def find(self, withdrawal: Withdrawal, near_hash: str) -> WithdrawalStatus | None:
        """Return what the bridge knows of the withdrawal; None means not indexed yet, never failed.

        ``near_hash``: the NEAR transaction by which it left, empty while it is not known.
        """

    async def near_hash(self, withdrawal: Withdrawal) -> str:
        """Return the NEAR transaction by which it left, as far as it can be found out; empty while it is not known."""
