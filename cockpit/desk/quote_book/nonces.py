"""Asking the Verifier which quotes are used up: a nonce is used once, by a settlement or by being burned."""

import asyncio
from collections.abc import Sequence

from cockpit.desk.quote_book.reservations import Commitment
from venue.verifier import Verifier

ASKED_AT_ONCE = 8


async def used_nonces(verifier: Verifier, account: str, promises: Sequence[Commitment]) -> dict[str, int]:
    """Of the promises whose nonce is used, by quote hash: the height of the block that was asked.

    Raises VenueError when one of them could not be asked.
    """
    used: dict[str, int] = {}
    for start in range(0, len(promises), ASKED_AT_ONCE):
        some = promises[start : start + ASKED_AT_ONCE]
        answers = await asyncio.gather(*(verifier.nonce(account, promise.nonce) for promise in some))
        used.update(
            (promise.quote_hash, seen.block_height) for promise, seen in zip(some, answers, strict=True) if seen.used
        )
    return used
