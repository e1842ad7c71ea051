"""The Verifier's salts: the one for new nonces, and those before it, valid or not."""

import hashlib
from collections.abc import Iterable, Mapping


class Salts:
    """Salts of 4 bytes, ``previous`` with whether each is still valid. Raises ValueError for another length."""

    def __init__(self, current: bytes, previous: Mapping[bytes, bool] | None = None) -> None:
        if len(current) != 4:
            raise ValueError("a salt must have 4 bytes")
        self.current = current
        self._previous = dict(previous or {})

    def copied(self) -> "Salts":
        return Salts(self.current, self._previous)

    def is_valid(self, salt: bytes) -> bool:
        return salt == self.current or self._previous.get(salt, False)

    def valid(self) -> frozenset[bytes]:
        return frozenset({self.current, *(salt for salt, still in self._previous.items() if still)})

    def rotate(self, new: bytes, *, invalidate_old: bool) -> None:
        """Make ``new`` current; the old one stays valid or becomes invalid at once. ValueError for a used salt."""
        if len(new) != 4 or new == self.current or new in self._previous:
            raise ValueError("a new salt must have 4 bytes and must never have been current")
        self._previous[self.current] = not invalidate_old
        self.current = new

    def rotate_by_itself(self) -> None:
        """Make a new salt current that follows from those before it; the old one stays valid."""
        new = self.current
        while new == self.current or new in self._previous:
            new = hashlib.sha256(new).digest()[:4]
        self.rotate(new, invalidate_old=False)

    def invalidate(self, salt: bytes) -> None:
        """Stop accepting a previous salt; ValueError when it never was current."""
        if salt not in self._previous:
            raise ValueError("only a previous salt can be invalidated")
        self._previous[salt] = False

    def invalidate_all(self, salts: Iterable[bytes]) -> tuple[bytes, ...]:
        """Stop accepting these salts and return those that were ever valid; the current one gives way to a new one."""
        gone = tuple(salt for salt in dict.fromkeys(salts) if salt == self.current or salt in self._previous)
        if self.current in gone:
            self.rotate_by_itself()
        for salt in gone:
            self.invalidate(salt)
        return gone
