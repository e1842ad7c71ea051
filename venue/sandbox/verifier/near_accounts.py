"""NEAR accounts: what they hold in yoctoNEAR, and which keys may sign for them, for what and with which nonce next.

An account exists once it was given something or opened.
"""

import re

import msgspec

from venue.sandbox.wire.actions import CallPermission
from venue.sandbox.wire.keys import parse_public_key, public_key_text

YOCTO = 10**24
OPENING = 100 * YOCTO
"""What an account holds that was opened with an access key."""


_RECORD, _FULL_ACCESS, _FUNCTION_CALL = 40, 9, 10
"""Bytes of storage that nearcore counts for a record, and for a key of either kind without the texts in it."""


_IMPLICIT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ETHEREUM = re.compile(r"0x[0-9a-f]{40}", re.ASCII)


def is_implicit(account: str) -> bool:
    """Return whether the account comes into being by the first transfer to it."""
    return _IMPLICIT.fullmatch(account) is not None or _ETHEREUM.fullmatch(account) is not None


def implicit_near_key(account: str) -> str | None:
    """Return the key that an account named by it comes with; None for another account."""
    return public_key_text(bytes.fromhex(account)) if _IMPLICIT.fullmatch(account) else None


class NearBalances:
    """Balances in yoctoNEAR by account."""

    def __init__(self) -> None:
        self._held: dict[str, int] = {}

    def copied(self) -> "NearBalances":
        copy = NearBalances()
        copy.restore(self)
        return copy

    def restore(self, earlier: "NearBalances") -> None:
        """Make the balances those of an earlier copy."""
        self._held = dict(earlier._held)

    def exists(self, account: str) -> bool:
        return account in self._held

    def of(self, account: str) -> int:
        return self._held.get(account, 0)

    def total(self) -> int:
        return sum(self._held.values())

    def open(self, account: str, amount: int = 0) -> None:
        """Open the account with ``amount``; no effect where it exists."""
        self._held.setdefault(account, amount)

    def give(self, account: str, amount: int) -> None:
        """Add ``amount``, which opens the account where there was none."""
        self._held[account] = self.of(account) + amount

    def take(self, account: str, amount: int) -> None:
        """Take ``amount``, at most what is there: whether it covers a transaction was checked before."""
        if account in self._held:
            self._held[account] = max(0, self._held[account] - amount)

    def remove(self, account: str) -> int:
        """End the account and return what it held."""
        return self._held.pop(account, 0)


class AccessKey(msgspec.Struct, frozen=True):
    """The key's last used nonce, and what it may do; ``permission`` None is full access."""

    nonce: int
    permission: CallPermission | None = None

    @property
    def full_access(self) -> bool:
        return self.permission is None


class AccessKeys:
    """Access keys by account and key; an account without any cannot send transactions."""

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, AccessKey]] = {}

    def copied(self) -> "AccessKeys":
        copy = AccessKeys()
        copy.restore(self)
        return copy

    def restore(self, earlier: "AccessKeys") -> None:
        """Make the keys those of an earlier copy."""
        self._keys = {account: dict(keys) for account, keys in earlier._keys.items()}

    def add(self, account: str, public_key: str, *, nonce: int, permission: CallPermission | None = None) -> None:
        """Give the account a key ``<curve>:<base58>``; ValueError for an invalid key."""
        self._keys.setdefault(account, {})[parse_public_key(public_key)] = AccessKey(nonce, permission)

    def remove(self, account: str, public_key: str) -> None:
        """Take a key from the account, which has it."""
        del self._keys[account][parse_public_key(public_key)]

    def remove_all(self, account: str) -> None:
        self._keys.pop(account, None)

    def find(self, account: str, public_key: str) -> AccessKey | None:
        """Return the key, None without it; its text may lack the curve, which is then Ed25519, as nearcore has it."""
        try:
            return self._keys.get(account, {}).get(parse_public_key(public_key))
        except ValueError:
            return None

    def of(self, account: str) -> dict[str, AccessKey]:
        return dict(self._keys.get(account, {}))

    def use(self, account: str, public_key: str, nonce: int) -> None:
        name = parse_public_key(public_key)
        key = self._keys[account][name]
        self._keys[account][name] = msgspec.structs.replace(key, nonce=nonce)

    def spend(self, account: str, public_key: str, amount: int) -> None:
        """Take yoctoNEAR from what the key may still spend, where it has such a limit and still exists."""
        key = self.find(account, public_key)
        if key is None or key.permission is None or key.permission.allowance is None:
            return
        left = msgspec.structs.replace(key.permission, allowance=max(0, key.permission.allowance - amount))
        self._keys[account][parse_public_key(public_key)] = AccessKey(key.nonce, left)

    def storage(self, account: str) -> int:
        """Return the bytes of storage that the account's keys take up, as nearcore counts them."""
        return sum(_RECORD + _key_bytes(name) + _access_bytes(key) for name, key in self.of(account).items())


def _key_bytes(public_key: str) -> int:
    return 33 if public_key.startswith("ed25519") else 65


def _access_bytes(key: AccessKey) -> int:
    permission = key.permission
    if permission is None:
        return _FULL_ACCESS
    texts = 8 + len(permission.receiver_id.encode()) + sum(4 + len(name.encode()) for name in permission.methods)
    return _FUNCTION_CALL + texts + (0 if permission.allowance is None else 16)
