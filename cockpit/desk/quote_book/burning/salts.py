"""Whether the salts of quotes are still valid: a quote whose salt was invalidated can neither settle nor be burned."""

import asyncio
from collections.abc import Iterable

from venue.transport.errors import VenueError
from venue.verifier import Verifier

AT_ONCE = 8
WITHIN_S = 2.0
"""How long the answers may delay the first calls: what is unknown by then is treated as valid."""


class Salts:
    """Asks the Verifier once a salt, and again where the answer did not come or ``doubt`` was raised.

    An invalidated salt is never valid again, so it is not asked about again. Two endpoints must say so, or the only
    one; that is good enough to leave a quote out of the burning, and not to release what it commits.
    """

    def __init__(self, verifier: Verifier) -> None:
        self._verifier = verifier
        self._valid: dict[bytes, bool] = {}

    def forget(self) -> None:
        self._valid.clear()

    def doubt(self, salts: Iterable[bytes]) -> None:
        """Ask again about these, unless they are known to be invalidated: they may have been invalidated since."""
        for salt in salts:
            if self._valid.get(salt):
                del self._valid[salt]

    def is_invalid(self, salt: bytes) -> bool:
        """Return whether the Verifier said that the salt is not valid; False while it is unknown."""
        return self._valid.get(salt) is False

    async def ask(self, salts: Iterable[bytes]) -> str:
        """Ask about those that are unknown, for at most ``WITHIN_S``; return why one stayed unknown."""
        unknown = sorted({salt for salt in salts if salt and salt not in self._valid})
        try:
            async with asyncio.timeout(WITHIN_S):
                for start in range(0, len(unknown), AT_ONCE):
                    answers = await asyncio.gather(*map(self._ask_one, unknown[start : start + AT_ONCE]))
                    problem = next(filter(None, answers), "")
                    if problem:
                        return problem
        except TimeoutError:
            return "a node did not say in time whether the salts are valid"
        return ""

    async def _ask_one(self, salt: bytes) -> str:
        try:
            valid = await self._verifier.is_valid_salt(salt)
            # To burn with an invalid salt does no harm: what is not certain is treated as valid.
            self._valid[salt] = valid or not await self._verifier.is_invalid_salt(salt)
        except VenueError as exc:
            return str(exc)
        return ""
