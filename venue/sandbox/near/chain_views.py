"""The chain as a NEAR node shows it: blocks with one chunk each, status, validators and network, in nearcore's shapes.

What has no counterpart here (roots, signatures, validators) is derived from the block, so it is always the same.
"""

import hashlib
from functools import lru_cache

import base58

from venue.sandbox.near.protocol_config import chain_config, runtime_config
from venue.sandbox.near.validation import PROTOCOL_VERSION
from venue.sandbox.verifier.blocks import Blocks
from venue.sandbox.wire.timestamps import format_timestamp

EPOCH_LENGTH = 43_200
AUTHOR = "validator.sandbox.near"
CHAIN_ID = "sandbox"
_GAS_LIMIT = 1_000_000_000_000_000
_TOTAL_SUPPLY = "1250000000000000000000000000000000"
_STAKE = str(10**30)
_EMPTY_ROOT = "1" * 32


class ChainView:
    """Renders ``blocks``; ``gas_price`` in yoctoNEAR as text, ``skew_ns`` shifts every time."""

    def __init__(self, blocks: Blocks, *, gas_price: str, skew_ns: int = 0) -> None:
        self._blocks = blocks
        self._gas_price = gas_price
        self._skew_ns = skew_ns

    def block(self, height: int) -> dict[str, object]:
        return {"author": AUTHOR, "header": self._header(height), "chunks": [self._chunk_header(height)]}

    def chunk(self, height: int) -> dict[str, object]:
        return {"author": AUTHOR, "header": self._chunk_header(height), "transactions": [], "receipts": []}

    def height_of_chunk(self, chunk_hash: str) -> int | None:
        """Return the height of the chunk among the newest thousand blocks."""
        newest = self._blocks.height
        heights = range(newest, max(self._blocks.first, newest - 1_000) - 1, -1)
        return next((height for height in heights if self._hash("chunk", height) == chunk_hash), None)

    def status(self, now_ns: int) -> dict[str, object]:
        height = self._blocks.height
        return {
            "version": {"version": "sandbox", "build": "sandbox", "commit": "sandbox", "rustc_version": "1.80.0"},
            "chain_id": CHAIN_ID,
            "genesis_hash": self._hash("genesis", 0),
            "protocol_version": PROTOCOL_VERSION,
            "latest_protocol_version": PROTOCOL_VERSION,
            "rpc_addr": "127.0.0.1:3030",
            "validators": [{"account_id": AUTHOR}],
            "sync_info": {
                "latest_block_hash": self._blocks.hash_at(height),
                "latest_block_height": height,
                "latest_state_root": self._hash("state", height),
                "latest_block_time": format_timestamp(now_ns + self._skew_ns),
                "syncing": False,
                "earliest_block_hash": self._blocks.hash_at(self._blocks.first),
                "earliest_block_height": self._blocks.first,
                "earliest_block_time": format_timestamp(self._blocks.time_at(self._blocks.first) + self._skew_ns),
                "epoch_id": self._epoch(height),
                "epoch_start_height": self._epoch_start(height),
            },
            "validator_account_id": None,
            "validator_public_key": None,
            "node_public_key": self._key("node"),
            "node_key": None,
            "uptime_sec": max(0, now_ns - self._blocks.opened_ns) // 10**9,
        }

    def validators(self) -> dict[str, object]:
        height = self._blocks.height
        common = {
            "account_id": AUTHOR,
            "public_key": self._key("validator"),
            "stake": _STAKE,
            "shards": [0],
            "shards_endorsed": [0],
        }
        made = height - self._epoch_start(height)
        counts = {
            f"num_{verb}_{what}": made
            for verb in ("produced", "expected")
            for what in ("blocks", "chunks", "endorsements")
        }
        per_shard = {f"{name}_per_shard": [made] for name in counts if not name.endswith("blocks")}
        current = {**common, "is_slashed": False, **counts, **per_shard}
        return {
            "current_validators": [current],
            "next_validators": [{name: common[name] for name in ("account_id", "public_key", "stake", "shards")}],
            "current_fishermen": [],
            "next_fishermen": [],
            "current_proposals": [],
            "prev_epoch_kickout": [],
            "epoch_start_height": self._epoch_start(height),
            "epoch_height": height // EPOCH_LENGTH,
        }

    def validators_ordered(self) -> list[dict[str, object]]:
        return [self._validator()]

    def protocol_config(self) -> dict[str, object]:
        return {**self._chain_config(), "runtime_config": runtime_config()}

    def genesis_config(self) -> dict[str, object]:
        return {
            **self._chain_config(),
            "total_supply": _TOTAL_SUPPLY,
            "validators": [{"account_id": AUTHOR, "public_key": self._key("validator"), "amount": _STAKE}],
        }

    def _chain_config(self) -> dict[str, object]:
        return chain_config(
            chain_id=CHAIN_ID,
            genesis_time=format_timestamp(self._blocks.opened_ns),
            genesis_height=self._blocks.first,
            epoch_length=EPOCH_LENGTH,
        )

    def _validator(self) -> dict[str, object]:
        named = {"account_id": AUTHOR, "public_key": self._key("validator")}
        return {**named, "stake": _STAKE, "validator_stake_struct_version": "V1"}

    def _header(self, height: int) -> dict[str, object]:
        blocks = self._blocks
        made_ns = blocks.time_at(height) + self._skew_ns
        previous = blocks.hash_at(height - 1)
        return {
            "height": height,
            "prev_height": height - 1,
            "epoch_id": self._epoch(height),
            "next_epoch_id": self._epoch(height + EPOCH_LENGTH),
            "hash": blocks.hash_at(height),
            "prev_hash": previous,
            "prev_state_root": self._hash("state", height - 1),
            "block_body_hash": self._hash("body", height),
            "chunk_receipts_root": self._hash("receipts", height),
            "chunk_headers_root": self._hash("headers", height),
            "chunk_tx_root": self._hash("transactions", height),
            "outcome_root": self._hash("outcomes", height),
            "chunks_included": 1,
            "challenges_root": _EMPTY_ROOT,
            "timestamp": made_ns,
            "timestamp_nanosec": str(made_ns),
            "random_value": self._hash("random", height),
            "validator_proposals": [],
            "chunk_mask": [True],
            "gas_price": self._gas_price,
            "block_ordinal": height - blocks.first + 1,
            "rent_paid": "0",
            "validator_reward": "0",
            "total_supply": _TOTAL_SUPPLY,
            "challenges_result": [],
            "last_final_block": previous,
            "last_ds_final_block": previous,
            "next_bp_hash": self._hash("producers", height // EPOCH_LENGTH),
            "block_merkle_root": self._hash("merkle", height),
            "epoch_sync_data_hash": None,
            "approvals": [self._signature("approval", height)],
            "signature": self._signature("block", height),
            "latest_protocol_version": PROTOCOL_VERSION,
            "chunk_endorsements": [[1]],
        }

    def _chunk_header(self, height: int) -> dict[str, object]:
        return {
            "chunk_hash": self._hash("chunk", height),
            "prev_block_hash": self._blocks.hash_at(height - 1),
            "outcome_root": self._hash("outcomes", height),
            "prev_state_root": self._hash("state", height - 1),
            "encoded_merkle_root": self._hash("encoded", height),
            "encoded_length": 8,
            "height_created": height,
            "height_included": height,
            "shard_id": 0,
            "gas_used": 0,
            "gas_limit": _GAS_LIMIT,
            "rent_paid": "0",
            "validator_reward": "0",
            "balance_burnt": "0",
            "outgoing_receipts_root": self._hash("outgoing", height),
            "tx_root": self._hash("transactions", height),
            "validator_proposals": [],
            "congestion_info": {
                "delayed_receipts_gas": "0",
                "buffered_receipts_gas": "0",
                "receipt_bytes": 0,
                "allowed_shard": 0,
            },
            "bandwidth_requests": None,
            "signature": self._signature("chunk", height),
        }

    def _hash(self, kind: str, height: int) -> str:
        return self._blocks.derive(kind, height)

    def _epoch(self, height: int) -> str:
        return self._hash("epoch", height // EPOCH_LENGTH)

    def _epoch_start(self, height: int) -> int:
        return max(self._blocks.first, height - height % EPOCH_LENGTH)

    def _key(self, kind: str) -> str:
        return f"ed25519:{self._hash(kind, 0)}"

    def _signature(self, kind: str, height: int) -> str:
        return _signature(f"{kind}/{self._blocks.hash_at(height)}")


@lru_cache(1_024)
def _signature(signed: str) -> str:
    return f"ed25519:{base58.b58encode(hashlib.sha512(signed.encode()).digest()).decode()}"


def network_info() -> dict[str, object]:
    return {
        "active_peers": [],
        "num_active_peers": 0,
        "peer_max_count": 40,
        "sent_bytes_per_sec": 0,
        "received_bytes_per_sec": 0,
        "known_producers": [],
    }
