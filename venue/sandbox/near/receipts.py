"""Executes the receipt of a transaction: its actions one after the other, and one that fails takes all of them back."""

from collections.abc import Callable

import msgspec

from venue.sandbox.contracts.verifier import VerifierCalls
from venue.sandbox.near import fees
from venue.sandbox.near.validation import lacking_for_storage
from venue.sandbox.verifier.contracts import SYSTEM, Call, Followed, Returned, Step, failure_kind, no_account, no_code
from venue.sandbox.verifier.errors import CallError
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.near_accounts import is_implicit
from venue.sandbox.wire.actions import (
    Action,
    AddKey,
    CreateAccount,
    DeleteAccount,
    DeleteKey,
    FunctionCall,
    Stake,
    Transfer,
)
from venue.sandbox.wire.borsh import SignedTransaction
from venue.sandbox.wire.errors import ContractPanicError

REGISTRAR = "registrar"
SHORTEST_TOP_LEVEL = 65
"""Top-level accounts with a shorter name are the registrar's to open: all of them."""
MINIMUM_STAKE = 10**31


class _ActionFailed(Exception):
    def __init__(self, kind: object) -> None:
        super().__init__(str(kind))
        self.kind = kind


class ReceiptResult(msgspec.Struct, frozen=True, kw_only=True):
    """A receipt that ran: ``failure`` is nearcore's ``ActionError``, None for success; ``value`` its last action's."""

    failure: dict[str, object] | None = None
    value: bytes = b""
    logs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = ()
    ends: bool = False
    calls: int = 0


class Receipts:
    """Runs receipts on the ledger and the contracts that it knows."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        ledger.callees.setdefault(ledger.contract, VerifierCalls(ledger))

    def run(self, transaction: SignedTransaction) -> ReceiptResult:
        """Run all actions or none; the deposits are the transaction's already, and go back if it fails."""
        receipt = _Receipt(self._ledger, transaction)
        for index, action in enumerate(transaction.actions):
            try:
                receipt.apply(action)
            except _ActionFailed as failed:
                return receipt.failed({"index": index, "kind": failed.kind})
        lacking = receipt.lacking()
        if lacking:
            kind = {"LackBalanceForState": {"account_id": transaction.receiver_id, "amount": str(lacking)}}
            return receipt.failed({"index": len(transaction.actions) - 1, "kind": kind})
        return receipt.follow()


class _Receipt:
    def __init__(self, ledger: Ledger, transaction: SignedTransaction) -> None:
        self._ledger = ledger
        self._transaction = transaction
        self._account = transaction.receiver_id
        self._actor = transaction.signer_id
        self._balances, self._keys = ledger.near_balances.copied(), ledger.access_keys.copied()
        self._undo: list[Callable[[], None]] = []
        self._returned: list[Returned] = []
        self._logs: list[str] = []
        self._last: Returned | None = None
        self._beneficiary: tuple[str, int] | None = None

    def apply(self, action: Action) -> None:
        """Apply the action. Raises _ActionFailed with nearcore's ``ActionErrorKind``."""
        self._check_existence(action)
        if isinstance(action, Stake | AddKey | DeleteKey | DeleteAccount) and self._actor != self._account:
            forbidden = {"account_id": self._account, "actor_id": self._actor}
            raise _ActionFailed({"ActorNoPermission": forbidden})
        self._last = None
        match action:
            case CreateAccount():
                self._create()
            case FunctionCall():
                self._call(action)
            case Transfer():
                self._ledger.transfer_near(self._account, action.deposit)
            case Stake():
                self._stake(action)
            case AddKey():
                self._add_key(action)
            case DeleteKey():
                self._delete_key(action)
            case DeleteAccount():
                self._delete(action)

    def failed(self, error: object) -> ReceiptResult:
        """Take everything back."""
        for undo in reversed(self._undo):
            undo()
        self._ledger.near_balances.restore(self._balances)
        self._ledger.access_keys.restore(self._keys)
        self._ledger.blocks.advance()
        deposit = fees.attached(self._transaction.actions)
        refund: tuple[Step, ...] = ()
        if deposit:
            self._ledger.near_balances.give(self._transaction.signer_id, deposit)
            refund = (_refund("refund", self._transaction.signer_id, deposit),)
        logs, calls = tuple(self._logs), len(self._returned) + 1
        return ReceiptResult(failure={"ActionError": error}, logs=logs, steps=refund, calls=calls)

    def follow(self) -> ReceiptResult:
        """Run what the actions have started."""
        self._ledger.blocks.advance()
        steps: list[Step] = []
        followed = Followed()
        for returned in self._returned:
            followed = returned.follow()
            steps += followed.steps
        last = self._last
        if self._beneficiary is not None:
            steps.append(self._pay_out(*self._beneficiary))
        return ReceiptResult(
            value=b"" if last is None else last.value,
            logs=tuple(self._logs),
            steps=tuple(steps),
            ends=last is not None and followed.ends,
            calls=len(self._returned),
        )

    def lacking(self) -> int:
        """Return how many yoctoNEAR the account lacks for its storage; contracts of the venue lack none."""
        near = self._ledger.near_balances
        if self._account in self._ledger.callees or not near.exists(self._account):
            return 0
        return lacking_for_storage(self._ledger, self._account, near.of(self._account))

    def _check_existence(self, action: Action) -> None:
        exists = self._ledger.near_balances.exists(self._account)
        if isinstance(action, CreateAccount):
            if exists:
                raise _ActionFailed({"AccountAlreadyExists": {"account_id": self._account}})
            if is_implicit(self._account):
                raise _ActionFailed({"OnlyImplicitAccountCreationAllowed": {"account_id": self._account}})
        elif not exists:
            alone = isinstance(action, Transfer) and len(self._transaction.actions) == 1
            if not alone or not is_implicit(self._account):
                raise _ActionFailed(no_account(self._account))

    def _create(self) -> None:
        account, predecessor = self._account, self._transaction.signer_id
        if "." not in account:
            if len(account) < SHORTEST_TOP_LEVEL and predecessor != REGISTRAR:
                refused = {"account_id": account, "registrar_account_id": REGISTRAR, "predecessor_id": predecessor}
                raise _ActionFailed({"CreateAccountOnlyByRegistrar": refused})
        elif account.partition(".")[2] != predecessor:
            refused = {"account_id": account, "predecessor_id": predecessor}
            raise _ActionFailed({"CreateAccountNotAllowed": refused})
        self._ledger.near_balances.open(account)
        self._actor = account

    def _call(self, action: FunctionCall) -> None:
        self._ledger.near_balances.give(self._account, action.deposit)
        contract = self._ledger.callees.get(self._account)
        if contract is None and self._account in self._ledger.contracts:
            raise _ActionFailed({"FunctionCallError": {"MethodResolveError": "MethodNotFound"}})
        if contract is None:
            raise _ActionFailed(no_code(self._account))
        call = Call(
            predecessor=self._transaction.signer_id,
            method=action.method,
            args=action.args,
            gas=action.gas,
            deposit=action.deposit,
            tx_hash=self._transaction.tx_hash,
            name=str(len(self._returned)),
        )
        try:
            returned = contract(call)
        except (ContractPanicError, CallError) as error:
            raise _ActionFailed(failure_kind(error)) from error
        self._undo.append(returned.undo)
        self._returned.append(returned)
        self._logs += returned.logs
        self._last = returned

    def _stake(self, action: Stake) -> None:
        held = self._ledger.near_balances.of(self._account)
        if held < action.stake:
            short = {"account_id": self._account, "stake": str(action.stake), "locked": "0", "balance": str(held)}
            raise _ActionFailed({"TriesToStake": short})
        if not action.stake:
            raise _ActionFailed({"TriesToUnstake": {"account_id": self._account}})
        # Nobody but the venue validates here: whatever is staked is too little.
        low = {"account_id": self._account, "stake": str(action.stake)}
        raise _ActionFailed({"InsufficientStake": low | {"minimum_stake": str(max(MINIMUM_STAKE, action.stake + 1))}})

    def _add_key(self, action: AddKey) -> None:
        keys = self._ledger.access_keys
        if keys.find(self._account, action.public_key) is not None:
            known = {"account_id": self._account, "public_key": action.public_key}
            raise _ActionFailed({"AddKeyAlreadyExists": known})
        keys.add(self._account, action.public_key, nonce=self._ledger.first_nonce(), permission=action.permission)

    def _delete_key(self, action: DeleteKey) -> None:
        if self._ledger.access_keys.find(self._account, action.public_key) is None:
            missing = {"account_id": self._account, "public_key": action.public_key}
            raise _ActionFailed({"DeleteKeyDoesNotExist": missing})
        self._ledger.access_keys.remove(self._account, action.public_key)

    def _delete(self, action: DeleteAccount) -> None:
        self._ledger.access_keys.remove_all(self._account)
        held = self._ledger.near_balances.remove(self._account)
        self._actor = self._transaction.signer_id
        if held:
            self._beneficiary = action.beneficiary_id, held

    def _pay_out(self, beneficiary: str, amount: int) -> Step:
        near = self._ledger.near_balances
        step = _refund("beneficiary", beneficiary, amount)
        if not near.exists(beneficiary):
            # What cannot be paid back is burnt, as in nearcore.
            return msgspec.structs.replace(step, failure=no_account(beneficiary))
        near.give(beneficiary, amount)
        return step


def _refund(name: str, receiver: str, amount: int) -> Step:
    return Step(name=name, predecessor=SYSTEM, executor=receiver, deposit=amount)
