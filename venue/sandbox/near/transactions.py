"""NEAR transactions on the sandbox's chain: nearcore's checks before one runs, and their outcomes."""

import msgspec
from base58 import b58decode

from venue.sandbox.base.faults import FaultTable
from venue.sandbox.near.errors import InvalidTransactionError
from venue.sandbox.verifier.calls import call
from venue.sandbox.verifier.errors import MethodNotFoundError, OutOfGasError
from venue.sandbox.verifier.ledger import Executed, Ledger, Transferred
from venue.sandbox.wire.borsh import FunctionCall, SignedTransaction
from venue.sandbox.wire.errors import ContractPanicError, LogLimitExceededError
from venue.sandbox.wire.keys import verify_ed25519

MAX_GAS = 300 * 10**12
RELAY_ACCOUNT = "solver-relay.sandbox.near"
"""The account that sends the relay's settlements."""
GAS_PRICE = 100_000_000
"""yoctoNEAR per gas unit."""
GAS_BURNT = 2_428_000_000_000
"""Gas that every part of a transaction burns here: none is metered."""
_NONCE_RANGE = 1_000_000


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """The outcome of a transaction that ran: ``failure`` is nearcore's error as JSON, None for success.

    ``value`` is what the call returned in the end, after everything it had started.

    """

    transaction: SignedTransaction
    failure: dict[str, object] | None
    logs: tuple[str, ...]
    height: int
    block_hash: str
    value: bytes = b""
    transfers: tuple[Transferred, ...] = ()


class Transactions:
    """Runs transactions against the ledger and stores their outcomes by hash."""

    def __init__(self, ledger: Ledger, faults: FaultTable | None = None) -> None:
        self._ledger = ledger
        self._faults = faults or FaultTable()
        self._outcomes: dict[str, Outcome] = {}

    def find(self, tx_hash: str) -> Outcome | None:
        """Return the outcome of a transaction that ran, by its base58 hash; the relay's included."""
        known = self._outcomes.get(tx_hash)
        if known is None and (executed := self._ledger.executed(tx_hash)) is not None:
            return self._relayed(executed)
        return known

    def send(self, transaction: SignedTransaction) -> Outcome:
        """Run it, or return its outcome when it ran before; InvalidTransactionError when it may not run.

        Once its block is too old, bytes that did run are answered Expired too, as nearcore does.

        """
        if not verify_ed25519(transaction.public_key, transaction.hash, transaction.signature):
            raise InvalidTransactionError("InvalidSignature")
        if not self._ledger.blocks.accepts(transaction.block_hash):
            raise InvalidTransactionError("Expired")
        known = self._outcomes.get(transaction.tx_hash)
        if known is not None and self._faults.current.near_resend == "outcome":
            return known
        action = self._check(transaction)
        self._ledger.access_keys.use(transaction.signer_id, transaction.public_key, transaction.nonce)
        outcome = self._run(transaction, action)
        paid = 2 * GAS_BURNT * GAS_PRICE + (0 if outcome.failure else action.deposit)
        self._ledger.near_balances.take(transaction.signer_id, paid)
        self._outcomes[transaction.tx_hash] = outcome
        return outcome

    def _relayed(self, executed: Executed) -> Outcome:
        """Return the relay's transaction around a call that settled intents; its arguments are not stored."""
        call = FunctionCall("execute_intents", b"{}", MAX_GAS, 0)
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
        return Outcome(
            transaction=transaction,
            failure=None,
            logs=executed.logs,
            height=executed.height,
            block_hash=block_hash,
            value=b"",
            transfers=executed.transfers,
        )

    def _check(self, transaction: SignedTransaction) -> FunctionCall:
        ledger = self._ledger
        if len(transaction.actions) != 1:
            total = {"total_number_of_actions": len(transaction.actions), "limit": 1}
            raise InvalidTransactionError({"ActionsValidation": {"TotalNumberOfActionsExceeded": total}})
        action = transaction.actions[0]
        if action.gas > MAX_GAS:
            exceeded = {"total_prepaid_gas": action.gas, "limit": MAX_GAS}
            raise InvalidTransactionError({"ActionsValidation": {"TotalPrepaidGasExceeded": exceeded}})
        signer, public_key = transaction.signer_id, transaction.public_key
        if not ledger.access_keys.of(signer):
            raise InvalidTransactionError({"SignerDoesNotExist": {"signer_id": signer}})
        key = ledger.access_keys.find(signer, public_key)
        if key is None:
            missing = {"account_id": signer, "public_key": public_key}
            raise InvalidTransactionError({"InvalidAccessKeyError": {"AccessKeyNotFound": missing}})
        if transaction.nonce <= key.nonce:
            raise InvalidTransactionError({"InvalidNonce": {"tx_nonce": transaction.nonce, "ak_nonce": key.nonce}})
        bound = ledger.height * _NONCE_RANGE
        if transaction.nonce >= bound:
            raise InvalidTransactionError({"NonceTooLarge": {"tx_nonce": transaction.nonce, "upper_bound": bound}})
        if action.deposit and not key.full_access:
            raise InvalidTransactionError({"InvalidAccessKeyError": "DepositWithFunctionCall"})
        held, cost = ledger.near_balances.of(signer), action.gas * GAS_PRICE + action.deposit
        if self._faults.current.near_no_gas or held < cost:
            balance = "0" if self._faults.current.near_no_gas else str(held)
            short = {"signer_id": signer, "balance": balance, "cost": str(cost)}
            raise InvalidTransactionError({"NotEnoughBalance": short})
        return action

    def _run(self, transaction: SignedTransaction, action: FunctionCall) -> Outcome:
        ledger = self._ledger
        before = ledger.height
        executed: Executed | None = None
        kind: object = None
        if transaction.receiver_id != ledger.contract:
            kind = {"AccountDoesNotExist": {"account_id": transaction.receiver_id}}
        else:
            try:
                executed = call(ledger, transaction.signer_id, action, tx_hash=transaction.tx_hash)
            except LogLimitExceededError as exceeded:
                kind = {"FunctionCallError": {"ExecutionError": str(exceeded)}}
            except ContractPanicError as panic:
                kind = {"FunctionCallError": {"ExecutionError": f"Smart contract panicked: {panic}"}}
            except OutOfGasError:
                kind = {"FunctionCallError": {"ExecutionError": "Exceeded the prepaid gas."}}
            except MethodNotFoundError:
                kind = {"FunctionCallError": {"MethodResolveError": "MethodNotFound"}}
        if ledger.height == before:
            ledger.advance_block()
        if executed is None:
            failure: dict[str, object] = {"ActionError": {"index": 0, "kind": kind}}
            return Outcome(
                transaction=transaction, failure=failure, logs=(), height=ledger.height, block_hash=ledger.block_hash
            )
        block_hash = ledger.blocks.hash_at(executed.height)
        value = b""
        if action.method == "ft_withdraw":
            value = msgspec.json.encode(str(sum(transfer.used for transfer in executed.transfers)))
        return Outcome(
            transaction=transaction,
            failure=None,
            logs=executed.logs,
            height=executed.height,
            block_hash=block_hash,
            value=value,
            transfers=executed.transfers,
        )
