"""The state of the sandbox's Verifier ``intents.near``: balances, keys, nonces, salts, fees and blocks."""

import copy
from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

from venue.protocol.nonce import decode_nonce
from venue.sandbox.verifier import events, execution
from venue.sandbox.verifier.access_keys import AccessKeys
from venue.sandbox.verifier.accounts import Accounts, Burn, Draft, StoragePaid
from venue.sandbox.verifier.blocks import VALIDITY_NS, Blocks
from venue.sandbox.verifier.intents import withdraw
from venue.sandbox.verifier.near_accounts import YOCTO, NearBalances
from venue.sandbox.verifier.restrictions import NONE, Read
from venue.sandbox.wire.errors import ContractPanicError, predecessor_disabled
from venue.sandbox.wire.intent_types import FtWithdraw
from venue.sandbox.wire.keys import parse_public_key
from venue.sandbox.wire.payload import as_signed
from venue.sandbox.wire.scalars import MAX_U128
from venue.sandbox.wire.standards import Signed

_STORED_CALLS = 10_000
"""Calls whose outcome can be found by transaction hash."""


class Transferred(msgspec.Struct, frozen=True):
    """The result of a withdrawal's transfer: ``failure`` is the token contract's panic, None for success.

    ``returned`` base units were credited back (``ft_resolve_withdraw``, whose lines are ``logs``).

    """

    burn: Burn
    failure: str | None = None
    returned: int = 0
    logs: tuple[str, ...] = ()

    @property
    def used(self) -> int:
        """Base units that left for good, which ``ft_withdraw`` returns."""
        return self.burn.amount - self.returned


class Executed(msgspec.Struct, frozen=True, kw_only=True):
    """A successful call: base58 intent hashes in order, base58 transaction hash, block height, log lines,
    and the results of its withdrawals.

    """

    intent_hashes: tuple[str, ...]
    tx_hash: str
    height: int
    logs: tuple[str, ...]
    transfers: tuple[Transferred, ...] = ()


class Ledger:
    """The Verifier's state. ``clock`` gives block time in UTC nanoseconds; ``salt`` (4 bytes) also seeds the hashes.

    ``refuse_transfer`` gets every burn and returns the panic of the token's ``ft_transfer``, None for success.
    ``contracts``: the views of other contracts by account and method.
    ``restrictions`` returns what is paused, locked or disabled now.

    """

    def __init__(
        self,
        *,
        clock: Callable[[], int],
        fee_pips: int = 1,
        fee_collector: str = "intents-fee.near",
        salt: bytes,
        contract: str = "intents.near",
        height: int = 200_000_000,
        tx_validity_ns: int = VALIDITY_NS,
    ) -> None:
        if len(salt) != 4:
            raise ValueError("a salt must have 4 bytes")
        self.clock = clock
        self.fee_pips = fee_pips
        self.fee_collector = fee_collector
        self.contract = contract
        self.accounts = Accounts()
        self.access_keys = AccessKeys()
        self.near_balances = NearBalances(self.access_keys)
        self.near_balances.give(contract, 1_000 * YOCTO)
        self.blocks = Blocks(clock=clock, seed=salt + contract.encode(), height=height, validity_ns=tx_validity_ns)
        self.refuse_transfer: Callable[[Burn], str | None] = lambda burn: None
        self.restrictions: Read = lambda: NONE
        self._executed: OrderedDict[str, Executed] = OrderedDict()
        self._block_open = False
        self._salt = salt
        self._previous_salts: dict[bytes, bool] = {}
        self.contracts: dict[str, dict[str, Callable[[bytes], object]]] = {}
        self._burn_listeners: list[Callable[[Burn], None]] = []
        self._lost_listeners: list[Callable[[Burn], None]] = []
        self._storage_listeners: list[Callable[[StoragePaid], None]] = []

    def frozen(self) -> "Ledger":
        """Return a copy of the state for a node that stands still; nothing may be executed on it."""
        blocks = self.blocks.frozen()
        at_ns = self.clock()
        copied = Ledger(
            clock=lambda: at_ns,
            fee_pips=self.fee_pips,
            fee_collector=self.fee_collector,
            salt=self._salt,
            contract=self.contract,
        )
        copied.accounts, copied.access_keys = copy.deepcopy(self.accounts), copy.deepcopy(self.access_keys)
        copied.near_balances = self.near_balances.copied(copied.access_keys)
        copied.blocks, copied._previous_salts = blocks, dict(self._previous_salts)
        copied.contracts = self.contracts
        restrictions = self.restrictions()
        copied.restrictions = lambda: restrictions
        return copied

    def executed(self, tx_hash: str) -> Executed | None:
        """Return the successful call of that transaction hash, if it is among the last ten thousand."""
        return self._executed.get(tx_hash)

    @property
    def height(self) -> int:
        """Height of the tip; it rises by one with every call and mint outside of ``one_block``."""
        return self.blocks.height

    @property
    def block_hash(self) -> str:
        return self.blocks.hash_at(self.height)

    def balance(self, account: str, token_id: str) -> int:
        """Return the account's base units; zero for an account or token the Verifier does not know."""
        found = self.accounts.find(account)
        return 0 if found is None else found.balances.get(token_id, 0)

    def balances_of(self, account: str) -> dict[str, int]:
        found = self.accounts.find(account)
        return {} if found is None else dict(found.balances)

    def supply(self, token_id: str) -> int:
        """Return the base units of the token in the whole Verifier."""
        return sum(self.balance(name, token_id) for name in self.accounts.names())

    def mint(self, account: str, token_id: str, amount: int) -> None:
        """Credit base units from outside: set-up, or a deposit through the bridge. ContractPanicError past 128 bits."""
        draft = Draft(self.accounts)
        draft.credit(account, token_id, amount)
        if self.supply(token_id) + amount > MAX_U128:
            raise ContractPanicError("insufficient balance or overflow")
        draft.commit()
        self._advance()

    def register_key(self, account: str, public_key: str) -> None:
        """Register ``ed25519:<base58>`` for the account as set-up; no effect when it is registered."""
        key = parse_public_key(public_key)
        draft = Draft(self.accounts)
        if not draft.has_key(account, key):
            draft.add_key(account, key)
            draft.commit()

    def has_public_key(self, account: str, public_key: str) -> bool:
        """Return whether the key may sign for the account; ValueError for an invalid key."""
        return self.accounts.has_key(account, parse_public_key(public_key))

    def takes_predecessor(self, account: str) -> bool:
        """Return whether the account may make function calls of its own."""
        found = self.accounts.find(account)
        own = found is None or found.takes_predecessor
        return own and account not in self.restrictions().no_predecessor

    def _check_predecessor(self, account: str) -> None:
        if not self.takes_predecessor(account):
            raise predecessor_disabled(account)

    def public_keys_of(self, account: str) -> tuple[str, ...]:
        return self.accounts.keys_of(account)

    def is_nonce_used(self, account: str, nonce: str) -> bool:
        """Return whether the base64 nonce is used; false again after a clean-up. ValueError for an invalid nonce."""
        raw = decode_nonce(nonce)
        found = self.accounts.find(account)
        return found is not None and raw in found.nonces

    def cleanup_nonces(self, now_ns: int) -> int:
        """Drop versioned nonces that expired before ``now_ns`` or have an invalid salt, and return their number."""
        return self.accounts.forget_nonces(
            lambda nonce: nonce.deadline_ns < now_ns or not self.is_valid_salt(nonce.salt)
        )

    def current_salt(self) -> bytes:
        return self._salt

    def is_valid_salt(self, salt: bytes) -> bool:
        return salt == self._salt or self._previous_salts.get(salt, False)

    def rotate_salt(self, new: bytes, *, invalidate_old: bool) -> None:
        """Make ``new`` current; the old one stays valid or becomes invalid at once. ValueError for a used salt."""
        if len(new) != 4 or new == self._salt or new in self._previous_salts:
            raise ValueError("a new salt must have 4 bytes and must never have been current")
        self._previous_salts[self._salt] = not invalidate_old
        self._salt = new

    def invalidate_salt(self, salt: bytes) -> None:
        """Stop accepting a previous salt; ValueError when it never was current."""
        if salt not in self._previous_salts:
            raise ValueError("only a previous salt can be invalidated")
        self._previous_salts[salt] = False

    def execute_intents(
        self, signed: Sequence[Signed | Mapping[str, object]], *, tx_hash: str | None = None
    ) -> Executed:
        """Execute all payloads or none; ContractPanicError with the contract's text when a check fails."""
        draft = self._draft("intents")
        tx = tx_hash or self._next_tx_hash()
        report = execution.execute(draft, as_signed(signed), self._rules(tx))
        return self._finish(draft, tx, report.intent_hashes, report.logs)

    def simulate_intents(self, signed: Sequence[Signed | Mapping[str, object]]) -> dict[str, object]:
        """Return what executing would do; an imbalance is in ``invariant_violated``. Changes nothing."""
        return execution.simulate(self._draft("intents"), as_signed(signed), self._rules(self._next_tx_hash()))

    def ft_withdraw(self, owner: str, request: FtWithdraw, *, tx_hash: str) -> Executed:
        """Withdraw by function call; the caller has checked the attached yoctoNEAR."""
        draft = self._draft("ft_withdraw")
        self._check_predecessor(owner)
        withdraw(draft, owner, request, tx_hash=tx_hash, now_ns=self.clock())
        return self._finish(draft, tx_hash, (), (events.mt_burn(draft.burned),))

    def change_key(self, account: str, public_key: str, *, add: bool, tx_hash: str) -> Executed:
        """Add or remove a key by function call."""
        draft = self._draft()
        self._check_predecessor(account)
        (draft.add_key if add else draft.remove_key)(account, public_key)
        name = "public_key_added" if add else "public_key_removed"
        return self._finish(draft, tx_hash, (), (events.public_key(name, account, public_key),))

    def on_burn(self, listener: Callable[[Burn], None]) -> None:
        """Call ``listener`` with every withdrawal whose transfer succeeded, right after the balance was debited."""
        self._burn_listeners.append(listener)

    def on_lost(self, listener: Callable[[Burn], None]) -> None:
        """Call ``listener`` with every withdrawal whose transfer with a message failed: nothing credits it back."""
        self._lost_listeners.append(listener)

    def on_storage_paid(self, listener: Callable[[StoragePaid], None]) -> None:
        """Call ``listener`` with every payment into a storage deposit, before the withdrawals of the same call."""
        self._storage_listeners.append(listener)

    def advance_block(self) -> None:
        """Add a block without a successful call."""
        self.blocks.advance()

    @contextmanager
    def one_block(self) -> Iterator[None]:
        """Add one block, which holds everything that is executed meanwhile."""
        self.blocks.advance()
        self._block_open = True
        try:
            yield
        finally:
            self._block_open = False

    def _advance(self) -> None:
        if not self._block_open:
            self.blocks.advance()

    def add_access_key(
        self, account: str, public_key: str, *, nonce: int | None = None, full_access: bool = True
    ) -> None:
        """Give the account a NEAR access key for transactions; the nonce starts where nearcore starts it."""
        first = (self.height - 1) * 1_000_000 if nonce is None else nonce
        self.access_keys.add(account, public_key, nonce=first, full_access=full_access)

    def _draft(self, feature: str = "") -> Draft:
        """Return a draft for a call from outside; ContractPanicError while its feature is paused."""
        restrictions = self.restrictions()
        if feature:
            restrictions.check_feature(feature)
        return Draft(self.accounts, locked=restrictions.locked)

    def _next_tx_hash(self) -> str:
        return self.blocks.derive("tx", self.height + 1)

    def _rules(self, tx_hash: str) -> execution.Rules:
        valid = {self._salt, *(salt for salt, still in self._previous_salts.items() if still)}
        return execution.Rules(
            contract=self.contract,
            now_ns=self.clock(),
            fee_pips=self.fee_pips,
            fee_collector=self.fee_collector,
            current_salt=self._salt,
            valid_salts=frozenset(valid),
            tx_hash=tx_hash,
        )

    def _finish(self, draft: Draft, tx_hash: str, intent_hashes: tuple[str, ...], logs: tuple[str, ...]) -> Executed:
        draft.commit()
        self._advance()
        height = self.height
        for paid in draft.storage_paid:
            for on_storage in self._storage_listeners:
                on_storage(paid)
        transfers = tuple(self._resolve(burn) for burn in draft.burns)
        executed = Executed(intent_hashes=intent_hashes, tx_hash=tx_hash, height=height, logs=logs, transfers=transfers)
        self._executed[tx_hash] = executed
        if len(self._executed) > _STORED_CALLS:
            self._executed.popitem(last=False)
        return executed

    def _resolve(self, burn: Burn) -> Transferred:
        """Run the token's ``ft_transfer`` and ``ft_resolve_withdraw``: a failed plain transfer is credited back."""
        failure = self.refuse_transfer(burn)
        if failure is None:
            for listener in self._burn_listeners:
                listener(burn)
            return Transferred(burn)
        if burn.msg is not None:
            for listener in self._lost_listeners:
                listener(burn)
            return Transferred(burn, failure)
        self.mint(burn.account, burn.token_id, burn.amount)
        line = events.mt_mint(burn.account, burn.token_id, burn.amount, memo="refund")
        return Transferred(burn, failure, burn.amount, (line,))
