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
        self._keys[account][name] = AccessKey(nonce, key.full_access)
