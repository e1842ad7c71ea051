"""What a call of the Verifier did: its logs, and the transfers that it started."""

from collections.abc import Callable

import msgspec

from venue.sandbox.verifier.accounts import Burn, Notification, StoragePaid
from venue.sandbox.verifier.contracts import Step


class Transferred(msgspec.Struct, frozen=True):
    """The result of a withdrawal's transfer: ``failure`` is the token contract's panic, None for success.

    ``returned`` base units were credited back (``ft_resolve_withdraw``, whose lines are ``logs``). ``steps``: what a
    transfer with a message started at the token.
    """

    burn: Burn
    failure: str | None = None
    returned: int = 0
    logs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()

    @property
    def used(self) -> int:
        """Base units that left for good, which ``ft_withdraw`` returns."""
        return self.burn.amount - self.returned


class Executed(msgspec.Struct, frozen=True, kw_only=True):
    """A successful call: base58 intent hashes in order, base58 transaction hash, block height, log lines,
    and the results of its withdrawals. ``steps``: what it told the receivers of its transfers, and took back.
    """

    intent_hashes: tuple[str, ...]
    tx_hash: str
    height: int
    logs: tuple[str, ...]
    transfers: tuple[Transferred, ...] = ()
    steps: tuple[Step, ...] = ()


class Started(msgspec.Struct, frozen=True, kw_only=True):
    """A call whose changes are visible and whose transfers have not run; ``undo`` takes the changes back.

    ``paid_out``: native NEAR by receiver, yoctoNEAR.
    """

    tx_hash: str
    intent_hashes: tuple[str, ...]
    logs: tuple[str, ...]
    burns: tuple[Burn, ...]
    storage_paid: tuple[StoragePaid, ...]
    paid_out: tuple[tuple[str, int], ...]
    notified: tuple[Notification, ...]
    undo: Callable[[], None]
