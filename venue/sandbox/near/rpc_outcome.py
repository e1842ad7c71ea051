"""Access keys and transaction outcomes in a NEAR node's form."""

import base64
import hashlib
from collections.abc import Sequence
from functools import partial

import base58

from venue.sandbox.near.transactions import GAS_BURNT, Outcome
from venue.sandbox.verifier.access_keys import AccessKey
from venue.sandbox.wire.borsh import FunctionCall


def render_access_key(key: AccessKey, contract: str) -> dict[str, object]:
    """Render an access key as ``view_access_key`` does; a limited one may call ``contract`` alone."""
    limited: dict[str, object] = {"FunctionCall": {"allowance": None, "receiver_id": contract, "method_names": []}}
    return {"nonce": key.nonce, "permission": "FullAccess" if key.full_access else limited}


def render_outcome(outcome: Outcome, *, wait_until: str, gas_price: str) -> dict[str, object]:
    """Render a ``FinalExecutionOutcome``: the call, then the transfer and its resolution for every withdrawal in it."""
    transaction = outcome.transaction
    value = base64.b64encode(outcome.value).decode()
    status: object = {"SuccessValue": value} if outcome.failure is None else {"Failure": outcome.failure}

    receipt = partial(_receipt_id, transaction.tx_hash)

    def part(
        part_id: str, executor: str, result: object, *, logs: Sequence[str] = (), receipts: Sequence[str] = ()
    ) -> dict[str, object]:
        body = {
            "logs": list(logs),
            "receipt_ids": list(receipts),
            "gas_burnt": GAS_BURNT,
            "tokens_burnt": str(GAS_BURNT * int(gas_price)),
            "executor_id": executor,
            "status": result,
            "metadata": {"version": 3, "gas_profile": None if part_id == transaction.tx_hash else []},
        }
        return {"id": part_id, "block_hash": outcome.block_hash, "outcome": body, "proof": []}

    started: list[str] = []
    followed: list[dict[str, object]] = []
    for index, transfer in enumerate(outcome.transfers):
        sent, resolved = receipt("ft_transfer", index), receipt("ft_resolve_withdraw", index)
        started += [sent, resolved]
        used = base64.b64encode(f'"{transfer.used}"'.encode()).decode()
        followed += [
            part(sent, transfer.burn.token, _transfer_status(transfer.failure)),
            part(resolved, transaction.receiver_id, {"SuccessValue": used}, logs=transfer.logs),
        ]
    call = receipt("call")
    # A call that ends in a promise names the receipt whose value becomes its own.
    called = {"SuccessReceiptId": started[-1]} if outcome.value and started else status
    return {
        "final_execution_status": wait_until,
        "status": status,
        "transaction": _render_transaction(outcome),
        "transaction_outcome": part(
            transaction.tx_hash, transaction.signer_id, {"SuccessReceiptId": call}, receipts=[call]
        ),
        "receipts_outcome": [
            part(call, transaction.receiver_id, called, logs=outcome.logs, receipts=started),
            *followed,
        ],
    }


def render_receipts(outcome: Outcome, *, gas_price: str) -> list[dict[str, object]]:
    """Render what ``EXPERIMENTAL_tx_status`` shows beside the outcomes: the receipt of the call."""
    transaction = outcome.transaction
    action = {
        "signer_id": transaction.signer_id,
        "signer_public_key": transaction.public_key,
        "gas_price": gas_price,
        "output_data_receivers": [],
        "input_data_ids": [],
        "actions": [_render_action(one) for one in transaction.actions],
        "is_promise_yield": False,
    }
    receipt = {
        "predecessor_id": transaction.signer_id,
        "receiver_id": transaction.receiver_id,
        "receipt_id": _receipt_id(transaction.tx_hash, "call"),
        "receipt": {"Action": action},
        "priority": 0,
    }
    return [receipt]


def _receipt_id(tx_hash: str, *parts: object) -> str:
    digest = hashlib.sha256("/".join(map(str, (tx_hash, *parts))).encode()).digest()
    return base58.b58encode(digest).decode()


def _transfer_status(failure: str | None) -> dict[str, object]:
    if failure is None:
        return {"SuccessValue": ""}
    kind = {"FunctionCallError": {"ExecutionError": f"Smart contract panicked: {failure}"}}
    return {"Failure": {"ActionError": {"index": 0, "kind": kind}}}


def _render_transaction(outcome: Outcome) -> dict[str, object]:
    transaction = outcome.transaction
    return {
        "signer_id": transaction.signer_id,
        "public_key": transaction.public_key,
        "nonce": transaction.nonce,
        "receiver_id": transaction.receiver_id,
        "actions": [_render_action(action) for action in transaction.actions],
        "signature": "ed25519:" + base58.b58encode(transaction.signature).decode(),
        "hash": transaction.tx_hash,
        "priority_fee": 0,
    }


def _render_action(action: FunctionCall) -> dict[str, object]:
    return {
        "FunctionCall": {
            "method_name": action.method,
            "args": base64.b64encode(action.args).decode(),
            "gas": action.gas,
            "deposit": str(action.deposit),
        }
    }
