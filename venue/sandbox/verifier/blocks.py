"""The chain the sandbox's calls land in: heights, hashes, and which block hashes a transaction may still name."""

import hashlib
from collections import deque
from collections.abc import Callable

import base58

VALIDITY_NS = 86_400 * 1_000_000_000
"""How long after its block a transaction naming it may still execute: about a day."""


class Blocks:
    """Blocks made one per call; ``clock`` is UTC nanoseconds. The same seed gives the same hashes."""

    def __init__(self, *, clock: Callable[[], int], seed: bytes, height: int, validity_ns: int = VALIDITY_NS) -> None:
        self._clock = clock
        self._validity_ns = validity_ns
        self._seed = seed
        self._first = height
        self.height = height
        tip = self.hash_at(height)
        self._made_ns = {tip: clock()}
        self._order = deque([tip])

    def frozen(self) -> "Blocks":
        """The chain as it is now; it gets no more blocks."""
        at_ns = self._clock()
        blocks = Blocks(clock=lambda: at_ns, seed=self._seed, height=self._first, validity_ns=self._validity_ns)
        blocks.height = self.height
        blocks._made_ns, blocks._order = dict(self._made_ns), self._order.copy()
        return blocks

    def hash_at(self, height: int) -> str:
        """Base58 hash of the block at ``height``."""
        return self.derive("block", height)

    def derive(self, kind: str, height: int) -> str:
        """A base58 hash of 32 bytes out of the seed, the kind and the height."""
        return base58.b58encode(hashlib.sha256(b"%b|%b|%d" % (self._seed, kind.encode(), height)).digest()).decode()

    def advance(self) -> None:
        """Put a new block on top and forget those too old to be named."""
        now = self._clock()
        while len(self._order) > 1 and now - self._made_ns[self._order[0]] > self._validity_ns:
            del self._made_ns[self._order.popleft()]
        self.height += 1
        tip = self.hash_at(self.height)
        self._made_ns[tip] = now
        self._order.append(tip)

    def time_at(self, height: int) -> int:
        """When the block was made, UTC nanoseconds; for one too old to be named, when the oldest remembered was."""
        return self._made_ns.get(self.hash_at(height), self._made_ns[self._order[0]])

    def holds(self, height: int) -> bool:
        """Whether a block of that height was made here."""
        return self._first <= height <= self.height

    def accepts(self, block_hash: str) -> bool:
        """Whether a transaction naming this block may still execute: the tip, or made within the validity."""
        if block_hash == self.hash_at(self.height):
            return True
        made_ns = self._made_ns.get(block_hash)
        return made_ns is not None and self._clock() - made_ns <= self._validity_ns
