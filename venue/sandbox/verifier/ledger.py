"""The Verifier contract ``intents.near`` as the sandbox keeps it: balances, keys, nonces, salts, fees and blocks."""

import copy
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence

import msgspec

from venue.protocol.nonce import decode_nonce
from venue.sandbox.verifier import events, execution
from venue.sandbox.verifier.access_keys import AccessKeys
from venue.sandbox.verifier.accounts import Accounts, Burn, Draft
from venue.sandbox.verifier.blocks import VALIDITY_NS, Blocks
from venue.sandbox.verifier.intents import withdraw
from venue.sandbox.wire.errors import ContractPanicError
from venue.sandbox.wire.payload import MAX_U128, FtWithdraw, parse_public_key

__all__ = ["Burn", "ContractPanicError", "Executed", "Ledger", "Transferred"]

_REMEMBERED = 10_000
"""Calls whose outcome is kept for who asks by transaction hash."""


class Transferred(msgspec.Struct, frozen=True):
    """What the token's contract made of a burn: ``failure`` is its panic, None for success.

    ``returned`` base units were credited back (``ft_resolve_withdraw``); ``logs`` are the lines of that.
    """

    burn: Burn
    failure: str | None = None
    returned: int = 0
    logs: tuple[str, ...] = ()

    @property
    def used(self) -> int:
        """Base units that left for good, which is what ``ft_withdraw`` returns."""
        return self.burn.amount - self.returned


class Executed(msgspec.Struct, frozen=True):
    """A call that went through: base58 intent hashes in order, base58 transaction hash, block height, log lines,
    and what became of the withdrawals in it."""

    intent_hashes: tuple[str, ...]
    tx_hash: str
    height: int
    logs: tuple[str, ...]
    transfers: tuple[Transferred, ...] = ()


class Ledger:
    """The Verifier's state. ``clock`` gives block time in UTC nanoseconds; ``salt`` (4 bytes) also seeds the hashes.

    ``refuse_transfer`` is asked with every burn: the panic of the token's ``ft_transfer``, None when it succeeds.
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
            raise ValueError("a salt has 4 bytes")
        self.clock = clock
        self.fee_pips = fee_pips
        self.fee_collector = fee_collector
        self.contract = contract
        self.accounts = Accounts()
        self.access_keys = AccessKeys()
        self.blocks = Blocks(clock=clock, seed=salt + contract.encode(), height=height, validity_ns=tx_validity_ns)
        self.refuse_transfer: Callable[[Burn], str | None] = lambda burn: None
        self._executed: OrderedDict[str, Executed] = OrderedDict()
        self._salt = salt
        self._previous_salts: dict[bytes, bool] = {}
        self._burn_listeners: list[Callable[[Burn], None]] = []

    def frozen(self) -> "Ledger":
        """A copy of the state as it is now, for a node that stands still; nothing may be executed on it."""
        blocks = self.blocks.frozen()
        at_ns = self.clock()
        still = Ledger(
            clock=lambda: at_ns,
            fee_pips=self.fee_pips,
            fee_collector=self.fee_collector,
            salt=self._salt,
            contract=self.contract,
        )
        still.accounts, still.access_keys = copy.deepcopy(self.accounts), copy.deepcopy(self.access_keys)
        still.blocks, still._previous_salts = blocks, dict(self._previous_salts)
        return still

    def executed(self, tx_hash: str) -> Executed | None:
        """The call of that transaction hash, if it went through and is among the last ten thousand."""
        return self._executed.get(tx_hash)

    @property
    def height(self) -> int:
        """Height of the tip; it rises by one with every call and mint."""
        return self.blocks.height

    @property
    def block_hash(self) -> str:
        """Base58 hash of the tip."""
        return self.blocks.hash_at(self.height)

    def balance(self, account: str, token_id: str) -> int:
        """Base units the account holds; zero for an account or token the Verifier does not know."""
        found = self.accounts.find(account)
        return 0 if found is None else found.balances.get(token_id, 0)

    def balances_of(self, account: str) -> dict[str, int]:
        """Every token the account holds, in base units."""
        found = self.accounts.find(account)
        return {} if found is None else dict(found.balances)

    def supply(self, token_id: str) -> int:
        """Base units of the token in the whole Verifier."""
        return sum(self.balance(name, token_id) for name in self.accounts.names())

    def mint(self, account: str, token_id: str, amount: int) -> None:
        """Credit base units from outside: set-up, or a deposit through the bridge. ContractPanic past 128 bits."""
        draft = Draft(self.accounts)
        draft.credit(account, token_id, amount)
        if self.supply(token_id) + amount > MAX_U128:
            raise ContractPanicError("insufficient balance or overflow")
        draft.commit()
        self.blocks.advance()

    def register_key(self, account: str, public_key: str) -> None:
        """Register ``ed25519:<base58>`` for the account as set-up; harmless when it is there already."""
        key = parse_public_key(public_key)
        draft = Draft(self.accounts)
        if key not in draft.keys(account):
            draft.add_key(account, key)
            draft.commit()

    def has_public_key(self, account: str, public_key: str) -> bool:
        """Whether the key may sign for the account; ValueError when it is no key."""
        return parse_public_key(public_key) in self.accounts.keys_of(account)

    def public_keys_of(self, account: str) -> tuple[str, ...]:
        """The keys that may sign for the account."""
        return self.accounts.keys_of(account)

    def is_nonce_used(self, account: str, nonce: str) -> bool:
        """Whether the base64 nonce is burned; false again after a clean-up. ValueError when it is no nonce."""
        raw = decode_nonce(nonce)
        found = self.accounts.find(account)
        return found is not None and raw in found.nonces

    def cleanup_nonces(self, now_ns: int) -> int:
        """Forget versioned nonces that expired before ``now_ns`` or whose salt is invalid; how many went."""
        return self.accounts.forget_nonces(
            lambda nonce: nonce.deadline_ns < now_ns or not self.is_valid_salt(nonce.salt)
        )

    def current_salt(self) -> bytes:
        """The salt new nonces should carry, 4 bytes."""
        return self._salt

    def is_valid_salt(self, salt: bytes) -> bool:
        """Whether nonces with this salt are still accepted."""
        return salt == self._salt or self._previous_salts.get(salt, False)

    def rotate_salt(self, new: bytes, *, invalidate_old: bool) -> None:
        """Make ``new`` current; the old one stays valid or is invalid at once. ValueError for a used salt."""
        if len(new) != 4 or new == self._salt or new in self._previous_salts:
            raise ValueError("a new salt has 4 bytes and was never current before")
        self._previous_salts[self._salt] = not invalidate_old
        self._salt = new

    def invalidate_salt(self, salt: bytes) -> None:
        """Stop accepting a former salt; ValueError when it was never one."""
        if salt not in self._previous_salts:
            raise ValueError("only a former salt can be invalidated")
        self._previous_salts[salt] = False

    def execute_intents(self, signed: Sequence[Mapping[str, object]], *, tx_hash: str | None = None) -> Executed:
        """Execute all payloads or none; ContractPanic with the contract's text when one check fails."""
        draft = Draft(self.accounts)
        tx = tx_hash or self._next_tx_hash()
        report = execution.execute(draft, signed, self._rules(tx))
        return self._finish(draft, tx, report.intent_hashes, report.logs)

    def simulate_intents(self, signed: Sequence[Mapping[str, object]]) -> dict[str, object]:
        """What executing would do; an imbalance is in ``invariant_violated``. Changes nothing."""
        return execution.simulate(Draft(self.accounts), signed, self._rules(self._next_tx_hash()))

    def ft_withdraw(self, owner: str, request: FtWithdraw, *, tx_hash: str) -> Executed:
        """The function-call form of a withdrawal; the caller has checked the attached yoctoNEAR."""
        draft = Draft(self.accounts)
        withdraw(draft, owner, request, tx_hash=tx_hash, now_ns=self.clock())
        return self._finish(draft, tx_hash, (), (events.mt_burn(draft.burns),))

    def change_key(self, account: str, public_key: str, *, add: bool, tx_hash: str) -> Executed:
        """The function-call form of ``add_public_key`` and ``remove_public_key``."""
        draft = Draft(self.accounts)
        (draft.add_key if add else draft.remove_key)(account, public_key)
        name = "public_key_added" if add else "public_key_removed"
        return self._finish(draft, tx_hash, (), (events.public_key(name, account, public_key),))

    def on_burn(self, listener: Callable[[Burn], None]) -> None:
        """Call ``listener`` with every withdrawal whose transfer succeeded, right after the balance has dropped."""
        self._burn_listeners.append(listener)

    def advance_block(self) -> None:
        """A new block without a call that went through."""
        self.blocks.advance()

    def add_access_key(
        self, account: str, public_key: str, *, nonce: int | None = None, full_access: bool = True
    ) -> None:
        """Give the account a NEAR access key for transactions; the nonce starts where nearcore starts it."""
        first = (self.height - 1) * 1_000_000 if nonce is None else nonce
        self.access_keys.add(account, public_key, nonce=first, full_access=full_access)

    def _next_tx_hash(self) -> str:
        return self.blocks.derive("tx", self.height + 1)

    def _rules(self, tx_hash: str) -> execution.Rules:
        valid = {self._salt, *(salt for salt, still in self._previous_salts.items() if still)}
        return execution.Rules(
            self.contract,
            self.clock(),
            self.fee_pips,
            self.fee_collector,
            self._salt,
            frozenset(valid),
            tx_hash,
        )

    def _finish(self, draft: Draft, tx_hash: str, intent_hashes: tuple[str, ...], logs: tuple[str, ...]) -> Executed:
        draft.commit()
        self.blocks.advance()
        height = self.height
        transfers = tuple(self._hand_on(burn) for burn in draft.burns)
        executed = Executed(intent_hashes, tx_hash, height, logs, transfers)
        self._executed[tx_hash] = executed
        if len(self._executed) > _REMEMBERED:
            self._executed.popitem(last=False)
        return executed

    def _hand_on(self, burn: Burn) -> Transferred:
        """The token's ``ft_transfer`` and ``ft_resolve_withdraw``: a plain transfer that fails is credited back."""
        failure = self.refuse_transfer(burn)
        if failure is None:
            for listener in self._burn_listeners:
                listener(burn)
            return Transferred(burn)
        if burn.msg is not None:
            return Transferred(burn, failure)
        self.mint(burn.account, burn.token_id, burn.amount)
        line = events.mt_mint(burn.account, burn.token_id, burn.amount, memo="refund")
        return Transferred(burn, failure, burn.amount, (line,))
