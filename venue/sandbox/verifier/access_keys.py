"""NEAR access keys: which may sign an account's transactions, and with which nonce next."""

import msgspec

from venue.sandbox.wire.keys import parse_public_key


class AccessKey(msgspec.Struct, frozen=True):
    """The key's last used nonce, and whether it may attach deposits (a full-access key)."""

    nonce: int
    full_access: bool


class AccessKeys:
    """Access keys by account and key; an account without any cannot send transactions."""

    def __init__(self) -> None:
        self._keys: dict[str, dict[str, AccessKey]] = {}

    def add(self, account: str, public_key: str, *, nonce: int, full_access: bool) -> None:
        """Give the account a key ``ed25519:<base58>``; ValueError for an invalid key."""
        self._keys.setdefault(account, {})[parse_public_key(public_key)] = AccessKey(nonce, full_access)

    def find(self, account: str, public_key: str) -> AccessKey | None:
        return self._keys.get(account, {}).get(public_key)

    def of(self, account: str) -> dict[str, AccessKey]:
        return dict(self._keys.get(account, {}))

    def use(self, account: str, public_key: str, nonce: int) -> None:
        key = self._keys[account][public_key]
        self._keys[account][public_key] = AccessKey(nonce, key.full_access)
