"""A set that keeps only its newest members."""

from collections import deque


class BoundedSet:
    """At most ``limit`` members; beyond that the oldest is forgotten.

    Two plain containers: an OrderedDict takes twice the memory, and of tens of thousands that is megabytes.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._members: dict[str, None] = {}
        self._oldest: deque[str] = deque()

    def add(self, member: str) -> bool:
        """Add the member; return whether it is new."""
        members = self._members
        if member in members:
            return False
        members[member] = None
        self._oldest.append(member)
        if len(members) > self._limit:
            del members[self._oldest.popleft()]
        return True

    def __contains__(self, member: str) -> bool:
        return member in self._members

    def __len__(self) -> int:
        return len(self._members)
