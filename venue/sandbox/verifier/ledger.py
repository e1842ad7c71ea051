"""The state of the sandbox's Verifier ``intents.near``: balances, keys, nonces, salts, fees and blocks."""

from collections import OrderedDict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

from venue.protocol.nonce import decode_nonce
from venue.sandbox.verifier import events, execution
from venue.sandbox.verifier.accounts import MAX_GAS, Accounts, Burn, Draft, Notification, StoragePaid
from venue.sandbox.verifier.blocks import VALIDITY_NS, Blocks
from venue.sandbox.verifier.contracts import Contract, Step
from venue.sandbox.verifier.intents import WRAPPED_NEAR, withdraw
from venue.sandbox.verifier.near_accounts import (
    OPENING,
    YOCTO,
    AccessKeys,
    NearBalances,
    implicit_near_key,
    is_implicit,
)
from venue.sandbox.verifier.outcomes import Executed, Started, Transferred
from venue.sandbox.verifier.restrictions import NONE, Read, Restrictions
from venue.sandbox.verifier.salts import Salts
from venue.sandbox.wire.actions import CallPermission
from venue.sandbox.wire.errors import ContractPanicError, predecessor_disabled
from venue.sandbox.wire.intent_types import FtWithdraw
from venue.sandbox.wire.keys import parse_public_key
from venue.sandbox.wire.payload import as_signed
from venue.sandbox.wire.scalars import MAX_U128
from venue.sandbox.wire.standards import Signed

_STORED_CALLS = 10_000
"""Calls whose outcome can be found by transaction hash."""


class Ledger:
    """The Verifier's state. ``clock`` gives block time in UTC nanoseconds; ``salt`` (4 bytes) also seeds the hashes.

    ``refuse_transfer`` gets every burn and returns the panic of the token's ``ft_transfer``, None for success.
    ``deliver`` then gets those with a message too: what a receiver gave back, and what was called for that.
    ``notify`` tells a contract of a transfer to it, takes back what it gives back, returns what was called for it.
    ``contracts``: the views of other contracts by account and method; ``callees``: those that can be called.
    ``shut``: what the contract's administrators have paused, locked or disabled, beside ``shut_from_outside``.
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
        self.clock = clock
        self.fee_pips = fee_pips
        self.fee_collector = fee_collector
        self.contract = contract
        self.accounts = Accounts()
        self.access_keys = AccessKeys()
        self.near_balances = NearBalances()
        self.near_balances.give(contract, 1_000 * YOCTO)
        self.blocks = Blocks(clock=clock, seed=salt + contract.encode(), height=height, validity_ns=tx_validity_ns)
        self.refuse_transfer: Callable[[Burn], str | None] = lambda burn: None
        self.deliver: Callable[[Burn], tuple[int, tuple[Step, ...]]] = lambda burn: (0, ())
        self.notify: Callable[[Notification, str, str], tuple[Step, ...]] = lambda told, tx_hash, name: ()
        self.shut_from_outside: Read = lambda: NONE
        self.shut = NONE
        self._executed: OrderedDict[str, Executed] = OrderedDict()
        self._block_open = False
        self._keep_most = 0
        self._kept: OrderedDict[int, Ledger] = OrderedDict()
        self.salts = Salts(salt)
        self.contracts: dict[str, dict[str, Callable[[bytes], object]]] = {}
        self.callees: dict[str, Contract] = {}
        self._freezers: list[Callable[[Ledger], None]] = []
        self._burn_listeners: list[Callable[[Burn], None]] = []
        self._lost_listeners: list[Callable[[Burn], None]] = []
        self._storage_listeners: list[Callable[[StoragePaid], None]] = []

    def frozen(self) -> "Ledger":
        """Return a copy of the state for a node that stands still; nothing may be executed on it."""
        at_ns = self.clock()
        return self._copied(self.blocks.frozen(), at_ns)

    def keep_states(self, most: int) -> None:
        """From now on keep the state at the end of so many of the newest blocks, for who asks for one by its height."""
        self._keep_most = most

    def state_at(self, height: int) -> "Ledger | None":
        """Return the state at the end of a block: the tip's, or that of one of the newest if they are kept."""
        return self if height == self.height else self._kept.get(height)

    def keep_state(self) -> None:
        """Keep the tip's state as it is, before anything of the next block is done."""
        if self._keep_most and not self._block_open and self.height not in self._kept:
            self._kept[self.height] = self._copied(self.blocks.tip_alone(), self.blocks.time_at(self.height))
            while len(self._kept) > self._keep_most:
                self._kept.popitem(last=False)

    def _copied(self, blocks: Blocks, at_ns: int) -> "Ledger":
        copied = Ledger(
            clock=lambda: at_ns,
            fee_pips=self.fee_pips,
            fee_collector=self.fee_collector,
            salt=self.salts.current,
            contract=self.contract,
        )
        copied.accounts, copied.access_keys = self.accounts.copied(), self.access_keys.copied()
        copied.near_balances = self.near_balances.copied()
        copied.blocks, copied.salts = blocks, self.salts.copied()
        copied.contracts = dict(self.contracts)
        for freeze in self._freezers:
            freeze(copied)
        copied.shut = self.restrictions()
        return copied

    def on_frozen(self, freeze: Callable[["Ledger"], None]) -> None:
        """Call ``freeze`` with every copy of the state, to give it the views of other contracts as they are then."""
        self._freezers.append(freeze)

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

    def token_ids(self) -> tuple[str, ...]:
        """Return the ids of all tokens that some account holds, sorted."""
        return tuple(sorted({token_id for name in self.accounts.names() for token_id in self.balances_of(name)}))

    def mint(self, account: str, token_id: str, amount: int) -> None:
        """Credit base units from outside: set-up, or a deposit through the bridge. ContractPanicError past 128 bits."""
        draft = Draft(self.accounts)
        draft.credit(account, token_id, amount)
        if self.supply(token_id) + amount > MAX_U128:
            raise ContractPanicError("insufficient balance or overflow")
        self.keep_state()
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

    def check_predecessor(self, account: str) -> None:
        """Raise ContractPanicError for an account that only acts by signed intents."""
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

    def forget_nonces(self, before_ns: int) -> int:
        """Drop versioned nonces that expired before ``before_ns``, UTC, and return their number."""
        return self.accounts.forget_nonces(lambda nonce: nonce.deadline_ns < before_ns)

    def current_salt(self) -> bytes:
        return self.salts.current

    def is_valid_salt(self, salt: bytes) -> bool:
        return self.salts.is_valid(salt)

    def rotate_salt(self, new: bytes, *, invalidate_old: bool) -> None:
        """Make ``new`` current; the old one stays valid or becomes invalid at once. ValueError for a used salt."""
        self.salts.rotate(new, invalidate_old=invalidate_old)

    def invalidate_salt(self, salt: bytes) -> None:
        """Stop accepting a previous salt; ValueError when it never was current."""
        self.salts.invalidate(salt)

    def restrictions(self) -> Restrictions:
        """Return what is paused, locked or disabled now."""
        return self.shut.with_all(self.shut_from_outside())

    def execute_intents(
        self, signed: Sequence[Signed | Mapping[str, object]], *, tx_hash: str | None = None
    ) -> Executed:
        """Execute all payloads or none; ContractPanicError with the contract's text when a check fails."""
        return self.settle(self.start_intents(as_signed(signed), tx_hash or self._next_tx_hash()))

    def start_intents(self, signed: Sequence[Signed], tx_hash: str, *, gas: int = MAX_GAS) -> Started:
        """Execute all payloads or none, without the transfers that they start. Raises ContractPanicError."""
        draft = self.begin("intents", gas=gas)
        report = execution.execute(draft, signed, self._rules(tx_hash))
        return self.start(draft, tx_hash, intent_hashes=report.intent_hashes, logs=report.logs)

    def simulate_intents(self, signed: Sequence[Signed | Mapping[str, object]]) -> dict[str, object]:
        """Return what executing would do; an imbalance is in ``invariant_violated``. Changes nothing."""
        return execution.simulate(self.begin("intents"), as_signed(signed), self._rules(self._next_tx_hash()))

    def ft_withdraw(self, owner: str, request: FtWithdraw, *, tx_hash: str) -> Executed:
        """Withdraw by function call; the caller has checked the attached yoctoNEAR."""
        return self.settle(self.start_withdrawal(owner, request, tx_hash=tx_hash))

    def start_withdrawal(self, owner: str, request: FtWithdraw, *, tx_hash: str) -> Started:
        """Withdraw by function call, without the transfer. Raises ContractPanicError."""
        draft = self.begin("ft_withdraw")
        self.check_predecessor(owner)
        withdraw(draft, owner, request, tx_hash=tx_hash, now_ns=self.clock())
        return self.start(draft, tx_hash, logs=(events.mt_burn(draft.burned),))

    def change_key(self, account: str, public_key: str, *, add: bool, tx_hash: str) -> Executed:
        """Add or remove a key by function call."""
        return self.settle(self.start_key_change(account, public_key, add=add, tx_hash=tx_hash))

    def start_key_change(self, account: str, public_key: str, *, add: bool, tx_hash: str) -> Started:
        """Add or remove a key by function call. Raises ContractPanicError."""
        draft = self.begin()
        self.check_predecessor(account)
        (draft.add_key if add else draft.remove_key)(account, public_key)
        name = "public_key_added" if add else "public_key_removed"
        return self.start(draft, tx_hash, logs=(events.public_key(name, account, public_key),))

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
        self.keep_state()
        self.blocks.advance()

    @contextmanager
    def one_block(self) -> Iterator[None]:
        """Add one block, which holds everything that is executed meanwhile."""
        self.keep_state()
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
        """Give the account a NEAR access key, opening it if need be; the nonce starts where nearcore starts it."""
        permission = None if full_access else CallPermission(self.contract)
        first = self.first_nonce() if nonce is None else nonce
        self.near_balances.open(account, OPENING)
        self.access_keys.add(account, public_key, nonce=first, permission=permission)

    def transfer_near(self, receiver: str, amount: int) -> bool:
        """Give NEAR to the account, which opens an implicit one; False, and nothing, where there is no account."""
        if not self.near_balances.exists(receiver):
            if not is_implicit(receiver):
                return False
            key = implicit_near_key(receiver)
            if key is not None:
                self.access_keys.add(receiver, key, nonce=self.first_nonce())
        self.near_balances.give(receiver, amount)
        return True

    def first_nonce(self) -> int:
        """Return the nonce that an access key starts with in this block."""
        return (self.height - 1) * 1_000_000

    def begin(self, feature: str = "", *, forced: bool = False, gas: int = MAX_GAS) -> Draft:
        """Return a draft for a call from outside with so much gas; ``forced``: locks do not hold for it.

        Raises ContractPanicError while its feature is paused.
        """
        restrictions = self.restrictions()
        if feature:
            restrictions.check_feature(feature)
        return Draft(self.accounts, locked=frozenset() if forced else restrictions.locked, gas=gas)

    def _next_tx_hash(self) -> str:
        return self.blocks.derive("tx", self.height + 1)

    def _rules(self, tx_hash: str) -> execution.Rules:
        return execution.Rules(
            contract=self.contract,
            now_ns=self.clock(),
            fee_pips=self.fee_pips,
            fee_collector=self.fee_collector,
            current_salt=self.salts.current,
            valid_salts=self.salts.valid(),
            tx_hash=tx_hash,
        )

    def start(
        self, draft: Draft, tx_hash: str, *, intent_hashes: tuple[str, ...] = (), logs: tuple[str, ...] = ()
    ) -> Started:
        """Make the call's changes visible, without the transfers that it starts."""
        self.keep_state()
        return Started(
            tx_hash=tx_hash,
            intent_hashes=intent_hashes,
            logs=logs,
            burns=tuple(draft.burns),
            storage_paid=tuple(draft.storage_paid),
            paid_out=tuple(draft.paid_out),
            notified=tuple(draft.notified),
            undo=draft.commit(),
        )

    def settle(self, started: Started) -> Executed:
        """Add the call's block and run its transfers."""
        self._advance()
        return self.follow(started)

    def follow(self, started: Started, name: str = "0") -> Executed:
        """Run what a call has started whose block is the tip; ``name`` tells the calls of a transaction apart."""
        height = self.height
        for paid in started.storage_paid:
            for on_storage in self._storage_listeners:
                on_storage(paid)
        for receiver, amount in started.paid_out:
            self.near_balances.take(WRAPPED_NEAR.removeprefix("nep141:"), amount)
            # A transfer to an account that does not exist comes back to the contract.
            if not self.transfer_near(receiver, amount):
                self.near_balances.give(self.contract, amount)
        executed = Executed(
            intent_hashes=started.intent_hashes,
            tx_hash=started.tx_hash,
            height=height,
            logs=started.logs,
            transfers=tuple(self._resolve(burn) for burn in started.burns),
            steps=tuple(
                step
                for place, told in enumerate(started.notified)
                for step in self.notify(told, started.tx_hash, f"{name}/notify/{place}")
            ),
        )
        self._executed[started.tx_hash] = executed
        if len(self._executed) > _STORED_CALLS:
            self._executed.popitem(last=False)
        return executed

    def _resolve(self, burn: Burn) -> Transferred:
        """Run the token's ``ft_transfer`` and ``ft_resolve_withdraw``: a failed plain transfer is credited back."""
        failure = self.refuse_transfer(burn)
        returned, steps = (0, ()) if failure else self.deliver(burn)
        if failure is not None and burn.msg is None:
            returned = burn.amount
        if failure is None and not returned:
            for listener in self._burn_listeners:
                listener(burn)
        if failure is not None and not returned:
            for listener in self._lost_listeners:
                listener(burn)
        if not returned:
            return Transferred(burn, failure, steps=steps)
        self.mint(burn.account, burn.token_id, returned)
        line = events.mt_mint(burn.account, burn.token_id, returned, memo="refund")
        return Transferred(burn, failure, returned, (line,), steps)
