"""Which block a request names: by finality, height or hash, or the oldest that the node has (nearcore)."""

from collections.abc import Mapping
from typing import Any

import base58

from venue.sandbox.near import errors
from venue.sandbox.near.errors import NodeError
from venue.sandbox.verifier.blocks import Blocks

FINALITIES = ("final", "near-final", "optimistic")


def height_named(blocks: Blocks, fields: Mapping[str, Any]) -> int:
    """Return the height of the block that ``block_id``, ``finality`` or ``sync_checkpoint`` names. Raises NodeError."""
    if fields.get("block_id") is not None:
        return height_of(blocks, fields["block_id"])
    if fields.get("sync_checkpoint") in ("genesis", "earliest_available"):
        return blocks.first
    finality = fields.get("finality")
    if finality is None:
        raise NodeError(errors.parse_error("missing field `finality`"))
    if finality not in FINALITIES:
        known = ", ".join(f"`{name}`" for name in ("optimistic", "near-final", "final"))
        raise NodeError(errors.parse_error(f"unknown variant `{finality}`, expected one of {known}"))
    return blocks.height


def height_of(blocks: Blocks, block_id: object) -> int:
    """Return the height of a block named by its height or its base58 hash. Raises NodeError."""
    if isinstance(block_id, int) and not isinstance(block_id, bool):
        if not blocks.holds(block_id):
            raise NodeError(errors.unknown_block(block_id))
        return block_id
    if not isinstance(block_id, str) or not is_hash(block_id):
        raise NodeError(errors.parse_error("data did not match any variant of untagged enum BlockId"))
    height = blocks.height_of(block_id)
    if height is None:
        raise NodeError(errors.unknown_block(block_id))
    return height


def is_hash(text: str) -> bool:
    """Return whether the text is base58 of 32 bytes, as a hash is written."""
    try:
        return len(text) <= 44 and len(base58.b58decode(text)) == 32
    except ValueError:
        return False
