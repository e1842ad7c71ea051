"""What few clients ask a node: configurations, changes by block, single receipts, proofs and maintenance.

``client_config`` and the proof of a block are not answered: a node without them says that it has no such method.
"""

from collections.abc import Callable, Mapping
from typing import Any

from venue.sandbox.near import errors
from venue.sandbox.near.block_references import height_named, is_hash
from venue.sandbox.near.chain_views import ChainView
from venue.sandbox.near.changes import changes, effects
from venue.sandbox.near.errors import NodeError
from venue.sandbox.near.queries import text_of
from venue.sandbox.near.rpc_outcome import render_receipts
from venue.sandbox.near.transactions import Outcome, Transactions
from venue.sandbox.verifier.ledger import Ledger

Method = Callable[[Any], object]


def rarer_methods(
    ledger: Callable[[], Ledger], chain: Callable[[], ChainView], transactions: Transactions
) -> dict[str, Method]:
    """Return the methods by name, of a node that shows ``ledger`` now."""

    def at(fields: Mapping[str, Any]) -> tuple[str, tuple[Outcome, ...]]:
        blocks = ledger().blocks
        height = height_named(blocks, fields)
        return blocks.hash_at(height), transactions.at(height)

    def changes_by_type(params: Any) -> object:
        fields = object_of(params)
        block_hash, outcomes = at(fields)
        return {"block_hash": block_hash, "changes": changes(outcomes, fields)}

    def changes_in_block(params: Any) -> object:
        block_hash, outcomes = at(object_of(params))
        return {"block_hash": block_hash, "changes": effects(outcomes)}

    def receipt(params: Any) -> object:
        name = text_of(object_of(params), "receipt_id")
        if not is_hash(name):
            raise NodeError(errors.parse_error(f"invalid hash {name!r}"))
        outcome = transactions.of_receipt(name)
        if outcome is None or outcome.height > ledger().height:
            raise NodeError(errors.unknown_receipt(name))
        return next(one for one in render_receipts(outcome) if one["receipt_id"] == name)

    def protocol_config(params: Any) -> object:
        height_named(ledger().blocks, object_of(params))
        return chain().protocol_config()

    def proof(params: Any) -> object:
        fields = object_of(params)
        by_receipt = fields.get("type") == "receipt"
        name = text_of(fields, "receipt_id" if by_receipt else "transaction_hash")
        known = transactions.of_receipt(name) if by_receipt else transactions.find(name)
        raise NodeError(
            errors.unavailable_shard(name) if known is not None else errors.unknown_transaction_or_receipt(name)
        )

    def storage_info(params: Any) -> object:
        height = ledger().height
        return {"head_height": height, "final_head_height": height, "cold_head_height": None, "hot_db_kind": "RPC"}

    def congestion_level(params: Any) -> object:
        return {"congestion_level": 0.0}

    def no_windows(params: Any) -> object:
        return []

    def no_newer_block(params: Any) -> object:
        # A light client is told of blocks that end an epoch: there is none yet.
        return {}

    return {
        "changes": changes_by_type,
        "EXPERIMENTAL_changes": changes_by_type,
        "block_effects": changes_in_block,
        "EXPERIMENTAL_changes_in_block": changes_in_block,
        "EXPERIMENTAL_receipt": receipt,
        "EXPERIMENTAL_protocol_config": protocol_config,
        "genesis_config": lambda params: chain().genesis_config(),
        "EXPERIMENTAL_genesis_config": lambda params: chain().genesis_config(),
        "EXPERIMENTAL_validators_ordered": lambda params: chain().validators_ordered(),
        "light_client_proof": proof,
        "EXPERIMENTAL_light_client_proof": proof,
        "next_light_client_block": no_newer_block,
        "EXPERIMENTAL_split_storage_info": storage_info,
        "EXPERIMENTAL_congestion_level": congestion_level,
        "maintenance_windows": no_windows,
        "EXPERIMENTAL_maintenance_windows": no_windows,
    }


def object_of(params: Any) -> Mapping[str, Any]:
    """Return parameters that must be named. Raises NodeError."""
    if not isinstance(params, Mapping):
        raise NodeError(errors.parse_error("params are expected as an object"))
    return params
