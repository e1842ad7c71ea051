"""How a NEAR node writes access keys, blocks and the outcomes of transactions."""

import base64

from venue.sandbox.access_keys import AccessKey
from venue.sandbox.ledger import Ledger
from venue.sandbox.transactions import Outcome


def render_access_key(key: AccessKey) -> dict[str, object]:
    """An access key as ``view_access_key`` has it."""
    limited: dict[str, object] = {
        "FunctionCall": {"allowance": None, "receiver_id": "intents.near", "method_names": []}
    }
    return {"nonce": key.nonce, "permission": "FullAccess" if key.full_access else limited}


def render_block(ledger: Ledger, height: int, *, gas_price: str) -> dict[str, object]:
    """The block at ``height`` as ``block`` has it; its time is the chain's time now."""
    now = ledger.clock()
    header = {
        "height": height,
        "hash": ledger.blocks.hash_at(height),
        "prev_hash": ledger.blocks.hash_at(height - 1),
        "timestamp": now,
        "timestamp_nanosec": str(now),
        "gas_price": gas_price,
        "chunks_included": 1,
        "latest_protocol_version": 80,
    }
    return {"author": "sandbox.near", "header": header, "chunks": []}


def render_outcome(outcome: Outcome, *, wait_until: str, gas_price: str) -> dict[str, object]:
    """A ``FinalExecutionOutcome``; with ``wait_until`` NONE only how far it was waited for."""
    if wait_until == "NONE":
        return {"final_execution_status": "NONE"}
    transaction = outcome.transaction
    status = {"SuccessValue": ""} if outcome.failure is None else {"Failure": outcome.failure}
    receipt_id = transaction.tx_hash[::-1]
    actions = [
        {
            "FunctionCall": {
                "method_name": action.method,
                "args": base64.b64encode(action.args).decode(),
                "gas": action.gas,
                "deposit": str(action.deposit),
            }
        }
        for action in transaction.actions
    ]

    def part(part_id: str, executor: str, logs: list[str], receipts: list[str], result: object) -> dict[str, object]:
        body = {
            "logs": logs,
            "receipt_ids": receipts,
            "gas_burnt": 2_428_000_000_000,
            "tokens_burnt": str(2_428_000_000_000 * int(gas_price)),
            "executor_id": executor,
            "status": result,
        }
        return {"id": part_id, "block_hash": outcome.block_hash, "outcome": body, "proof": []}

    return {
        "final_execution_status": wait_until,
        "status": status,
        "transaction": {
            "signer_id": transaction.signer_id,
            "public_key": transaction.public_key,
            "nonce": transaction.nonce,
            "receiver_id": transaction.receiver_id,
            "actions": actions,
            "hash": transaction.tx_hash,
        },
        "transaction_outcome": part(
            transaction.tx_hash, transaction.signer_id, [], [receipt_id], {"SuccessReceiptId": receipt_id}
        ),
        "receipts_outcome": [part(receipt_id, transaction.receiver_id, list(outcome.logs), [], status)],
    }
