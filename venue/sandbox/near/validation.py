"""nearcore's checks before a transaction runs, in its order: whatever they refuse costs nothing, not even a nonce."""

from venue.sandbox.near import fees
from venue.sandbox.near.errors import InvalidTransactionError
from venue.sandbox.verifier.ledger import Ledger
from venue.sandbox.verifier.near_accounts import AccessKey
from venue.sandbox.wire.actions import (
    Action,
    AddKey,
    CallPermission,
    DeleteAccount,
    FunctionCall,
    Stake,
    Unplayed,
)
from venue.sandbox.wire.borsh import SignedTransaction
from venue.sandbox.wire.scalars import MAX_U128, parse_account_id

PROTOCOL_VERSION = 83
_NONCE_RANGE = 1_000_000
_MAX_ACCOUNT = 64


def check_shape(transaction: SignedTransaction) -> None:
    """Check what needs no state: the actions, the size and the signature. Raises InvalidTransactionError."""
    _check_actions(transaction.actions)
    if transaction.size > fees.MAX_TRANSACTION_SIZE:
        exceeded = {"size": transaction.size, "limit": fees.MAX_TRANSACTION_SIZE}
        raise InvalidTransactionError({"TransactionSizeExceeded": exceeded})
    if not transaction.is_signed():
        raise InvalidTransactionError("InvalidSignature")


def check_state(ledger: Ledger, transaction: SignedTransaction, *, no_gas: bool = False) -> None:
    """Check signer, key, nonce, balance and what the key may do. Raises InvalidTransactionError.

    ``no_gas``: as if the signer held nothing.
    """
    signer, public_key = transaction.signer_id, transaction.public_key
    if not ledger.near_balances.exists(signer):
        raise InvalidTransactionError({"SignerDoesNotExist": {"signer_id": signer}})
    key = ledger.access_keys.find(signer, public_key)
    if key is None:
        missing = {"account_id": signer, "public_key": public_key}
        raise InvalidTransactionError({"InvalidAccessKeyError": {"AccessKeyNotFound": missing}})
    _check_nonce(ledger, transaction, key)
    cost = most_it_costs(transaction)
    if cost > MAX_U128:
        raise InvalidTransactionError("CostOverflow")
    held = 0 if no_gas else ledger.near_balances.of(signer)
    if held < cost:
        short = {"signer_id": signer, "balance": str(held), "cost": str(cost)}
        raise InvalidTransactionError({"NotEnoughBalance": short})
    permission = key.permission
    if permission is not None and permission.allowance is not None and permission.allowance < cost:
        used_up = {"account_id": signer, "public_key": public_key}
        used_up |= {"allowance": str(permission.allowance), "cost": str(cost)}
        raise InvalidTransactionError({"InvalidAccessKeyError": {"NotEnoughAllowance": used_up}})
    lacking = lacking_for_storage(ledger, signer, held - cost)
    if lacking:
        raise InvalidTransactionError({"LackBalanceForState": {"signer_id": signer, "amount": str(lacking)}})
    if permission is not None:
        _check_permission(permission, transaction)


def most_it_costs(transaction: SignedTransaction) -> int:
    """Return what is taken before it runs, yoctoNEAR: its fees, all attached gas, and all deposits."""
    actions = transaction.actions
    to_self = transaction.signer_id == transaction.receiver_id
    gas = fees.send_gas(actions, to_self=to_self) + fees.execution_gas(actions) + fees.prepaid_gas(actions)
    return gas * fees.GAS_PRICE + fees.attached(actions)


def storage_of(ledger: Ledger, account: str) -> int:
    """Return the bytes of storage that the account takes up without its contract, as nearcore counts them."""
    return fees.ACCOUNT_BYTES + ledger.access_keys.storage(account)


def lacking_for_storage(ledger: Ledger, account: str, held: int) -> int:
    """Return how many yoctoNEAR the account lacks for its storage; 0 when it has enough or needs none."""
    used = storage_of(ledger, account)
    return 0 if used <= fees.FREE_STORAGE else max(0, used * fees.STORAGE_PRICE - held)


def _check_nonce(ledger: Ledger, transaction: SignedTransaction, key: AccessKey) -> None:
    if transaction.nonce <= key.nonce:
        raise InvalidTransactionError({"InvalidNonce": {"tx_nonce": transaction.nonce, "ak_nonce": key.nonce}})
    bound = ledger.height * _NONCE_RANGE
    if transaction.nonce >= bound:
        raise InvalidTransactionError({"NonceTooLarge": {"tx_nonce": transaction.nonce, "upper_bound": bound}})


def _check_permission(permission: CallPermission, transaction: SignedTransaction) -> None:
    actions = transaction.actions
    if len(actions) != 1 or not isinstance(actions[0], FunctionCall):
        raise InvalidTransactionError({"InvalidAccessKeyError": "RequiresFullAccess"})
    call = actions[0]
    if call.deposit:
        raise InvalidTransactionError({"InvalidAccessKeyError": "DepositWithFunctionCall"})
    if transaction.receiver_id != permission.receiver_id:
        other = {"tx_receiver": transaction.receiver_id, "ak_receiver": permission.receiver_id}
        raise InvalidTransactionError({"InvalidAccessKeyError": {"ReceiverMismatch": other}})
    if permission.methods and call.method not in permission.methods:
        mismatch = {"MethodNameMismatch": {"method_name": call.method}}
        raise InvalidTransactionError({"InvalidAccessKeyError": mismatch})


def _check_actions(actions: tuple[Action, ...]) -> None:
    if len(actions) > fees.MAX_ACTIONS:
        total = {"total_number_of_actions": len(actions), "limit": fees.MAX_ACTIONS}
        raise _invalid({"TotalNumberOfActionsExceeded": total})
    for place, action in enumerate(actions):
        if isinstance(action, DeleteAccount) and place + 1 < len(actions):
            raise _invalid("DeleteActionMustBeFinal")
        _check_action(action)
    gas = fees.prepaid_gas(actions)
    if gas >= 2**64:
        raise _invalid("IntegerOverflow")
    if gas > fees.MAX_GAS:
        raise _invalid({"TotalPrepaidGasExceeded": {"total_prepaid_gas": gas, "limit": fees.MAX_GAS}})


def _check_action(action: Action) -> None:
    match action:
        case FunctionCall():
            if action.gas == 0:
                raise _invalid("FunctionCallZeroAttachedGas")
            _check_length("FunctionCallMethodNameLengthExceeded", len(action.method.encode()), fees.MAX_METHOD_NAME)
            _check_length("FunctionCallArgumentsLengthExceeded", len(action.args), fees.MAX_ARGUMENTS)
        case AddKey(permission=CallPermission() as permission):
            _check_account(permission.receiver_id)
            for method in permission.methods:
                _check_length("AddKeyMethodNameLengthExceeded", len(method.encode()), fees.MAX_METHOD_NAME)
            total = fees.method_bytes(action)
            if total > fees.MAX_METHOD_NAMES:
                exceeded = {"total_number_of_bytes": total, "limit": fees.MAX_METHOD_NAMES}
                raise _invalid({"AddKeyMethodNamesNumberOfBytesExceeded": exceeded})
        case DeleteAccount():
            _check_account(action.beneficiary_id)
        case Stake() if not action.public_key.startswith("ed25519:"):
            raise _invalid({"UnsuitableStakingKey": {"public_key": action.public_key}})
        case Unplayed():
            missing = {"protocol_feature": action.feature, "version": PROTOCOL_VERSION}
            raise _invalid({"UnsupportedProtocolFeature": missing})


def _check_length(name: str, length: int, limit: int) -> None:
    if length > limit:
        raise _invalid({name: {"length": length, "limit": limit}})


def _check_account(name: str) -> None:
    try:
        parse_account_id(name)
    except ValueError:
        raise _invalid({"InvalidAccountId": {"account_id": name[: 2 * _MAX_ACCOUNT]}}) from None


def _invalid(reason: object) -> InvalidTransactionError:
    return InvalidTransactionError({"ActionsValidation": reason})
