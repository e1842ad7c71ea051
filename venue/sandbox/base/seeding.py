"""Randomness and keys as pure functions of the venue's seed, so that a run can be repeated."""

import hashlib
import random
import uuid


def rng(*parts: object) -> random.Random:
    """A generator that depends on nothing but ``parts`` (their text), on every platform and in every process."""
    return random.Random("/".join(map(str, parts)))


def derive(*parts: object) -> bytes:
    """32 bytes that depend on nothing but ``parts``."""
    return hashlib.sha256("/".join(map(str, parts)).encode()).digest()


def derive_uuid(*parts: object) -> str:
    """A version 4 UUID that depends on nothing but ``parts``."""
    return str(uuid.UUID(bytes=derive(*parts)[:16], version=4))
