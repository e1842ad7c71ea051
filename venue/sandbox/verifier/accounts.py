"""The Verifier's accounts, and a draft of one call's changes that is committed whole or not at all."""

import copy
import re
from collections.abc import Callable, Iterable, Mapping, Set

import msgspec

from venue.protocol.nonce import Nonce, unpack_nonce
from venue.sandbox.wire.errors import (
    INSUFFICIENT_BALANCE,
    INVALID_INTENT,
    NONCE_USED,
    ContractPanicError,
    GasExceededError,
    account_locked,
    account_not_found,
    key_exists,
    key_missing,
)
from venue.sandbox.wire.keys import address_account, public_key_text
from venue.sandbox.wire.scalars import MAX_U128

_IMPLICIT = re.compile(r"[0-9a-f]{64}", re.ASCII)
_ADDRESS = re.compile(r"0x[0-9a-f]{40}", re.ASCII)


class Burn(msgspec.Struct, frozen=True, kw_only=True):
    """A withdrawal, logged by the contract as ``mt_burn``; ``amount`` in base units, ``at_ns`` block time.

    With a ``msg`` it leaves by ``ft_transfer_call``, which the PoA bridge does not treat as a withdrawal.
    """

    account: str
    token: str
    token_id: str
    amount: int
    memo: str | None
    receiver_id: str
    tx_hash: str
    at_ns: int
    msg: str | None = None


class StoragePaid(msgspec.Struct, frozen=True, kw_only=True):
    """wNEAR that left for the storage deposit of ``for_account`` at ``contract``; ``amount`` in yoctoNEAR."""

    account: str
    contract: str
    for_account: str
    amount: int


class Notification(msgspec.Struct, frozen=True, kw_only=True):
    """A transfer inside the Verifier that the receiver's contract is told of, and may give back; base units."""

    sender: str
    receiver: str
    token_ids: tuple[str, ...]
    amounts: tuple[int, ...]
    msg: str


class Account:
    """Balances in base units, registered keys and used nonces of one account.

    ``keeps_address_key``: an account named by the address of a key owns that key until it is removed.
    """

    def __init__(self, name: str) -> None:
        self.balances: dict[str, int] = {}
        self.keys: dict[str, None] = {}
        self.keeps_address_key = True
        self.nonces: set[bytes] = set()
        self.takes_predecessor = True
        implicit = implicit_key(name)
        if implicit is not None:
            self.keys[implicit] = None

    def copied(self) -> "Account":
        made = copy.copy(self)
        made.balances, made.keys, made.nonces = dict(self.balances), dict(self.keys), set(self.nonces)
        return made


def implicit_key(account: str) -> str | None:
    """Return the key that a 64-hex implicit account owns from the start; None for a named account."""
    return public_key_text(bytes.fromhex(account)) if _IMPLICIT.fullmatch(account) else None


def is_address_key(account: str, key: str) -> bool:
    """Return whether the account is named by the key's address (``0x…``), which does not tell the key itself."""
    return _ADDRESS.fullmatch(account) is not None and address_account(key) == account


def read_nonce(raw: bytes) -> Nonce | None:
    """Return the parts of a versioned nonce; as in the contract, an unknown version is a legacy nonce (None)."""
    try:
        return unpack_nonce(raw)
    except ValueError:
        return None


class Accounts:
    """All accounts of the Verifier; an account exists once it was credited, registered a key or used a nonce."""

    def __init__(self) -> None:
        self._accounts: dict[str, Account] = {}

    def copied(self) -> "Accounts":
        made = Accounts()
        made._accounts = {name: account.copied() for name, account in self._accounts.items()}
        return made

    def find(self, name: str) -> Account | None:
        return self._accounts.get(name)

    def touch(self, name: str) -> Account:
        """Return the account, created when it does not exist."""
        account = self._accounts.get(name)
        if account is None:
            account = self._accounts[name] = Account(name)
        return account

    def names(self) -> tuple[str, ...]:
        return tuple(self._accounts)

    def keys_of(self, name: str) -> tuple[str, ...]:
        """Return the keys that may sign for the account; an implicit account need not exist to own its key."""
        account = self._accounts.get(name)
        if account is not None:
            return tuple(account.keys)
        implicit = implicit_key(name)
        return () if implicit is None else (implicit,)

    def has_key(self, name: str, key: str) -> bool:
        """Return whether the key (in canonical form) may sign for the account."""
        if is_address_key(name, key):
            account = self._accounts.get(name)
            return account is None or account.keeps_address_key
        return key in self.keys_of(name)

    def forget(self, names: Iterable[str]) -> None:
        """Undo that the accounts came into being."""
        for name in names:
            self._accounts.pop(name, None)

    def forget_nonces(self, cleanable: Callable[[Nonce], bool]) -> int:
        """Drop every versioned nonce that ``cleanable`` accepts and return their number; legacy nonces stay."""
        dropped = 0
        for account in self._accounts.values():
            gone = {raw for raw in account.nonces if (nonce := read_nonce(raw)) is not None and cleanable(nonce)}
            account.nonces -= gone
            dropped += len(gone)
        return dropped


MAX_GAS = 300 * 10**12
"""The most that a transaction may carry."""


class Draft:
    """The changes of one call on top of the accounts; nothing is visible outside before ``commit``.

    ``locked`` accounts can be credited and can do nothing else. ``state_logs``: lines that a simulation does not show.
    ``paid_out``: native NEAR that leaves, by receiver, in yoctoNEAR. ``gas``: what the call was given.
    """

    def __init__(self, accounts: Accounts, *, locked: Set[str] = frozenset(), gas: int = MAX_GAS) -> None:
        self._accounts = accounts
        self._gas = gas
        self._locked = locked
        self._balances: dict[tuple[str, str], int] = {}
        self._keys: dict[str, dict[str, None]] = {}
        self._keeps_address_key: dict[str, bool] = {}
        self._nonces: set[tuple[str, bytes]] = set()
        self._made: set[str] = set()
        self.deltas: dict[str, dict[str, int]] = {}
        self._predecessor: dict[str, bool] = {}
        self.state_logs: list[str] = []
        self.burns: list[Burn] = []
        self.burned: list[tuple[str, list[tuple[str, int]]]] = []
        self.storage_paid: list[StoragePaid] = []
        self.paid_out: list[tuple[str, int]] = []
        self.notified: list[Notification] = []

    def reserve_gas(self, gas: int) -> None:
        """Set gas aside for a call that this one starts; GasExceededError when it was not given so much."""
        self._gas -= gas
        if self._gas < 0:
            raise GasExceededError

    def exists(self, name: str) -> bool:
        """Return whether the account is known, before this call or through it."""
        return name in self._made or self._accounts.find(name) is not None

    def balance(self, name: str, token_id: str) -> int:
        """Return the base units that this call has left so far."""
        drafted = self._balances.get((name, token_id))
        if drafted is not None:
            return drafted
        account = self._accounts.find(name)
        return 0 if account is None else account.balances.get(token_id, 0)

    def credit(self, name: str, token_id: str, amount: int) -> None:
        """Add base units; ContractPanicError for zero or past 128 bits."""
        if amount <= 0:
            raise ContractPanicError(INVALID_INTENT)
        total = self.balance(name, token_id) + amount
        if total > MAX_U128:
            raise ContractPanicError(INSUFFICIENT_BALANCE)
        self._made.add(name)
        self._balances[name, token_id] = total

    def debit(self, name: str, token_id: str, amount: int) -> None:
        """Take base units; ContractPanicError for an unknown or locked account, zero, or more than the balance."""
        if not self.exists(name):
            raise account_not_found(name)
        self._check_lock(name)
        if amount <= 0:
            raise ContractPanicError(INVALID_INTENT)
        left = self.balance(name, token_id) - amount
        if left < 0:
            raise ContractPanicError(INSUFFICIENT_BALANCE)
        self._balances[name, token_id] = left

    def move(self, name: str, token_id: str, delta: int) -> None:
        """Credit or debit ``delta`` and record it: by the end of the call all deltas must cancel."""
        if delta < 0:
            self.debit(name, token_id, -delta)
        else:
            self.credit(name, token_id, delta)
        owners = self.deltas.setdefault(token_id, {})
        owners[name] = owners.get(name, 0) + delta

    def has_key(self, name: str, key: str) -> bool:
        """Return whether the key may sign for the account at this point of the call."""
        if is_address_key(name, key):
            drafted = self._keeps_address_key.get(name)
            return self._accounts.has_key(name, key) if drafted is None else drafted
        return key in self._keys.get(name, self._accounts.keys_of(name))

    def add_key(self, name: str, public_key: str) -> None:
        """Register a key; ContractPanicError when it is already registered."""
        if self.has_key(name, public_key):
            raise key_exists(name, public_key)
        self._set_key(name, public_key, registered=True)

    def remove_key(self, name: str, public_key: str) -> None:
        """Remove a key; ContractPanicError when it is not registered."""
        if not self.has_key(name, public_key):
            raise key_missing(name, public_key)
        self._set_key(name, public_key, registered=False)

    def use_nonce(self, name: str, nonce: bytes) -> None:
        """Burn a nonce of the account; ContractPanicError when it was used before, in this call too."""
        account = self._accounts.find(name)
        if (name, nonce) in self._nonces or (account is not None and nonce in account.nonces):
            raise ContractPanicError(NONCE_USED)
        self._check_lock(name)
        self._made.add(name)
        self._nonces.add((name, nonce))

    def set_predecessor(self, name: str, *, enabled: bool) -> bool:
        """Let the account make function calls of its own, or signed intents only; True if that is a change.

        Raises ContractPanicError for a locked account.
        """
        self._check_lock(name)
        self._made.add(name)
        account = self._accounts.find(name)
        before = self._predecessor.get(name, account is None or account.takes_predecessor)
        self._predecessor[name] = enabled
        return before != enabled

    def commit(self) -> Callable[[], None]:
        """Make the changes visible and return what takes them back, as long as nothing else has changed since."""
        accounts = self._accounts
        changed = {*self._made, *self._predecessor, *self._keys, *self._keeps_address_key}
        changed |= {name for name, _ in self._balances} | {name for name, _ in self._nonces}
        unknown = [name for name in changed if accounts.find(name) is None]
        balances = {place: Draft(accounts).balance(*place) for place in self._balances}
        keys = {name: dict.fromkeys(accounts.keys_of(name)) for name in self._keys}
        predecessor = {name: accounts.touch(name).takes_predecessor for name in self._predecessor}
        keeps = {name: accounts.touch(name).keeps_address_key for name in self._keeps_address_key}
        for name in self._made:
            accounts.touch(name)
        self._put(self._balances, self._keys, self._predecessor, self._keeps_address_key)
        for name, nonce in self._nonces:
            accounts.touch(name).nonces.add(nonce)

        def undo() -> None:
            self._put(balances, keys, predecessor, keeps)
            for name, nonce in self._nonces:
                accounts.touch(name).nonces.discard(nonce)
            accounts.forget(unknown)

        return undo

    def _put(
        self,
        balances: Mapping[tuple[str, str], int],
        keys: Mapping[str, dict[str, None]],
        predecessor: Mapping[str, bool],
        keeps_address_key: Mapping[str, bool],
    ) -> None:
        for (name, token_id), amount in balances.items():
            held = self._accounts.touch(name).balances
            if amount:
                held[token_id] = amount
            else:
                held.pop(token_id, None)
        for name, own in keys.items():
            self._accounts.touch(name).keys = own
        for name, enabled in predecessor.items():
            self._accounts.touch(name).takes_predecessor = enabled
        for name, keeps in keeps_address_key.items():
            self._accounts.touch(name).keeps_address_key = keeps

    def _check_lock(self, name: str) -> None:
        if name in self._locked:
            raise account_locked(name)

    def _set_key(self, name: str, key: str, *, registered: bool) -> None:
        self._check_lock(name)
        self._made.add(name)
        if is_address_key(name, key):
            self._keeps_address_key[name] = registered
            return
        keys = self._keys.setdefault(name, dict.fromkeys(self._accounts.keys_of(name)))
        if registered:
            keys[key] = None
        else:
            del keys[key]
