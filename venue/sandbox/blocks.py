"""The chain the sandbox's calls land in: heights, hashes, and which block hashes a transaction may still name."""

import hashlib
from collections import deque
from collections.abc import Callable

import base58

VALIDITY_NS = 86_400 * 1_000_000_000
"""How long after its block was overtaken a transaction naming it may still execute: about a day."""


class Blocks:
    """Blocks made one per call; ``clock`` is UTC nanoseconds. The same seed gives the same hashes."""

    def __init__(self, *, clock: Callable[[], int], seed: bytes, height: int) -> None:
        self._clock = clock
        self._seed = seed
        self._first = height
        self.height = height
        self._overtaken: dict[str, int] = {}
        self._order: deque[str] = deque()

    def hash_at(self, height: int) -> str:
        """Base58 hash of the block at ``height``."""
        return self.derive("block", height)

    def derive(self, kind: str, height: int) -> str:
        """A base58 hash of 32 bytes out of the seed, the kind and the height."""
        return base58.b58encode(hashlib.sha256(b"%b|%b|%d" % (self._seed, kind.encode(), height)).digest()).decode()

    def advance(self) -> None:
        """Put a new block on top and forget those too old to be named."""
        now = self._clock()
        old = self.hash_at(self.height)
        self._overtaken[old] = now
        self._order.append(old)
        while self._order and now - self._overtaken[self._order[0]] > VALIDITY_NS:
            del self._overtaken[self._order.popleft()]
        self.height += 1

    def holds(self, height: int) -> bool:
        """Whether a block of that height was made here."""
        return self._first <= height <= self.height

    def accepts(self, block_hash: str) -> bool:
        """Whether a transaction naming this block may still execute: known, and tip less than a day ago."""
        if block_hash == self.hash_at(self.height):
            return True
        overtaken = self._overtaken.get(block_hash)
        return overtaken is not None and self._clock() - overtaken <= VALIDITY_NS
