"""Randomness and keys as pure functions of the venue's seed, so that a run can be repeated."""

import hashlib
import random
import uuid


def rng(*parts: object) -> random.Random:
    """Return a generator that depends only on ``parts`` (their text), on every platform and in every process."""
    return random.Random("/".join(map(str, parts)))


def derive(*parts: object) -> bytes:
    """Return 32 bytes that depend only on ``parts``."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).digest()


def derive_uuid(*parts: object) -> str:
    """Return a version 4 UUID that depends only on ``parts``."""
    return str(uuid.UUID(bytes=derive(*parts)[:16], version=4))
