"""A set that keeps only its newest members."""

from collections import OrderedDict


class BoundedSet:
    """At most ``limit`` members; beyond that the oldest is forgotten."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._members: OrderedDict[str, None] = OrderedDict()

    def add(self, member: str) -> bool:
        """Add the member; return whether it is new."""
        if member in self._members:
            return False
        self._members[member] = None
        if len(self._members) > self._limit:
            self._members.popitem(last=False)
        return True

    def __contains__(self, member: str) -> bool:
        return member in self._members

    def __len__(self) -> int:
        return len(self._members)
