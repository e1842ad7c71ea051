"""NEAR transactions on the sandbox's chain: what they cost, and their outcomes by hash."""

import hashlib
from collections.abc import Iterable, Iterator

import msgspec
from base58 import b58decode, b58encode

from venue.sandbox.base.bounded import Newest
from venue.sandbox.base.faults import FaultTable
from venue.sandbox.contracts.withdrawals import executed_steps
from venue.sandbox.near import fees
from venue.sandbox.near.errors import InvalidTransactionError
from venue.sandbox.near.receipts import ReceiptResult, Receipts
from venue.sandbox.near.validation import check_shape, check_state, most_it_costs, storage_of
from venue.sandbox.verifier.contracts import SYSTEM, Step, result_of
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.near_accounts import OPENING, AccessKey
from venue.sandbox.verifier.outcomes import Executed
from venue.sandbox.wire.actions import AddKey, DeleteKey, FunctionCall
from venue.sandbox.wire.borsh import SignedTransaction

RELAY_ACCOUNT = "solver-relay.sandbox.near"
"""The account that sends the relay's settlements."""
MOST_OUTCOMES = 10_000
"""Transactions whose outcome a node knows: the newest."""
_RELAY_GAS = 300 * 10**12


_RECEIPTS = 4
"""Receipts that are remembered for each outcome, on average."""


class Touched(msgspec.Struct, frozen=True, kw_only=True):
    """An account after a transaction that changed it: what it held, None where it had ended, and the changed keys."""

    account: str
    held: int | None
    storage: int
    contract: bool
    keys: tuple[tuple[str, AccessKey | None], ...] = ()


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a transaction that ran, and the block that it ran in."""

    transaction: SignedTransaction
    receipt: ReceiptResult
    height: int
    block_hash: str
    touched: tuple[Touched, ...] = ()

    @property
    def sent_gas(self) -> int:
        """Gas burnt for making the receipt."""
        transaction = self.transaction
        return fees.send_gas(transaction.actions, to_self=transaction.signer_id == transaction.receiver_id)

    @property
    def receipt_gas(self) -> int:
        return fees.execution_gas(self.transaction.actions) + self.receipt.calls * fees.CALL_BURNT

    @property
    def burnt(self) -> int:
        """yoctoNEAR that the signer has paid for all of it."""
        gas = self.sent_gas + self.receipt_gas
        return gas * fees.GAS_PRICE + sum(map(_paid_with_children, self.receipt.steps))

    def ended(self) -> tuple[bytes, dict[str, object] | None]:
        """Return the value and nearcore's error of it, after everything that it started."""
        receipt = self.receipt
        if receipt.failure is not None or not receipt.ends or not receipt.steps:
            return receipt.value, receipt.failure
        value, kind = result_of(receipt.steps[-1])
        return value, None if kind is None else {"ActionError": {"index": 0, "kind": kind}}


class Transactions:
    """Runs transactions against the ledger and stores their outcomes by hash."""

    def __init__(self, ledger: Ledger, faults: FaultTable | None = None) -> None:
        self._ledger = ledger
        self._faults = faults or FaultTable()
        self._receipts = Receipts(ledger)
        self._outcomes: Newest[str, Outcome] = Newest(MOST_OUTCOMES)
        self._of_receipts: Newest[str, str] = Newest(_RECEIPTS * MOST_OUTCOMES)
        ledger.near_balances.open(RELAY_ACCOUNT, OPENING)

    def find(self, tx_hash: str) -> Outcome | None:
        """Return the outcome of a transaction that ran, by its base58 hash; the relay's included."""
        known = self._outcomes.get(tx_hash)
        if known is None and (executed := self._ledger.executed(tx_hash)) is not None:
            known = self._relayed(executed)
            self._index(known)
        return known

    def send(self, transaction: SignedTransaction) -> Outcome:
        """Run it, or return its outcome when it ran before; InvalidTransactionError when it may not run.

        Once its block is too old, bytes that did run are answered Expired too, as nearcore does.
        """
        if not self._ledger.blocks.accepts(transaction.block_hash):
            raise InvalidTransactionError("Expired")
        check_shape(transaction)
        known = self._outcomes.get(transaction.tx_hash)
        if known is not None and self._faults.current.near_resend == "outcome":
            return known
        ledger, signer = self._ledger, transaction.signer_id
        check_state(ledger, transaction, no_gas=self._faults.current.near_no_gas)
        cost = most_it_costs(transaction)
        ledger.keep_state()
        ledger.access_keys.use(signer, transaction.public_key, transaction.nonce)
        ledger.near_balances.take(signer, cost)
        outcome = self._run(transaction)
        # Gas that was not burnt comes back, to an account that is still there.
        unspent = cost - fees.attached(transaction.actions) - outcome.burnt
        if ledger.near_balances.exists(signer):
            ledger.near_balances.give(signer, unspent)
        ledger.access_keys.spend(signer, transaction.public_key, outcome.burnt)
        outcome = msgspec.structs.replace(outcome, touched=self._touched(transaction))
        self._outcomes[transaction.tx_hash] = outcome
        self._index(outcome)
        return outcome

    def at(self, height: int) -> tuple[Outcome, ...]:
        """Return the outcomes of the block's transactions, but for the relay's."""
        return tuple(one for one in self._outcomes.values() if one.height == height)

    def of_receipt(self, name: str) -> Outcome | None:
        """Return the outcome that a receipt belongs to; the relay's once its transaction was asked for."""
        tx_hash = self._of_receipts.get(name)
        return None if tx_hash is None else self.find(tx_hash)

    def _index(self, outcome: Outcome) -> None:
        for name in ("call", *(step.name for step in all_steps(outcome.receipt.steps))):
            self._of_receipts[receipt_id(outcome, name)] = outcome.transaction.tx_hash

    def _touched(self, transaction: SignedTransaction) -> tuple[Touched, ...]:
        changed: dict[str, dict[str, None]] = {transaction.signer_id: {transaction.public_key: None}}
        own = changed.setdefault(transaction.receiver_id, {})
        own |= {one.public_key: None for one in transaction.actions if isinstance(one, AddKey | DeleteKey)}
        return tuple(self._account(account, tuple(keys)) for account, keys in changed.items())

    def _account(self, account: str, keys: tuple[str, ...]) -> Touched:
        near, found = self._ledger.near_balances, self._ledger.access_keys
        return Touched(
            account=account,
            held=near.of(account) if near.exists(account) else None,
            storage=storage_of(self._ledger, account),
            contract=account in self._ledger.callees,
            keys=tuple((name, found.find(account, name)) for name in keys),
        )

    def _run(self, transaction: SignedTransaction) -> Outcome:
        before = self._ledger.height
        receipt = self._receipts.run(transaction)
        height = before + 1
        return Outcome(
            transaction=transaction, receipt=receipt, height=height, block_hash=self._ledger.blocks.hash_at(height)
        )

    def _relayed(self, executed: Executed) -> Outcome:
        """Return the relay's transaction around a call that settled intents; its arguments are not stored."""
        call = FunctionCall("execute_intents", b"{}", _RELAY_GAS, 0)
        block_hash = self._ledger.blocks.hash_at(executed.height)
        transaction = SignedTransaction(
            signer_id=RELAY_ACCOUNT,
            public_key="ed25519:" + "1" * 32,
            nonce=executed.height,
            receiver_id=self._ledger.contract,
            block_hash=block_hash,
            actions=(call,),
            hash=b58decode(executed.tx_hash),
            signature=bytes(64),
        )
        steps = executed_steps(executed, self._ledger.contract, "0")
        receipt = ReceiptResult(logs=executed.logs, steps=steps, calls=1)
        return Outcome(transaction=transaction, receipt=receipt, height=executed.height, block_hash=block_hash)


def receipt_id(outcome: Outcome, name: str) -> str:
    digest = hashlib.sha256(f"{outcome.transaction.tx_hash}/{name}".encode()).digest()
    return b58encode(digest).decode()


def all_steps(steps: Iterable[Step]) -> Iterator[Step]:
    """Yield the steps with everything that they started, in the order in which it ran."""
    for step in steps:
        yield step
        yield from all_steps(step.children)


def step_gas(step: Step) -> int:
    """Return the gas that a receipt burns which a call has started."""
    if step.method is None:
        return fees.RECEIPT.execution + fees.TRANSFER.execution
    return fees.RECEIPT.execution + fees.CALL.execution + fees.CALL_BURNT


def step_paid(step: Step) -> int:
    """Return the yoctoNEAR that its gas costs: nothing for what nearcore gives back."""
    return 0 if step.predecessor == SYSTEM else step_gas(step) * fees.GAS_PRICE


def _paid_with_children(step: Step) -> int:
    return step_paid(step) + sum(map(_paid_with_children, step.children))
