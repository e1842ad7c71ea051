"""NEAR accounts: what they hold in yoctoNEAR. An account exists once it was given something, or has an access key."""

from venue.sandbox.verifier.access_keys import AccessKeys

YOCTO = 10**24
OPENING = 100 * YOCTO
"""What an account holds that was opened with an access key."""


class NearBalances:
    """Balances in yoctoNEAR by account."""

    def __init__(self, keys: AccessKeys) -> None:
        self._keys = keys
        self._held: dict[str, int] = {}

    def copied(self, keys: AccessKeys) -> "NearBalances":
        copy = NearBalances(keys)
        copy._held = dict(self._held)
        return copy

    def exists(self, account: str) -> bool:
        return account in self._held or bool(self._keys.of(account))

    def of(self, account: str) -> int:
        return self._held.get(account, OPENING if self._keys.of(account) else 0)

    def give(self, account: str, amount: int) -> None:
        """Add ``amount``, which opens the account where there was none."""
        self._held[account] = self.of(account) + amount

    def take(self, account: str, amount: int) -> None:
        """Take ``amount``, at most what is there: whether it covers a transaction was checked before."""
        self._held[account] = max(0, self.of(account) - amount)
