"""The sandbox's chain: heights, hashes, and the block hashes that a transaction may still name."""

import hashlib
from collections import deque
from collections.abc import Callable
from functools import lru_cache

import base58

from venue.protocol.units import NS_PER_S

VALIDITY_NS = 86_400 * NS_PER_S
"""How long after its block a transaction that names it may execute: about a day."""


class Blocks:
    """Blocks made one per call; ``clock`` is UTC nanoseconds. The same seed gives the same hashes."""

    def __init__(self, *, clock: Callable[[], int], seed: bytes, height: int, validity_ns: int = VALIDITY_NS) -> None:
        self._clock = clock
        self._validity_ns = validity_ns
        self._seed = seed
        self.first = height
        self.opened_ns = clock()
        self.height = height
        tip = self.hash_at(height)
        self._made = {tip: (height, clock())}
        self._order = deque([tip])

    def frozen(self) -> "Blocks":
        """Return a copy of the chain that gets no more blocks."""
        at_ns = self._clock()
        blocks = Blocks(clock=lambda: at_ns, seed=self._seed, height=self.first, validity_ns=self._validity_ns)
        blocks.height = self.height
        blocks._made, blocks._order = dict(self._made), self._order.copy()
        return blocks

    def tip_alone(self) -> "Blocks":
        """Return a chain that stands at this tip and knows no other block."""
        at_ns = self.time_at(self.height)
        return Blocks(clock=lambda: at_ns, seed=self._seed, height=self.height, validity_ns=self._validity_ns)

    def hash_at(self, height: int) -> str:
        return self.derive("block", height)

    def derive(self, kind: str, height: int) -> str:
        """Return a base58 hash of 32 bytes from the seed, the kind and the height."""
        return _derived(self._seed, kind, height)

    def advance(self) -> None:
        """Add a block and drop those too old to be named."""
        now = self._clock()
        while len(self._order) > 1 and now - self._made[self._order[0]][1] > self._validity_ns:
            del self._made[self._order.popleft()]
        self.height += 1
        tip = self.hash_at(self.height)
        self._made[tip] = self.height, now
        self._order.append(tip)

    def time_at(self, height: int) -> int:
        """Return when the block was made, UTC nanoseconds; for a dropped block, the time of the oldest one left."""
        return self._made.get(self.hash_at(height), self._made[self._order[0]])[1]

    def height_of(self, block_hash: str) -> int | None:
        """Return the height of the block of this hash, None for one that is unknown or too old to be named."""
        made = self._made.get(block_hash)
        return None if made is None else made[0]

    def holds(self, height: int) -> bool:
        return self.first <= height <= self.height

    def accepts(self, block_hash: str) -> bool:
        """Return whether a transaction naming this block may execute: it is the tip, or within the validity."""
        if block_hash == self.hash_at(self.height):
            return True
        made = self._made.get(block_hash)
        return made is not None and self._clock() - made[1] <= self._validity_ns


@lru_cache(16_384)
def _derived(seed: bytes, kind: str, height: int) -> str:
    return base58.b58encode(hashlib.sha256(b"%b|%b|%d" % (seed, kind.encode(), height)).digest()).decode()
