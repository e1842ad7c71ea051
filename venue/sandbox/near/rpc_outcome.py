"""Access keys, transactions, receipts and outcomes in a NEAR node's form."""

import base64
from collections.abc import Sequence

from venue.sandbox.near.fees import GAS_PRICE
from venue.sandbox.near.transactions import Outcome, all_steps, receipt_id, step_gas, step_paid
from venue.sandbox.verifier.contracts import SYSTEM, Step
from venue.sandbox.verifier.near_accounts import AccessKey
from venue.sandbox.wire.actions import (
    Action,
    AddKey,
    CallPermission,
    CreateAccount,
    DeleteAccount,
    DeleteKey,
    FunctionCall,
    Stake,
    Transfer,
)

_STEP_GAS = 30 * 10**12
"""Gas that is shown as given to a call of another contract."""
_NO_KEY = "ed25519:" + "1" * 32


def render_access_key(key: AccessKey) -> dict[str, object]:
    """Render an access key as ``view_access_key`` does."""
    return {"nonce": key.nonce, "permission": _permission(key.permission)}


def render_outcome(outcome: Outcome, *, wait_until: str) -> dict[str, object]:
    """Render a ``FinalExecutionOutcome``: the transaction's own receipt, then everything that it started."""
    value, failure = outcome.ended()
    transaction, receipt = outcome.transaction, outcome.receipt
    first = receipt_id(outcome, "call")
    started = [receipt_id(outcome, step.name) for step in receipt.steps]
    ends = receipt.failure is None and receipt.ends and bool(started)
    called: object = {"SuccessReceiptId": started[-1]} if ends else _status(receipt.value, receipt.failure)
    return {
        "final_execution_status": wait_until,
        "status": _status(value, failure),
        "transaction": render_transaction(outcome),
        "transaction_outcome": _part(
            outcome,
            transaction.tx_hash,
            executor=transaction.signer_id,
            status={"SuccessReceiptId": first},
            receipts=[first],
            gas=outcome.sent_gas,
            profile=None,
        ),
        "receipts_outcome": [
            _part(
                outcome,
                first,
                executor=transaction.receiver_id,
                status=called,
                logs=receipt.logs,
                receipts=started,
                gas=outcome.receipt_gas,
            ),
            *(_render_step(outcome, step) for step in all_steps(receipt.steps)),
        ],
    }


def render_receipts(outcome: Outcome) -> list[dict[str, object]]:
    """Render the receipts themselves, as ``EXPERIMENTAL_tx_status`` shows them beside the outcomes."""
    transaction = outcome.transaction
    first = _receipt(
        outcome,
        "call",
        predecessor=transaction.signer_id,
        receiver=transaction.receiver_id,
        actions=[_render_action(one) for one in transaction.actions],
    )
    return [first, *(_render_started(outcome, step) for step in all_steps(outcome.receipt.steps))]


def _render_step(outcome: Outcome, step: Step) -> dict[str, object]:
    started = [receipt_id(outcome, child.name) for child in step.children]
    kind = None if step.failure is None else {"ActionError": {"index": 0, "kind": step.failure}}
    ends = kind is None and step.ends and bool(started)
    return _part(
        outcome,
        receipt_id(outcome, step.name),
        executor=step.executor,
        status={"SuccessReceiptId": started[-1]} if ends else _status(step.value, kind),
        logs=step.logs,
        receipts=started,
        gas=step_gas(step),
        paid=step_paid(step),
    )


def _render_started(outcome: Outcome, step: Step) -> dict[str, object]:
    action: Action = Transfer(step.deposit)
    if step.method is not None:
        action = FunctionCall(step.method, step.args, _STEP_GAS, step.deposit)
    return _receipt(
        outcome,
        step.name,
        predecessor=step.predecessor,
        receiver=step.executor,
        actions=[_render_action(action)],
        refund=step.predecessor == SYSTEM,
    )


def _receipt(
    outcome: Outcome,
    name: str,
    *,
    predecessor: str,
    receiver: str,
    actions: list[object],
    refund: bool = False,
) -> dict[str, object]:
    transaction = outcome.transaction
    action = {
        "signer_id": SYSTEM if refund else transaction.signer_id,
        "signer_public_key": _NO_KEY if refund else transaction.public_key,
        "gas_price": "0" if refund else str(GAS_PRICE),
        "output_data_receivers": [],
        "input_data_ids": [],
        "actions": actions,
        "is_promise_yield": False,
    }
    return {
        "predecessor_id": predecessor,
        "receiver_id": receiver,
        "receipt_id": receipt_id(outcome, name),
        "receipt": {"Action": action},
        "priority": 0,
    }


def _part(
    outcome: Outcome,
    part_id: str,
    *,
    executor: str,
    status: object,
    gas: int,
    logs: Sequence[str] = (),
    receipts: Sequence[str] = (),
    paid: int | None = None,
    profile: Sequence[object] | None = (),
) -> dict[str, object]:
    body = {
        "logs": list(logs),
        "receipt_ids": list(receipts),
        "gas_burnt": gas,
        "tokens_burnt": str(gas * GAS_PRICE if paid is None else paid),
        "executor_id": executor,
        "status": status,
        "metadata": {"version": 3, "gas_profile": None if profile is None else list(profile)},
    }
    return {"id": part_id, "block_hash": outcome.block_hash, "outcome": body, "proof": []}


def _status(value: bytes, failure: object) -> dict[str, object]:
    return {"SuccessValue": base64.b64encode(value).decode()} if failure is None else {"Failure": failure}


def render_transaction(outcome: Outcome) -> dict[str, object]:
    """Render a signed transaction, as it also stands in its chunk."""
    transaction = outcome.transaction
    return {
        "signer_id": transaction.signer_id,
        "public_key": transaction.public_key,
        "nonce": transaction.nonce,
        "receiver_id": transaction.receiver_id,
        "actions": [_render_action(action) for action in transaction.actions],
        "signature": transaction.signature_text,
        "hash": transaction.tx_hash,
        "priority_fee": 0,
    }


def _render_action(action: Action) -> object:
    match action:
        case CreateAccount():
            return "CreateAccount"
        case FunctionCall():
            call = {"method_name": action.method, "args": base64.b64encode(action.args).decode()}
            return {"FunctionCall": {**call, "gas": action.gas, "deposit": str(action.deposit)}}
        case Transfer():
            return {"Transfer": {"deposit": str(action.deposit)}}
        case Stake():
            return {"Stake": {"stake": str(action.stake), "public_key": action.public_key}}
        case AddKey():
            key = {"nonce": action.nonce, "permission": _permission(action.permission)}
            return {"AddKey": {"public_key": action.public_key, "access_key": key}}
        case DeleteKey():
            return {"DeleteKey": {"public_key": action.public_key}}
        case DeleteAccount():
            return {"DeleteAccount": {"beneficiary_id": action.beneficiary_id}}
        case _:
            raise AssertionError("what is not played is refused before it runs")


def _permission(permission: CallPermission | None) -> object:
    if permission is None:
        return "FullAccess"
    allowance = None if permission.allowance is None else str(permission.allowance)
    named = {"allowance": allowance, "receiver_id": permission.receiver_id}
    return {"FunctionCall": {**named, "method_names": list(permission.methods)}}
